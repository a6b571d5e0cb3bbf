//! A bounded set of connections, used on threads that may block.

use super::broken;
use oauth::store::StoreError;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Connections to one file. Who finds none free waits in line without holding a thread.
pub(super) struct Pool {
    permits: Arc<Semaphore>,
    idle: Arc<Idle>,
}

struct Idle {
    path: Box<Path>,
    connections: Mutex<Vec<Connection>>,
}

impl Pool {
    /// A pool that opens up to `size` connections when they are needed.
    pub(super) fn new(size: usize, path: &Path) -> Self {
        let idle = Idle { path: path.into(), connections: Mutex::default() };
        Self { permits: Arc::new(Semaphore::new(size)), idle: Arc::new(idle) }
    }

    /// A pool of this one connection.
    pub(super) fn of(connection: Connection, path: &Path) -> Self {
        let pool = Self::new(1, path);
        pool.idle.put_back(connection);
        pool
    }

    /// Does `work` with a connection. It is finished even when nobody waits for it any longer.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let waiting = timeout(QUEUE_TIMEOUT, Arc::clone(&self.permits).acquire_owned()).await;
        let permit = waiting.map_err(|_| broken("too many wait for the database"))?.map_err(broken)?;
        let idle = Arc::clone(&self.idle);
        let blocking = tokio::task::spawn_blocking(move || {
            let result = idle.lend(work);
            drop(permit);
            result
        });
        blocking.await.map_err(broken)?.map_err(broken)
    }
}

impl Idle {
    /// A connection that failed is closed rather than used again.
    fn lend<T>(&self, work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let mut connection = match self.take() {
            Some(connection) => connection,
            None => connect(&self.path)?,
        };
        let value = work(&mut connection)?;
        self.put_back(connection);
        Ok(value)
    }

    fn take(&self) -> Option<Connection> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn put_back(&self, connection: Connection) {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

/// Opens a connection to a file that exists; its path is never read as a URI.
pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// How long to wait in line: whoever asks a database that is out of order is told so.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(15);

/// How long to wait for another process to finish its transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// More than there are statements in this store.
const STATEMENTS: usize = 64;
