//! Local accounts: people that the gateway knows by itself.

use async_trait::async_trait;
use oauth::approval::ForeignIdentity;
use oauth::store::StoreError;
use oauth::world::Timestamp;
use policy::{Identity, Kind};
use std::fmt;

/// The accounts. Each change of a known account moves the epoch of [`oauth::store::Store::epoch`], in one transaction
/// with the change. User names are looked up by their ASCII lower-case form.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Keeps a new account unless its user name or subject is taken.
    async fn add_account(&self, account: &Account) -> Result<Added, StoreError>;

    /// The account of this user name.
    async fn account_by_username(&self, username: &str) -> Result<Option<Account>, StoreError>;

    /// The account of this subject.
    async fn account_by_subject(&self, subject: &str) -> Result<Option<Account>, StoreError>;

    /// All accounts, in the order of their user names.
    async fn accounts(&self) -> Result<Vec<Account>, StoreError>;

    /// Sets the password, as an Argon2 PHC string, and ends nothing; `false` if there is no such account.
    async fn set_password(&self, username: &str, phc: &str, now: Timestamp) -> Result<bool, StoreError>;

    /// Disables or enables an account; disabling ends all grants of its subject. `false` if there is no such account.
    async fn set_disabled(&self, username: &str, disabled: bool, now: Timestamp) -> Result<bool, StoreError>;

    /// Removes an account and ends all grants of its subject; `false` if there is no such account.
    async fn remove_account(&self, username: &str, now: Timestamp) -> Result<bool, StoreError>;

    /// Links an account with an identity at a token issuer, in place of whom it was linked with; `false` if there is no such
    /// account.
    async fn link(&self, username: &str, identity: ForeignIdentity<'_>) -> Result<bool, StoreError>;

    /// Takes a link away; `false` if this account has it not. What came by it lasts as long as its access token.
    async fn unlink(&self, username: &str, identity: ForeignIdentity<'_>) -> Result<bool, StoreError>;

    /// The subject of the account that is linked with an identity.
    async fn linked_subject(&self, identity: ForeignIdentity<'_>) -> Result<Option<String>, StoreError>;

    /// Replaces the groups; `false` if there is no such account.
    async fn set_groups(&self, username: &str, groups: &[String]) -> Result<bool, StoreError>;
}

/// A person whom the gateway can recognise by a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Opaque and random; given by the caller, and never given to anybody else.
    pub subject: String,
    /// E-mail address; unique, and kept in ASCII lower case.
    pub username: String,
    /// What the person is called.
    pub name: Option<String>,
    /// Groups that the upstream is told of.
    pub groups: Vec<String>,
    /// Argon2 hash in PHC form; without one, no password opens the account.
    pub password: Option<String>,
    /// Whether the account is kept but opens nothing.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The outcome of adding an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// Kept now.
    Added,
    /// The user name or the subject is taken; nothing has changed.
    Exists,
}

impl Account {
    /// The account as policy sees it, signed in by `login_method`.
    pub(crate) fn identity(&self, login_method: &str) -> Identity {
        Identity {
            kind: Kind::User,
            subject: self.subject.clone(),
            email: Some(self.username.clone()),
            name: self.name.clone(),
            groups: self.groups.clone(),
            login_method: login_method.to_owned(),
        }
    }
}

/// Without the password's hash, which has no place in a log.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, username, name, groups, password: _, disabled, created_at } = self;
        f.debug_struct("Account")
            .field("subject", subject)
            .field("username", username)
            .field("name", name)
            .field("groups", groups)
            .field("disabled", disabled)
            .field("created_at", created_at)
            .finish_non_exhaustive()
    }
}
