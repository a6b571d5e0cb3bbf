//! RFC 7523 section 2.2 and 3, draft-ietf-oauth-rfc7523bis: clients that sign instead of having a secret.

mod documents;
mod keys;

use crate::harness::*;
use http::StatusCode;
use serde_json::{Value, json};

const BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const JWKS_URI: &str = "https://agent.ex/jwks.json";

/// A client of the wiki that signs with `key`.
async fn signing_client(bench: &Bench, key: &TestKey) -> String {
    let metadata = json!({ "client_name": "Signer", "redirect_uris": [REDIRECT],
        "token_endpoint_auth_method": "private_key_jwt", "jwks": key.jwks() });
    id(&bench.registered(&metadata).await)
}

/// A good assertion's claims; each call has its own `jti`.
fn claims(bench: &Bench, client: &str) -> Value {
    let now = bench.now.seconds();
    json!({ "iss": client, "sub": client, "aud": WIKI, "iat": now, "exp": now + 300, "jti": bench.server.new_id("jti") })
}

fn asserting(form: Fields, assertion: &str) -> Fields {
    form.and("client_assertion_type", BEARER).and("client_assertion", assertion)
}

async fn redeem(bench: &Bench, client: &str) -> Fields {
    redemption(client, &bench.code(client).await)
}

#[tokio::test]
async fn ca_06_a_client_that_signs_gets_tokens_and_one_that_does_not_gets_none() {
    let bench = Bench::new().await;
    let key = TestKey::new(1);
    let client = signing_client(&bench, &key).await;
    let form = redeem(&bench, &client).await;
    bench.token(&bench.wiki, &form).await.assert_error(401, "invalid_client");
    bench.token(&bench.wiki, &form.clone().and("client_secret", "x")).await.assert_error(401, "invalid_client");
    let answer = bench.token_basic(&bench.wiki, &basic(&client, ""), &form).await;
    answer.assert_error(401, "invalid_client");
    let signed = asserting(form, &key.sign(&claims(&bench, &client)));
    let tokens = bench.token(&bench.wiki, &signed).await.tokens();
    let form = refreshing(&client, &tokens.refresh);
    bench.token(&bench.wiki, &form).await.assert_error(401, "invalid_client");
    bench.token(&bench.wiki, &asserting(form, &key.sign(&claims(&bench, &client)))).await.tokens();
}

#[tokio::test]
async fn ca_06_ca_07_every_forged_claim_is_refused() {
    let bench = Bench::new().await;
    let (key, other) = (TestKey::new(1), signing_client(&Bench::new().await, &TestKey::new(2)).await);
    let client = signing_client(&bench, &key).await;
    let form = redeem(&bench, &client).await;
    let now = bench.now.seconds();
    let token_endpoint = bench.wiki.endpoints.token.as_str();
    for changes in [
        json!({ "iss": other }),
        json!({ "sub": other }),
        json!({ "iss": other, "sub": other }),
        json!({ "iss": null }),
        json!({ "sub": null }),
        json!({ "sub": [client] }),
        json!({ "aud": null }),
        json!({ "aud": "https://other-as.ex" }),
        json!({ "aud": format!("{WIKI}/") }),
        json!({ "aud": token_endpoint }),
        json!({ "aud": MAIL }),
        json!({ "aud": [] }),
        json!({ "aud": [WIKI, "https://other-as.ex"] }),
        json!({ "aud": [WIKI, token_endpoint] }),
        json!({ "aud": [WIKI, 1] }),
        json!({ "exp": null }),
        json!({ "exp": now }),
        json!({ "exp": now - 1 }),
        json!({ "exp": now + 661 }),
        json!({ "exp": (now + 300).to_string() }),
        json!({ "iat": now + 61 }),
        json!({ "nbf": now + 61 }),
        json!({ "iat": "now" }),
        json!({ "jti": null }),
        json!({ "jti": "" }),
        json!({ "jti": 7 }),
        json!({ "jti": "j".repeat(257) }),
    ] {
        let forged = key.sign(&changed(claims(&bench, &client), &changes));
        let answer = bench.token(&bench.wiki, &asserting(form.clone(), &forged)).await;
        answer.assert_error(401, "invalid_client");
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(!text.contains("other-as"), "what was claimed is not told back: {text}");
    }
    // Nothing was used up, and what may vary may.
    let good =
        changed(claims(&bench, &client), &json!({ "aud": [WIKI], "iat": null, "nbf": now + 59, "exp": now + 659 }));
    bench.token(&bench.wiki, &asserting(form, &key.sign(&good))).await.tokens();
}

