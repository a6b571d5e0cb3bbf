//! JWTs, verified without the gateway's own code.

use super::{Request, send};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{Signature, VerifyingKey};
use p256::ecdsa::signature::Verifier;
use serde_json::Value;

/// A JWT whose signature was not looked at yet.
pub(crate) struct Jwt {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    signed: String,
    signature: Vec<u8>,
}

impl Jwt {
    #[track_caller]
    pub(crate) fn read(token: &str) -> Self {
        let parts: Vec<_> = token.split('.').collect();
        let [header, claims, signature] = parts[..] else { panic!("`{token}` is no JWT") };
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
        Self {
            header: serde_json::from_slice(&decode(header)).unwrap(),
            claims: serde_json::from_slice(&decode(claims)).unwrap(),
            signed: format!("{header}.{claims}"),
            signature: decode(signature),
        }
    }

    /// Checks it as any verifier would: with the key of the set that its `kid` names.
    #[track_caller]
    pub(crate) fn verify(self, jwks_url: &str) -> Self {
        let key = key_of(jwks_url, self.header["kid"].as_str().expect("a kid"));
        match (self.header["alg"].as_str(), key["kty"].as_str()) {
            (Some("EdDSA" | "Ed25519"), Some("OKP")) => self.verify_ed25519(&key),
            (Some("ES256"), Some("EC")) => self.verify_es256(&key),
            other => panic!("{other:?} do not go together"),
        }
        self
    }

    #[track_caller]
    fn verify_ed25519(&self, key: &Value) {
        assert_eq!(key["crv"], "Ed25519");
        let key = VerifyingKey::from_bytes(&member(key, "x").try_into().unwrap()).unwrap();
        let signature = Signature::from_slice(&self.signature).unwrap();
        key.verify_strict(self.signed.as_bytes(), &signature).expect("a good signature");
    }

    #[track_caller]
    fn verify_es256(&self, key: &Value) {
        assert_eq!(key["crv"], "P-256");
        let point = [vec![4], member(key, "x"), member(key, "y")].concat();
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).unwrap();
        let signature = p256::ecdsa::Signature::from_slice(&self.signature).unwrap();
        key.verify(self.signed.as_bytes(), &signature).expect("a good signature");
    }
}

/// The key called `kid` in a set.
#[track_caller]
pub(crate) fn key_of(jwks_url: &str, kid: &str) -> Value {
    let set = send(&Request::get(jwks_url)).expect(200).json();
    let keys = set["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["kid"] == kid).unwrap_or_else(|| panic!("no key `{kid}` in {set}"));
    assert!(key.get("d").is_none(), "a private key is published");
    key.clone()
}

fn member(key: &Value, name: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap()
}
