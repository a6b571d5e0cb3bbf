//! `[keys]` and what apps say of keys.

use serde::Deserialize;

/// `[keys]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawKeys {
    /// How long a key signs before the next one follows; at least twice `publish_ahead`. Default: `"90d"`.
    pub(crate) rotation_interval: Option<String>,
    /// How long a new key is published before it signs: longer than any verifier keeps the keys that it has read. At least
    /// four seconds. Default: `"24h"`.
    pub(crate) publish_ahead: Option<String>,
}

/// `signing_algorithm`
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) enum RawSigningAlgorithm {
    /// Ed25519 by the name that verifiers know.
    #[default]
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// Ed25519 by its fully specified name.
    Ed25519,
    /// ECDSA with P-256.
    #[serde(rename = "ES256")]
    Es256,
}
