//! The configuration: what TOML says (`raw`), checked once and turned into values of their final types.
//!
//! INVARIANT: a [`Config`] that exists is right; nothing that reads it can find a mistake.

mod build;
mod certificate;
mod claims;
mod client_certificates;
mod document;
mod identity_provider;
mod key;
mod limits;
mod load;
mod place;
mod presets;
mod problem;
mod provider_presets;
mod raw;
mod read;
mod report;
pub(crate) mod secret;
mod suggest;
mod summary;
mod unsupported;
mod upstream;

#[cfg(test)]
mod tests;

pub use certificate::Certificate;
pub(crate) use certificate::{certified, is_for};
pub(crate) use claims::is_claim;
pub use client_certificates::ClientAuthorities;
pub(crate) use identity_provider::is_safe;
pub use identity_provider::{
    BACKCHANNEL_LOGOUT, CALLBACK, Callback, ClientAuth, Github, IdentityProvider, LogoutEnds, Mapping, Oidc,
    PasswordCost, ProviderKind, Reached, SIGNED_OUT, Userinfo,
};
pub use limits::{AppLimits, Limits, Per, RequestLimit};
pub use load::{load, parse};
pub use problem::{Problem, Problems};
pub use secret::Secret;
pub(crate) use upstream::ClientCertificate;
pub use upstream::{
    Balancing, HashKey, HeaderRules, HealthCheck, HostHeader, Maintenance, Timeouts, Upstream, UpstreamAddress,
    UpstreamProtocol, UpstreamScheme, UpstreamServer, UpstreamTls,
};

use crate::brand::Brand;
use http::HeaderValue;
use oauth::app::App as OAuthApp;
use oauth::keys::{KeyPlan, SigningAlgorithm};
use oauth::world::Timestamp;
use policy::{Identity, Kind, Policies};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Everything that a gateway is told.
#[derive(Debug)]
pub struct Config {
    /// Where it listens.
    pub server: Server,
    /// Where people sign in.
    pub auth: Auth,
    /// How its pages look, and what they say.
    pub brand: Brand,
    /// Where state is kept.
    pub store: Store,
    /// Which keys there are, and when they change.
    pub keys: KeyPlan,
    /// Who sends mail for the gateway.
    pub mail: Option<Arc<Mail>>,
    /// Who can vouch for a person, by name.
    pub identity_providers: BTreeMap<String, Arc<IdentityProvider>>,
    /// The protected apps, by id.
    pub apps: BTreeMap<String, Arc<App>>,
    /// What is allowed but probably not meant, for `check` and the log.
    pub warnings: Vec<Problem>,
    /// Which text it was read from.
    pub(crate) source: Source,
}

/// A text, known again by its hash: the text itself may hold what no log should.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Source([u8; 32]);

impl Source {
    /// The source that is this text.
    pub(crate) fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }
}

/// `[server]`
#[derive(Clone, Debug)]
pub struct Server {
    /// Addresses of the front.
    pub listen: Vec<SocketAddr>,
    /// Address of `/healthz`, `/readyz`, `/metrics`; `None` when it is turned off.
    pub admin_listen: Option<SocketAddr>,
    /// Proxies in front whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Worker threads of the front.
    pub threads: usize,
    /// What the front speaks TLS with; plain HTTP without any and without `acme`.
    pub certificates: Vec<Certificate>,
    /// Where more certificates come from.
    pub acme: Option<Arc<Acme>>,
    /// Who signs certificates of clients; without any, none is asked for.
    pub client_certificates: Option<ClientAuthorities>,
    /// Whether every connection of the front begins with a PROXY header.
    pub proxy_protocol: bool,
    /// Addresses that send on to https.
    pub redirect_listen: Vec<SocketAddr>,
    /// How long it goes on listening after SIGTERM, not ready any more.
    pub drain_delay: Duration,
    /// How long requests under way may take after that.
    pub drain_timeout: Duration,
    /// The private folder in which a new process takes the sockets over.
    pub upgrade_folder: PathBuf,
    /// What `Strict-Transport-Security` says on answers of https URLs.
    pub hsts: Option<Duration>,
    /// How much clients may ask of it.
    pub limits: Limits,
}

impl Server {
    /// The certificates that have ended, by their file, and when.
    pub(crate) fn ended(&self, now: Timestamp) -> impl Iterator<Item = (&str, Timestamp)> {
        let all = self.certificates.iter().map(|one| (one.cert.as_str(), one.not_after));
        all.filter(move |(_, not_after)| *not_after <= now)
    }

    /// Whether `listen` speaks TLS.
    pub(crate) fn speaks_tls(&self) -> bool {
        !self.certificates.is_empty() || self.acme.is_some()
    }
}

/// `[server.acme]`
#[derive(Debug, PartialEq, Eq)]
pub struct Acme {
    /// Whom the ACME server may write to.
    pub email: Option<String>,
    /// The hosts to order for.
    pub domains: Vec<String>,
    /// The directory of the ACME server.
    pub directory: String,
    /// A PEM file of who signs its certificate; the authorities of the machine if absent.
    pub ca: Option<String>,
    /// How it sees that a host is ours.
    pub challenge: AcmeChallenge,
    /// Id and key of an account that it knows already.
    pub external_account: Option<(String, Secret<Vec<u8>>)>,
}

/// `challenge` of ACME.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcmeChallenge {
    /// In the handshake of TLS (RFC 8737).
    TlsAlpn,
    /// Over plain HTTP (RFC 8555 section 8.3).
    Http,
}

/// `[auth]`
#[derive(Clone, Debug)]
pub struct Auth {
    /// The login origin: scheme, host and port, no path.
    pub origin: Origin,
    /// How long the single sign-on session lasts.
    pub session_duration: Duration,
    /// How long sessions may lie idle.
    pub idle_timeout: Option<Duration>,
}

/// `[store]`
#[derive(Clone, Debug)]
pub struct Store {
    /// Such as `sqlite:doorward.db`.
    pub url: String,
    /// How long what was verified goes on while the store is out of reach.
    pub outage_grace: Duration,
    /// What the signing keys in it are sealed under; without one, a file beside the database has it.
    pub key: Option<Secret<[u8; 32]>>,
}

/// `[mail]`
#[derive(Clone, Debug)]
pub struct Mail {
    /// Host name or address of the server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept private.
    pub privacy: MailPrivacy,
    /// Who the mails are from.
    pub from: String,
    /// User name and password at the server.
    pub login: Option<(String, Secret<String>)>,
    /// Who signs the server's certificate, in PEM form; the public authorities if absent.
    pub ca: Option<Vec<u8>>,
}

/// How a connection to the mail server is kept private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailPrivacy {
    /// TLS from the first byte (RFC 8314 section 3.3).
    Tls,
    /// TLS after `STARTTLS`, without which nothing is sent (RFC 3207).
    StartTls,
    /// Not at all: a relay on this machine.
    Plain,
}

/// Scheme, host and port of one of our public URLs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    /// Whether browsers reach it by https.
    pub secure: bool,
    /// Lower case, without port; an IPv6 address has its brackets.
    pub host: String,
    /// The port, also when it is the scheme's default.
    pub port: u16,
}

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

/// One public URL of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Scheme and port.
    pub secure: bool,
    /// The host.
    pub host: HostPattern,
    /// The port, also when it is the scheme's default.
    pub port: u16,
    /// Normalised, without trailing slash; empty for the whole host.
    pub path: String,
}

/// A host, or all hosts of a shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostPattern {
    /// Exactly this host, lower case.
    Exact(String),
    /// Labels, where `None` is any one label (written `*`).
    Labels(Vec<Option<String>>),
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
