//! The tables, and how an older file gets them.

use super::broken;
use oauth::store::StoreError;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use std::time::Duration;

/// Each brings the file from the version that is its index to the next; what is released never changes.
const MIGRATIONS: &[&str] = &[include_str!("schema/1_first.sql")];

const NEWEST: u32 = MIGRATIONS.len() as u32;

/// Says in the file whose it is: `DWRD`.
const APPLICATION_ID: i64 = 0x4457_5244;

/// Brings the file to the newest version, once among all processes that open it.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    if pending(connection)?.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
    for migration in pending(&transaction)? {
        transaction.execute_batch(migration).map_err(broken)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(broken)?;
    transaction.pragma_update(None, "user_version", NEWEST).map_err(broken)?;
    transaction.commit().map_err(broken)
}

/// Makes readers and the writer independent of each other. The file remembers it.
pub(super) fn write_ahead(connection: &Connection) -> Result<(), StoreError> {
    let mut mode = set_write_ahead(connection);
    // SQLite's own busy timeout does not cover this change: processes that open a new file at once get in its way.
    for _ in 0..ATTEMPTS {
        match &mode {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => std::thread::sleep(PAUSE),
            _ => break,
        }
        mode = set_write_ahead(connection);
    }
    match mode.map_err(broken)?.as_str() {
        "wal" => Ok(()),
        _ => Err(StoreError("its file system cannot share memory between processes; use a local disk".to_owned())),
    }
}

fn set_write_ahead(connection: &Connection) -> rusqlite::Result<String> {
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
}

/// The migrations that the file lacks.
fn pending(connection: &Connection) -> Result<&'static [&'static str], StoreError> {
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(broken);
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    if tables > 0 && number("PRAGMA application_id")? != APPLICATION_ID {
        return Err(StoreError("it belongs to another program".to_owned()));
    }
    let version = number("PRAGMA user_version")?;
    let missing = usize::try_from(version).ok().and_then(|version| MIGRATIONS.get(version..));
    missing.ok_or_else(|| StoreError(format!("it has version {version}, made by a newer doorward")))
}

const ATTEMPTS: usize = 500;
const PAUSE: Duration = Duration::from_millis(10);
