//! Clients: the first-party browser, those that registered themselves (RFC 7591), and those whose id is the URL of a
//! document about them.

use crate::grant_type::GrantType;
use crate::secret::SecretHash;
use crate::world::Timestamp;
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
}

impl Client {
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
}

impl Authentication {
    /// The registered name of the method.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic { .. } => "client_secret_basic",
            Self::ClientSecretPost { .. } => "client_secret_post",
        }
    }
}
