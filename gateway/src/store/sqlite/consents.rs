//! Consents in SQLite.

use super::sql;
use oauth::client::ClientId;
use oauth::store::{CONSENT_KEPT, ConsentRecord, GrantFilter};
use oauth::world::Timestamp;
use rusqlite::{Connection, Result, Row};

/// Keeps the latest consent; the first one stays known.
pub(super) fn keep(db: &Connection, consent: &ConsentRecord) -> Result<()> {
    let insert = "
        INSERT INTO consents (subject, app, client, redirect_uri, scope, fingerprint, first_at, expires_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT (subject, app, client, redirect_uri) DO UPDATE SET
            scope = excluded.scope, fingerprint = excluded.fingerprint, expires_at = excluded.expires_at,
            first_at = min(first_at, excluded.first_at)";
    let values = (
        &consent.subject,
        &consent.app,
        consent.client.as_str(),
        &consent.redirect_uri,
        &consent.scope,
        &consent.fingerprint,
        consent.first_at.seconds(),
        consent.expires_at.seconds(),
    );
    sql::execute(db, insert, values)?;
    Ok(())
}

/// All that a subject ever consented to for a client at an app, as far as it is known.
pub(super) fn find(db: &Connection, app: &str, client: &ClientId, subject: &str) -> Result<Vec<ConsentRecord>> {
    let select = "SELECT * FROM consents WHERE subject = ?1 AND app = ?2 AND client = ?3 ORDER BY redirect_uri";
    sql::all(db, select, (subject, app, client.as_str()), read)
}

/// Ends what a grant that still holds, and all that came from it, were given by.
pub(super) fn end(db: &Connection, grant: &str, now: Timestamp) -> Result<()> {
    let update = "
        WITH RECURSIVE ending (id) AS (
            SELECT id FROM grants WHERE id = ?1
            UNION SELECT grants.id FROM grants JOIN ending ON grants.parent = ending.id)
        UPDATE consents SET expires_at = ?2
        WHERE expires_at > ?2 AND (subject, app, client) IN (
            SELECT subject, app, client FROM grants
            WHERE id IN (SELECT id FROM ending) AND revoked_at IS NULL AND expires_at > ?2)";
    sql::execute(db, update, (grant, now.seconds()))?;
    Ok(())
}

/// Ends all that grants of this filter may have come from, whether there are any.
pub(super) fn end_all(db: &Connection, filter: &GrantFilter, now: Timestamp) -> Result<()> {
    let GrantFilter { subject, app, client, .. } = filter;
    let update = "
        UPDATE consents SET expires_at = ?4
        WHERE expires_at > ?4 AND (?1 IS NULL OR subject = ?1) AND (?2 IS NULL OR app = ?2)
            AND (?3 IS NULL OR client = ?3)";
    sql::execute(db, update, (subject, app, client, now.seconds()))?;
    Ok(())
}

/// Forgets what ended long ago.
pub(super) fn collect(db: &Connection, now: Timestamp) -> Result<u64> {
    sql::execute(db, "DELETE FROM consents WHERE expires_at < ?1", [now.minus(CONSENT_KEPT).seconds()])
}

/// Forgets all of a subject's.
pub(super) fn forget(db: &Connection, subject: &str) -> Result<()> {
    sql::execute(db, "DELETE FROM consents WHERE subject = ?1", [subject])?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<ConsentRecord> {
    Ok(ConsentRecord {
        app: row.get("app")?,
        client: ClientId::new(row.get::<_, String>("client")?),
        subject: row.get("subject")?,
        redirect_uri: row.get("redirect_uri")?,
        scope: row.get("scope")?,
        fingerprint: row.get("fingerprint")?,
        first_at: sql::time(row, "first_at")?,
        expires_at: sql::time(row, "expires_at")?,
    })
}
