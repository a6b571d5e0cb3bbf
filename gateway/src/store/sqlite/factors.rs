//! Factors of accounts in SQLite.

use super::{Sqlite, sql};
use crate::store::factors::{FAMILIAR_DAYS, MOST_PLACES};
use crate::store::{Factors, FactorsOf, Passkey, Totp};
use async_trait::async_trait;
use oauth::secret::SecretHash;
use oauth::store::StoreError;
use oauth::world::Timestamp;
use rusqlite::{Connection, Result, Row};
use std::time::Duration;

#[async_trait]
impl Factors for Sqlite {
    async fn factors(&self, subject: &str) -> Result<FactorsOf, StoreError> {
        let subject = subject.to_owned();
        self.read(move |db| of(db, &subject)).await
    }

    async fn keep_totp(&self, subject: &str, totp: &Totp) -> Result<(), StoreError> {
        let (subject, totp) = (subject.to_owned(), totp.clone());
        let keep = move |db: &Connection| {
            let upsert = "
                INSERT OR REPLACE INTO totp (account, sealed, last_step, created_at) VALUES (?1, ?2, ?3, ?4)";
            let step = i64::try_from(totp.last_step).unwrap_or(i64::MAX);
            sql::execute(db, upsert, (&subject, &totp.sealed, step, totp.created_at.seconds())).map(drop)
        };
        self.write(keep).await
    }

    async fn use_totp_step(&self, subject: &str, step: u64) -> Result<bool, StoreError> {
        let (subject, step) = (subject.to_owned(), i64::try_from(step).unwrap_or(i64::MAX));
        let update = "UPDATE totp SET last_step = ?2 WHERE account = ?1 AND last_step < ?2";
        self.write(move |db| Ok(sql::execute(db, update, (&subject, step))? > 0)).await
    }

    async fn remove_totp(&self, subject: &str) -> Result<bool, StoreError> {
        let subject = subject.to_owned();
        let remove = move |db: &Connection| {
            let removed = sql::execute(db, "DELETE FROM totp WHERE account = ?1", [&subject])? > 0;
            forget_codes_of_no_factor(db, &subject)?;
            Ok(removed)
        };
        self.write(remove).await
    }

    async fn keep_recovery_codes(&self, subject: &str, codes: &[SecretHash]) -> Result<(), StoreError> {
        let (subject, codes) = (subject.to_owned(), codes.to_vec());
        let keep = move |db: &Connection| {
            sql::execute(db, "DELETE FROM recovery_codes WHERE account = ?1", [&subject])?;
            for code in &codes {
                let insert = "INSERT INTO recovery_codes (account, hash) VALUES (?1, ?2)";
                sql::execute(db, insert, (&subject, code.as_bytes().as_slice()))?;
            }
            Ok(())
        };
        self.write(keep).await
    }

    async fn use_recovery_code(&self, subject: &str, code: &SecretHash) -> Result<bool, StoreError> {
        let (subject, code) = (subject.to_owned(), *code);
        let delete = "DELETE FROM recovery_codes WHERE account = ?1 AND hash = ?2";
        self.write(move |db| Ok(sql::execute(db, delete, (&subject, code.as_bytes().as_slice()))? > 0)).await
    }

