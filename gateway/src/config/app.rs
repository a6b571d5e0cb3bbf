//! `[apps.ID]`: one protected app.

use super::{AppLimits, Place, Upstream};
use http::HeaderValue;
use oauth::app::App as OAuthApp;
use oauth::keys::SigningAlgorithm;
use policy::{Identity, Kind, Policies};
use std::time::Duration;

/// `[apps.ID]`
#[derive(Debug)]
pub struct App {
    /// Its key.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it is for, in a few words.
    pub description: Option<String>,
    /// Where it is reached; the first is its issuer.
    pub places: Vec<Place>,
    /// Where its requests go.
    pub upstream: Upstream,
    /// Who may pass.
    pub policies: Policies,
    /// What an anonymous request gets.
    pub challenge: Challenge,
    /// Which identity providers people may use; all when empty.
    pub allowed_identity_providers: Vec<String>,
    /// Which pages of other origins may call it; `None` leaves that to the upstream.
    pub cors: Option<Cors>,
    /// The headers that tell the upstream who is asking.
    pub identity_headers: IdentityHeaders,
    /// What the assertion among them is signed by.
    pub assertion_algorithm: SigningAlgorithm,
    /// Whether the client's own `Authorization` header goes on to the upstream.
    pub pass_authorization: bool,
    /// How much clients may ask of it.
    pub limits: AppLimits,
    /// Scopes that requests need (OAuth tokens only).
    pub scope_rules: Vec<ScopeRule>,
    /// What is done because it is an MCP server; `None` leaves its messages alone.
    pub mcp: Option<Mcp>,
    /// The app as the authorization server knows it.
    pub oauth: OAuthApp,
}

/// `[apps.ID.mcp]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mcp {
    /// The largest body that is read, in bytes.
    pub max_body: usize,
}

impl App {
    /// Whether who came in this way may use the app: a service was vouched for by an administrator, and by no provider.
    pub fn admits_way(&self, identity: &Identity) -> bool {
        identity.kind == Kind::Service || self.admits_provider(&identity.login_method)
    }

    /// Whether people who signed in by this identity provider may use the app.
    pub fn admits_provider(&self, name: &str) -> bool {
        self.allowed_identity_providers.is_empty()
            || self.allowed_identity_providers.iter().any(|allowed| allowed == name)
    }
}

/// `[apps.ID.cors]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// Origins as browsers write them.
    pub allowed_origins: Vec<String>,
    /// Whether the session cookie counts for their requests.
    pub allow_credentials: bool,
    /// Methods, joined as in the header.
    pub allowed_methods: HeaderValue,
    /// Request headers, joined as in the header.
    pub allowed_headers: HeaderValue,
    /// Response headers, joined as in the header.
    pub exposed_headers: HeaderValue,
    /// How long the answer to a preflight holds.
    pub max_age: Duration,
}

/// `challenge`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// A person's navigation goes to login, everything else gets 401.
    Auto,
    /// Every GET goes to login.
    Redirect,
    /// Always 401.
    Unauthorized,
}

/// `[apps.ID.identity_headers]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityHeaders {
    /// `Doorward-Assertion`, `X-Forwarded-User`, `X-Forwarded-Email`, `X-Forwarded-Groups`
    Doorward,
    /// None.
    None,
}

/// `requires` of a scope: requests that need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeRule {
    /// The scope.
    pub scope: String,
    /// Upper-case methods; empty means all.
    pub methods: Vec<String>,
    /// Path patterns as in the `path` selector; empty means all.
    pub paths: Vec<policy::PathPattern>,
}
