//! The traces of grants in SQLite, as columns of the grants.

use super::{Sqlite, sql};
use crate::store::{Trace, Traces, Use};
use async_trait::async_trait;
use oauth::store::StoreError;
use rusqlite::{Connection, Result, Row};
use std::collections::HashMap;

#[async_trait]
impl Traces for Sqlite {
    async fn record_uses(&self, uses: &[(String, Use)]) -> Result<(), StoreError> {
        let uses = uses.to_owned();
        self.write(move |db| record(db, &uses)).await
    }

    async fn record_alarm(&self, grant: &str, by: &Use) -> Result<(), StoreError> {
        let (grant, by) = (grant.to_owned(), by.clone());
        let update = "UPDATE grants SET alarm = ?2 WHERE id = ?1 AND alarm IS NULL";
        self.write(move |db| sql::execute(db, update, (grant, sql::to_json(&by)?))).await?;
        Ok(())
    }

    async fn dismiss_alarm(&self, grant: &str) -> Result<(), StoreError> {
        let grant = grant.to_owned();
        self.write(move |db| sql::execute(db, "UPDATE grants SET dismissed = 1 WHERE id = ?1", [grant])).await?;
        Ok(())
    }

    async fn traces(&self, grants: &[String]) -> Result<HashMap<String, Trace>, StoreError> {
        let grants = grants.to_owned();
        self.read(move |db| find(db, grants)).await
    }
}

fn record(db: &Connection, uses: &[(String, Use)]) -> Result<()> {
    // Another process may have seen a later one.
    let update = "
        UPDATE grants SET last_use = ?2
        WHERE id = ?1 AND (last_use IS NULL OR json_extract(last_use, '$.at') < ?3)";
    for (grant, one) in uses {
        sql::execute(db, update, (grant, sql::to_json(one)?, one.at.seconds()))?;
    }
    Ok(())
}

fn find(db: &Connection, grants: Vec<String>) -> Result<HashMap<String, Trace>> {
    let mut found = HashMap::new();
    for grant in grants {
        let select = "SELECT last_use, alarm, dismissed FROM grants WHERE id = ?1";
        if let Some(trace) = sql::first(db, select, [&grant], read)? {
            found.insert(grant, trace);
        }
    }
    Ok(found)
}

fn read(row: &Row<'_>) -> Result<Trace> {
    Ok(Trace {
        last_use: sql::json_if_any(row, "last_use")?,
        alarm: sql::json_if_any(row, "alarm")?,
        dismissed: row.get("dismissed")?,
    })
}
