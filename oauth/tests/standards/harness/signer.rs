//! Others who sign: clients and token issuers, with keys of their own.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::Signer;
use serde_json::{Value, json};

/// A key pair and the name that its owner gave it.
pub(crate) struct TestKey {
    pair: Pair,
    kid: String,
}

enum Pair {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    Rsa(Box<ring::rsa::KeyPair>),
}

impl TestKey {
    /// An Ed25519 key; another one for each number.
    pub(crate) fn new(number: u8) -> Self {
        let pair = ed25519_dalek::SigningKey::from_bytes(&[number; 32]);
        Self { pair: Pair::Ed25519(Box::new(pair)), kid: format!("key-{number}") }
    }

    /// The RSA key of RFC 7515 appendix A.2.
    pub(crate) fn rsa() -> Self {
        let jwk = a2();
        let part = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
        let components = ring::rsa::KeyPairComponents {
            public_key: ring::rsa::PublicKeyComponents { n: part("n"), e: part("e") },
            d: part("d"),
            p: part("p"),
            q: part("q"),
            dP: part("dp"),
            dQ: part("dq"),
            qInv: part("qi"),
        };
        let pair = ring::rsa::KeyPair::from_components(&components).unwrap();
        Self { pair: Pair::Rsa(Box::new(pair)), kid: "rsa".to_owned() }
    }

    pub(crate) fn jwk(&self) -> Value {
        match &self.pair {
            Pair::Ed25519(pair) => {
                let x = URL_SAFE_NO_PAD.encode(pair.verifying_key().as_bytes());
                json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": self.kid, "use": "sig" })
            }
            Pair::Rsa(_) => {
                let jwk = a2();
                json!({ "kty": "RSA", "n": jwk["n"], "e": jwk["e"], "kid": self.kid, "use": "sig" })
            }
        }
    }

    pub(crate) fn jwks(&self) -> Value {
        json!({ "keys": [self.jwk()] })
    }

    /// Signs claims, with the usual header.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_with(&json!({}), claims)
    }

    /// Signs claims, with members of the header replaced; `null` takes one out.
    pub(crate) fn sign_with(&self, changes: &Value, claims: &Value) -> String {
        let alg = if matches!(self.pair, Pair::Rsa(_)) { "RS256" } else { "EdDSA" };
        let header = changed(json!({ "alg": alg, "typ": "JWT", "kid": self.kid }), changes);
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", encode(&header), encode(claims));
        let signature = match &self.pair {
            Pair::Ed25519(pair) => pair.sign(text.as_bytes()).to_bytes().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                let random = ring::rand::SystemRandom::new();
                pair.sign(&ring::signature::RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).unwrap();
                signature
            }
        };
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// An object with some members replaced; `null` takes one out.
pub(crate) fn changed(mut object: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(object.as_object_mut().unwrap().remove(name)),
            value => object[name] = value.clone(),
        }
    }
    object
}

fn a2() -> Value {
    serde_json::from_str(include_str!("../../keys/rfc7515_a2.json")).unwrap()
}