    async fn add_passkey(&self, passkey: &Passkey) -> Result<bool, StoreError> {
        let passkey = passkey.clone();
        let insert = "
            INSERT INTO passkeys (id, account, name, credential, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT DO NOTHING";
        let add = move |db: &Connection| {
            let Passkey { id, subject, name, credential, created_at, .. } = &passkey;
            Ok(sql::execute(db, insert, (id, subject, name, credential, created_at.seconds()))? > 0)
        };
        self.write(add).await
    }

    async fn passkey(&self, id: &[u8]) -> Result<Option<Passkey>, StoreError> {
        let id = id.to_vec();
        self.read(move |db| sql::first(db, "SELECT * FROM passkeys WHERE id = ?1", [&id], read)).await
    }

    async fn use_passkey(&self, known: &Passkey, credential: &str, now: Timestamp) -> Result<bool, StoreError> {
        let (known, credential) = (known.clone(), credential.to_owned());
        let update = "UPDATE passkeys SET credential = ?3, last_used_at = ?4 WHERE id = ?1 AND credential = ?2";
        let note = move |db: &Connection| {
            Ok(sql::execute(db, update, (&known.id, &known.credential, &credential, now.seconds()))? > 0)
        };
        self.write(note).await
    }

    async fn remove_passkey(&self, subject: &str, id: &[u8]) -> Result<bool, StoreError> {
        let (subject, id) = (subject.to_owned(), id.to_vec());
        let remove = move |db: &Connection| {
            let delete = "DELETE FROM passkeys WHERE account = ?1 AND id = ?2";
            let removed = sql::execute(db, delete, (&subject, &id))? > 0;
            forget_codes_of_no_factor(db, &subject)?;
            Ok(removed)
        };
        self.write(remove).await
    }

    async fn remember_place(&self, subject: &str, place: &SecretHash, now: Timestamp) -> Result<(), StoreError> {
        let (subject, place) = (subject.to_owned(), *place);
        let remember = move |db: &Connection| {
            let upsert = "INSERT OR REPLACE INTO familiar_places (account, place, seen_at) VALUES (?1, ?2, ?3)";
            sql::execute(db, upsert, (&subject, place.as_bytes().as_slice(), now.seconds()))?;
            let forget = "
                DELETE FROM familiar_places WHERE account = ?1 AND place NOT IN
                    (SELECT place FROM familiar_places WHERE account = ?1 ORDER BY seen_at DESC LIMIT ?2)";
            sql::execute(db, forget, (&subject, MOST_PLACES)).map(drop)
        };
        self.write(remember).await
    }

    async fn is_familiar(&self, subject: &str, place: &SecretHash) -> Result<bool, StoreError> {
        let (subject, place) = (subject.to_owned(), *place);
        let count = "SELECT count(*) FROM familiar_places WHERE account = ?1 AND place = ?2";
        self.read(move |db| Ok(sql::count(db, count, (&subject, place.as_bytes().as_slice()))? > 0)).await
    }

    async fn replace_hash(&self, subject: &str, known: &str, phc: &str) -> Result<bool, StoreError> {
        let (subject, known, phc) = (subject.to_owned(), known.to_owned(), phc.to_owned());
        let update = "UPDATE accounts SET password = ?3 WHERE subject = ?1 AND password = ?2";
        self.write(move |db| Ok(sql::execute(db, update, (&subject, &known, &phc))? > 0)).await
    }
}

/// Forgets places where nobody has signed in for long.
pub(super) fn collect(db: &Connection, now: Timestamp) -> Result<u64> {
    let age = Duration::from_secs(FAMILIAR_DAYS.unsigned_abs() * 24 * 3600);
    sql::execute(db, "DELETE FROM familiar_places WHERE seen_at < ?1", [now.minus(age).seconds()])
}

fn of(db: &Connection, subject: &str) -> Result<FactorsOf> {
    let codes = sql::count(db, "SELECT count(*) FROM recovery_codes WHERE account = ?1", [subject])?;
    Ok(FactorsOf {
        totp: sql::first(db, "SELECT * FROM totp WHERE account = ?1", [subject], read_totp)?,
        recovery_codes: u32::try_from(codes).unwrap_or(u32::MAX),
        passkeys: sql::all(db, "SELECT * FROM passkeys WHERE account = ?1 ORDER BY created_at, id", [subject], read)?,
    })
}

fn forget_codes_of_no_factor(db: &Connection, subject: &str) -> Result<()> {
    if !of(db, subject)?.any() {
        sql::execute(db, "DELETE FROM recovery_codes WHERE account = ?1", [subject])?;
    }
    Ok(())
}

fn read_totp(row: &Row<'_>) -> Result<Totp> {
    let step: i64 = row.get("last_step")?;
    let created_at = sql::time(row, "created_at")?;
    Ok(Totp { sealed: row.get("sealed")?, last_step: u64::try_from(step).unwrap_or(0), created_at })
}

fn read(row: &Row<'_>) -> Result<Passkey> {
    Ok(Passkey {
        id: row.get("id")?,
        subject: row.get("account")?,
        name: row.get("name")?,
        credential: row.get("credential")?,
        created_at: sql::time(row, "created_at")?,
        last_used_at: sql::time_if_any(row, "last_used_at")?,
    })
}
