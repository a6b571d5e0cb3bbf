//! The store in one SQLite file, which several processes may use at once.
//!
//! INVARIANT: an act is answered only after it is on the disk (`synchronous = FULL`), so that no crash brings back a
//! refresh token that was used or a grant that was ended.

mod accounts;
mod attempts;
mod clients;
mod codes;
mod consents;
mod credentials;
mod decisions;
mod devices;
mod factors;
mod file;
mod grants;
mod identities;
mod keys;
mod oauth;
mod pool;
mod profiles;
mod provider_sessions;
mod schema;
mod service_tokens;
mod sql;
#[cfg(test)]
mod tests;
mod traces;
mod used;
mod vault;

use ::oauth::store::StoreError;
use pool::Pool;
use rusqlite::{Connection, TransactionBehavior};
use std::fmt;
use std::path::Path;
use std::time::Duration;
use tokio::time::timeout;

/// An open database file.
pub(super) struct Sqlite {
    writer: Pool,
    readers: Pool,
}

impl Sqlite {
    /// Opens the file, and makes it first if need be.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        Self::prepare(path).map_err(|StoreError(why)| StoreError(format!("database `{}`: {why}", path.display())))
    }

    fn prepare(path: &Path) -> Result<Self, StoreError> {
        let path = std::path::absolute(path).map_err(broken)?;
        file::create_private(&path).map_err(broken)?;
        let mut connection = pool::connect(&path).map_err(broken)?;
        schema::migrate(&mut connection)?;
        schema::write_ahead(&connection)?;
        file::make_private(&path).map_err(broken)?;
        Ok(Self { writer: Pool::of(connection, &path), readers: Pool::new(READERS, &path) })
    }

    /// Does `act` in one transaction that sees one state of the database and changes nothing.
    async fn read<T, F>(&self, act: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        // SQLite itself gives up after ten seconds, and those in line would wait for each other.
        let reading = self.readers.run(|connection| act(&*connection.transaction()?));
        timeout(READ_TIMEOUT, reading).await.map_err(|_| broken("the database does not answer in time"))?
    }

    /// Does `act` in one transaction that has the database for itself: all of it happens, or nothing.
    async fn write<T, F>(&self, act: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let transact = |connection: &mut Connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let outcome = act(&transaction)?;
            transaction.commit()?;
            Ok(outcome)
        };
        self.writer.run(transact).await
    }
}

fn broken(error: impl fmt::Display) -> StoreError {
    StoreError(error.to_string())
}

/// The longest time that is waited for a read.
const READ_TIMEOUT: Duration = Duration::from_secs(4);

/// Reads are short: more connections would only wait for the same disk.
const READERS: usize = 4;
