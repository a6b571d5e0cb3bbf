//! Clients: the first-party browser, those that registered themselves (RFC 7591), those that an administrator registered,
//! and those whose id is the URL of a document about them.

use crate::grant_type::GrantType;
use crate::jose::{Algorithm, KeySet};
use crate::secret::SecretHash;
use crate::world::{Random, Timestamp};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// A client identifier (RFC 6749 section 2.2), at most [`ClientId::MAX_CHARS`] long.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(String);

impl ClientId {
    /// Longer ones are unknown without a look-up.
    pub const MAX_CHARS: usize = 512;
    const BROWSER: &'static str = "doorward-browser";

    /// The first-party browser client: a person's browser signing in to an app.
    pub fn browser() -> Self {
        Self(Self::BROWSER.to_owned())
    }

    /// Whether this is the first-party browser client.
    pub fn is_browser(&self) -> bool {
        self.0 == Self::BROWSER
    }

    /// Whether it is the URL of a client ID metadata document. No registered client has such an id (DR-15).
    pub fn is_url(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of a registered client. No subject of a person begins like it.
    pub fn from_bytes(bytes: &[u8; 18]) -> Self {
        Self(format!("dw_c_{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// A presented or stored identifier; it names a client only once the store knows it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A client as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// The app that it registered at, or was given a code at; it is unknown elsewhere.
    pub app: String,
    /// Its identifier.
    pub id: ClientId,
    /// What it calls itself.
    pub name: String,
    /// Where codes may be sent, as registered; for a client with a document, where the last one was sent.
    pub redirect_uris: Vec<String>,
    /// How it authenticates at the token endpoint.
    pub authentication: Authentication,
    /// What it may ask the token endpoint for: a subset of what it registered.
    pub grant_types: BTreeSet<GrantType>,
    /// The other registered metadata that the response echoes: `client_uri`, `application_type`, `scope`, ….
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// When it registered.
    pub registered_at: Timestamp,
    /// Who registered it.
    pub registered_by: RegisteredBy,
    /// What only some clients have.
    pub details: ClientDetails,
}

/// Who registered a client, and so who vouches for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegisteredBy {
    /// Nobody but itself, or the document that its id names.
    #[default]
    Itself,
    /// An administrator. No limit of registration forgets it.
    Administrator,
}

/// What only some clients have; a store keeps it whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientDetails {
    /// The most that it may be granted, space-separated; `None` for all that the app offers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The apps whose people it may act for by token exchange (RFC 8693).
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub acts_for: BTreeSet<String>,
    /// Hash of what it changes its own registration with (RFC 7592 section 3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_token: Option<SecretHash>,
    /// The secret before the last rotation, while it still does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_secret: Option<PreviousSecret>,
}

/// A secret that was replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousSecret {
    /// Its hash.
    pub hash: SecretHash,
    /// When it stops being accepted.
    pub until: Timestamp,
}

impl PreviousSecret {
    /// Whether it still does, and is the one that was given.
    pub fn matches(&self, given: &SecretHash, now: Timestamp) -> bool {
        now < self.until && given.matches(&self.hash)
    }
}

impl Client {
    /// A client that an administrator registers at `app`; its id is random.
    pub fn by_administrator(app: &str, name: &str, random: &dyn Random, now: Timestamp) -> Self {
        Self {
            app: app.to_owned(),
            id: ClientId::from_bytes(&random.bytes::<18>()),
            name: name.to_owned(),
            redirect_uris: Vec::new(),
            authentication: Authentication::None,
            grant_types: BTreeSet::new(),
            metadata: serde_json::Map::new(),
            registered_at: now,
            registered_by: RegisteredBy::Administrator,
            details: ClientDetails::default(),
        }
    }

    /// Whether it can prove that it is itself (OAuth 2.1 section 2.1).
    pub fn is_confidential(&self) -> bool {
        self.authentication != Authentication::None
    }

    /// Whether it may use this grant type.
    pub fn may_use(&self, grant_type: GrantType) -> bool {
        self.grant_types.contains(&grant_type)
    }
}

/// `token_endpoint_auth_method` (RFC 7591 section 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum Authentication {
    /// `none`: a public client.
    None,
    /// `client_secret_basic`.
    ClientSecretBasic {
        /// Hash of its secret.
        secret: SecretHash,
    },
    /// `client_secret_post`.
    ClientSecretPost {
        /// Hash of its secret.
        secret: SecretHash,
    },
    /// `private_key_jwt`: it signs an assertion for each request (RFC 7523 section 2.2).
    PrivateKeyJwt(Signer),
}

/// How a client signs its assertions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signer {
    /// Its public keys.
    pub keys: SignerKeys,
    /// `token_endpoint_auth_signing_alg`: the one algorithm that it signs by, if it named one.
    pub algorithm: Option<Algorithm>,
    /// Whether it said that it may come without an assertion too. What it got with one is then refreshed with one alone.
    pub or_none: bool,
}

/// Where the keys of a client are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignerKeys {
    /// `jwks`
    Jwks(KeySet),
    /// `jwks_uri`, fetched when it is needed.
    JwksUri(String),
}

impl Authentication {
    /// The hash of its secret, for a method that has one.
    pub const fn secret(&self) -> Option<&SecretHash> {
        match self {
            Self::ClientSecretBasic { secret } | Self::ClientSecretPost { secret } => Some(secret),
            Self::None | Self::PrivateKeyJwt(_) => None,
        }
    }

    /// The same method with another secret; unchanged for a method without one.
    #[must_use]
    pub fn with_secret(&self, secret: SecretHash) -> Self {
        match self {
            Self::ClientSecretBasic { .. } => Self::ClientSecretBasic { secret },
            Self::ClientSecretPost { .. } => Self::ClientSecretPost { secret },
            Self::None | Self::PrivateKeyJwt(_) => self.clone(),
        }
    }

    /// Whether nobody else can come as the client.
    pub fn is_confidential(&self) -> bool {
        *self != Self::None && !self.signs_by_choice()
    }

    /// Whether it signs, and could do without.
    pub fn signs_by_choice(&self) -> bool {
        matches!(self, Self::PrivateKeyJwt(Signer { or_none: true, .. }))
    }

    /// The registered name of the method.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic { .. } => "client_secret_basic",
            Self::ClientSecretPost { .. } => "client_secret_post",
            Self::PrivateKeyJwt(_) => "private_key_jwt",
        }
    }
}
