//! Accounts in SQLite.

use super::{Sqlite, consents, grants, identities, profiles, sql};
use crate::store::{Account, Accounts, Added, Profile};
use async_trait::async_trait;
use oauth::approval::ForeignIdentity;
use oauth::store::StoreError;
use oauth::world::Timestamp;
use rusqlite::{Connection, Result, Row};

#[async_trait]
impl Accounts for Sqlite {
    async fn add_account(&self, account: &Account) -> Result<Added, StoreError> {
        let account = account.clone();
        self.write(move |db| add(db, &account)).await
    }

    async fn account_by_username(&self, username: &str) -> Result<Option<Account>, StoreError> {
        let username = username.to_ascii_lowercase();
        self.read(move |db| by_username(db, &username)).await
    }

    async fn account_by_subject(&self, subject: &str) -> Result<Option<Account>, StoreError> {
        let subject = subject.to_owned();
        self.read(move |db| by_subject(db, &subject)).await
    }

    async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        self.read(all).await
    }

    async fn set_password(&self, username: &str, phc: &str, now: Timestamp) -> Result<bool, StoreError> {
        let phc = phc.to_owned();
        let update = "UPDATE accounts SET password = ?2, password_set_at = ?3 WHERE subject = ?1";
        self.change(username, move |db, subject| sql::execute(db, update, (subject, &phc, now.seconds()))).await
    }

    async fn set_disabled(&self, username: &str, disabled: bool, now: Timestamp) -> Result<bool, StoreError> {
        let act = move |db: &Connection, subject: &str| {
            if disabled {
                grants::end_of_subject(db, subject, now)?;
            }
            sql::execute(db, "UPDATE accounts SET disabled = ?2 WHERE subject = ?1", (subject, disabled))
        };
        self.change(username, act).await
    }

    async fn remove_account(&self, username: &str, now: Timestamp) -> Result<bool, StoreError> {
        let act = move |db: &Connection, subject: &str| {
            grants::end_of_subject(db, subject, now)?;
            consents::forget(db, subject)?;
            sql::execute(db, "DELETE FROM accounts WHERE subject = ?1", [subject])
        };
        self.change(username, act).await
    }

    async fn link(&self, username: &str, identity: ForeignIdentity<'_>) -> Result<bool, StoreError> {
        let identity = identities::Owned::from(identity);
        self.change(username, move |db, subject| identities::link(db, subject, &identity)).await
    }

    async fn unlink(&self, username: &str, identity: ForeignIdentity<'_>) -> Result<bool, StoreError> {
        let (username, identity) = (username.to_ascii_lowercase(), identities::Owned::from(identity));
        let unlink = move |db: &Connection| match by_username(db, &username)? {
            Some(account) => Ok(identities::unlink(db, &account.subject, &identity)? > 0),
            None => Ok(false),
        };
        self.write(unlink).await
    }

    async fn linked_subject(&self, identity: ForeignIdentity<'_>) -> Result<Option<String>, StoreError> {
        let identity = identities::Owned::from(identity);
        self.read(move |db| identities::find(db, &identity)).await
    }

    async fn welcome(&self, profile: &Profile, new_subject: &str, now: Timestamp) -> Result<Account, StoreError> {
        let (profile, new_subject) = (profile.clone(), new_subject.to_owned());
        self.write(move |db| profiles::welcome(db, &profile, &new_subject, now)).await
    }

    async fn keep_profile(&self, profile: &Profile) -> Result<bool, StoreError> {
        let profile = profile.clone();
        self.write(move |db| profiles::replace(db, &profile)).await
    }

    async fn set_groups(&self, username: &str, groups: &[String]) -> Result<bool, StoreError> {
        let groups = groups.to_owned();
        let act = move |db: &Connection, subject: &str| {
            let update = "UPDATE accounts SET groups = ?2 WHERE subject = ?1";
            sql::execute(db, update, (subject, sql::to_json(&groups)?))
        };
        self.change(username, act).await
    }
}

impl Sqlite {
    /// Does `act` with the subject of this user, and moves the epoch; `false` if there is no such user.
    async fn change<F>(&self, username: &str, act: F) -> Result<bool, StoreError>
    where
        F: FnOnce(&Connection, &str) -> Result<u64> + Send + 'static,
    {
        let username = username.to_ascii_lowercase();
        let change = move |db: &Connection| {
            let Some(account) = by_username(db, &username)? else { return Ok(false) };
            act(db, &account.subject)?;
            grants::move_epoch(db)?;
            Ok(true)
        };
        self.write(change).await
    }
}

/// Keeps a new account.
pub(super) fn add(db: &Connection, account: &Account) -> Result<Added> {
    let insert = "
        INSERT INTO accounts (subject, username, name, groups, password, password_set_at, disabled, created_at,
            external)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING";
    let values = (
        &account.subject,
        account.username.to_ascii_lowercase(),
        &account.name,
        sql::to_json(&account.groups)?,
        &account.password,
        account.password.as_ref().map(|_| account.created_at.seconds()),
        account.disabled,
        account.created_at.seconds(),
        account.external,
    );
    match sql::execute(db, insert, values)? {
        0 => Ok(Added::Exists),
        _ => Ok(Added::Added),
    }
}

/// The account of a user name in lower case.
pub(super) fn by_username(db: &Connection, username: &str) -> Result<Option<Account>> {
    whole(db, sql::first(db, "SELECT * FROM accounts WHERE username = ?1", [username], read)?)
}

/// The account of a subject.
pub(super) fn by_subject(db: &Connection, subject: &str) -> Result<Option<Account>> {
    whole(db, sql::first(db, "SELECT * FROM accounts WHERE subject = ?1", [subject], read)?)
}

fn all(db: &Connection) -> Result<Vec<Account>> {
    let accounts = sql::all(db, "SELECT * FROM accounts ORDER BY username", [], read)?;
    accounts.into_iter().filter_map(|account| whole(db, Some(account)).transpose()).collect()
}

/// An account with its profiles.
fn whole(db: &Connection, account: Option<Account>) -> Result<Option<Account>> {
    account.map(|account| Ok(Account { profiles: profiles::of(db, &account.subject)?, ..account })).transpose()
}

fn read(row: &Row<'_>) -> Result<Account> {
    Ok(Account {
        subject: row.get("subject")?,
        username: row.get("username")?,
        name: row.get("name")?,
        groups: sql::json(row, "groups")?,
        password: row.get("password")?,
        disabled: row.get("disabled")?,
        created_at: sql::time(row, "created_at")?,
        external: row.get("external")?,
        profiles: Vec::new(),
    })
}
