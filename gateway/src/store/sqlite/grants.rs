//! Grants in SQLite, and the epoch that counts what was taken from them.

use super::{clients, consents, credentials, sql};
use oauth::client::ClientId;
use oauth::store::{Credential, EndedBecause, Grant, GrantFilter, GrantState, Listed};
use oauth::world::Timestamp;
use rusqlite::{Connection, Result, Row};
use std::time::Duration;

/// Keeps a grant and its first credential.
pub(super) fn open(db: &Connection, grant: &Grant, credential: &Credential) -> Result<()> {
    insert(db, grant)?;
    credentials::keep(db, credential)
}

/// Prolongs the live grant of the same permission, or keeps this one; gives what is kept.
pub(super) fn renew(db: &Connection, grant: &Grant, now: Timestamp) -> Result<Option<Grant>> {
    if !parent_holds(db, grant, now)? {
        return Ok(None);
    }
    let select = "
        SELECT * FROM grants
        WHERE client = ?1 AND app = ?2 AND subject = ?3 AND revoked_at IS NULL AND expires_at > ?4
        ORDER BY created_at, id";
    let values = (grant.client.as_str(), &grant.app, &grant.subject, now.seconds());
    let Some(known) = sql::all(db, select, values, read)?.into_iter().find(|known| known.is_renewed_by(grant)) else {
        insert(db, grant)?;
        return Ok(Some(grant.clone()));
    };
    let kept = Grant { id: known.id, created_at: known.created_at, ..grant.clone() };
    let update = "
        UPDATE grants SET scope = ?2, login_method = ?3, authenticated_at = ?4, expires_at = ?5, details = ?6
        WHERE id = ?1";
    let values = (
        &kept.id,
        &kept.scope,
        &kept.login_method,
        kept.authenticated_at.seconds(),
        kept.expires_at.seconds(),
        sql::to_json(&kept.details)?,
    );
    sql::execute(db, update, values)?;
    Ok(Some(kept))
}

/// Whether what a grant came from still holds: who has logged out since gets no grant that outlives the logout.
pub(super) fn parent_holds(db: &Connection, grant: &Grant, now: Timestamp) -> Result<bool> {
    match &grant.parent {
        Some(parent) => Ok(find(db, parent)?.is_some_and(|parent| parent.is_live(now))),
        None => Ok(true),
    }
}

fn insert(db: &Connection, grant: &Grant) -> Result<()> {
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
    Ok(())
}

/// A grant, live or not.
pub(super) fn find(db: &Connection, id: &str) -> Result<Option<Grant>> {
    sql::first(db, "SELECT * FROM grants WHERE id = ?1", [id], read)
}

/// The grants that the filter holds of, oldest first.
pub(super) fn list(db: &Connection, filter: &GrantFilter, now: Timestamp) -> Result<Vec<Listed>> {
    let listed = |grant: Grant| Ok(Listed { client: clients::find(db, &grant.app, &grant.client)?, grant });
    select(db, filter, now)?.into_iter().map(listed).collect()
}

fn select(db: &Connection, filter: &GrantFilter, now: Timestamp) -> Result<Vec<Grant>> {
    let GrantFilter { subject, app, client, session, login_method, except, state } = filter;
    // Two statements, because one with `OR` would not use the index.
    let whose = if subject.is_some() { "subject = ?1" } else { "?1 IS NULL" };
    let state = match state {
        GrantState::Live => "revoked_at IS NULL AND expires_at > ?5",
        GrantState::Ended => "(revoked_at IS NOT NULL OR expires_at <= ?5)",
    };
    let select = format!(
        "SELECT * FROM grants
         WHERE {whose} AND (?2 IS NULL OR app = ?2) AND (?3 IS NULL OR client = ?3) AND (?4 IS NULL OR id <> ?4)
            AND (?6 IS NULL OR details ->> 'session' = ?6) AND (?7 IS NULL OR login_method = ?7) AND {state}
         ORDER BY created_at, id"
    );
    sql::all(db, &select, (subject, app, client, except, now.seconds(), session, login_method), read)
}

/// Ends the live grants that the filter holds of and all that came from them; gives those that it holds of.
pub(super) fn end_all(
    db: &Connection,
    filter: &GrantFilter,
    because: EndedBecause,
    now: Timestamp,
) -> Result<Vec<Grant>> {
    let ended = select(db, filter, now)?;
    for grant in &ended {
        end(db, &grant.id, because, now)?;
    }
    // What ends with a session or a way in takes no other consent back.
    if filter.session.is_none() && filter.login_method.is_none() {
        consents::end_all(db, filter, now)?;
    }
    Ok(ended)
}

/// Ends a grant and all that came from it; gives how many were live. The search goes on below grants that are over,
/// because a child may outlive its parent.
pub(super) fn end(db: &Connection, id: &str, because: EndedBecause, now: Timestamp) -> Result<u64> {
    consents::end(db, id, now)?;
    let update = "
        WITH RECURSIVE ending (id) AS (
            SELECT id FROM grants WHERE id = ?1
            UNION SELECT grants.id FROM grants JOIN ending ON grants.parent = ending.id)
        UPDATE grants SET revoked_at = ?2, details = json_set(details, '$.ended_because', ?3)
        WHERE id IN (SELECT id FROM ending) AND revoked_at IS NULL AND expires_at > ?2";
    let ended = sql::execute(db, update, (id, now.seconds(), because.as_str()))?;
    if ended > 0 {
        move_epoch(db)?;
    }
    Ok(ended)
}

/// Ends the grants of a subject whose account is no longer what it was.
pub(super) fn end_of_subject(db: &Connection, subject: &str, now: Timestamp) -> Result<()> {
    end_all(db, &GrantFilter::of(subject), EndedBecause::AccountChanged, now)?;
    Ok(())
}

/// Ends the grants of a client of `app` that is no more.
pub(super) fn end_of_client(db: &Connection, app: &str, client: &ClientId, now: Timestamp) -> Result<()> {
    let theirs = GrantFilter { app: Some(app.to_owned()), client: Some(client.to_string()), ..GrantFilter::default() };
    end_all(db, &theirs, EndedBecause::ClientRemoved, now)?;
    Ok(())
}

/// A grant ends with its newest refresh token.
pub(super) fn move_end(db: &Connection, grant: &Grant, expires_at: Timestamp) -> Result<()> {
    if grant.expires_at != expires_at {
        sql::execute(db, "UPDATE grants SET expires_at = ?2 WHERE id = ?1", (&grant.id, expires_at.seconds()))?;
    }
    Ok(())
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
