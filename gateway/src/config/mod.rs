//! The configuration: what TOML says (`raw`), checked once and turned into values of their final types.
//!
//! INVARIANT: a [`Config`] that exists is right; nothing that reads it can find a mistake.

mod app;
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
mod server;
mod suggest;
mod summary;
mod unsupported;
mod upstream;

#[cfg(test)]
mod tests;

pub use app::{App, Challenge, Cors, IdentityHeaders, Mcp, ScopeRule};
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
pub use place::{HostPattern, Origin, Place};
pub use problem::{Problem, Problems};
pub use secret::Secret;
pub use server::{Acme, AcmeChallenge, Server};
pub(crate) use upstream::ClientCertificate;
pub use upstream::{
    Balancing, HashKey, HeaderRules, HealthCheck, HostHeader, Maintenance, Timeouts, Upstream, UpstreamAddress,
    UpstreamProtocol, UpstreamScheme, UpstreamServer, UpstreamTls,
};

use crate::brand::Brand;
use oauth::keys::KeyPlan;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
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
