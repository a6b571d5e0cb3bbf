//! RFC 9068 and RFC 8725: which access tokens are believed.

use crate::harness::*;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::Signer;
use oauth::jwt::{self, Invalid};
use oauth::keys::SigningAlgorithm;
use oauth::store::{EndedBecause, KeyPurpose, Store};
use serde_json::{Value, json};

/// A good token of the wiki, and the key that signed it: a forger with everything but a reason.
struct Forge {
    bench: Bench,
    key: ed25519_dalek::SigningKey,
    header: Value,
    claims: Value,
}

impl Forge {
    async fn new() -> Self {
        let bench = Bench::new().await;
        let client = bench.client().await;
        let good = bench.tokens(&client).await.access;
        let parts: Vec<Value> = good.split('.').take(2).map(decode).collect();
        let mut kept = bench.store.keys().await.unwrap().into_iter();
        let sealed = kept.find(|key| key.purpose == KeyPurpose::AccessToken).unwrap().sealed;
        let seed = at_rest().open_bytes("access_token Ed25519", &sealed).unwrap();
        let key = ed25519_dalek::SigningKey::from_bytes(&seed.try_into().unwrap());
        let forge = Self { bench, key, header: parts[0].clone(), claims: parts[1].clone() };
        assert_eq!(forge.sign(&forge.header, &forge.claims), Ok(()), "the forger can make good tokens");
        forge
    }

    /// Signs these and presents the result at the wiki.
    fn sign(&self, header: &Value, claims: &Value) -> Result<(), Invalid> {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    fn sign_text(&self, header: &str, claims: &str) -> Result<(), Invalid> {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.key.sign(signed.as_bytes());
        self.present(&format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes())))
    }

    fn present(&self, token: &str) -> Result<(), Invalid> {
        self.bench.verify(&self.bench.wiki, token).map(|_| ())
    }

    fn good(&self) -> String {
        let [header, claims] = [&self.header, &self.claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signature = self.key.sign(format!("{header}.{claims}").as_bytes());
        format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }
}

fn decode(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn changed(value: &Value, name: &str, to: Value) -> Value {
    let mut value = value.clone();
    value[name] = to;
    value
}

#[tokio::test]
async fn jw_04_jw_11_a_token_has_the_claims_of_rfc_9068_and_no_personal_data() {
    let forge = Forge::new().await;
    let names: Vec<_> = forge.claims.as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        names,
        ["acr", "amr", "aud", "auth_time", "client_id", "exp", "grant", "iat", "iss", "jti", "scope", "sub"]
    );
    let start = START.seconds();
    assert_eq!((&forge.claims["iat"], &forge.claims["exp"]), (&json!(start), &json!(start + 900)));
    assert_eq!((&forge.claims["iss"], &forge.claims["aud"]), (&json!(WIKI), &json!(WIKI)));
    assert_eq!(forge.claims["sub"], "ada");
}

#[tokio::test]
async fn jw_02_only_an_access_token_is_one() {
    let forge = Forge::new().await;
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        assert_eq!(forge.sign(&changed(&forge.header, "typ", json!(typ)), &forge.claims), Ok(()), "{typ}");
    }
    for typ in ["JWT", "jwt", "dpop+jwt", "logout+jwt", "client-authentication+jwt", "at+jwtx", "text/at+jwt", ""] {
        let forged = forge.sign(&changed(&forge.header, "typ", json!(typ)), &forge.claims);
        assert_eq!(forged, Err(Invalid::WrongType), "{typ}");
    }
}

#[tokio::test]
async fn jw_03_jw_14_issuer_and_audience_are_exact() {
    let forge = Forge::new().await;
    for (name, value) in [
        ("iss", json!("https://mail.ex/mcp")),
        ("iss", json!("https://wiki.ex/")),
        ("iss", json!("https://idp.ex")),
        ("aud", json!("https://mail.ex/mcp")),
        ("aud", json!("https://wiki.ex/")),
        ("aud", json!("https://WIKI.ex")),
    ] {
        let forged = forge.sign(&forge.header, &changed(&forge.claims, name, value.clone()));
        assert_eq!(forged, Err(Invalid::WrongPlace), "{name} {value}");
    }
    let both = changed(&forge.claims, "aud", json!([WIKI, MAIL]));
    assert_eq!(forge.sign(&forge.header, &both), Err(Invalid::MissingClaim));
}

#[tokio::test]
async fn jw_03_a_token_ends_at_its_second_and_begins_not_before_its_time() {
    let mut forge = Forge::new().await;
    let now = forge.bench.now.seconds();
    let at = |forge: &Forge, name: &str, at: i64| forge.sign(&forge.header, &changed(&forge.claims, name, json!(at)));
    assert_eq!(at(&forge, "exp", now), Err(Invalid::Expired));
    assert_eq!(at(&forge, "exp", now + 1), Ok(()));
    for name in ["iat", "nbf"] {
        assert_eq!(at(&forge, name, now + 60), Ok(()));
        assert_eq!(at(&forge, name, now + 61), Err(Invalid::NotYetValid));
    }
    let token = forge.good();
    forge.bench.later(ACCESS_TOKEN_LIFETIME - SECOND);
    assert_eq!(forge.present(&token), Ok(()));
    forge.bench.later(SECOND);
    assert_eq!(forge.present(&token), Err(Invalid::Expired));
}

