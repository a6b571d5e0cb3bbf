//! Statements and the types of columns.

use oauth::secret::SecretHash;
use oauth::world::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Error, OptionalExtension, Params, Result, Row};
use serde::{Serialize, de::DeserializeOwned};

/// How many rows the statement changed.
pub(super) fn execute(db: &Connection, sql: &str, parameters: impl Params) -> Result<u64> {
    Ok(db.prepare_cached(sql)?.execute(parameters)? as u64)
}

/// The first row, if there is one.
pub(super) fn first<T>(
    db: &Connection,
    sql: &str,
    parameters: impl Params,
    read: fn(&Row<'_>) -> Result<T>,
) -> Result<Option<T>> {
    db.prepare_cached(sql)?.query_row(parameters, read).optional()
}

/// All rows.
pub(super) fn all<T>(
    db: &Connection,
    sql: &str,
    parameters: impl Params,
    read: fn(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    db.prepare_cached(sql)?.query_map(parameters, read)?.collect()
}

/// A number that cannot be negative.
pub(super) fn count(db: &Connection, sql: &str, parameters: impl Params) -> Result<u64> {
    let number: i64 = db.prepare_cached(sql)?.query_row(parameters, |row| row.get(0))?;
    u64::try_from(number).map_err(|_| Error::IntegralValueOutOfRange(0, number))
}

/// A moment.
pub(super) fn time(row: &Row<'_>, column: &str) -> Result<Timestamp> {
    Ok(Timestamp::from_seconds(row.get(column)?))
}

/// A moment that may not have come.
pub(super) fn time_if_any(row: &Row<'_>, column: &str) -> Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_seconds))
}

/// The hash of a secret.
pub(super) fn hash(row: &Row<'_>, column: &str) -> Result<SecretHash> {
    let bytes: Vec<u8> = row.get(column)?;
    SecretHash::from_slice(&bytes).ok_or_else(|| Error::InvalidColumnType(0, column.to_owned(), Type::Blob))
}

/// A value that is kept as JSON.
pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| Error::FromSqlConversionFailure(0, Type::Text, error.into()))
}

/// A value that is kept as JSON, if there is one.
pub(super) fn json_if_any<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<Option<T>> {
    if row.get::<_, Option<String>>(column)?.is_none() { Ok(None) } else { json(row, column).map(Some) }
}

/// A value as it is kept in JSON.
pub(super) fn to_json(value: &(impl Serialize + ?Sized)) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::ToSqlConversionFailure(error.into()))
}
