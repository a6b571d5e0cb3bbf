//! The examples of the standards, and forgeries.

use super::*;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::Signer;
use serde_json::{Value, json};

/// RFC 7515 appendix A: the payload of A.2 and A.3.
const PAYLOAD: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const A2_SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
const A3_SIGNATURE: &str = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

const ANY: Allowed<'static> = &Algorithm::ALL;

fn rsa() -> Value {
    let mut jwk: Value = serde_json::from_str(include_str!("../../tests/keys/rfc7515_a2.json")).unwrap();
    jwk.as_object_mut().unwrap().retain(|name, _| matches!(name.as_str(), "kty" | "n" | "e"));
    jwk
}

fn ec() -> Value {
    json!({ "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" })
}

/// RFC 8037 appendix A.2.
fn okp() -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })
}

fn with(mut jwk: Value, members: Value) -> Value {
    members.as_object().unwrap().iter().for_each(|(name, value)| jwk[name] = value.clone());
    jwk
}

fn set(keys: &[Value]) -> KeySet {
    KeySet::parse(&json!({ "keys": keys })).unwrap()
}

fn a2() -> String {
    format!("eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}.{A2_SIGNATURE}")
}

fn a3() -> String {
    format!("eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}.{A3_SIGNATURE}")
}

/// Signs anything with the key of RFC 8037.
fn signed(header: &str, payload: &str) -> String {
    let seed = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
    let key = ed25519_dalek::SigningKey::from_bytes(&seed.try_into().unwrap());
    let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(key.sign(text.as_bytes()).to_bytes()))
}

fn verify(token: &str, keys: &KeySet) -> Result<Claims, Unverified> {
    Jws::parse(token)?.verify(keys, ANY).cloned()
}

