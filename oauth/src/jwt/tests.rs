//! Forgeries and omissions: each test builds its token by hand, so that nothing but the named defect is wrong.

use super::*;
use crate::keys::SigningAlgorithm;
use crate::store::KeyAlgorithm;
use crate::token::AccessToken;
use ed25519_dalek::Signer as _;
use serde_json::{Value, json};

const SEED: [u8; 32] = [9; 32];
const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

fn key() -> Arc<SigningKey> {
    Arc::new(SigningKey::from_secret(KeyAlgorithm::Ed25519, &SEED).unwrap())
}

fn header() -> Value {
    json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": key().kid() })
}

fn claims() -> Value {
    json!({ "iss": "https://app.ex", "aud": "https://app.ex", "sub": "s", "client_id": "c", "scope": "access", "jti": "j", "grant": "g", "iat": 999_990, "exp": 1_000_010 })
}

fn make(header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = ed25519_dalek::SigningKey::from_bytes(&SEED).sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

fn check(token: &str) -> Result<AccessToken, Invalid> {
    let expected = Expected { typ: "at+jwt", issuer: "https://app.ex", audience: "https://app.ex", now: NOW };
    verify(|kid| Some(key()).filter(|key| key.kid() == kid), token, expected)
}

fn with(mut value: Value, name: &str, member: Value) -> Value {
    value[name] = member;
    value
}

#[test]
fn a_whole_token_is_accepted() {
    assert_eq!(check(&make(&header().to_string(), &claims().to_string())).unwrap().sub, "s");
}

#[test]
fn jw_04_a_token_that_lacks_any_claim_is_refused() {
    for name in ["iss", "aud", "sub", "client_id", "scope", "jti", "grant", "iat", "exp"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        assert_eq!(
            check(&make(&header().to_string(), &claims.to_string())),
            Err(Invalid::MissingClaim),
            "without {name}"
        );
    }
}

#[test]
fn jw_03_issuer_audience_and_times_are_exact() {
    let cases = [
        ("iss", json!("https://app.ex/"), Invalid::WrongPlace),
        ("aud", json!("https://other.ex"), Invalid::WrongPlace),
        ("aud", json!(["https://app.ex", "https://other.ex"]), Invalid::MissingClaim),
        ("exp", json!(1_000_000), Invalid::Expired),
        ("exp", json!("1000010"), Invalid::MissingClaim),
        ("iat", json!(1_000_061), Invalid::NotYetValid),
        ("nbf", json!(1_000_061), Invalid::NotYetValid),
    ];
    for (name, value, wrong) in cases {
        let claims = with(claims(), name, value);
        assert_eq!(check(&make(&header().to_string(), &claims.to_string())), Err(wrong), "{name}");
    }
}

#[test]
fn no_leeway_at_the_end_of_a_lifetime() {
    let last = with(claims(), "exp", json!(1_000_001));
    assert!(check(&make(&header().to_string(), &last.to_string())).is_ok());
}

#[test]
fn jw_02_only_the_type_of_an_access_token() {
    for typ in [json!("JWT"), json!("logout+jwt"), json!("dpop+jwt"), json!(""), Value::Null] {
        assert_eq!(
            check(&make(&with(header(), "typ", typ.clone()).to_string(), &claims().to_string())),
            Err(Invalid::WrongType),
            "{typ}"
        );
    }
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        assert!(check(&make(&with(header(), "typ", json!(typ)).to_string(), &claims().to_string())).is_ok(), "{typ}");
    }
}

#[test]
fn jw_05_only_the_algorithm_of_the_key() {
    for alg in ["none", "None", "HS256", "RS256", "ES256", "Ed448", "eddsa", ""] {
        assert_eq!(
            check(&make(&with(header(), "alg", json!(alg)).to_string(), &claims().to_string())),
            Err(Invalid::WrongType),
            "{alg}"
        );
    }
}

#[test]
fn ky_03_both_names_of_ed25519_are_accepted() {
    for alg in ["EdDSA", "Ed25519"] {
        assert!(check(&make(&with(header(), "alg", json!(alg)).to_string(), &claims().to_string())).is_ok(), "{alg}");
    }
}

#[test]
fn jw_06_header_keys_are_ignored_and_critical_headers_refused() {
    let other = SigningKey::from_secret(KeyAlgorithm::Ed25519, &[1; 32]).unwrap();
    let signed = with(header(), "jwk", other.jwk());
    assert!(check(&make(&signed.to_string(), &claims().to_string())).is_ok(), "signed by our key, the jwk is ignored");
    let text =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(signed.to_string()), URL_SAFE_NO_PAD.encode(claims().to_string()));
    let forged = ed25519_dalek::SigningKey::from_bytes(&[1; 32]).sign(text.as_bytes());
    assert_eq!(check(&format!("{text}.{}", URL_SAFE_NO_PAD.encode(forged.to_bytes()))), Err(Invalid::BadSignature));
    for (name, value) in [("crit", json!(["x"])), ("crit", json!([])), ("b64", json!(false)), ("zip", json!("DEF"))] {
        assert_eq!(
            check(&make(&with(header(), name, value).to_string(), &claims().to_string())),
            Err(Invalid::Malformed),
            "{name}"
        );
    }
}

#[test]
fn jw_07_an_unknown_kid_is_refused() {
    for kid in [json!("other"), json!(""), Value::Null] {
        assert_eq!(
            check(&make(&with(header(), "kid", kid).to_string(), &claims().to_string())),
            Err(Invalid::UnknownKey)
        );
    }
}

#[test]
fn jw_08_changed_or_oddly_written_tokens_are_refused() {
    let good = make(&header().to_string(), &claims().to_string());
    let (head, rest) = good.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    let duplicate = claims().to_string().replacen('{', r#"{"exp":9999999999,"#, 1);
    let bad = [
        format!("{good}."),
        format!("{good}="),
        format!(" {good}"),
        format!("{good}\n"),
        format!("{head}..{signature}"),
        format!("{head}.{body}."),
        format!("{head}.{body}.{signature}.x.y"),
        format!("{head}.{body}"),
        String::new(),
        ".".into(),
        "..".into(),
        "x".repeat(MAX_BYTES + 1),
        make(&header().to_string(), &duplicate),
        make("{}", &claims().to_string()),
        make("[]", "[]"),
        make("null", "null"),
    ];
    for token in bad {
        assert!(check(&token).is_err(), "{token}");
    }
    for index in 0..good.len() {
        let mut changed = good.clone().into_bytes();
        changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
        assert!(check(&String::from_utf8(changed).unwrap()).is_err(), "changed at {index}");
    }
}

#[test]
fn ky_02_what_is_signed_verifies_and_says_eddsa() {
    let signer = Signer::new(key(), SigningAlgorithm::EdDsa, None);
    let registered = Registered {
        issuer: "https://app.ex",
        audience: "https://app.ex",
        subject: "s",
        id: Some("j".into()),
        issued_at: NOW,
        expires_at: NOW.plus(Duration::from_secs(5)),
    };
    let token =
        sign(&signer, "at+jwt", registered, json!({ "client_id": "c", "scope": "access", "grant": "g" })).unwrap();
    assert_eq!(check(&token).unwrap().exp, NOW.plus(Duration::from_secs(5)));
    let header: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap();
    assert_eq!(
        (header["alg"].as_str(), header["typ"].as_str(), header["kid"].as_str()),
        (Some("EdDSA"), Some("at+jwt"), Some(key().kid()))
    );
}
