//! Authorization codes (OAuth 2.1 section 4.1.2), and what becomes of them.

use crate::client::ClientId;
use crate::secret::SecretHash;
use crate::world::Timestamp;
use serde::{Deserialize, Serialize};

/// An authorization code and what it is bound to (OAuth 2.1 section 4.1.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// Hash of the code.
    pub hash: SecretHash,
    /// Id of the one consent (or first-party sign-in) that it came from; used once.
    pub consent: String,
    /// App that it opens.
    pub app: String,
    /// Client that may redeem it.
    pub client: ClientId,
    /// Who consented.
    pub subject: String,
    /// Where the code was sent.
    pub redirect_uri: String,
    /// PKCE challenge, method S256 (RFC 7636 section 4.2).
    pub code_challenge: String,
    /// Granted scope, space-separated.
    pub scope: String,
    /// Whether the person allows refresh tokens.
    pub refreshes: bool,
    /// How the person signed in: the identity provider's name.
    pub login_method: String,
    /// How the person proved who they are (RFC 8176).
    pub amr: Vec<String>,
    /// When the person signed in.
    pub authenticated_at: Timestamp,
    /// Thumbprint of the key that its redemption must prove, if the request named one (RFC 9449 section 10).
    pub dpop_jkt: Option<String>,
    /// The single sign-on session it came from: without it, the code is worth nothing.
    pub session: Option<String>,
    /// When it stops being redeemable.
    pub expires_at: Timestamp,
}

/// The outcome of keeping a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issued {
    /// Kept.
    New,
    /// This consent was used before.
    ConsentUsed,
}

/// The outcome of redeeming a code or the request of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// Redeemed now; the grant is open.
    Opened,
    /// It was redeemed before; the grant that came from it has ended.
    Replayed {
        /// Its id.
        grant: String,
    },
    /// Not known, not allowed, or no longer valid.
    Unknown,
}