#[tokio::test]
async fn ca_06_o12_only_the_client_s_own_key_and_a_public_key_algorithm_do() {
    let bench = Bench::new().await;
    let (key, stranger) = (TestKey::new(1), TestKey::new(2));
    let client = signing_client(&bench, &key).await;
    let form = redeem(&bench, &client).await;
    let claims = || claims(&bench, &client);
    let good = key.sign(&claims());
    let (text, signature) = good.rsplit_once('.').unwrap();
    for forged in [
        stranger.sign(&claims()),
        stranger.sign_with(&json!({ "kid": "key-1" }), &claims()),
        stranger.sign_with(&json!({ "kid": null }), &claims()),
        stranger.sign_with(&json!({ "kid": "key-1", "jwk": stranger.jwk() }), &claims()),
        TestKey::rsa().sign_with(&json!({ "kid": "key-1" }), &claims()),
        key.sign_with(&json!({ "alg": "none" }), &claims()),
        key.sign_with(&json!({ "alg": "HS256" }), &claims()),
        key.sign_with(&json!({ "alg": null }), &claims()),
        key.sign_with(&json!({ "crit": ["b64"], "b64": false }), &claims()),
        format!("{text}."),
        format!("{text}.{}", signature.to_ascii_uppercase()),
        text.to_owned(),
        "x".to_owned(),
        String::new(),
    ] {
        bench.token(&bench.wiki, &asserting(form.clone(), &forged)).await.assert_error(401, "invalid_client");
    }
    bench.token(&bench.wiki, &asserting(form, &good)).await.tokens();
}

#[tokio::test]
async fn ca_06_an_assertion_is_used_once() {
    let bench = Bench::new().await;
    let key = TestKey::new(1);
    let client = signing_client(&bench, &key).await;
    let other_metadata = json!({ "client_name": "Another", "redirect_uris": [REDIRECT],
        "token_endpoint_auth_method": "private_key_jwt", "jwks": key.jwks() });
    let other = id(&bench.registered(&other_metadata).await);
    let claims = claims(&bench, &client);
    let form = redeem(&bench, &client).await;
    bench.token(&bench.wiki, &asserting(form, &key.sign(&claims))).await.tokens();
    for again in [key.sign(&claims), key.sign(&changed(claims.clone(), &json!({ "exp": bench.now.seconds() + 500 })))] {
        let form = redeem(&bench, &client).await;
        bench.token(&bench.wiki, &asserting(form, &again)).await.assert_error(401, "invalid_client");
    }
    let same_jti = changed(claims, &json!({ "iss": other, "sub": other }));
    let form = redeem(&bench, &other).await;
    bench.token(&bench.wiki, &asserting(form, &key.sign(&same_jti))).await.tokens();
}

#[tokio::test]
async fn ca_06_of_fifty_at_once_one_assertion_is_used() {
    let bench = std::sync::Arc::new(Bench::new().await);
    let key = TestKey::new(1);
    let client = signing_client(&bench, &key).await;
    let form = asserting(fields([("token", "x")]), &key.sign(&claims(&bench, &client)));
    let asking = (0..50).map(|_| {
        let (bench, form) = (bench.clone(), form.clone());
        tokio::spawn(async move { bench.call(&bench.wiki, oauth::Endpoint::Revocation, form.post()).await.status })
    });
    let mut good = 0;
    for asked in asking.collect::<Vec<_>>() {
        good += usize::from(asked.await.unwrap() == StatusCode::OK);
    }
    assert_eq!(good, 1);
}

#[tokio::test]
async fn ca_07_the_token_endpoint_is_an_audience_by_a_switch() {
    let mut bench = Bench::new().await;
    bench.wiki.managed.as_mut().unwrap().client_assertions.as_mut().unwrap().token_endpoint_audience = true;
    let key = TestKey::new(1);
    let client = signing_client(&bench, &key).await;
    let endpoint = bench.wiki.endpoints.token.clone();
    for aud in [json!(endpoint), json!([endpoint]), json!(WIKI), json!([WIKI, endpoint])] {
        let form = redeem(&bench, &client).await;
        let claims = changed(claims(&bench, &client), &json!({ "aud": aud }));
        bench.token(&bench.wiki, &asserting(form, &key.sign(&claims))).await.tokens();
    }
    let form = redeem(&bench, &client).await;
    let foreign = changed(claims(&bench, &client), &json!({ "aud": [endpoint, "https://other-as.ex"] }));
    bench.token(&bench.wiki, &asserting(form, &key.sign(&foreign))).await.assert_error(401, "invalid_client");
}

