//! What is kept of a sign-in by an OpenID provider: whose session there it belongs to, and, sealed, the tokens by which the
//! gateway asks about the person later.

use async_trait::async_trait;
use oauth::store::StoreError;
use oauth::world::Timestamp;

/// The sign-ins by OpenID providers. One outlives its session as long as the person has grants that came by the provider:
/// whoever was let in since follows what the provider says.
#[async_trait]
pub trait ProviderSessions: Send + Sync {
    /// Keeps what is known of a sign-in.
    async fn keep_provider_session(&self, session: &ProviderSession) -> Result<(), StoreError>;

    /// What is kept of the sign-in that opened this session.
    async fn provider_session(&self, grant: &str) -> Result<Option<ProviderSession>, StoreError>;

    /// The sign-ins that a provider's word is about: of `sid`, or, without one, all of `sub`.
    async fn provider_sessions(
        &self,
        issuer: &str,
        sub: Option<&str>,
        sid: Option<&str>,
    ) -> Result<Vec<ProviderSession>, StoreError>;

    /// One that is due to be asked about, which nobody else is given until `until`. Of a person whose sessions are over only
    /// the newest is, and only as long as a grant that came by the provider holds.
    async fn claim_provider_session(
        &self,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<ProviderSession>, StoreError>;

    /// Keeps the tokens that a refresh brought, and when it is due again.
    async fn refresh_provider_session(
        &self,
        grant: &str,
        sealed: &str,
        due: Option<Timestamp>,
    ) -> Result<(), StoreError>;

    /// Forgets a sign-in.
    async fn forget_provider_session(&self, grant: &str) -> Result<(), StoreError>;
}

/// A sign-in by an OpenID provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderSession {
    /// The single sign-on session that it opened.
    pub grant: String,
    /// The configured name of the provider.
    pub provider: String,
    /// The account that it opened.
    pub subject: String,
    /// `iss`
    pub issuer: String,
    /// `sub`
    pub sub: String,
    /// `sid`, if the provider names its sessions.
    pub sid: Option<String>,
    /// The ID token and the refresh token, sealed.
    pub sealed: String,
    /// When the person is to be asked about again; never if the provider gave no refresh token.
    pub due: Option<Timestamp>,
    /// When it was kept first.
    pub created_at: Timestamp,
}