fn raw(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

#[test]
fn the_examples_of_rfc_7515_verify() {
    let keys = set(&[ec(), rsa()]);
    for token in [a2(), a3()] {
        let claims = verify(&token, &keys).unwrap();
        assert_eq!(claims.text("iss"), Ok(Some("joe")));
        assert_eq!(claims.moment("exp").unwrap().unwrap().seconds(), 1_300_819_380);
    }
}

/// Section 4.1; its payload is a sentence, so the key is asked directly.
#[test]
fn the_example_of_rfc_7520_verifies() {
    let key = Jwk::parse(&json!({ "kty": "RSA", "kid": "bilbo.baggins@hobbiton.example", "use": "sig", "e": "AQAB",
        "n": "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw" }))
    .unwrap();
    let signed = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4";
    let signature = raw(
        "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg",
    );
    assert!(key.verifies(Algorithm::Rs256, signed.as_bytes(), &signature));
    assert!(!key.verifies(Algorithm::Ps256, signed.as_bytes(), &signature));
    assert!(!key.verifies(Algorithm::Rs256, &signed.as_bytes()[1..], &signature));
}

/// RFC 8037 appendices A.3 and A.4.
#[test]
fn the_example_of_rfc_8037_verifies() {
    let key = Jwk::parse(&okp()).unwrap();
    let signed = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature = raw("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
    assert!(key.verifies(Algorithm::Ed25519, signed, &signature));
    assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

/// RFC 7638 section 3.1: what is no required member does not count.
#[test]
fn the_example_of_rfc_7638_has_its_thumbprint() {
    let jwk = json!({ "kty": "RSA", "alg": "RS256", "kid": "2011-04-29", "e": "AQAB",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw" });
    assert_eq!(Jwk::parse(&jwk).unwrap().thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

#[test]
fn ps256_verifies_and_is_not_rs256() {
    let jwk: Value = serde_json::from_str(include_str!("../../tests/keys/rfc7515_a2.json")).unwrap();
    let part = |name: &str| raw(jwk[name].as_str().unwrap());
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
    let mut signature = vec![0; pair.public().modulus_len()];
    let random = ring::rand::SystemRandom::new();
    pair.sign(&ring::signature::RSA_PSS_SHA256, &random, b"text", &mut signature).unwrap();
    let key = Jwk::parse(&rsa()).unwrap();
    assert!(key.verifies(Algorithm::Ps256, b"text", &signature));
    assert!(!key.verifies(Algorithm::Rs256, b"text", &signature));
    let kept = Jwk::parse(&with(rsa(), json!({ "alg": "RS256" }))).unwrap();
    assert!(!kept.verifies(Algorithm::Ps256, b"text", &signature), "a key kept for one algorithm has no other");
}

#[test]
fn o12_an_algorithm_is_never_the_header_s_choice() {
    let keys = set(&[rsa(), ec(), okp()]);
    let hmac = |alg: &str| signed(&format!(r#"{{"alg":"{alg}"}}"#), "{}");
    for alg in ["none", "None", "", "HS256", "HS512", "RS1", "RS512", "ES256K", "eddsa", "ES256 "] {
        assert_eq!(verify(&hmac(alg), &keys), Err(Unverified::Algorithm), "{alg}");
    }
    for header in ["{}", r#"{"alg":null}"#, r#"{"alg":["EdDSA"]}"#] {
        assert_eq!(verify(&signed(header, "{}"), &keys), Err(Unverified::Algorithm), "{header}");
    }
    assert_eq!(Jws::parse(&a2()).unwrap().verify(&keys, &[Algorithm::Es256]), Err(Unverified::Algorithm));
    // The right key under another algorithm's name.
    assert_eq!(verify(&hmac("ES256"), &set(&[okp()])), Err(Unverified::UnknownKey));
    assert_eq!(verify(&a2(), &set(&[ec()])), Err(Unverified::UnknownKey));
    let unsigned = format!("{}.{PAYLOAD}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#));
    assert_eq!(verify(&unsigned, &keys), Err(Unverified::Algorithm));
    assert_eq!(verify(&format!("eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}."), &keys), Err(Unverified::Signature));
}

#[test]
fn o12_keys_in_the_header_are_not_read() {
    let stranger = with(okp(), json!({ "x": "PjLBcAebRdm0dwfG9buImHp8rAcuYcAER2OaSCA1BWw" }));
    let header =
        json!({ "alg": "EdDSA", "jwk": okp(), "jku": "https://evil.example/jwks", "x5u": "https://evil.example" });
    assert_eq!(verify(&signed(&header.to_string(), "{}"), &set(&[stranger])), Err(Unverified::Signature));
}

#[test]
fn headers_that_want_something_understood_are_refused() {
    for member in [r#""crit":["exp"]"#, r#""crit":[]"#, r#""b64":false"#, r#""b64":true"#, r#""zip":"DEF""#] {
        let token = signed(&format!(r#"{{"alg":"EdDSA",{member}}}"#), "{}");
        assert_eq!(verify(&token, &set(&[okp()])), Err(Unverified::Critical), "{member}");
    }
}

#[test]
fn what_is_no_compact_jws_is_refused() {
    let good = signed(r#"{"alg":"EdDSA"}"#, r#"{"iss":"joe"}"#);
    assert!(verify(&good, &set(&[okp()])).is_ok());
    let (text, signature) = good.rsplit_once('.').unwrap();
    let large = signed(r#"{"alg":"EdDSA"}"#, &json!({ "a": "x".repeat(MAX_BYTES) }).to_string());
    for bad in [
        String::new(),
        "..".to_owned(),
        text.to_owned(),
        format!("{good}."),
        format!("{good}.."),
        format!("{good}="),
        format!(" {good}"),
        format!("{text}.{}", &signature[..signature.len() - 1]),
        signed(r#"{"alg":"EdDSA"}"#, "[]"),
        signed(r#"["EdDSA"]"#, "{}"),
        signed(r#"{"alg":"EdDSA"}"#, r#"{"sub":"ada","sub":"eve"}"#),
        signed(r#"{"alg":"ES256","alg":"EdDSA"}"#, "{}"),
        signed(r#"{"alg":"EdDSA","kid":1}"#, "{}"),
        large,
    ] {
        let refused = verify(&bad, &set(&[okp()]));
        assert_eq!(refused, Err(Unverified::Malformed), "{}", bad.chars().take(120).collect::<String>());
    }
}

#[test]
fn one_changed_character_is_noticed() {
    let good = signed(r#"{"alg":"EdDSA"}"#, r#"{"iss":"joe"}"#);
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        assert!(verify(&String::from_utf8(bytes).unwrap(), &set(&[okp()])).is_err(), "at {at}");
    }
}

#[test]
fn a_key_is_chosen_by_its_kid() {
    let stranger = with(okp(), json!({ "kid": "1", "x": "PjLBcAebRdm0dwfG9buImHp8rAcuYcAER2OaSCA1BWw" }));
    let own = with(okp(), json!({ "kid": "2" }));
    let keys = set(&[stranger.clone(), own.clone()]);
    let by = |kid: &str| signed(&format!(r#"{{"alg":"Ed25519","kid":"{kid}"}}"#), "{}");
    assert!(verify(&by("2"), &keys).is_ok());
    assert_eq!(verify(&by("1"), &keys), Err(Unverified::Signature));
    assert_eq!(verify(&by("3"), &keys), Err(Unverified::UnknownKey));
    let unnamed = signed(r#"{"alg":"EdDSA"}"#, "{}");
    assert!(verify(&unnamed, &keys).is_ok(), "without a kid, those that fit are tried");
    let crowd: Vec<_> = std::iter::repeat_n(stranger, 8).chain([own]).collect();
    assert_eq!(verify(&unnamed, &set(&crowd)), Err(Unverified::Signature), "but not all of a crowd");
}

#[test]
fn cm_29_private_and_symmetric_keys_are_refused_whole() {
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] {
        let leaked = with(okp(), json!({ member: "AQAB" }));
        assert_eq!(Jwk::parse(&leaked), Err(Unusable::Private), "{member}");
        assert_eq!(KeySet::parse(&json!({ "keys": [ec(), leaked] })), Err(Unusable::Private), "{member}");
    }
    assert_eq!(Jwk::parse(&json!({ "kty": "oct" })), Err(Unusable::Private));
}

#[test]
fn keys_for_something_else_are_left_out_of_a_set() {
    let others = [
        with(rsa(), json!({ "use": "enc" })),
        with(rsa(), json!({ "alg": "RSA-OAEP" })),
        with(rsa(), json!({ "key_ops": ["encrypt"] })),
        json!({ "kty": "EC", "crv": "P-384", "x": "AA", "y": "AA" }),
        json!({ "kty": "OKP", "crv": "X25519", "x": "AA" }),
        json!({ "kty": "AKP", "alg": "ML-DSA-44", "pub": "AA" }),
    ];
    for other in &others {
        assert_eq!(Jwk::parse(other), Err(Unusable::Unsupported), "{other}");
    }
    assert_eq!(KeySet::parse(&json!({ "keys": others })), Err(Unusable::Unsupported));
    let mut with_one = others.to_vec();
    with_one.push(with(okp(), json!({ "use": "sig", "key_ops": ["verify"], "alg": "EdDSA", "x5t": "?" })));
    assert!(verify(&signed(r#"{"alg":"EdDSA"}"#, "{}"), &set(&with_one)).is_ok());
    for no_set in
        [json!([]), json!({}), json!({ "keys": {} }), json!({ "keys": [] }), json!({ "keys": vec![ec(); 65] })]
    {
        assert!(KeySet::parse(&no_set).is_err(), "{no_set}");
    }
}

#[test]
fn malformed_and_weak_keys_are_refused() {
    let short = URL_SAFE_NO_PAD.encode([255_u8; 255]);
    let huge = URL_SAFE_NO_PAD.encode([255_u8; 513]);
    let padded = URL_SAFE_NO_PAD.encode([&[0_u8][..], &[255; 256]].concat());
    let even = URL_SAFE_NO_PAD.encode([254_u8; 256]);
    for bad in [
        with(rsa(), json!({ "n": short })),
        with(rsa(), json!({ "n": huge })),
        with(rsa(), json!({ "n": padded })),
        with(rsa(), json!({ "n": even })),
        with(rsa(), json!({ "e": "AQ" })),
        with(rsa(), json!({ "e": "AAEAAQ" })),
        with(rsa(), json!({ "e": "" })),
        with(rsa(), json!({ "alg": "ES256" })),
        with(rsa(), json!({ "n": 1 })),
        with(ec(), json!({ "x": "AA" })),
        with(ec(), json!({ "alg": "EdDSA" })),
        with(ec(), json!({ "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0=" })),
        with(ec(), json!({ "kid": 1 })),
        with(ec(), json!({ "kid": "k".repeat(257) })),
        with(ec(), json!({ "key_ops": "verify" })),
        // The neutral element, under which one signature fits many messages.
        with(okp(), json!({ "x": "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" })),
        with(okp(), json!({ "x": "AA" })),
        json!({ "kty": 1 }),
        json!("key"),
    ] {
        assert_eq!(Jwk::parse(&bad), Err(Unusable::Malformed), "{bad}");
    }
    let off_curve =
        set(&[with(ec(), json!({ "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1".replace("5a1", "5aE") }))]);
    assert_eq!(verify(&a3(), &off_curve), Err(Unverified::Signature));
}

#[test]
fn a_set_is_kept_as_it_is_used() {
    let keys = set(&[with(ec(), json!({ "kid": "a", "alg": "ES256", "x5c": ["?"] })), rsa()]);
    let text = serde_json::to_string(&keys).unwrap();
    assert!(!text.contains("x5c"));
    assert_eq!(serde_json::from_str::<KeySet>(&text).unwrap(), keys);
    assert!(serde_json::from_str::<KeySet>(r#"{"keys":[{"kty":"oct","k":"AA"}]}"#).is_err());
}

#[test]
fn claims_have_their_types_or_are_no_claims() {
    let text = r#"{"exp":1800000000.7,"nbf":-1.5,"iat":"1","jti":7,"aud":["a","b"],"far":1e300,"big":2000000000000}"#;
    let token = signed(r#"{"alg":"EdDSA","typ":"application/JWT"}"#, text);
    let jws = Jws::parse(&token).unwrap();
    let claims = jws.unverified_claims();
    assert_eq!(jws.typ(), "jwt");
    assert_eq!(claims.moment("exp").unwrap().unwrap().seconds(), 1_800_000_000);
    assert_eq!(claims.moment("nbf").unwrap().unwrap().seconds(), -2);
    assert_eq!(claims.moment("iat"), Err(Malformed("iat")));
    assert_eq!(claims.moment("far"), Err(Malformed("far")));
    assert_eq!(claims.moment("big"), Err(Malformed("big")));
    assert_eq!(claims.moment("none"), Ok(None));
    assert_eq!(claims.text("jti"), Err(Malformed("jti")));
    assert_eq!(claims.audience(), Ok(vec!["a", "b"]));
    let odd = signed(r#"{"alg":"EdDSA"}"#, r#"{"aud":["a",1]}"#);
    assert_eq!(Jws::parse(&odd).unwrap().unverified_claims().audience(), Err(Malformed("aud")));
}
