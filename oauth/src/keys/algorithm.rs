//! The names of signature algorithms in the headers of tokens.

use crate::store::KeyAlgorithm;

/// What a token says in `alg`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SigningAlgorithm {
    /// Ed25519 by the name that verifiers know (RFC 8037 section 3.1).
    #[default]
    EdDsa,
    /// Ed25519 by its fully specified name (RFC 9864 section 2.2), which many verifiers do not know yet.
    Ed25519,
    /// ECDSA with P-256 and SHA-256 (RFC 7518 section 3.4).
    Es256,
}

impl SigningAlgorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::EdDsa, Self::Ed25519, Self::Es256];

    /// The value of `alg`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Ed25519 => "Ed25519",
            Self::Es256 => "ES256",
        }
    }

    /// The algorithm of the keys that it needs.
    pub const fn key(self) -> KeyAlgorithm {
        match self {
            Self::EdDsa | Self::Ed25519 => KeyAlgorithm::Ed25519,
            Self::Es256 => KeyAlgorithm::P256,
        }
    }
}
