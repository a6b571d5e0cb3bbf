//! Attempts in SQLite.

use super::{Sqlite, sql};
use crate::store::{Attempt, Attempts};
use async_trait::async_trait;
use oauth::secret::SecretHash;
use oauth::store::StoreError;
use oauth::world::Timestamp;
use rusqlite::{Connection, Result, Row};

#[async_trait]
impl Attempts for Sqlite {
    async fn begin(&self, attempt: &Attempt) -> Result<(), StoreError> {
        let attempt = attempt.clone();
        self.write(move |db| {
            let insert = "
                INSERT OR REPLACE INTO attempts (hash, purpose, content, tries, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)";
            let hash = attempt.hash.as_bytes().as_slice();
            let values = (hash, &attempt.purpose, &attempt.content, attempt.tries, attempt.expires_at.seconds());
            sql::execute(db, insert, values).map(drop)
        })
        .await
    }

    async fn attempt(&self, hash: &SecretHash, purpose: &str, now: Timestamp) -> Result<Option<Attempt>, StoreError> {
        let (hash, purpose) = (*hash, purpose.to_owned());
        self.read(move |db| {
            let select = "SELECT * FROM attempts WHERE hash = ?1 AND purpose = ?2 AND expires_at > ?3";
            sql::first(db, select, (hash.as_bytes().as_slice(), &purpose, now.seconds()), read)
        })
        .await
    }

    async fn take(&self, hash: &SecretHash, purpose: &str, now: Timestamp) -> Result<Option<Attempt>, StoreError> {
        let (hash, purpose) = (*hash, purpose.to_owned());
        self.write(move |db| {
            let delete = "DELETE FROM attempts WHERE hash = ?1 AND purpose = ?2 AND expires_at > ?3 RETURNING *";
            sql::first(db, delete, (hash.as_bytes().as_slice(), &purpose, now.seconds()), read)
        })
        .await
    }

    async fn try_attempt(
        &self,
        hash: &SecretHash,
        (purpose, most): (&str, u32),
        now: Timestamp,
    ) -> Result<Option<Attempt>, StoreError> {
        let (hash, purpose) = (*hash, purpose.to_owned());
        self.write(move |db| {
            let update = "
                UPDATE attempts SET tries = tries + 1
                WHERE hash = ?1 AND purpose = ?2 AND expires_at > ?3 AND tries < ?4 RETURNING *";
            sql::first(db, update, (hash.as_bytes().as_slice(), &purpose, now.seconds(), most), read)
        })
        .await
    }
}

/// Forgets those that are over.
pub(super) fn collect(db: &Connection, now: Timestamp) -> Result<u64> {
    sql::execute(db, "DELETE FROM attempts WHERE expires_at <= ?1", [now.seconds()])
}

fn read(row: &Row<'_>) -> Result<Attempt> {
    Ok(Attempt {
        hash: sql::hash(row, "hash")?,
        purpose: row.get("purpose")?,
        content: row.get("content")?,
        tries: row.get("tries")?,
        expires_at: sql::time(row, "expires_at")?,
    })
}
