//! Clients with a document that sign, or may (rows CM-10 and CM-26 to CM-29).

use super::{JWKS_URI, asserting, claims};
use crate::harness::*;
use oauth::Reply;
use oauth::world::FetchError;
use serde_json::{Value, json};

const CHATGPT: &str = "https://chatgpt.com/oauth/abc/client.json";
const CHATGPT_REDIRECT: &str = "https://chatgpt.com/connector/oauth/abc";
const CHATGPT_KEYS: &str = "https://chatgpt.com/oauth/jwks.json";

async fn bench() -> Bench {
    let mut bench = Bench::new().await;
    bench.wiki.managed.as_mut().unwrap().client_documents = Some(any_document());
    bench
}

fn publish(bench: &Bench, changes: &Value) {
    bench.published.put(DOCUMENT, &changed(document(DOCUMENT), changes));
}

fn publish_chatgpt(bench: &Bench) {
    bench.published.put(CHATGPT_KEYS, &TestKey::rsa().jwks());
    bench.published.put(
        CHATGPT,
        &json!({
            "client_id": CHATGPT,
            "client_name": "ChatGPT",
            "client_uri": "https://chatgpt.com/",
            "redirect_uris": [CHATGPT_REDIRECT],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
            "token_endpoint_auth_signing_alg": "RS256",
            "jwks_uri": CHATGPT_KEYS,
        }),
    );
}

async fn redeem_at(bench: &Bench, client: &str, redirect_uri: &str) -> Fields {
    let code =
        bench.code_for(&authorization(client).with("redirect_uri", redirect_uri).with("prompt", "consent")).await;
    redemption(client, &code).with("redirect_uri", redirect_uri)
}

#[tokio::test]
async fn cm_10_a_document_with_keys_makes_a_client_that_must_sign() {
    let key = TestKey::new(1);
    for keys in [json!({ "jwks": key.jwks() }), json!({ "jwks_uri": JWKS_URI })] {
        let bench = bench().await;
        bench.published.put(JWKS_URI, &key.jwks());
        publish(&bench, &changed(json!({ "token_endpoint_auth_method": "private_key_jwt" }), &keys));
        let form = redeem_at(&bench, DOCUMENT, REDIRECT).await;
        bench.token(&bench.wiki, &form).await.assert_error(401, "invalid_client");
        let stranger = TestKey::new(2).sign(&claims(&bench, DOCUMENT));
        bench.token(&bench.wiki, &asserting(form.clone(), &stranger)).await.assert_error(401, "invalid_client");
        let signed = asserting(form, &key.sign(&claims(&bench, DOCUMENT)));
        let tokens = bench.token(&bench.wiki, &signed).await.tokens();
        bench.refresh(DOCUMENT, &tokens.refresh).await.assert_error(401, "invalid_client");
        let form = asserting(refreshing(DOCUMENT, &tokens.refresh), &key.sign(&claims(&bench, DOCUMENT)));
        bench.token(&bench.wiki, &form).await.tokens();
        assert!(bench.published.asked().iter().all(|url| url == DOCUMENT || url == JWKS_URI));
    }
}

#[tokio::test]
async fn cm_26_chatgpt_signs_and_what_it_signed_for_it_refreshes_by_signing() {
    let bench = bench().await;
    publish_chatgpt(&bench);
    let key = TestKey::rsa();
    let form = redeem_at(&bench, CHATGPT, CHATGPT_REDIRECT).await;
    let signed = asserting(form, &key.sign(&claims(&bench, CHATGPT)));
    let tokens = bench.token(&bench.wiki, &signed).await.tokens();
    // A stolen refresh token is worth nothing without the key, although the client may come without one.
    bench.refresh(CHATGPT, &tokens.refresh).await.assert_error(401, "invalid_client");
    let form = asserting(refreshing(CHATGPT, &tokens.refresh), &key.sign(&claims(&bench, CHATGPT)));
    bench.token(&bench.wiki, &form).await.tokens();
}

#[tokio::test]
async fn cm_26_chatgpt_may_come_without_a_signature_but_not_with_a_wrong_one() {
    let bench = bench().await;
    publish_chatgpt(&bench);
    let form = redeem_at(&bench, CHATGPT, CHATGPT_REDIRECT).await;
    for forged in [
        TestKey::new(1).sign(&claims(&bench, CHATGPT)),
        TestKey::rsa().sign(&changed(claims(&bench, CHATGPT), &json!({ "aud": "https://other-as.ex" }))),
        "x".to_owned(),
    ] {
        bench.token(&bench.wiki, &asserting(form.clone(), &forged)).await.assert_error(401, "invalid_client");
    }
    let tokens = bench.token(&bench.wiki, &form).await.tokens();
    bench.refresh(CHATGPT, &tokens.refresh).await.tokens();
}

