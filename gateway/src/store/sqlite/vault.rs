//! The vault in SQLite.

use super::{Sqlite, sql};
use crate::store::Vault;
use async_trait::async_trait;
use oauth::store::StoreError;
use oauth::world::Timestamp;

#[async_trait]
impl Vault for Sqlite {
    async fn kept(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let name = name.to_owned();
        let select = "SELECT sealed FROM vault WHERE name = ?1 AND sealed IS NOT NULL";
        self.read(move |db| sql::first(db, select, [name], |row| row.get("sealed"))).await
    }

    async fn keep(&self, name: &str, sealed: &[u8]) -> Result<(), StoreError> {
        let values = (name.to_owned(), sealed.to_owned());
        let upsert = "
            INSERT INTO vault (name, sealed) VALUES (?1, ?2)
            ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed";
        self.write(move |db| sql::execute(db, upsert, values)).await.map(drop)
    }

    async fn claim(&self, name: &str, holder: &str, until: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
        let values = (name.to_owned(), holder.to_owned(), until.seconds(), now.seconds());
        let upsert = "
            INSERT INTO vault (name, holder, held_until) VALUES (?1, ?2, ?3)
            ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
            WHERE holder IS NULL OR holder = excluded.holder OR held_until <= ?4";
        Ok(self.write(move |db| sql::execute(db, upsert, values)).await? > 0)
    }

    async fn release(&self, name: &str, holder: &str) -> Result<(), StoreError> {
        let values = (name.to_owned(), holder.to_owned());
        let update = "UPDATE vault SET holder = NULL, held_until = NULL WHERE name = ?1 AND holder = ?2";
        self.write(move |db| sql::execute(db, update, values)).await.map(drop)
    }
}