#[tokio::test]
async fn jw_04_no_claim_may_be_missing_or_null() {
    let forge = Forge::new().await;
    let told = ["auth_time", "acr", "amr"];
    for name in forge.claims.as_object().unwrap().keys().filter(|name| !told.contains(&name.as_str())) {
        let mut without = forge.claims.clone();
        without.as_object_mut().unwrap().remove(name);
        assert_eq!(forge.sign(&forge.header, &without), Err(Invalid::MissingClaim), "without {name}");
        let null = changed(&forge.claims, name, Value::Null);
        assert_eq!(forge.sign(&forge.header, &null), Err(Invalid::MissingClaim), "{name} null");
    }
}

#[tokio::test]
async fn jw_05_ky_03_only_the_algorithm_of_the_key() {
    let forge = Forge::new().await;
    for alg in ["EdDSA", "Ed25519"] {
        assert_eq!(forge.sign(&changed(&forge.header, "alg", json!(alg)), &forge.claims), Ok(()), "{alg}");
    }
    for alg in ["none", "None", "HS256", "HS512", "RS256", "ES256", "Ed448", "eddsa", "ES256K", "dir", ""] {
        let forged = forge.sign(&changed(&forge.header, "alg", json!(alg)), &forge.claims);
        assert_eq!(forged, Err(Invalid::WrongType), "{alg}");
    }
    let [header, claims] = [json!({ "alg": "none", "typ": "at+jwt" }), forge.claims.clone()];
    let unsigned = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
    assert!(forge.present(&format!("{unsigned}.")).is_err());
}

#[tokio::test]
async fn jw_06_a_key_in_the_header_is_not_believed_and_critical_extensions_are_refused() {
    let mut forge = Forge::new().await;
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("b64", json!(true)),
        ("zip", json!("DEF")),
    ] {
        let header = changed(&forge.header, name, value);
        assert_eq!(forge.sign(&header, &forge.claims), Err(Invalid::Malformed), "{name}");
    }
    // Another key signs, and the header brings it along.
    forge.key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let x = URL_SAFE_NO_PAD.encode(forge.key.verifying_key().as_bytes());
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
    for (name, value) in [("jwk", jwk), ("jku", json!("https://evil.ex/keys")), ("x5u", json!("https://evil.ex/c"))] {
        let header = changed(&forge.header, name, value);
        assert_eq!(forge.sign(&header, &forge.claims), Err(Invalid::BadSignature), "{name}");
    }
}

#[tokio::test]
async fn jw_07_an_unknown_or_missing_kid_is_refused() {
    let forge = Forge::new().await;
    let (keys, now) = (&forge.bench.server.keys, forge.bench.now);
    let assertion = keys.signer(KeyPurpose::Assertion, SigningAlgorithm::EdDsa, now).unwrap();
    for kid in [json!("../../etc/passwd"), json!(""), Value::Null, json!(assertion.key().kid())] {
        let forged = forge.sign(&changed(&forge.header, "kid", kid.clone()), &forge.claims);
        assert_eq!(forged, Err(Invalid::UnknownKey), "{kid}");
    }
}

#[tokio::test]
async fn jw_08_a_token_has_one_spelling() {
    let forge = Forge::new().await;
    let good = forge.good();
    assert_eq!(forge.present(&good), Ok(()));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let bent = format!("{signed}.{}", signature.to_ascii_lowercase());
    for odd in [
        format!("{good}="),
        format!("{good} "),
        format!(" {good}"),
        format!("{good}."),
        format!("{good}.x.y"),
        format!("{good}A"),
        bent,
    ] {
        assert!(forge.present(&odd).is_err(), "{odd}");
    }
    let twice = forge.claims.to_string().replacen('{', r#"{"sub":"eve","#, 1);
    assert!(forge.sign_text(&forge.header.to_string(), &twice).is_err(), "a claim twice");
}

#[tokio::test]
async fn jw_09_a_token_of_a_megabyte_or_a_deep_one_is_refused() {
    let forge = Forge::new().await;
    assert_eq!(forge.present(&"a".repeat(1 << 20)), Err(Invalid::Malformed));
    let wide = changed(&forge.claims, "padding", json!("a".repeat(jwt::MAX_BYTES)));
    assert_eq!(forge.sign(&forge.header, &wide), Err(Invalid::Malformed));
    let deep = format!("{}{}", "[".repeat(2000), "]".repeat(2000));
    assert!(forge.sign_text(&forge.header.to_string(), &format!(r#"{{"a":{deep}}}"#)).is_err());
}

#[tokio::test]
async fn jw_02_no_other_secret_is_an_access_token() {
    let forge = Forge::new().await;
    let client = forge.bench.other_client().await;
    let tokens = forge.bench.tokens(&client).await;
    let code = forge.bench.code(&client).await;
    for secret in [tokens.refresh, code, client, String::new()] {
        assert_eq!(forge.present(&secret), Err(Invalid::Malformed));
    }
}

#[tokio::test]
async fn jw_10_a_token_ends_with_its_grant() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let tokens = bench.tokens(&client).await;
    let grant = bench.present(&bench.wiki, &tokens.access).await.unwrap().grant;
    assert!(bench.store.revoke_grant(&grant, EndedBecause::RevokedByPerson, bench.now).await.unwrap());
    assert!(bench.present(&bench.wiki, &tokens.access).await.is_err());
}

#[tokio::test]
async fn ky_11_a_signature_has_one_spelling() {
    // The order of the group (RFC 8032 section 5.1): added to a signature, it gives another one that lax verifiers take.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let bench = Bench::new().await;
    let client = bench.client().await;
    let access = bench.tokens(&client).await.access;
    let (signed, signature) = access.rsplit_once('.').unwrap();
    let mut signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let mut carry = 0;
    for (byte, add) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    let other = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
    assert!(bench.present(&bench.wiki, &access).await.is_ok());
    assert_eq!(bench.verify(&bench.wiki, &other), Err(Invalid::BadSignature));
}
