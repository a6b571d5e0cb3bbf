//! Clients in SQLite.

use super::{grants, sql};
use oauth::client::{Client, ClientId, RegisteredBy};
use oauth::store::{Registered, RegistrationLimits};
use oauth::world::Timestamp;
use rusqlite::{Connection, Result, Row};

/// Keeps a new client if there is room for it.
pub(super) fn register(
    db: &Connection,
    client: &Client,
    limits: RegistrationLimits,
    now: Timestamp,
) -> Result<Registered> {
    if find(db, &client.app, &client.id)?.is_some() {
        return Ok(Registered::Known);
    }
    make_room(db, &client.app, limits, now)?;
    if count(db, &client.app)? >= limits.total {
        return Ok(Registered::Full);
    }
    insert(db, client)?;
    Ok(Registered::New)
}

/// Keeps a client as it is now.
pub(super) fn keep(db: &Connection, client: &Client) -> Result<()> {
    sql::execute(db, "DELETE FROM clients WHERE app = ?1 AND id = ?2", (&client.app, client.id.as_str()))?;
    insert(db, client)
}

/// Puts a client in the place of the one that is expected there.
pub(super) fn replace(db: &Connection, known: &Client, new: &Client) -> Result<bool> {
    let expected = find(db, &known.app, &known.id)?.as_ref() == Some(known);
    if expected {
        keep(db, new)?;
    }
    Ok(expected)
}

/// Forgets a client, with its grants ended.
pub(super) fn remove(db: &Connection, app: &str, id: &ClientId, now: Timestamp) -> Result<bool> {
    grants::end_of_client(db, app, id, now)?;
    Ok(sql::execute(db, "DELETE FROM clients WHERE app = ?1 AND id = ?2", (app, id.as_str()))? > 0)
}

/// All clients, or those of one app.
pub(super) fn list(db: &Connection, app: Option<&str>) -> Result<Vec<Client>> {
    let select = "SELECT * FROM clients WHERE ?1 IS NULL OR app = ?1 ORDER BY app, registered_at, id";
    sql::all(db, select, [app], read)
}

/// A client of `app`.
pub(super) fn find(db: &Connection, app: &str, id: &ClientId) -> Result<Option<Client>> {
    sql::first(db, "SELECT * FROM clients WHERE app = ?1 AND id = ?2", (app, id.as_str()), read)
}

/// Forgets the oldest unused clients of `app`, as many as one more needs.
fn make_room(db: &Connection, app: &str, limits: RegistrationLimits, now: Timestamp) -> Result<()> {
    let excess = (count(db, app)? + 1).saturating_sub(limits.total);
    if excess == 0 {
        return Ok(());
    }
    let forget = "
        DELETE FROM clients WHERE app = ?1 AND id IN (
            SELECT id FROM clients AS client
            WHERE app = ?1 AND NOT by_admin AND registered_at < ?2 AND NOT EXISTS (
                SELECT 1 FROM grants
                WHERE grants.client = client.id AND grants.app = client.app AND revoked_at IS NULL AND expires_at > ?3)
            ORDER BY registered_at, id LIMIT ?4)";
    let oldest_kept = now.minus(limits.unused_for).seconds();
    let excess = i64::try_from(excess).unwrap_or(i64::MAX);
    sql::execute(db, forget, (app, oldest_kept, now.seconds(), excess))?;
    Ok(())
}

fn count(db: &Connection, app: &str) -> Result<u64> {
    sql::count(db, "SELECT count(*) FROM clients WHERE app = ?1 AND NOT by_admin", [app])
}

fn insert(db: &Connection, client: &Client) -> Result<()> {
    let insert = "
        INSERT INTO clients (app, id, name, redirect_uris, authentication, grant_types, metadata, registered_at, by_admin,
            details)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let values = (
        &client.app,
        client.id.as_str(),
        &client.name,
        sql::to_json(&client.redirect_uris)?,
        sql::to_json(&client.authentication)?,
        sql::to_json(&client.grant_types)?,
        sql::to_json(&client.metadata)?,
        client.registered_at.seconds(),
        client.registered_by == RegisteredBy::Administrator,
        sql::to_json(&client.details)?,
    );
    sql::execute(db, insert, values)?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Client> {
    Ok(Client {
        app: row.get("app")?,
        id: ClientId::new(row.get::<_, String>("id")?),
        name: row.get("name")?,
        redirect_uris: sql::json(row, "redirect_uris")?,
        authentication: sql::json(row, "authentication")?,
        grant_types: sql::json(row, "grant_types")?,
        metadata: sql::json(row, "metadata")?,
        registered_at: sql::time(row, "registered_at")?,
        registered_by: if row.get("by_admin")? { RegisteredBy::Administrator } else { RegisteredBy::Itself },
        details: sql::json(row, "details")?,
    })
}
