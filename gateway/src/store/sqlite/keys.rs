//! Keys in SQLite.

use super::{grants, sql};
use oauth::store::{KeyAlgorithm, KeyPurpose, StoredKey};
use oauth::world::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Error, Result, Row};
use std::time::Duration;

/// All keys, in the order in which they were added.
pub(super) fn all(db: &Connection) -> Result<Vec<StoredKey>> {
    sql::all(db, "SELECT * FROM keys ORDER BY number", [], read)
}

/// Adds a key after its predecessor, if that is the last of its line.
pub(super) fn add(db: &Connection, key: &StoredKey, predecessor: Option<(&str, Timestamp)>) -> Result<bool> {
    if last_of_line(db, key)?.as_deref() != predecessor.map(|(id, _)| id) {
        return Ok(false);
    }
    if let Some((id, until)) = predecessor {
        sql::execute(db, "UPDATE keys SET verifies_until = ?2 WHERE id = ?1", (id, until.seconds()))?;
    }
    let insert = "
        INSERT INTO keys (id, purpose, algorithm, sealed, created_at, signs_from, verifies_until, revoked_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let values = (
        &key.id,
        key.purpose.as_str(),
        key.algorithm.as_str(),
        key.sealed.as_slice(),
        key.created_at.seconds(),
        key.signs_from.seconds(),
        key.verifies_until.map(Timestamp::seconds),
        key.revoked_at.map(Timestamp::seconds),
    );
    sql::execute(db, insert, values)?;
    grants::move_epoch(db)?;
    Ok(true)
}

/// Ends a key and forgets its secret bytes; `false` if there was nothing to end.
pub(super) fn revoke(db: &Connection, id: &str, now: Timestamp) -> Result<bool> {
    let update = "UPDATE keys SET revoked_at = ?2, sealed = x'' WHERE id = ?1 AND revoked_at IS NULL";
    let revoked = sql::execute(db, update, (id, now.seconds()))? > 0;
    if revoked {
        grants::move_epoch(db)?;
    }
    Ok(revoked)
}

/// Forgets keys long ended.
pub(super) fn collect(db: &Connection, now: Timestamp) -> Result<u64> {
    let delete = "
        DELETE FROM keys
        WHERE min(coalesce(revoked_at, verifies_until), coalesce(verifies_until, revoked_at)) < ?1";
    sql::execute(db, delete, [now.minus(KEPT).seconds()])
}

fn last_of_line(db: &Connection, key: &StoredKey) -> Result<Option<String>> {
    let select = "
        SELECT id FROM keys WHERE purpose = ?1 AND algorithm = ?2 AND revoked_at IS NULL
        ORDER BY number DESC LIMIT 1";
    sql::first(db, select, (key.purpose.as_str(), key.algorithm.as_str()), |row| row.get("id"))
}

fn read(row: &Row<'_>) -> Result<StoredKey> {
    let (purpose, algorithm): (String, String) = (row.get("purpose")?, row.get("algorithm")?);
    let unknown = |column: &str| Error::InvalidColumnType(0, column.to_owned(), Type::Text);
    let purpose = KeyPurpose::ALL.into_iter().find(|known| known.as_str() == purpose);
    let algorithm = KeyAlgorithm::ALL.into_iter().find(|known| known.as_str() == algorithm);
    Ok(StoredKey {
        id: row.get("id")?,
        purpose: purpose.ok_or_else(|| unknown("purpose"))?,
        algorithm: algorithm.ok_or_else(|| unknown("algorithm"))?,
        sealed: row.get("sealed")?,
        created_at: sql::time(row, "created_at")?,
        signs_from: sql::time(row, "signs_from")?,
        verifies_until: sql::time_if_any(row, "verifies_until")?,
        revoked_at: sql::time_if_any(row, "revoked_at")?,
    })
}

/// A key is remembered this long after its end, to say what became of it.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
