//! A client with a key of its own, which makes proofs of possession (RFC 9449).

use super::{Bench, Fields};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use ed25519_dalek::Signer;
use http::Request;
use oauth::world::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicU64, Ordering};

/// The token endpoint of the wiki.
pub(crate) const TOKEN_URL: &str = "https://wiki.ex/.doorward/token";

static NEXT_JTI: AtomicU64 = AtomicU64::new(0);

/// An Ed25519 key.
pub(crate) struct Prover(ed25519_dalek::SigningKey);

/// A proof in the making: its header and claims can be spoilt before it is signed.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) header: Value,
    pub(crate) claims: Value,
}

impl Prover {
    pub(crate) fn new(seed: u8) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(&[seed; 32]))
    }

    pub(crate) fn jwk(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.0.verifying_key().as_bytes());
        json!({ "kty": "OKP", "crv": "Ed25519", "x": x })
    }

    /// RFC 7638, written by hand.
    pub(crate) fn jkt(&self) -> String {
        let x = URL_SAFE_NO_PAD.encode(self.0.verifying_key().as_bytes());
        URL_SAFE_NO_PAD.encode(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)))
    }

    /// A good proof of a POST to `url`.
    pub(crate) fn draft(&self, url: &str, now: Timestamp) -> Draft {
        let jti = format!("jti-{}", NEXT_JTI.fetch_add(1, Ordering::Relaxed));
        Draft {
            header: json!({ "typ": "dpop+jwt", "alg": "EdDSA", "jwk": self.jwk() }),
            claims: json!({ "jti": jti, "htm": "POST", "htu": url, "iat": now.seconds() }),
        }
    }

    pub(crate) fn sign(&self, draft: &Draft) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&draft.header), part(&draft.claims));
        let signature = self.0.sign(text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }

    /// A good proof for the token endpoint.
    pub(crate) fn proof(&self, now: Timestamp) -> String {
        self.sign(&self.draft(TOKEN_URL, now))
    }
}

impl Draft {
    /// Changes a claim; `null` takes it away.
    pub(crate) fn claim(mut self, name: &str, value: Value) -> Self {
        self.claims[name] = value;
        self.claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        self
    }

    /// Changes a member of the header; `null` takes it away.
    pub(crate) fn head(mut self, name: &str, value: Value) -> Self {
        self.header[name] = value;
        self.header.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        self
    }
}

/// A posted form with proofs.
pub(crate) fn proven(form: &Fields, proofs: &[&str]) -> Request<Bytes> {
    let mut request = form.post();
    for proof in proofs {
        request.headers_mut().append("DPoP", proof.parse().unwrap());
    }
    request
}

impl Bench {
    /// `now`, as a number for claims.
    pub(crate) fn seconds(&self, offset: i64) -> Value {
        json!(self.now.seconds() + offset)
    }
}
