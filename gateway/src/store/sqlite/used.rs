//! Single-use values in SQLite: the `jti` of what others sign, as hashes.

use super::sql;
use oauth::secret::SecretHash;
use oauth::world::Timestamp;
use rusqlite::{Connection, Result};

/// Takes a value; `false` if it was taken before.
pub(super) fn take(db: &Connection, hash: &SecretHash, until: Timestamp) -> Result<bool> {
    let insert = "INSERT INTO used (hash, until) VALUES (?1, ?2) ON CONFLICT (hash) DO NOTHING";
    Ok(sql::execute(db, insert, (hash.as_bytes().as_slice(), until.seconds()))? > 0)
}

/// Forgets values that are refused for their age by now.
pub(super) fn collect(db: &Connection, now: Timestamp) -> Result<u64> {
    sql::execute(db, "DELETE FROM used WHERE until < ?1", [now.seconds()])
}
