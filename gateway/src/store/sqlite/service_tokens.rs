//! Service tokens in SQLite.

use super::{Sqlite, grants, sql};
use crate::store::{ServiceToken, ServiceTokens};
use async_trait::async_trait;
use oauth::client::PreviousSecret;
use oauth::secret::SecretHash;
use oauth::store::StoreError;
use oauth::world::Timestamp;
use rusqlite::{Connection, Result, Row};

#[async_trait]
impl ServiceTokens for Sqlite {
    async fn add_service_token(&self, token: &ServiceToken) -> Result<bool, StoreError> {
        let token = token.clone();
        self.write(move |db| insert(db, &token)).await
    }

    async fn service_token_by_secret(&self, secret: &SecretHash) -> Result<Option<ServiceToken>, StoreError> {
        let secret = *secret;
        // Two look-ups by an index each, which one with `OR` would not use.
        let select = "
            SELECT * FROM service_tokens WHERE secret = ?1
            UNION ALL SELECT * FROM service_tokens WHERE previous = ?1 LIMIT 1";
        self.read(move |db| sql::first(db, select, [secret.as_bytes().as_slice()], read)).await
    }

    async fn service_token(&self, id: &str) -> Result<Option<ServiceToken>, StoreError> {
        let id = id.to_owned();
        self.read(move |db| find(db, &id)).await
    }

    async fn service_tokens(&self) -> Result<Vec<ServiceToken>, StoreError> {
        self.read(|db| sql::all(db, "SELECT * FROM service_tokens ORDER BY name", [], read)).await
    }

    async fn replace_service_token(&self, known: &ServiceToken, new: &ServiceToken) -> Result<bool, StoreError> {
        let (known, new) = (known.clone(), new.clone());
        let replace = move |db: &Connection| {
            // That it was used since does not matter.
            let kept = find(db, &known.id)?;
            let unchanged = kept.is_some_and(|kept| ServiceToken { last_used_at: known.last_used_at, ..kept } == known);
            Ok(unchanged && remove(db, &known.id)? && insert(db, &new)?)
        };
        self.write(replace).await
    }

    async fn remove_service_token(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write(move |db| remove(db, &id)).await
    }

    async fn service_token_used(&self, id: &str, at: Timestamp) -> Result<(), StoreError> {
        let id = id.to_owned();
        let update = "UPDATE service_tokens SET last_used_at = ?2 WHERE id = ?1";
        self.write(move |db| sql::execute(db, update, (&id, at.seconds())).map(|_| ())).await
    }
}

fn insert(db: &Connection, token: &ServiceToken) -> Result<bool> {
    let insert = "
        INSERT INTO service_tokens (id, name, secret, previous, previous_until, created_at, expires_at, last_used_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING";
    let values = (
        &token.id,
        &token.name,
        token.secret.as_bytes().as_slice(),
        token.previous.as_ref().map(|previous| previous.hash.as_bytes().as_slice()),
        token.previous.map(|previous| previous.until.seconds()),
        token.created_at.seconds(),
        token.expires_at.seconds(),
        token.last_used_at.map(Timestamp::seconds),
    );
    Ok(sql::execute(db, insert, values)? > 0)
}

fn remove(db: &Connection, id: &str) -> Result<bool> {
    let removed = sql::execute(db, "DELETE FROM service_tokens WHERE id = ?1", [id])? > 0;
    if removed {
        grants::move_epoch(db)?;
    }
    Ok(removed)
}

fn find(db: &Connection, id: &str) -> Result<Option<ServiceToken>> {
    sql::first(db, "SELECT * FROM service_tokens WHERE id = ?1", [id], read)
}

fn read(row: &Row<'_>) -> Result<ServiceToken> {
    let until = sql::time_if_any(row, "previous_until")?;
    Ok(ServiceToken {
        id: row.get("id")?,
        name: row.get("name")?,
        secret: sql::hash(row, "secret")?,
        previous: until
            .map(|until| sql::hash(row, "previous").map(|hash| PreviousSecret { hash, until }))
            .transpose()?,
        created_at: sql::time(row, "created_at")?,
        expires_at: sql::time(row, "expires_at")?,
        last_used_at: sql::time_if_any(row, "last_used_at")?,
    })
}
