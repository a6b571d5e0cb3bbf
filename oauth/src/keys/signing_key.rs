//! One key that signs: an Ed25519 key (RFC 8037) or a P-256 one (RFC 7518 section 3.4).

use super::SigningAlgorithm;
use crate::store::KeyAlgorithm;
use crate::world::Timestamp;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::Signer as _;
use jwt_simple::algorithms::{Ed25519KeyPair, EdDSAKeyPairLike};
use jwt_simple::claims::JWTClaims;
use jwt_simple::prelude::HeaderOptions;
use p256::ecdsa::signature::Verifier as _;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A key pair with its `kid`, the RFC 7638 thumbprint.
pub struct SigningKey {
    pair: Pair,
    kid: String,
    /// An Ed25519 key once more, for the library that writes `EdDSA` tokens.
    eddsa: Option<Ed25519KeyPair>,
}

enum Pair {
    Ed25519(ed25519_dalek::SigningKey),
    P256(p256::ecdsa::SigningKey),
}

/// A key that signs now, and by which name.
#[derive(Clone, Debug)]
pub struct Signer {
    key: Arc<SigningKey>,
    algorithm: SigningAlgorithm,
    until: Option<Timestamp>,
}

impl SigningKey {
    /// From 32 secret bytes; `None` if they are no key of this algorithm. All are one for Ed25519, all but one in four
    /// billion for P-256.
    pub fn from_secret(algorithm: KeyAlgorithm, secret: &[u8; 32]) -> Option<Self> {
        let pair = match algorithm {
            KeyAlgorithm::Ed25519 => Pair::Ed25519(ed25519_dalek::SigningKey::from_bytes(secret)),
            KeyAlgorithm::P256 => Pair::P256(p256::ecdsa::SigningKey::from_slice(secret).ok()?),
            KeyAlgorithm::XChaCha20Poly1305 => return None,
        };
        let kid = thumbprint(&pair.members());
        let eddsa = match &pair {
            Pair::Ed25519(key) => {
                let bytes = Zeroizing::new(key.to_keypair_bytes());
                Some(Ed25519KeyPair::from_bytes(&bytes[..]).ok()?.with_key_id(&kid))
            }
            Pair::P256(_) => None,
        };
        Some(Self { pair, kid, eddsa })
    }

    /// Its `kid`.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Its public half as a JWK. `alg` is left out: verifiers disagree about its name (RFC 9864).
    pub fn jwk(&self) -> Value {
        let mut jwk = self.pair.members();
        jwk["use"] = json!("sig");
        jwk["kid"] = json!(self.kid);
        jwk
    }

    /// Whether tokens that it signed may call its algorithm so.
    pub(crate) fn is_of(&self, alg: &str) -> bool {
        match self.pair {
            Pair::Ed25519(_) => matches!(alg, "EdDSA" | "Ed25519"),
            Pair::P256(_) => alg == "ES256",
        }
    }

    /// The signature of a message, as a JWS has it.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.pair {
            Pair::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            // The nonce comes from the key and the message (RFC 6979): no randomness can fail it.
            Pair::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.normalize_s().to_bytes().to_vec()
            }
        }
    }

    /// Whether this is the one signature that this key makes of a message, or one that only its holder could make.
    ///
    /// ECDSA has two signatures for each, `s` and `-s`; whoever sees one can make the other. We sign with the low one, so
    /// that the high one is not ours: a token cannot be written in a second way.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.pair {
            Pair::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verifying_key().verify_strict(message, &signature).is_ok()),
            Pair::P256(key) => p256::ecdsa::Signature::from_slice(signature).is_ok_and(|signature| {
                signature.normalize_s() == signature && key.verifying_key().verify(message, &signature).is_ok()
            }),
        }
    }
}

impl Pair {
    /// The members of the public half that a thumbprint is made of (RFC 7638 section 3.2).
    fn members(&self) -> Value {
        match self {
            Self::Ed25519(key) => {
                json!({ "crv": "Ed25519", "kty": "OKP", "x": URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes()) })
            }
            Self::P256(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                let [x, y] = [point.x(), point.y()]
                    .map(|coordinate| coordinate.map(|bytes| URL_SAFE_NO_PAD.encode(bytes)).unwrap_or_default());
                json!({ "crv": "P-256", "kty": "EC", "x": x, "y": y })
            }
        }
    }
}

impl Signer {
    /// Signs with `key`, and says so by this name, which must be one of its algorithm. What it signs holds until the given
    /// moment; without one, the key has no successor yet.
    pub const fn new(key: Arc<SigningKey>, algorithm: SigningAlgorithm, until: Option<Timestamp>) -> Self {
        Self { key, algorithm, until }
    }

    /// This moment, or the end of all that the key signed if that is sooner.
    pub fn within(&self, at: Timestamp) -> Timestamp {
        self.until.map_or(at, |until| at.min(until))
    }

    /// A token of type `typ` in the compact form (RFC 7515 section 7.1); `None` when the claims cannot be written as JSON.
    ///
    /// The library writes it as `EdDSA`. It does not know that algorithm as `Ed25519`, and its ES256 signatures are not
    /// always the low ones that the door wants.
    pub(crate) fn token<C: Serialize>(&self, typ: &str, claims: JWTClaims<C>) -> Option<String> {
        match (&self.key.eddsa, self.algorithm) {
            (Some(pair), SigningAlgorithm::EdDsa) => {
                let header = HeaderOptions { content_type: None, signature_type: Some(typ.to_owned()) };
                pair.sign_with_options(claims, &header).ok()
            }
            _ => {
                let header = json!({ "alg": self.algorithm.as_str(), "typ": typ, "kid": self.key.kid });
                let [header, claims] = [serde_json::to_vec(&header).ok()?, serde_json::to_vec(&claims).ok()?];
                let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
                let signature = URL_SAFE_NO_PAD.encode(self.key.sign(signed.as_bytes()));
                Some(format!("{signed}.{signature}"))
            }
        }
    }

    /// The key.
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// The name.
    pub const fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.kid)
    }
}

/// RFC 7638 section 3: the hash of the required members in lexicographic order, in which [`Pair::members`] names them.
fn thumbprint(members: &Value) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(members.to_string()))
}

#[cfg(test)]
mod tests;
