//! Keys in SQLite.

use super::sql;
use oauth::store::{KeyPurpose, StoredKey};
use rusqlite::types::Type;
use rusqlite::{Connection, Error, Result, Row};

/// Keeps the key unless there is one of its purpose, and gives all.
pub(super) fn ensure(db: &Connection, key: &StoredKey) -> Result<Vec<StoredKey>> {
    let insert = "INSERT INTO keys (purpose, sealed, created_at) VALUES (?1, ?2, ?3) ON CONFLICT (purpose) DO NOTHING";
    sql::execute(db, insert, (key.purpose.as_str(), key.sealed.as_slice(), key.created_at.seconds()))?;
    sql::all(db, "SELECT * FROM keys", [], read)
}

fn read(row: &Row<'_>) -> Result<StoredKey> {
    let name: String = row.get("purpose")?;
    let purposes = [KeyPurpose::AccessToken, KeyPurpose::Assertion, KeyPurpose::Sealing];
    let purpose = purposes.into_iter().find(|purpose| purpose.as_str() == name);
    Ok(StoredKey {
        purpose: purpose.ok_or_else(|| Error::InvalidColumnType(0, "purpose".to_owned(), Type::Text))?,
        sealed: row.get("sealed")?,
        created_at: sql::time(row, "created_at")?,
    })
}
