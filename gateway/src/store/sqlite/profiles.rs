//! What identity providers say of people, in SQLite.

use super::identities::{self, Owned};
use super::{accounts, grants, sql};
use crate::store::{Account, Profile};
use oauth::approval::ForeignIdentity;
use oauth::world::Timestamp;
use rusqlite::{Connection, Error, Result};

/// The account of whom a profile describes, made if there is none.
pub(super) fn welcome(db: &Connection, profile: &Profile, new_subject: &str, now: Timestamp) -> Result<Account> {
    let identity = owned(profile);
    let subject = match identities::find(db, &identity)? {
        Some(subject) => subject,
        None => add(db, profile, new_subject, now)?,
    };
    keep(db, &subject, profile)?;
    accounts::by_subject(db, &subject)?.ok_or(Error::QueryReturnedNoRows)
}

/// Replaces a profile that is known; `false` if its person is not.
pub(super) fn replace(db: &Connection, profile: &Profile) -> Result<bool> {
    let Some(subject) = identities::find(db, &owned(profile))? else { return Ok(false) };
    keep(db, &subject, profile)?;
    Ok(true)
}

/// The profiles of an account.
pub(super) fn of(db: &Connection, account: &str) -> Result<Vec<Profile>> {
    let select = "SELECT json FROM profiles WHERE account = ?1 ORDER BY provider";
    sql::all(db, select, [account], |row| sql::json(row, "json"))
}

fn owned(profile: &Profile) -> Owned {
    ForeignIdentity { issuer: &profile.issuer, tenant: None, subject: &profile.sub }.into()
}

fn add(db: &Connection, profile: &Profile, subject: &str, now: Timestamp) -> Result<String> {
    let username = format!("{}:{}", profile.provider, profile.sub).to_ascii_lowercase();
    // `sub` is told apart by case, user names are not.
    let taken = accounts::by_username(db, &username)?.is_some();
    let account = Account {
        subject: subject.to_owned(),
        username: if taken { format!("{username}:{}", subject.to_ascii_lowercase()) } else { username },
        name: None,
        groups: Vec::new(),
        password: None,
        disabled: false,
        created_at: now,
        external: true,
        profiles: Vec::new(),
    };
    accounts::add(db, &account)?;
    identities::link(db, subject, &owned(profile))?;
    Ok(subject.to_owned())
}

fn keep(db: &Connection, account: &str, profile: &Profile) -> Result<()> {
    let json = sql::to_json(profile)?;
    let upsert = "
        INSERT INTO profiles (account, provider, json) VALUES (?1, ?2, ?3)
        ON CONFLICT (account, provider) DO UPDATE SET json = excluded.json WHERE json <> excluded.json";
    if sql::execute(db, upsert, (account, &profile.provider, &json))? > 0 {
        grants::move_epoch(db)?;
    }
    Ok(())
}
