//! JWTs, verified without the gateway's own code.

use super::{Request, send};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{Signature, VerifyingKey};
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

    /// Checks it as any verifier would: EdDSA, with the key of the set that its `kid` names.
    #[track_caller]
    pub(crate) fn verify(self, jwks_url: &str) -> Self {
        assert_eq!(self.header["alg"], "EdDSA");
        let key = key_of(jwks_url, self.header["kid"].as_str().expect("a kid"));
        let signature = Signature::from_slice(&self.signature).unwrap();
        key.verify_strict(self.signed.as_bytes(), &signature).expect("a good signature");
        self
    }
}

/// The key called `kid` in a set.
#[track_caller]
pub(crate) fn key_of(jwks_url: &str, kid: &str) -> VerifyingKey {
    let set = send(&Request::get(jwks_url)).expect(200).json();
    let keys = set["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["kid"] == kid).unwrap_or_else(|| panic!("no key `{kid}` in {set}"));
    assert_eq!((&key["kty"], &key["crv"]), (&"OKP".into(), &"Ed25519".into()));
    assert!(key.get("d").is_none(), "a private key is published");
    let bytes = URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap();
    VerifyingKey::from_bytes(&bytes.try_into().unwrap()).unwrap()
}
