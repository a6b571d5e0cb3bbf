//! Keys as a store keeps them.

use crate::world::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a key is for. One key never serves two purposes (RFC 8725 section 3.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPurpose {
    /// Signs access tokens.
    AccessToken,
    /// Signs the assertions that upstreams get.
    Assertion,
    /// Seals what the gateway hands to a browser and takes back.
    Sealing,
}

impl KeyPurpose {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::AccessToken, Self::Assertion, Self::Sealing];

    /// The name under which a store keeps it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::Assertion => "assertion",
            Self::Sealing => "sealing",
        }
    }
}

/// What a key works by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyAlgorithm {
    /// RFC 8032.
    Ed25519,
    /// ECDSA on the curve P-256 (RFC 7518 section 3.4).
    #[serde(rename = "P-256")]
    P256,
    /// Sealing.
    XChaCha20Poly1305,
}

impl KeyAlgorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ed25519, Self::P256, Self::XChaCha20Poly1305];

    /// The name under which a store keeps it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ed25519 => "Ed25519",
            Self::P256 => "P-256",
            Self::XChaCha20Poly1305 => "XChaCha20Poly1305",
        }
    }
}

/// A key as the store keeps it. Those of one purpose and algorithm are a line, in which each succeeds the one before it.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Its name, which follows from the key itself: the `kid` of one that signs.
    pub id: String,
    /// What it is for.
    pub purpose: KeyPurpose,
    /// What it works by.
    pub algorithm: KeyAlgorithm,
    /// Its secret bytes, sealed under a key that no store knows; empty once it is revoked.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it takes over. Until then it is published, so that nobody meets a token of a key that they have not seen.
    pub signs_from: Timestamp,
    /// Until when what it made holds; set as soon as it has a successor.
    pub verifies_until: Option<Timestamp>,
    /// When it was ended at once, with everything that it made.
    pub revoked_at: Option<Timestamp>,
}

impl StoredKey {
    /// Whether what it made still holds.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.verifies_until.is_none_or(|until| now < until)
    }

    /// When it stopped or stops being good for anything.
    pub fn ends_at(&self) -> Option<Timestamp> {
        self.revoked_at.into_iter().chain(self.verifies_until).min()
    }
}

impl fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredKey({})", self.id)
    }
}
