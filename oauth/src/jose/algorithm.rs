//! Signature algorithms (RFC 7518 section 3.1, RFC 8037 section 3.1, RFC 9864 section 2.2): those of public keys alone.

use serde::{Deserialize, Serialize};

/// An algorithm that foreign signatures may be made with. There is no `none` and no `HS256` to be confused with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// ECDSA with P-256 and SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// EdDSA with Ed25519, under its old name or its fully specified one.
    #[serde(rename = "EdDSA")]
    Ed25519,
}

/// The algorithms that somebody's signature may have.
pub type Allowed<'a> = &'a [Algorithm];

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Es256, Self::Ed25519, Self::Rs256, Self::Ps256];

    /// The names for metadata, such as `token_endpoint_auth_signing_alg_values_supported`.
    pub const NAMES: [&'static str; 5] = ["ES256", "EdDSA", "Ed25519", "RS256", "PS256"];

    /// Its name in a JWK.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::Ed25519 => "EdDSA",
        }
    }

    /// The one with this name, byte for byte.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "PS256" => Some(Self::Ps256),
            "ES256" => Some(Self::Es256),
            "EdDSA" | "Ed25519" => Some(Self::Ed25519),
            _ => None,
        }
    }
}
