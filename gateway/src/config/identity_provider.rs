//! `[identity_providers]`: who can vouch for a person, and what is said of each.

use super::Secret;
use oauth::jose::{Algorithm, PrivateKey};
use std::time::Duration;
use url::{Host, Url};

/// `[identity_providers.NAME]`
#[derive(Clone, Debug)]
pub struct IdentityProvider {
    /// Its key; the login method of who comes by it.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// What it is.
    pub kind: ProviderKind,
}

/// `type` of an identity provider, with what only that type has.
#[derive(Clone, Debug)]
pub enum ProviderKind {
    /// Built-in accounts, and what hashing a password of theirs costs.
    Local(PasswordCost),
    /// A code that is sent to the person's address.
    EmailCode,
    /// An OpenID provider.
    Oidc(Box<Oidc>),
    /// GitHub.
    Github(Box<Github>),
}

/// What it costs to hash a password, and so to guess one (Argon2id, RFC 9106 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// KiB of memory.
    pub memory: u32,
    /// Passes over it.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
}

impl Default for PasswordCost {
    fn default() -> Self {
        Self { memory: 19 * 1024, iterations: 2, parallelism: 1 }
    }
}

impl IdentityProvider {
    /// The cost of passwords, where it is the built-in accounts.
    pub fn password_cost(&self) -> Option<PasswordCost> {
        match self.kind {
            ProviderKind::Local(cost) => Some(cost),
            _ => None,
        }
    }

    /// Whether it is the built-in accounts.
    pub fn is_local(&self) -> bool {
        matches!(self.kind, ProviderKind::Local(_))
    }

    /// Whether it sends codes by mail.
    pub fn is_email_code(&self) -> bool {
        matches!(self.kind, ProviderKind::EmailCode)
    }

    /// Whether people are sent elsewhere to sign in.
    pub fn is_external(&self) -> bool {
        self.callback().is_some()
    }

    /// The path at the login origin to which the provider sends people back.
    pub fn callback(&self) -> Option<String> {
        let callback = match &self.kind {
            ProviderKind::Oidc(oidc) => oidc.reached.callback,
            ProviderKind::Github(github) => github.reached.callback,
            ProviderKind::Local(_) | ProviderKind::EmailCode => return None,
        };
        Some(match callback {
            Callback::Shared => CALLBACK.to_owned(),
            Callback::Own => format!("{CALLBACK}/{}", self.name),
        })
    }
}

/// The path to which providers send people back.
pub const CALLBACK: &str = "/.doorward/callback";

/// Where OpenID providers tell that somebody has signed out (Back-Channel Logout).
pub const BACKCHANNEL_LOGOUT: &str = "/.doorward/backchannel_logout";

/// Where OpenID providers send people after signing out (RP-Initiated Logout).
pub const SIGNED_OUT: &str = "/.doorward/signed-out";

/// `type = "oidc"`
#[derive(Clone, Debug)]
pub struct Oidc {
    /// `iss`, byte for byte.
    pub issuer: String,
    /// What the provider calls the gateway.
    pub client_id: String,
    /// How the gateway proves itself at the token endpoint.
    pub client_auth: ClientAuth,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// What the preset sends along in the authorization request.
    pub parameters: &'static [(&'static str, &'static str)],
    /// What is read from the claims.
    pub mapping: Mapping,
    /// Whether userinfo is asked.
    pub userinfo: Userinfo,
    /// `prompt` of each sign-in.
    pub prompt: Option<String>,
    /// The values of `acr` that count as `mfa`.
    pub step_up_acr_values: Vec<String>,
    /// How often claims are asked for anew.
    pub refresh_interval: Duration,
    /// Whether signing out everywhere signs out of the provider too.
    pub logout: bool,
    /// What ends with the provider's session.
    pub logout_ends: LogoutEnds,
    /// What it may sign by.
    pub algorithms: Vec<Algorithm>,
    /// How far its clock may be off.
    pub clock_skew: Duration,
    /// How it is reached.
    pub reached: Reached,
}

/// `type = "github"`
#[derive(Clone, Debug)]
pub struct Github {
    /// Where people sign in.
    pub url: Url,
    /// Where it is asked about them.
    pub api_url: Url,
    /// What GitHub calls the gateway.
    pub client_id: String,
    /// The secret that goes with it.
    pub client_secret: Secret<String>,
    /// Of which organisations somebody must be a member of one; anybody may sign in when it is empty.
    pub organisations: Vec<String>,
    /// How it is reached.
    pub reached: Reached,
}

/// How an external provider is reached, and how people come back.
#[derive(Clone, Debug)]
pub struct Reached {
    /// Where people come back to.
    pub callback: Callback,
    /// PEM of the authorities that its certificates are from; those of the machine if absent.
    pub ca: Option<Vec<u8>>,
    /// The HTTP proxy in between.
    pub proxy: Option<Url>,
}

/// How the gateway proves itself at a token endpoint (OpenID Connect Core section 9).
#[derive(Clone, Debug)]
pub enum ClientAuth {
    /// `client_secret_basic`
    Basic(Secret<String>),
    /// `client_secret_post`
    Post(Secret<String>),
    /// `private_key_jwt`
    PrivateKey(PrivateKey),
    /// `none`
    None,
}

/// What is read from the claims.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// The claim with the groups, or the path to it.
    pub groups: String,
    /// The claim with the address.
    pub email: String,
    /// The claim that says whether the address is verified; `None` if it counts without.
    pub email_verified: Option<&'static str>,
    /// The claim with what the person is called.
    pub name: String,
    /// Other claims to keep.
    pub others: Vec<String>,
}

/// `userinfo`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Userinfo {
    /// When something is missing.
    Auto,
    /// At each sign-in.
    Always,
    /// Never.
    Never,
}

/// `logout_ends`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogoutEnds {
    /// Browser sessions and agents' grants.
    Grants,
    /// Browser sessions alone.
    Sessions,
}

/// `callback`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callback {
    /// One for all providers.
    Shared,
    /// Its own.
    Own,
}

/// Whether nobody between us and this URL can listen.
pub(crate) fn is_safe(url: &Url) -> bool {
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && here)
}
