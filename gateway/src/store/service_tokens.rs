//! Service tokens: secrets with which programs pass in their own name, at any app whose policy lets them.

use async_trait::async_trait;
use oauth::client::PreviousSecret;
use oauth::secret::SecretHash;
use oauth::store::StoreError;
use oauth::world::Timestamp;

/// The service tokens. Whatever takes one away moves the epoch of [`oauth::store::Store::epoch`], in one transaction.
#[async_trait]
pub trait ServiceTokens: Send + Sync {
    /// Keeps a new token; `false` if its id or name is taken.
    async fn add_service_token(&self, token: &ServiceToken) -> Result<bool, StoreError>;

    /// The token whose secret this is or was; whether it still does is the caller's to say.
    async fn service_token_by_secret(&self, secret: &SecretHash) -> Result<Option<ServiceToken>, StoreError>;

    /// The token of this id.
    async fn service_token(&self, id: &str) -> Result<Option<ServiceToken>, StoreError>;

    /// All of them, in the order of their names.
    async fn service_tokens(&self) -> Result<Vec<ServiceToken>, StoreError>;

    /// Puts `new` in the place of `known`, a token of the same id; `false` if what is kept is not `known` any more.
    async fn replace_service_token(&self, known: &ServiceToken, new: &ServiceToken) -> Result<bool, StoreError>;

    /// Forgets a token by its id; `false` if there is none.
    async fn remove_service_token(&self, id: &str) -> Result<bool, StoreError>;

    /// Remembers when a token was last used. It takes nothing away.
    async fn service_token_used(&self, id: &str, at: Timestamp) -> Result<(), StoreError>;
}

/// A service token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceToken {
    /// Public, and the subject of what it does. No person's subject begins like it.
    pub id: String,
    /// What an administrator calls it; unique.
    pub name: String,
    /// Hash of its secret.
    pub secret: SecretHash,
    /// The secret before the last rotation, while it still does.
    pub previous: Option<PreviousSecret>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// When it was last used, to about ten minutes.
    pub last_used_at: Option<Timestamp>,
}

impl ServiceToken {
    /// What ids begin with.
    pub const PREFIX: &'static str = "st_";

    /// When this secret of it ends; `None` if it has ended, or is no secret of it.
    pub fn accepts(&self, secret: &SecretHash, now: Timestamp) -> Option<Timestamp> {
        let end = if secret.matches(&self.secret) {
            self.expires_at
        } else {
            self.previous.filter(|previous| previous.matches(secret, now))?.until.min(self.expires_at)
        };
        (now < end).then_some(end)
    }
}
