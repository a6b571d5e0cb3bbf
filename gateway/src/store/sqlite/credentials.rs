//! Refresh tokens and sessions in SQLite.

use super::{grants, sql};
use oauth::secret::SecretHash;
use oauth::store::{Credential, EndedBecause, Grant, Rotation, Successor};
use oauth::world::Timestamp;
use rusqlite::{Connection, Result, Row};
use std::time::Duration;

/// Keeps a credential of a grant that is kept.
pub(super) fn keep(db: &Connection, credential: &Credential) -> Result<()> {
    let insert = "INSERT INTO credentials (hash, grant_id, expires_at, rotated_at) VALUES (?1, ?2, ?3, ?4)";
    let values = (
        credential.hash.as_bytes().as_slice(),
        &credential.grant,
        credential.expires_at.seconds(),
        credential.rotated_at.map(Timestamp::seconds),
    );
    sql::execute(db, insert, values)?;
    Ok(())
}

/// A credential with its grant, whatever their state.
pub(super) fn find_with_grant(db: &Connection, hash: &SecretHash) -> Result<Option<(Credential, Grant)>> {
    let Some(credential) = find(db, hash)? else { return Ok(None) };
    Ok(grants::find(db, &credential.grant)?.map(|grant| (credential, grant)))
}

/// Moves the end of a session, and of the one that it came from.
pub(super) fn prolong(db: &Connection, hash: &SecretHash, until: Timestamp, now: Timestamp) -> Result<()> {
    let update = "
        UPDATE credentials SET expires_at = min(?2, grants.expires_at) FROM grants
        WHERE grants.id = credentials.grant_id AND grants.revoked_at IS NULL AND grants.expires_at > ?3
          AND credentials.expires_at > ?3 AND credentials.expires_at < min(?2, grants.expires_at)
          AND grants.id IN (
            SELECT grant_id FROM credentials WHERE hash = ?1
            UNION SELECT parent FROM grants JOIN credentials ON grant_id = id WHERE hash = ?1)";
    sql::execute(db, update, (hash.as_bytes().as_slice(), until.seconds(), now.seconds()))?;
    Ok(())
}

/// Replaces a current refresh token, or says what it is now.
pub(super) fn rotate(
    db: &Connection,
    predecessor: &SecretHash,
    successor: &Successor,
    grace: Duration,
    now: Timestamp,
) -> Result<Rotation> {
    let known = find_with_grant(db, predecessor)?;
    let Some((credential, grant)) = known.filter(|(_, grant)| grant.is_live(now)) else {
        return Ok(Rotation::Unknown);
    };
    match credential.rotated_at {
        None if now >= credential.expires_at => Ok(Rotation::Unknown),
        None => {
            replace(db, &credential, successor, now)?;
            grants::move_end(db, &grant, successor.credential.expires_at)?;
            forget_responses(db, &grant, now.minus(grace))?;
            Ok(Rotation::Rotated)
        }
        Some(at) => match sealed_response(db, predecessor)? {
            Some(sealed_response) if now.since(at) <= grace => Ok(Rotation::Replay { sealed_response }),
            _ => {
                grants::end(db, &grant.id, EndedBecause::RefreshReused, now)?;
                Ok(Rotation::Reused)
            }
        },
    }
}

/// Forgets credentials long expired.
pub(super) fn collect(db: &Connection, now: Timestamp) -> Result<u64> {
    sql::execute(db, "DELETE FROM credentials WHERE expires_at < ?1", [now.minus(grants::KEPT).seconds()])
}

fn find(db: &Connection, hash: &SecretHash) -> Result<Option<Credential>> {
    sql::first(db, "SELECT * FROM credentials WHERE hash = ?1", [hash.as_bytes().as_slice()], read)
}

fn replace(db: &Connection, predecessor: &Credential, successor: &Successor, now: Timestamp) -> Result<()> {
    let update = "UPDATE credentials SET rotated_at = ?2, sealed_response = ?3 WHERE hash = ?1";
    sql::execute(db, update, (predecessor.hash.as_bytes().as_slice(), now.seconds(), &successor.sealed_response))?;
    keep(db, &successor.credential)
}

/// Drops the responses whose grace is over: nobody will be answered with them again.
fn forget_responses(db: &Connection, grant: &Grant, rotated_before: Timestamp) -> Result<()> {
    let update = "
        UPDATE credentials SET sealed_response = NULL
        WHERE grant_id = ?1 AND rotated_at < ?2 AND sealed_response IS NOT NULL";
    sql::execute(db, update, (&grant.id, rotated_before.seconds()))?;
    Ok(())
}

fn sealed_response(db: &Connection, hash: &SecretHash) -> Result<Option<Vec<u8>>> {
    let select = "SELECT sealed_response FROM credentials WHERE hash = ?1";
    Ok(sql::first(db, select, [hash.as_bytes().as_slice()], |row| row.get("sealed_response"))?.flatten())
}

fn read(row: &Row<'_>) -> Result<Credential> {
    Ok(Credential {
        hash: sql::hash(row, "hash")?,
        grant: row.get("grant_id")?,
        expires_at: sql::time(row, "expires_at")?,
        rotated_at: sql::time_if_any(row, "rotated_at")?,
    })
}
