//! Accounts: the people that the gateway knows, by itself or through an identity provider.

use async_trait::async_trait;
use oauth::approval::ForeignIdentity;
use oauth::store::StoreError;
use oauth::world::Timestamp;
use policy::{Identity, Kind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
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

    /// The account of whom `profile` describes, made with `new_subject` if there is none yet; what is kept of the profile is
    /// replaced. Found by issuer and `sub` alone: an address is nobody's for ever. The epoch moves if something has changed.
    async fn welcome(&self, profile: &Profile, new_subject: &str, now: Timestamp) -> Result<Account, StoreError>;

    /// Replaces what is kept of a profile that is known; `false` if it is not. The epoch moves if something has changed.
    async fn keep_profile(&self, profile: &Profile) -> Result<bool, StoreError>;

    /// Replaces the groups; `false` if there is no such account.
    async fn set_groups(&self, username: &str, groups: &[String]) -> Result<bool, StoreError>;
}

/// A person.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Opaque and random; given by the caller, and never given to anybody else.
    pub subject: String,
    /// Unique, and kept in ASCII lower case: the e-mail address of a local account; `PROVIDER:SUB`, which is no address, of
    /// one that came by an identity provider.
    pub username: String,
    /// What the person is called.
    pub name: Option<String>,
    /// Groups that an administrator gave.
    pub groups: Vec<String>,
    /// Argon2 hash in PHC form; without one, no password opens the account.
    pub password: Option<String>,
    /// Whether the account is kept but opens nothing.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether it was made for somebody who came by an identity provider: then its user name is no address.
    pub external: bool,
    /// What identity providers say of the person, at most one of each; the store fills it in.
    pub profiles: Vec<Profile>,
}

/// What an identity provider says of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The configured name of the provider.
    pub provider: String,
    /// `iss`, byte for byte.
    pub issuer: String,
    /// `sub`, byte for byte.
    pub sub: String,
    /// The address, if the provider has verified it.
    pub email: Option<String>,
    /// What the person is called.
    pub name: Option<String>,
    /// Groups.
    pub groups: Vec<String>,
    /// Other claims, each with its values.
    pub claims: BTreeMap<String, Vec<String>>,
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
    /// The account as policy sees it, signed in by `login_method`, which proved the person by `auth_methods` (RFC 8176).
    pub(crate) fn identity(&self, login_method: &str, auth_methods: &[String]) -> Identity {
        let profile = self.profile(login_method);
        let mut groups = self.groups.clone();
        for group in profile.iter().flat_map(|profile| &profile.groups) {
            if !groups.contains(group) {
                groups.push(group.clone());
            }
        }
        Identity {
            kind: Kind::User,
            subject: self.subject.clone(),
            email: self.email(login_method).map(str::to_owned),
            name: self.name.clone().or_else(|| profile.and_then(|profile| profile.name.clone())),
            groups,
            login_method: login_method.to_owned(),
            auth_methods: auth_methods.to_vec(),
            claims: profile.map(|profile| profile.claims.clone()).unwrap_or_default(),
        }
    }

    /// What a provider says of the person.
    pub(crate) fn profile(&self, provider: &str) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.provider == provider)
    }

    /// The person's address: a local account's own, or the one that the provider by which they came has verified.
    pub(crate) fn email(&self, login_method: &str) -> Option<&str> {
        if self.external { self.profile(login_method)?.email.as_deref() } else { Some(&self.username) }
    }

    /// What the person is shown as to themselves.
    pub(crate) fn shown(&self) -> &str {
        let profile = self.profiles.first().filter(|_| self.external);
        let known = profile.and_then(|profile| profile.email.as_deref().or(profile.name.as_deref()));
        known.unwrap_or(&self.username)
    }
}

/// Without the password's hash, which has no place in a log.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, username, name, groups, password: _, disabled, created_at, external, profiles } = self;
        f.debug_struct("Account")
            .field("subject", subject)
            .field("username", username)
            .field("name", name)
            .field("groups", groups)
            .field("disabled", disabled)
            .field("created_at", created_at)
            .field("external", external)
            .field("profiles", profiles)
            .finish_non_exhaustive()
    }
}
