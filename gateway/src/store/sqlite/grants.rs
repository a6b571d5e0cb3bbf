//! Grants in SQLite, and the epoch that counts what was taken from them.

use super::{clients, credentials, sql};
use oauth::client::ClientId;
use oauth::store::{Credential, Grant, Listed};
use oauth::world::Timestamp;
use rusqlite::{Connection, Result, Row, named_params};
use std::time::Duration;

/// Keeps a grant and its first credential.
pub(super) fn open(db: &Connection, grant: &Grant, credential: &Credential) -> Result<()> {
    let insert = "
        INSERT INTO grants (id, app, client, subject, scope, login_method, authenticated_at, created_at, expires_at,
            parent, revoked_at, details)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    let values = (
        &grant.id,
        &grant.app,
        grant.client.as_str(),
        &grant.subject,
        &grant.scope,
        &grant.login_method,
        grant.authenticated_at.seconds(),
        grant.created_at.seconds(),
        grant.expires_at.seconds(),
        &grant.parent,
        grant.revoked_at.map(Timestamp::seconds),
        sql::to_json(&grant.details)?,
    );
    sql::execute(db, insert, values)?;
    credentials::keep(db, credential)
}

/// A grant, live or not.
pub(super) fn find(db: &Connection, id: &str) -> Result<Option<Grant>> {
    sql::first(db, "SELECT * FROM grants WHERE id = ?1", [id], read)
}

/// The live grants, oldest first: of a subject alone, and at an app alone, where they are named.
pub(super) fn list(db: &Connection, subject: Option<&str>, app: Option<&str>, now: Timestamp) -> Result<Vec<Listed>> {
    // Two statements, because one with `OR` would not use the index.
    let whose = if subject.is_some() { "subject = ?1" } else { "?1 IS NULL" };
    let select = format!(
        "SELECT * FROM grants WHERE {whose} AND (?2 IS NULL OR app = ?2) AND revoked_at IS NULL AND expires_at > ?3
         ORDER BY created_at, id"
    );
    let grants = sql::all(db, &select, (subject, app, now.seconds()), read)?;
    let listed = |grant: Grant| Ok(Listed { client: clients::find(db, &grant.app, &grant.client)?, grant });
    grants.into_iter().map(listed).collect()
}

/// Ends a grant and all that came from it; gives how many were live.
pub(super) fn end(db: &Connection, id: &str, now: Timestamp) -> Result<u64> {
    end_all(db, Some(id), None, now)
}

/// Ends the grants of a subject and all that came from them; gives how many were live.
pub(super) fn end_of_subject(db: &Connection, subject: &str, now: Timestamp) -> Result<u64> {
    end_all(db, None, Some(subject), now)
}

/// How many acts have taken something away.
pub(super) fn epoch(db: &Connection) -> Result<u64> {
    sql::count(db, "SELECT value FROM meta WHERE name = 'epoch'", [])
}

/// Tells everybody who remembers something that something was taken away.
pub(super) fn move_epoch(db: &Connection) -> Result<()> {
    sql::execute(db, "UPDATE meta SET value = value + 1 WHERE name = 'epoch'", [])?;
    Ok(())
}

/// Forgets grants long ended, with their credentials, unless another grant came from them and would outlive the link.
pub(super) fn collect(db: &Connection, now: Timestamp) -> Result<u64> {
    let delete = "
        DELETE FROM grants
        WHERE min(expires_at, coalesce(revoked_at, expires_at)) < ?1
          AND NOT EXISTS (SELECT 1 FROM grants AS child WHERE child.parent = grants.id)";
    sql::execute(db, delete, [now.minus(KEPT).seconds()])
}

/// A grant is remembered this long after its end, to notice a reuse and to say what became of it.
pub(super) const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The search goes on below grants that are over, because a child may outlive its parent.
fn end_all(db: &Connection, id: Option<&str>, subject: Option<&str>, now: Timestamp) -> Result<u64> {
    let update = "
        WITH RECURSIVE ending (id) AS (
            SELECT id FROM grants WHERE id = :id
            UNION SELECT id FROM grants WHERE subject = :subject
            UNION SELECT grants.id FROM grants JOIN ending ON grants.parent = ending.id)
        UPDATE grants SET revoked_at = :now
        WHERE id IN (SELECT id FROM ending) AND revoked_at IS NULL AND expires_at > :now";
    let ended = sql::execute(db, update, named_params! { ":id": id, ":subject": subject, ":now": now.seconds() })?;
    if ended > 0 {
        move_epoch(db)?;
    }
    Ok(ended)
}

fn read(row: &Row<'_>) -> Result<Grant> {
    Ok(Grant {
        id: row.get("id")?,
        app: row.get("app")?,
        client: ClientId::new(row.get::<_, String>("client")?),
        subject: row.get("subject")?,
        scope: row.get("scope")?,
        login_method: row.get("login_method")?,
        authenticated_at: sql::time(row, "authenticated_at")?,
        created_at: sql::time(row, "created_at")?,
        expires_at: sql::time(row, "expires_at")?,
        parent: row.get("parent")?,
        revoked_at: sql::time_if_any(row, "revoked_at")?,
        details: sql::json(row, "details")?,
    })
}
