//! Where the keys of a client come from: its registration, or what it publishes.

use super::{JWKS_URI, asserting, claims, redeem};
use crate::harness::*;
use oauth::world::{FetchError, Fetched};
use serde_json::{Value, json};
use std::time::Duration;

/// A client of the wiki whose keys are at [`JWKS_URI`].
async fn publishing_client(bench: &Bench) -> String {
    let metadata = json!({ "client_name": "Publisher", "redirect_uris": [REDIRECT],
        "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": JWKS_URI });
    id(&bench.registered(&metadata).await)
}

async fn ask(bench: &Bench, client: &str, key: &TestKey) -> Answer {
    let form = redeem(bench, client).await;
    bench.token(&bench.wiki, &asserting(form, &key.sign(&claims(bench, client)))).await
}

#[tokio::test]
async fn dr_05_dr_19_keys_are_fetched_when_they_are_needed_and_kept() {
    let mut bench = Bench::new().await;
    let key = TestKey::new(1);
    bench.published.put(JWKS_URI, &key.jwks());
    let client = publishing_client(&bench).await;
    assert!(bench.published.asked().is_empty(), "a registration fetches nothing");
    for _ in 0..3 {
        ask(&bench, &client, &key).await.tokens();
    }
    assert_eq!(bench.published.asked(), [JWKS_URI]);
    bench.later(Duration::from_secs(300));
    ask(&bench, &client, &key).await.tokens();
    assert_eq!(bench.published.asked().len(), 2);
}

#[tokio::test]
async fn cm_14_what_is_refused_anyway_fetches_nothing() {
    let bench = Bench::new().await;
    let key = TestKey::new(1);
    let client = publishing_client(&bench).await;
    let form = redeem(&bench, &client).await;
    for changes in [json!({ "aud": "https://other.ex" }), json!({ "exp": 1 }), json!({ "iss": "x" })] {
        let assertion = key.sign(&changed(claims(&bench, &client), &changes));
        bench.token(&bench.wiki, &asserting(form.clone(), &assertion)).await.assert_error(401, "invalid_client");
    }
    assert!(bench.published.asked().is_empty());
}

#[tokio::test]
async fn a_new_key_is_fetched_once_and_not_for_every_stranger() {
    let mut bench = Bench::new().await;
    let (old, new) = (TestKey::new(1), TestKey::new(2));
    bench.published.put(JWKS_URI, &old.jwks());
    let client = publishing_client(&bench).await;
    ask(&bench, &client, &old).await.tokens();
    bench.published.put(JWKS_URI, &new.jwks());
    ask(&bench, &client, &new).await.assert_error(401, "invalid_client");
    assert_eq!(bench.published.asked().len(), 1, "not again within a minute");
    bench.later(Duration::from_secs(60));
    ask(&bench, &client, &new).await.tokens();
    assert_eq!(bench.published.asked().len(), 2);
    for _ in 0..5 {
        ask(&bench, &client, &TestKey::new(3)).await.assert_error(401, "invalid_client");
    }
    assert_eq!(bench.published.asked().len(), 2);
    ask(&bench, &client, &old).await.assert_error(401, "invalid_client");
}

#[tokio::test]
async fn keys_that_cannot_be_fetched_are_neither_right_nor_wrong() {
    let mut bench = Bench::new().await;
    let key = TestKey::new(1);
    let client = publishing_client(&bench).await;
    let form = redeem(&bench, &client).await;
    let signed = asserting(form, &key.sign(&claims(&bench, &client)));
    bench.published.fail(JWKS_URI, FetchError::Forbidden("agent.ex has the address 10.0.0.7".to_owned()));
    let answer = bench.token(&bench.wiki, &signed).await;
    answer.assert_error(503, "temporarily_unavailable");
    assert!(!String::from_utf8_lossy(&answer.body).contains("10.0.0.7"), "nobody maps the network by this");
    bench.published.answer(JWKS_URI, Fetched { status: 404, ..json_answer(&key.jwks()) });
    bench.token(&bench.wiki, &signed).await.assert_error(503, "temporarily_unavailable");
    for bad in [json!({}), json!({ "keys": [] }), json!({ "keys": [{ "kty": "oct", "k": "AA" }] }), json!([key.jwk()])]
    {
        bench.published.put(JWKS_URI, &bad);
        bench.token(&bench.wiki, &signed).await.assert_error(401, "invalid_client");
    }
    bench.published.put(JWKS_URI, &key.jwks());
    bench.token(&bench.wiki, &signed).await.tokens();
    bench.later(Duration::from_secs(1));
}

