//! What others sign, and the keys that they publish.

use super::corpus;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer, SigningKey};
use oauth::jose::{Algorithm, Jwk, Jws, KeySet};
use oauth::json;
use serde_json::{Value, json};

#[test]
fn jw_05_fuzz_tokens_of_others() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
    let keys = KeySet::parse(&json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "k", "x": x }] })).unwrap();
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","kid":"k","typ":"JWT"}"#);
    let claims =
        URL_SAFE_NO_PAD.encode(r#"{"iss":"https://idp.ex","sub":"ada","aud":["https://wiki.ex"],"exp":1900000000}"#);
    let signed = format!("{header}.{claims}");
    let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()).to_bytes()));
    corpus("jwt").and(token.as_bytes()).fuzz_text(|text| {
        let accepted = Jws::parse(text).is_ok_and(|jws| {
            let _ = (jws.typ(), jws.unverified_claims().audience(), jws.unverified_claims().moment("exp"));
            jws.verify(&keys, &Algorithm::ALL).is_ok()
        });
        assert_eq!(accepted, text == token, "{text}");
    });
}

#[test]
fn cm_23_cm_29_fuzz_key_sets() {
    corpus("jwks").fuzz(|bytes| {
        let Some(set) = json::object(bytes).map(Value::Object) else { return };
        // Whatever is read strictly, others read alike.
        assert_eq!(serde_json::from_slice::<Value>(bytes).unwrap(), set);
        let Ok(keys) = KeySet::parse(&set) else { return };
        let published = Value::from(keys.clone());
        for jwk in published["keys"].as_array().unwrap() {
            assert!(["d", "p", "q", "dp", "dq", "qi", "k"].iter().all(|secret| jwk.get(secret).is_none()), "{jwk}");
            let again = Jwk::parse(jwk).unwrap();
            assert_eq!(&again.to_json(), jwk);
        }
        assert_eq!(KeySet::parse(&published), Ok(keys));
    });
}
