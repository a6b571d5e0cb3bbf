//! What is pending until a sign-in or a change of an account is done: the way back from an identity provider, the challenge of
//! a passkey, a code that was sent. Kept here, so that cookies do not grow and each is used once, on whatever node.

use async_trait::async_trait;
use oauth::secret::SecretHash;
use oauth::store::StoreError;
use oauth::world::Timestamp;

/// The pending attempts. Each is found by the hash of a random value that only its browser, or its mail, has.
#[async_trait]
pub trait Attempts: Send + Sync {
    /// Keeps an attempt, in place of an earlier one of the same hash.
    async fn begin(&self, attempt: &Attempt) -> Result<(), StoreError>;

    /// Looks at an attempt and leaves it; `None` if there is none, or it is over.
    async fn attempt(&self, hash: &SecretHash, purpose: &str, now: Timestamp) -> Result<Option<Attempt>, StoreError>;

    /// Takes an attempt for good: what is taken once is never found again. `None` if there is none, or it is over.
    async fn take(&self, hash: &SecretHash, purpose: &str, now: Timestamp) -> Result<Option<Attempt>, StoreError>;

    /// Counts one try of an attempt and returns it with the count; `None` if there is none, it is over, or it was tried `most`
    /// times already.
    async fn try_attempt(
        &self,
        hash: &SecretHash,
        (purpose, most): (&str, u32),
        now: Timestamp,
    ) -> Result<Option<Attempt>, StoreError>;
}

/// Something that is pending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Of the random value.
    pub hash: SecretHash,
    /// What it is for: one of another purpose is not found.
    pub purpose: String,
    /// What is needed to finish it: JSON, sealed by whoever keeps secrets in it.
    pub content: String,
    /// How often it was tried.
    pub tries: u32,
    /// When it is over.
    pub expires_at: Timestamp,
}