#[tokio::test]
async fn o15_a_host_is_asked_for_keys_so_often_in_a_minute_and_no_more() {
    let bench = Bench::new().await;
    let key = TestKey::new(1);
    let client = publishing_client(&bench).await;
    bench.published.fail(JWKS_URI, FetchError::Failed("timeout".to_owned()));
    for _ in 0..40 {
        let form = asserting(fields([("token", "x")]), &key.sign(&claims(&bench, &client)));
        let answer = bench.call(&bench.wiki, oauth::Endpoint::Revocation, form.post()).await;
        answer.assert_error(503, "temporarily_unavailable");
    }
    assert_eq!(bench.published.asked().len(), 20);
}

#[tokio::test]
async fn dr_05_keys_are_registered_whole_and_echoed() {
    let bench = Bench::new().await;
    let key = TestKey::new(1);
    let metadata = json!({ "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "private_key_jwt" });
    let with = |changes: Value| changed(metadata.clone(), &changes);
    let registered =
        bench.registered(&with(json!({ "jwks": key.jwks(), "token_endpoint_auth_signing_alg": "EdDSA" }))).await;
    assert_eq!(registered["token_endpoint_auth_method"], "private_key_jwt");
    assert_eq!(registered["token_endpoint_auth_signing_alg"], "EdDSA");
    assert_eq!(registered["jwks"]["keys"][0]["x"], key.jwk()["x"]);
    assert!(registered.get("client_secret").is_none() && registered.get("jwks_uri").is_none());
    let registered = bench.registered(&with(json!({ "jwks_uri": JWKS_URI }))).await;
    assert_eq!(registered["jwks_uri"], JWKS_URI);
    let mut private = key.jwks();
    private["keys"][0]["d"] = json!("AA");
    for bad in [
        json!({}),
        json!({ "jwks": key.jwks(), "jwks_uri": JWKS_URI }),
        json!({ "jwks": private }),
        json!({ "jwks": { "keys": [] } }),
        json!({ "jwks": { "keys": [{ "kty": "oct", "k": "AA" }] } }),
        json!({ "jwks": "x" }),
        json!({ "jwks_uri": "http://agent.ex/jwks.json" }),
        json!({ "jwks_uri": "https://127.0.0.1/jwks.json" }),
        json!({ "jwks_uri": "https://localhost/jwks.json" }),
        json!({ "jwks_uri": "https://ada@agent.ex/jwks.json" }),
        json!({ "jwks_uri": 1 }),
        json!({ "jwks_uri": JWKS_URI, "token_endpoint_auth_signing_alg": "none" }),
        json!({ "jwks_uri": JWKS_URI, "token_endpoint_auth_signing_alg": "HS256" }),
        json!({ "jwks": key.jwks(), "token_endpoint_auth_method": "client_secret_jwt" }),
    ] {
        bench.register(&bench.wiki, &with(bad)).await.assert_error(400, "invalid_client_metadata");
    }
    let unasked = bench.registered(&json!({ "redirect_uris": [REDIRECT], "jwks": key.jwks() })).await;
    assert_eq!(unasked["token_endpoint_auth_method"], "none", "never assigned unasked");
    assert!(bench.published.asked().is_empty());
}

#[tokio::test]
async fn a_client_that_named_its_algorithm_signs_by_no_other() {
    let bench = Bench::new().await;
    let (rsa, ed25519) = (TestKey::rsa(), TestKey::new(1));
    let metadata = json!({ "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "private_key_jwt",
        "jwks": { "keys": [rsa.jwk(), ed25519.jwk()] }, "token_endpoint_auth_signing_alg": "RS256" });
    let client = id(&bench.registered(&metadata).await);
    ask(&bench, &client, &ed25519).await.assert_error(401, "invalid_client");
    ask(&bench, &client, &rsa).await.tokens();
}

#[tokio::test]
async fn asm_14_tx_03_the_metadata_says_how_clients_may_sign() {
    let mut bench = Bench::new().await;
    let metadata = bench.get(&bench.wiki, oauth::Endpoint::AuthorizationServer).await.json();
    for endpoint in ["token", "revocation", "introspection"] {
        let methods = metadata[format!("{endpoint}_endpoint_auth_methods_supported")].as_array().unwrap();
        assert!(methods.contains(&json!("private_key_jwt")), "{endpoint}");
        let algorithms = metadata[format!("{endpoint}_endpoint_auth_signing_alg_values_supported")].as_array().unwrap();
        assert!(algorithms.contains(&json!("RS256")) && algorithms.contains(&json!("ES256")), "{endpoint}");
        assert!(!algorithms.contains(&json!("none")) && !algorithms.contains(&json!("HS256")), "{endpoint}");
    }
    bench.wiki.managed.as_mut().unwrap().client_assertions = None;
    let metadata = bench.get(&bench.wiki, oauth::Endpoint::AuthorizationServer).await.json().to_string();
    assert!(!metadata.contains("private_key_jwt") && !metadata.contains("auth_signing_alg_values"));
}