#[tokio::test]
async fn ca_08_a_typed_assertion_is_one_and_another_token_is_none() {
    let bench = Bench::new().await;
    let key = TestKey::new(1);
    let client = signing_client(&bench, &key).await;
    for typ in
        [json!("client-authentication+jwt"), json!("application/client-authentication+jwt"), json!("jwt"), json!(null)]
    {
        let form = redeem(&bench, &client).await;
        let assertion = key.sign_with(&json!({ "typ": typ }), &claims(&bench, &client));
        bench.token(&bench.wiki, &asserting(form, &assertion)).await.tokens();
    }
    let form = redeem(&bench, &client).await;
    for typ in ["at+jwt", "dpop+jwt", "oauth-id-jag+jwt", "x"] {
        let assertion = key.sign_with(&json!({ "typ": typ }), &claims(&bench, &client));
        bench.token(&bench.wiki, &asserting(form.clone(), &assertion)).await.assert_error(401, "invalid_client");
    }
}

#[tokio::test]
async fn ca_09_the_assertion_names_its_client() {
    let bench = Bench::new().await;
    let key = TestKey::new(1);
    let client = signing_client(&bench, &key).await;
    let other = bench.other_client().await;
    let form = redeem(&bench, &client).await.without("client_id");
    let signed = || asserting(form.clone(), &key.sign(&claims(&bench, &client)));
    bench.token(&bench.wiki, &signed().and("client_id", &other)).await.assert_error(401, "invalid_client");
    bench.token(&bench.wiki, &signed()).await.tokens();
}

#[tokio::test]
async fn ca_04_an_assertion_is_the_only_way_beside_it() {
    let bench = Bench::new().await;
    let key = TestKey::new(1);
    let client = signing_client(&bench, &key).await;
    let (confidential, secret) = bench.confidential("client_secret_basic").await;
    let form = redeem(&bench, &client).await;
    let signed = || asserting(form.clone(), &key.sign(&claims(&bench, &client)));
    bench.token(&bench.wiki, &signed().and("client_secret", "x")).await.assert_error(400, "invalid_request");
    let answer = bench.token_basic(&bench.wiki, &basic(&client, "x"), &signed()).await;
    answer.assert_error(400, "invalid_request");
    // Who has a secret or nothing is not let in by a signature.
    for other in [confidential, bench.client().await] {
        let form = redeem(&bench, &other).await;
        let assertion = key.sign(&claims(&bench, &other));
        bench.token(&bench.wiki, &asserting(form, &assertion)).await.assert_error(401, "invalid_client");
    }
    assert!(!secret.is_empty());
    let text = key.sign(&claims(&bench, &client));
    for odd in [
        form.clone().and("client_assertion", &text),
        form.clone().and("client_assertion_type", BEARER),
        form.clone()
            .and("client_assertion", &text)
            .and("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"),
    ] {
        bench.token(&bench.wiki, &odd).await.assert_error(401, "invalid_client");
    }
    bench.token(&bench.wiki, &signed()).await.tokens();
}

#[tokio::test]
async fn an_app_without_assertions_knows_no_such_client() {
    let mut bench = Bench::new().await;
    let key = TestKey::new(1);
    let client = signing_client(&bench, &key).await;
    let form = redeem(&bench, &client).await;
    bench.wiki.managed.as_mut().unwrap().client_assertions = None;
    let answer = bench.token(&bench.wiki, &asserting(form, &key.sign(&claims(&bench, &client)))).await;
    answer.assert_error(401, "invalid_client");
    let metadata =
        json!({ "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "private_key_jwt", "jwks": key.jwks() });
    bench.register(&bench.wiki, &metadata).await.assert_error(400, "invalid_client_metadata");
}

#[tokio::test]
async fn a_store_that_is_down_refuses_nobody_for_good() {
    let bench = Bench::new().await;
    let key = TestKey::new(1);
    let client = signing_client(&bench, &key).await;
    let form = redeem(&bench, &client).await;
    let signed = asserting(form, &key.sign(&claims(&bench, &client)));
    bench.store.set(Fault::Nth(1));
    bench.token(&bench.wiki, &signed).await.assert_error(503, "temporarily_unavailable");
    bench.token(&bench.wiki, &signed).await.tokens();
}

#[tokio::test]
async fn rv_01_a_signing_client_revokes_and_introspects_too() {
    let bench = Bench::new().await;
    let key = TestKey::new(1);
    let client = signing_client(&bench, &key).await;
    let form = redeem(&bench, &client).await;
    let tokens = bench.token(&bench.wiki, &asserting(form, &key.sign(&claims(&bench, &client)))).await.tokens();
    let asked = || asserting(fields([("token", tokens.access.as_str())]), &key.sign(&claims(&bench, &client)));
    let answer = bench.call(&bench.wiki, oauth::Endpoint::Introspection, asked().post()).await;
    assert_eq!(answer.json()["active"], true);
    assert_eq!(bench.call(&bench.wiki, oauth::Endpoint::Revocation, asked().post()).await.status, StatusCode::OK);
    assert!(bench.present(&bench.wiki, &tokens.access).await.is_err());
}
