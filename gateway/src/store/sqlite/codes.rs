//! Authorization codes in SQLite.

use super::{grants, sql};
use oauth::client::ClientId;
use oauth::secret::SecretHash;
use oauth::store::{Code, Credential, EndedBecause, Grant, Issued, Redeemed};
use oauth::world::Timestamp;
use rusqlite::{Connection, Result, Row};
use std::time::Duration;

/// Keeps a code unless its consent gave one before.
pub(super) fn issue(db: &Connection, code: &Code) -> Result<Issued> {
    let insert = "
        INSERT INTO codes (hash, consent, app, client, subject, redirect_uri, code_challenge, scope, refreshes,
            login_method, amr, authenticated_at, dpop_jkt, session, expires_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) ON CONFLICT (consent) DO NOTHING";
    let values = (
        code.hash.as_bytes().as_slice(),
        &code.consent,
        &code.app,
        code.client.as_str(),
        &code.subject,
        &code.redirect_uri,
        &code.code_challenge,
        &code.scope,
        code.refreshes,
        &code.login_method,
        sql::to_json(&code.amr)?,
        code.authenticated_at.seconds(),
        &code.dpop_jkt,
        &code.session,
        code.expires_at.seconds(),
    );
    match sql::execute(db, insert, values)? {
        0 => Ok(Issued::ConsentUsed),
        _ => Ok(Issued::New),
    }
}

/// Whether a consent gave a code.
pub(super) fn is_consent_used(db: &Connection, consent: &str) -> Result<bool> {
    let found = sql::first(db, "SELECT 1 FROM codes WHERE consent = ?1", [consent], |_| Ok(()))?;
    Ok(found.is_some())
}

/// A code, redeemed or not.
pub(super) fn find(db: &Connection, hash: &SecretHash) -> Result<Option<Code>> {
    sql::first(db, "SELECT * FROM codes WHERE hash = ?1", [hash.as_bytes().as_slice()], read)
}

/// Opens the grant, or ends the one that an earlier redemption opened.
pub(super) fn redeem(
    db: &Connection,
    hash: &SecretHash,
    grant: &Grant,
    credential: &Credential,
    now: Timestamp,
) -> Result<Redeemed> {
    let Some(code) = find(db, hash)? else { return Ok(Redeemed::Unknown) };
    if let Some(opened) = opened(db, hash)? {
        grants::end(db, &opened, EndedBecause::CodeReplayed, now)?;
        return Ok(Redeemed::Replayed { grant: opened });
    }
    if now >= code.expires_at || !grants::parent_holds(db, grant, now)? {
        return Ok(Redeemed::Unknown);
    }
    sql::execute(db, "UPDATE codes SET opened = ?2 WHERE hash = ?1", (hash.as_bytes().as_slice(), &grant.id))?;
    grants::open(db, grant, credential)?;
    Ok(Redeemed::Opened)
}

/// Forgets codes long expired; a used consent is forgotten with its code.
pub(super) fn collect(db: &Connection, now: Timestamp) -> Result<u64> {
    sql::execute(db, "DELETE FROM codes WHERE expires_at < ?1", [now.minus(KEPT).seconds()])
}

/// The grant that its redemption opened.
fn opened(db: &Connection, hash: &SecretHash) -> Result<Option<String>> {
    let select = "SELECT opened FROM codes WHERE hash = ?1";
    Ok(sql::first(db, select, [hash.as_bytes().as_slice()], |row| row.get("opened"))?.flatten())
}

fn read(row: &Row<'_>) -> Result<Code> {
    Ok(Code {
        hash: sql::hash(row, "hash")?,
        consent: row.get("consent")?,
        app: row.get("app")?,
        client: ClientId::new(row.get::<_, String>("client")?),
        subject: row.get("subject")?,
        redirect_uri: row.get("redirect_uri")?,
        code_challenge: row.get("code_challenge")?,
        scope: row.get("scope")?,
        refreshes: row.get("refreshes")?,
        login_method: row.get("login_method")?,
        amr: sql::json(row, "amr")?,
        authenticated_at: sql::time(row, "authenticated_at")?,
        dpop_jkt: row.get("dpop_jkt")?,
        session: row.get("session")?,
        expires_at: sql::time(row, "expires_at")?,
    })
}

/// A code is remembered this long after its expiry, to notice a replay and a consent used twice.
pub(super) const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