#[tokio::test]
async fn cm_26_without_assertions_the_intersection_is_none() {
    let mut bench = bench().await;
    publish_chatgpt(&bench);
    bench.wiki.managed.as_mut().unwrap().client_assertions = None;
    let form = redeem_at(&bench, CHATGPT, CHATGPT_REDIRECT).await;
    let assertion = TestKey::rsa().sign(&claims(&bench, CHATGPT));
    bench.token(&bench.wiki, &asserting(form.clone(), &assertion)).await.assert_error(401, "invalid_client");
    bench.token(&bench.wiki, &form).await.tokens();
    assert_eq!(bench.published.asked(), [CHATGPT]);
}

#[tokio::test]
async fn cm_20_cm_26_the_pinned_chatgpt_needs_no_network_unless_it_signs() {
    let bench = bench().await;
    let client = "https://chatgpt.com/oauth/client.json";
    let redirect_uri = "https://chatgpt.com/connector_platform_oauth_redirect";
    let form = redeem_at(&bench, client, redirect_uri).await;
    bench.token(&bench.wiki, &form).await.tokens();
    assert!(bench.published.asked().is_empty());
    let form = redeem_at(&bench, client, redirect_uri).await;
    let signed = asserting(form, &TestKey::rsa().sign(&claims(&bench, client)));
    bench.published.fail(CHATGPT_KEYS, FetchError::Failed("no way out".to_owned()));
    bench.token(&bench.wiki, &signed).await.assert_error(503, "temporarily_unavailable");
    bench.published.put(CHATGPT_KEYS, &TestKey::rsa().jwks());
    bench.token(&bench.wiki, &signed).await.tokens();
}

#[tokio::test]
async fn cm_26_the_list_wins_over_the_single_value() {
    let key = TestKey::new(1);
    for (changes, public) in [
        (
            json!({ "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_methods_supported": ["none"] }),
            true,
        ),
        (
            json!({ "token_endpoint_auth_method": "none", "token_endpoint_auth_methods_supported": ["private_key_jwt"] }),
            false,
        ),
        (
            json!({ "token_endpoint_auth_method": "none", "token_endpoint_auth_methods_supported": ["tls_client_auth", "private_key_jwt"] }),
            false,
        ),
    ] {
        let bench = bench().await;
        publish(&bench, &changed(changes.clone(), &json!({ "jwks": key.jwks() })));
        let form = redeem_at(&bench, DOCUMENT, REDIRECT).await;
        let answer = bench.token(&bench.wiki, &form).await;
        assert_eq!(answer.status.is_success(), public, "{changes}");
    }
}

#[tokio::test]
async fn cm_27_a_document_without_a_way_is_refused_by_name() {
    let no_use = json!({ "keys": [{ "kty": "EC", "crv": "P-384", "x": "AA", "y": "AA" }] });
    for changes in [
        json!({ "token_endpoint_auth_method": "private_key_jwt" }),
        json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": no_use }),
        json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "http://agent.ex/jwks.json" }),
        json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://10.0.0.1/jwks.json" }),
        json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": JWKS_URI, "token_endpoint_auth_signing_alg": "HS256" }),
        json!({ "token_endpoint_auth_methods_supported": ["private_key_jwt"] }),
        json!({ "token_endpoint_auth_methods_supported": [] }),
        json!({ "token_endpoint_auth_method": "tls_client_auth" }),
    ] {
        let bench = bench().await;
        publish(&bench, &changes);
        let Reply::Page(error) = bench.ask(&authorization(DOCUMENT)).await else { panic!("{changes}") };
        assert!(error.description.contains("authentication method"), "{}", error.description);
    }
    let mut bench = bench().await;
    publish(&bench, &json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": JWKS_URI }));
    bench.wiki.managed.as_mut().unwrap().client_assertions = None;
    let Reply::Page(error) = bench.ask(&authorization(DOCUMENT)).await else { panic!() };
    assert!(error.description.contains("administrator"), "{}", error.description);
}
