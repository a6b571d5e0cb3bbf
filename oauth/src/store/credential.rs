//! What a grant is used by, and how one refresh token follows another (OAuth 2.1 section 4.3).

use super::Grant;
use crate::secret::{Secret, SecretHash};
use crate::world::Timestamp;
use serde::{Deserialize, Serialize};

/// A long-lived secret of a grant: a refresh token or a session cookie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// Hash of the secret.
    pub hash: SecretHash,
    /// The grant it belongs to.
    pub grant: String,
    /// When it stops being accepted.
    pub expires_at: Timestamp,
    /// When its successor was issued, for a refresh token that was used.
    pub rotated_at: Option<Timestamp>,
}

impl Credential {
    /// A secret that has just been made: it ends with its grant, or when that lies idle.
    pub fn new(secret: &Secret, grant: &Grant, now: Timestamp) -> Self {
        Self { hash: secret.hash(), grant: grant.id.clone(), expires_at: grant.idle_end(now), rotated_at: None }
    }
}

/// The next refresh token, and the whole token response that carries it, sealed under a key that only the predecessor's
/// holder can derive.
#[derive(Clone, Debug)]
pub struct Successor {
    /// The new refresh token.
    pub credential: Credential,
    /// The response, for whoever brings the predecessor again within the grace.
    pub sealed_response: Vec<u8>,
}

/// The outcome of a rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The successor is current now.
    Rotated,
    /// It was rotated within the grace: this is the response that its successor went out with.
    Replay {
        /// Sealed under a key derived from the predecessor.
        sealed_response: Vec<u8>,
    },
    /// It was rotated longer ago: somebody else has it. The grant has ended.
    Reused,
    /// Not known, expired, or its grant has ended.
    Unknown,
}
