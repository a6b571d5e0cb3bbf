//! One public key of somebody else (RFC 7517, RFC 7518 section 6, RFC 8037 section 2).

use super::Algorithm;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// RFC 7518 section 6: members of private and symmetric keys; `priv` is of RFC 9964.
const PRIVATE_MEMBERS: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

const MIN_RSA_BITS: usize = 2048;
/// A larger one only costs time.
const MAX_RSA_BITS: usize = 4096;
const MAX_KID_CHARS: usize = 256;

/// A public key that verifies signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwk {
    key: PublicKey,
    kid: Option<String>,
    alg: Option<Algorithm>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum PublicKey {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256 { x: Vec<u8>, y: Vec<u8> },
    Ed25519(ed25519_dalek::VerifyingKey),
}

/// Why a JWK is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It holds what nobody but its owner may know: whoever published it has a problem, and all of it is refused.
    #[error("it has the members of a private or symmetric key; publish the public half alone")]
    Private,
    /// Another type, curve, use or algorithm.
    #[error("it is no key for signatures by {}", Algorithm::NAMES.join(", "))]
    Unsupported,
    /// A member is missing or is not what it must be.
    #[error("it is malformed, or weak: RSA keys must have 2048 to 4096 bits")]
    Malformed,
}

impl Jwk {
    /// Reads a public key.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn parse(jwk: &Value) -> Result<Self, Unusable> {
        let members = jwk.as_object().ok_or(Unusable::Malformed)?;
        if PRIVATE_MEMBERS.iter().any(|name| members.contains_key(*name)) || jwk["kty"] == "oct" {
            return Err(Unusable::Private);
        }
        check_use(jwk)?;
        let key = PublicKey::parse(jwk)?;
        let alg = optional(jwk, "alg")?.map(|name| Algorithm::named(name).ok_or(Unusable::Unsupported)).transpose()?;
        if alg.is_some_and(|alg| !key.fits(alg)) {
            return Err(Unusable::Malformed);
        }
        let kid = optional(jwk, "kid")?.map(str::to_owned);
        if kid.as_ref().is_some_and(|kid| kid.len() > MAX_KID_CHARS) {
            return Err(Unusable::Malformed);
        }
        Ok(Self { key, kid, alg })
    }

    /// Its `kid`, if its owner gave it one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether it is of the type of the algorithm, and not kept for another one.
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        self.key.fits(algorithm) && self.alg.is_none_or(|own| own == algorithm)
    }

    /// RFC 7638: the hash of the required members alone, base64url.
    pub fn thumbprint(&self) -> String {
        // Written in lexicographic order, as section 3.3 wants it.
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.key.to_json().to_string()))
    }

    /// As JSON: the required members, `kid` and `alg` as given, and nothing else that its owner wrote.
    pub fn to_json(&self) -> Value {
        let mut jwk = self.key.to_json();
        if let Some(kid) = &self.kid {
            jwk["kid"] = json!(kid);
        }
        if let Some(alg) = self.alg {
            jwk["alg"] = json!(alg.as_str());
        }
        jwk
    }

    /// Whether `signature` over `message` was made by the private half, by this algorithm.
    pub(super) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.fits(algorithm) && self.key.verifies(algorithm, message, signature)
    }
}

impl PublicKey {
    fn parse(jwk: &Value) -> Result<Self, Unusable> {
        let kind = jwk["kty"].as_str().ok_or(Unusable::Malformed)?;
        match (kind, optional(jwk, "crv")?) {
            ("RSA", _) => Self::rsa(bytes(jwk, "n")?, bytes(jwk, "e")?),
            ("EC", Some("P-256")) => match (bytes(jwk, "x")?, bytes(jwk, "y")?) {
                (x, y) if x.len() == 32 && y.len() == 32 => Ok(Self::P256 { x, y }),
                _ => Err(Unusable::Malformed),
            },
            ("OKP", Some("Ed25519")) => {
                let x = <[u8; 32]>::try_from(bytes(jwk, "x")?).map_err(|_| Unusable::Malformed)?;
                let key = ed25519_dalek::VerifyingKey::from_bytes(&x).ok().filter(|key| !key.is_weak());
                key.map(Self::Ed25519).ok_or(Unusable::Malformed)
            }
            _ => Err(Unusable::Unsupported),
        }
    }

    /// Without leading zeros (RFC 7518 section 2), so that one key has one thumbprint.
    fn rsa(n: Vec<u8>, e: Vec<u8>) -> Result<Self, Unusable> {
        let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
        let exponent = e.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        let is_minimal = n.first().is_some_and(|first| *first != 0) && e.first().is_some_and(|first| *first != 0);
        let is_sound = (MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) && e.len() <= 4 && exponent >= 3;
        let is_odd = n.last().is_some_and(|last| last % 2 == 1) && exponent % 2 == 1;
        if is_minimal && is_sound && is_odd { Ok(Self::Rsa { n, e }) } else { Err(Unusable::Malformed) }
    }

    /// The algorithm is the key's: a header cannot choose one of another type (RFC 8725 section 3.1).
    fn fits(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Rsa { .. } => matches!(algorithm, Algorithm::Rs256 | Algorithm::Ps256),
            Self::P256 { .. } => algorithm == Algorithm::Es256,
            Self::Ed25519(_) => algorithm == Algorithm::Ed25519,
        }
    }

    fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rsa { n, e } => {
                let padding = match algorithm {
                    Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
                    _ => &RSA_PKCS1_2048_8192_SHA256,
                };
                RsaPublicKeyComponents { n, e }.verify(padding, message, signature).is_ok()
            }
            // A point that is not on the curve is noticed here.
            Self::P256 { x, y } => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, [&[4], &x[..], &y[..]].concat())
                .verify(message, signature)
                .is_ok(),
            Self::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
        }
    }

    /// The required members (RFC 7638 section 3.2).
    fn to_json(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Rsa { n, e } => json!({ "e": text(e), "kty": "RSA", "n": text(n) }),
            Self::P256 { x, y } => json!({ "crv": "P-256", "kty": "EC", "x": text(x), "y": text(y) }),
            Self::Ed25519(key) => json!({ "crv": "Ed25519", "kty": "OKP", "x": text(key.as_bytes()) }),
        }
    }
}

/// RFC 7517 sections 4.2 and 4.3: a key that is for something else is for nothing here.
fn check_use(jwk: &Value) -> Result<(), Unusable> {
    if optional(jwk, "use")?.is_some_and(|purpose| purpose != "sig") {
        return Err(Unusable::Unsupported);
    }
    match jwk.get("key_ops") {
        None => Ok(()),
        Some(Value::Array(operations)) if operations.iter().any(|operation| operation == "verify") => Ok(()),
        Some(Value::Array(_)) => Err(Unusable::Unsupported),
        Some(_) => Err(Unusable::Malformed),
    }
}

fn optional<'a>(jwk: &'a Value, name: &str) -> Result<Option<&'a str>, Unusable> {
    jwk.get(name).map(|value| value.as_str().ok_or(Unusable::Malformed)).transpose()
}

/// Base64url in its one spelling: no padding, no stray bits.
fn bytes(jwk: &Value, name: &str) -> Result<Vec<u8>, Unusable> {
    let text = optional(jwk, name)?.ok_or(Unusable::Malformed)?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Unusable::Malformed)
}
