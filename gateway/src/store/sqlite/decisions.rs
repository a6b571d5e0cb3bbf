//! Decisions in SQLite.

use super::{Sqlite, sql};
use crate::store::decisions::KEPT;
use crate::store::{Decisions, StoredDecision};
use async_trait::async_trait;
use oauth::store::StoreError;
use rusqlite::{Connection, Result, Row};

#[async_trait]
impl Decisions for Sqlite {
    async fn record_decisions(&self, decisions: &[StoredDecision]) -> Result<(), StoreError> {
        if decisions.is_empty() {
            return Ok(());
        }
        let decisions = decisions.to_owned();
        self.write(move |db| record(db, &decisions)).await
    }

    async fn decision(&self, id: &str) -> Result<Option<StoredDecision>, StoreError> {
        let id = id.to_owned();
        self.read(move |db| sql::first(db, "SELECT * FROM decisions WHERE id = ?1", [id], read)).await
    }
}

fn record(db: &Connection, decisions: &[StoredDecision]) -> Result<()> {
    let insert = "INSERT INTO decisions (id, at, json) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING";
    for decision in decisions {
        sql::execute(db, insert, (&decision.id, decision.at.seconds(), &decision.json))?;
    }
    // The numbers have no gaps, so that this finds the oldest without counting.
    let trim = "DELETE FROM decisions WHERE number <= (SELECT max(number) FROM decisions) - ?1";
    sql::execute(db, trim, [KEPT])?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<StoredDecision> {
    Ok(StoredDecision { id: row.get("id")?, at: sql::time(row, "at")?, json: row.get("json")? })
}
