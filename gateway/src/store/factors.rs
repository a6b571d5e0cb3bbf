//! What proves a local account besides its password: time-based codes, recovery codes and passkeys; and where it was used
//! before.

use async_trait::async_trait;
use oauth::secret::SecretHash;
use oauth::store::StoreError;
use oauth::world::Timestamp;

/// The factors of accounts, by subject. Each method is one transaction.
#[async_trait]
pub trait Factors: Send + Sync {
    /// All that an account has.
    async fn factors(&self, subject: &str) -> Result<FactorsOf, StoreError>;

    /// Keeps the secret of time-based codes, in place of an earlier one; the account must exist.
    async fn keep_totp(&self, subject: &str, totp: &Totp) -> Result<(), StoreError>;

    /// Uses up a step of time: `false` if it, or a later one, was used before (RFC 6238 section 5.2).
    async fn use_totp_step(&self, subject: &str, step: u64) -> Result<bool, StoreError>;

    /// Takes time-based codes away; `false` if there were none. With the last factor go the recovery codes.
    async fn remove_totp(&self, subject: &str) -> Result<bool, StoreError>;

    /// Replaces all recovery codes.
    async fn keep_recovery_codes(&self, subject: &str, codes: &[SecretHash]) -> Result<(), StoreError>;

    /// Uses up a recovery code; `false` if the account has it not.
    async fn use_recovery_code(&self, subject: &str, code: &SecretHash) -> Result<bool, StoreError>;

    /// Keeps a new passkey; `false` if its id is taken.
    async fn add_passkey(&self, passkey: &Passkey) -> Result<bool, StoreError>;

    /// The passkey of this id.
    async fn passkey(&self, id: &[u8]) -> Result<Option<Passkey>, StoreError>;

    /// Notes that a passkey was used, and what became of its credential; `false` if that is not as it was known, so that of two
    /// uses with one counter at most one counts (WebAuthn section 6.1.1).
    async fn use_passkey(&self, known: &Passkey, credential: &str, now: Timestamp) -> Result<bool, StoreError>;

    /// Takes a passkey of an account away; `false` if it has it not. With the last factor go the recovery codes.
    async fn remove_passkey(&self, subject: &str, id: &[u8]) -> Result<bool, StoreError>;

    /// Remembers that somebody signed in to an account from a place.
    async fn remember_place(&self, subject: &str, place: &SecretHash, now: Timestamp) -> Result<(), StoreError>;

    /// Whether somebody signed in to an account from a place before.
    async fn is_familiar(&self, subject: &str, place: &SecretHash) -> Result<bool, StoreError>;

    /// Replaces the hash of a password by one of the same password at another cost, unless it has changed meanwhile.
    async fn replace_hash(&self, subject: &str, known: &str, phc: &str) -> Result<bool, StoreError>;
}

/// How long a place is remembered after somebody signed in there.
pub(super) const FAMILIAR_DAYS: i64 = 180;

/// How many places are remembered of an account: the latest.
pub(super) const MOST_PLACES: i64 = 64;

/// What an account has besides its password.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactorsOf {
    /// Time-based codes.
    pub totp: Option<Totp>,
    /// Recovery codes that are left.
    pub recovery_codes: u32,
    /// Passkeys, oldest first.
    pub passkeys: Vec<Passkey>,
}

impl FactorsOf {
    /// Whether a password is not enough.
    pub fn any(&self) -> bool {
        self.totp.is_some() || !self.passkeys.is_empty()
    }
}

/// The secret of time-based codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totp {
    /// Sealed under the store's key.
    pub sealed: Vec<u8>,
    /// The last step that was used.
    pub last_step: u64,
    /// When it was kept.
    pub created_at: Timestamp,
}

/// A passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// The credential id (WebAuthn section 4).
    pub id: Vec<u8>,
    /// Whose it is.
    pub subject: String,
    /// What its owner calls it.
    pub name: String,
    /// Public key, counter and flags, as JSON.
    pub credential: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was used last.
    pub last_used_at: Option<Timestamp>,
}
