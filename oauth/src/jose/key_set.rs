//! The keys that somebody publishes (RFC 7517 section 5).

use super::{Algorithm, Jwk, Unusable};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Most keys that are tried for a token that does not say by which one it was signed.
const MAX_TRIED: usize = 8;

const MAX_KEYS: usize = 64;

/// Public keys of one owner; at least one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct KeySet(Vec<Jwk>);

impl KeySet {
    /// Reads a key set. Keys that are for something else are left out (section 5).
    ///
    /// # Errors
    /// When it is no key set, holds a private key, or leaves no key that could be used.
    pub fn parse(set: &Value) -> Result<Self, Unusable> {
        let listed = set.get("keys").and_then(Value::as_array).ok_or(Unusable::Malformed)?;
        if listed.len() > MAX_KEYS {
            return Err(Unusable::Malformed);
        }
        let mut keys = Vec::new();
        let mut reason = Unusable::Unsupported;
        for jwk in listed {
            match Jwk::parse(jwk) {
                Ok(key) => keys.push(key),
                Err(Unusable::Private) => return Err(Unusable::Private),
                Err(other) => reason = other,
            }
        }
        if keys.is_empty() { Err(reason) } else { Ok(Self(keys)) }
    }

    /// The keys that may have made a signature: those with its `kid`, or, without one, a few that fit.
    pub(super) fn candidates<'a>(
        &'a self,
        kid: Option<&'a str>,
        algorithm: Algorithm,
    ) -> impl Iterator<Item = &'a Jwk> + 'a {
        let is_named = move |key: &&Jwk| kid.is_none() || key.kid() == kid;
        self.0.iter().filter(is_named).filter(move |key| key.fits(algorithm)).take(MAX_TRIED)
    }
}

impl TryFrom<Value> for KeySet {
    type Error = Unusable;

    fn try_from(set: Value) -> Result<Self, Unusable> {
        Self::parse(&set)
    }
}

impl From<KeySet> for Value {
    fn from(set: KeySet) -> Self {
        json!({ "keys": set.0.iter().map(Jwk::to_json).collect::<Vec<_>>() })
    }
}
