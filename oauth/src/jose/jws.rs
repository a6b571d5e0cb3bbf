//! Tokens in the compact serialization (RFC 7515 section 7.1), taken apart strictly (RFC 8725).

use super::{Algorithm, Allowed, Claims, Jwk, KeySet};
use crate::json;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

/// Longest token that is looked at.
pub const MAX_BYTES: usize = 16 * 1024;

/// Most entries of an object or list in a token.
const MAX_ENTRIES: usize = 1000;

/// A token, taken apart and not yet believed.
#[derive(Debug)]
pub struct Jws<'a> {
    /// What the signature covers.
    signed: &'a str,
    header: Map<String, Value>,
    claims: Claims,
    signature: Vec<u8>,
}

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// Not three base64url parts of which two are strict JSON objects, or too long.
    #[error("it is no compact JWS with JSON in it")]
    Malformed,
    /// `crit`, `b64` or `zip`: the header wants something understood that is not (RFC 7515 section 4.1.11).
    #[error("its header has `crit`, `b64` or `zip`")]
    Critical,
    /// `alg` is missing, or none of those that are allowed.
    #[error("its `alg` is not one that is allowed")]
    Algorithm,
    /// No key has its `kid` and type.
    #[error("no key of its signer has its `kid` and fits its `alg`")]
    UnknownKey,
    /// The signature is not of these keys.
    #[error("its signature is wrong")]
    Signature,
}

impl<'a> Jws<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// [`Unverified::Malformed`] or [`Unverified::Critical`].
    pub fn parse(token: &'a str) -> Result<Self, Unverified> {
        if token.len() > MAX_BYTES {
            return Err(Unverified::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Unverified::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Unverified::Malformed)?;
        let header = object(header)?;
        if ["crit", "b64", "zip"].iter().any(|name| header.contains_key(*name)) {
            return Err(Unverified::Critical);
        }
        let claims = Claims::new(object(payload)?);
        Ok(Self { signed, header, claims, signature: bytes(signature)? })
    }

    /// A member of the header. `jwk`, `jku`, `x5c` and `x5u` name a key by the word of whoever sends the token.
    pub fn header(&self, name: &str) -> Option<&Value> {
        self.header.get(name)
    }

    /// `typ`, lower case and without `application/` (RFC 7515 section 4.1.9); empty when it is missing.
    pub fn typ(&self) -> String {
        let given = self.header.get("typ").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
        given.strip_prefix("application/").map(str::to_owned).unwrap_or(given)
    }

    /// The claims before anything was verified: good for finding out whose keys are needed, and for nothing else.
    pub fn unverified_claims(&self) -> &Claims {
        &self.claims
    }

    /// The claims, if one of `keys` signed them by an allowed algorithm.
    ///
    /// # Errors
    /// [`Unverified::Algorithm`], [`Unverified::UnknownKey`] or [`Unverified::Signature`].
    pub fn verify(&self, keys: &KeySet, allowed: Allowed<'_>) -> Result<&Claims, Unverified> {
        let algorithm = self.algorithm(allowed)?;
        let kid = self.header.get("kid").map(|kid| kid.as_str().ok_or(Unverified::Malformed)).transpose()?;
        let mut candidates = keys.candidates(kid, algorithm).peekable();
        if candidates.peek().is_none() {
            return Err(Unverified::UnknownKey);
        }
        let is_signer = |key: &Jwk| key.verifies(algorithm, self.signed.as_bytes(), &self.signature);
        if candidates.any(is_signer) { Ok(&self.claims) } else { Err(Unverified::Signature) }
    }

    /// The claims, if this key signed them by an allowed algorithm; its `kid` does not matter.
    ///
    /// # Errors
    /// [`Unverified::Algorithm`], [`Unverified::UnknownKey`] when the key does not fit, or [`Unverified::Signature`].
    pub fn verify_by(&self, key: &Jwk, allowed: Allowed<'_>) -> Result<&Claims, Unverified> {
        let algorithm = self.algorithm(allowed)?;
        if !key.fits(algorithm) {
            return Err(Unverified::UnknownKey);
        }
        let is_signer = key.verifies(algorithm, self.signed.as_bytes(), &self.signature);
        if is_signer { Ok(&self.claims) } else { Err(Unverified::Signature) }
    }

    fn algorithm(&self, allowed: Allowed<'_>) -> Result<Algorithm, Unverified> {
        let named = self.header.get("alg").and_then(Value::as_str).and_then(Algorithm::named);
        named.filter(|algorithm| allowed.contains(algorithm)).ok_or(Unverified::Algorithm)
    }
}

fn object(part: &str) -> Result<Map<String, Value>, Unverified> {
    json::object_of(&bytes(part)?, MAX_ENTRIES).ok_or(Unverified::Malformed)
}

/// A dot, padding or a stray bit is no base64url, so a token has three parts and one spelling.
fn bytes(part: &str) -> Result<Vec<u8>, Unverified> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Unverified::Malformed)
}
