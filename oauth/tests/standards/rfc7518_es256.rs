//! RFC 7518 section 3.4, RFC 9864: the other ways to sign, for verifiers that know no EdDSA.

use crate::harness::*;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use oauth::Endpoint;
use oauth::jwt::Invalid;
use oauth::keys::{KeyPlan, Keyring, SigningAlgorithm};
use oauth::store::{KeyAlgorithm, KeyPurpose};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Value, json};

/// A bench whose wiki signs by this algorithm.
async fn bench_of(algorithm: SigningAlgorithm) -> Bench {
    let mut bench = Bench::new().await;
    let mut plan = key_plan();
    plan.kinds.push((KeyPurpose::AccessToken, KeyAlgorithm::P256));
    bench.server.keys = load(&bench, &plan).await.into();
    bench.wiki.managed.as_mut().unwrap().signing_algorithm = algorithm;
    bench
}

async fn load(bench: &Bench, plan: &KeyPlan) -> Keyring {
    Keyring::load(&*bench.store, &at_rest(), &*bench.server.random, plan, bench.now).await.unwrap()
}

fn decode(part: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(part).unwrap()
}

fn header(token: &str) -> Value {
    serde_json::from_slice(&decode(token.split('.').next().unwrap())).unwrap()
}

#[tokio::test]
async fn ky_05_an_app_that_wants_es256_gets_tokens_that_others_verify() {
    let bench = bench_of(SigningAlgorithm::Es256).await;
    let client = bench.client().await;
    let access = bench.tokens(&client).await.access;
    let keys = bench.get(&bench.wiki, Endpoint::Jwks).await.json()["keys"].clone();
    assert_eq!(keys.as_array().unwrap().len(), 1, "only what serves this app");
    assert_eq!((&keys[0]["kty"], &keys[0]["crv"], &keys[0]["use"]), (&json!("EC"), &json!("P-256"), &json!("sig")));
    assert!(keys[0].get("d").is_none());
    assert_eq!(header(&access), json!({ "alg": "ES256", "typ": "at+jwt", "kid": keys[0]["kid"] }));
    let (signed, signature) = access.rsplit_once('.').unwrap();
    let point = [&[4][..], &decode(keys[0]["x"].as_str().unwrap()), &decode(keys[0]["y"].as_str().unwrap())].concat();
    let verifier = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    assert!(verifier.verify(signed.as_bytes(), &decode(signature)).is_ok(), "by another implementation");
    assert_eq!(bench.verify(&bench.wiki, &access).map(|_| ()), Ok(()));
    let others = bench.get(&bench.mail, Endpoint::Jwks).await.json()["keys"].clone();
    assert_eq!((others.as_array().unwrap().len(), &others[0]["kty"]), (1, &json!("OKP")));
}

#[tokio::test]
async fn ky_02_ky_03_ed25519_can_go_by_its_fully_specified_name() {
    let bench = bench_of(SigningAlgorithm::Ed25519).await;
    let client = bench.client().await;
    let access = bench.tokens(&client).await.access;
    let key = bench.get(&bench.wiki, Endpoint::Jwks).await.json()["keys"][0].clone();
    assert_eq!((key["kty"].as_str(), key.get("alg")), (Some("OKP"), None), "the same key, KY-04");
    assert_eq!(header(&access), json!({ "alg": "Ed25519", "typ": "at+jwt", "kid": key["kid"] }));
    assert_eq!(bench.verify(&bench.wiki, &access).map(|_| ()), Ok(()));
}

#[tokio::test]
async fn ky_05_tokens_from_before_a_change_of_the_algorithm_hold_to_their_end() {
    let mut bench = bench_of(SigningAlgorithm::EdDsa).await;
    let client = bench.client().await;
    let access = bench.tokens(&client).await.access;
    bench.wiki.managed.as_mut().unwrap().signing_algorithm = SigningAlgorithm::Es256;
    assert_eq!(bench.verify(&bench.wiki, &access).map(|_| ()), Ok(()));
}

#[tokio::test]
async fn jw_05_the_key_says_how_a_token_is_checked() {
    let bench = bench_of(SigningAlgorithm::Es256).await;
    let client = bench.client().await;
    let access = bench.tokens(&client).await.access;
    let (head, rest) = access.split_once('.').unwrap();
    let head: Value = serde_json::from_slice(&decode(head)).unwrap();
    for alg in ["EdDSA", "Ed25519", "ES384", "ES256K", "HS256", "none", "es256", ""] {
        let mut head = head.clone();
        head["alg"] = json!(alg);
        let forged = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(head.to_string()));
        assert_eq!(bench.verify(&bench.wiki, &forged).map(|_| ()), Err(Invalid::WrongType), "{alg}");
    }
}

#[tokio::test]
async fn ky_10_a_p_256_key_of_one_purpose_verifies_no_other() {
    let bench = bench_of(SigningAlgorithm::Es256).await;
    let keys = &bench.server.keys;
    let kid = keys.signer(KeyPurpose::AccessToken, SigningAlgorithm::Es256, bench.now).unwrap().key().kid().to_owned();
    assert!(keys.verifier(KeyPurpose::AccessToken, &kid, bench.now).is_some());
    assert!(keys.verifier(KeyPurpose::Assertion, &kid, bench.now).is_none());
    let missing = keys.signer(KeyPurpose::Assertion, SigningAlgorithm::Es256, bench.now).unwrap_err();
    assert!(missing.to_string().contains("ES256"), "nobody wants one, so none was made");
}
