//! RFC 7662: who may ask about a token, and what is said.

use crate::harness::*;
use http::{Method, StatusCode, header};
use oauth::Endpoint;
use oauth::client::{Authentication, Client};
use oauth::secret::{Kind, Secret};
use serde_json::json;

/// Asks by HTTP Basic.
async fn introspect(bench: &Bench, credentials: &str, token: &str) -> Answer {
    let mut request = fields([("token", token)]).post();
    request.headers_mut().insert(header::AUTHORIZATION, credentials.parse().unwrap());
    bench.call(&bench.wiki, Endpoint::Introspection, request).await
}

async fn caller(bench: &Bench) -> String {
    bench.service(&bench.wiki, |_| ()).await.1
}

#[track_caller]
fn assert_inactive(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body, r#"{"active":false}"#);
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
}

#[tokio::test]
async fn rv_05_only_a_client_with_a_secret_may_ask() {
    let bench = Bench::new().await;
    let public = bench.client().await;
    let tokens = bench.tokens(&public).await;
    let (client, _) = bench.confidential("client_secret_basic").await;
    let form = fields([("token", tokens.access.as_str())]);
    for form in [form.clone(), form.clone().and("client_id", &public), form.and("client_id", &client)] {
        bench.call(&bench.wiki, Endpoint::Introspection, form.post()).await.assert_error(401, "invalid_client");
    }
    for credentials in [basic(&client, "wrong"), basic("nobody", "x"), format!("Bearer {}", tokens.access)] {
        introspect(&bench, &credentials, &tokens.access).await.assert_error(401, "invalid_client");
    }
}

#[tokio::test]
async fn rv_05_who_registered_itself_sees_its_own_tokens_only() {
    let bench = Bench::new().await;
    let (client, secret) = bench.confidential("client_secret_post").await;
    let code = bench.code(&client).await;
    let own = bench.token(&bench.wiki, &redemption(&client, &code).and("client_secret", &secret)).await.tokens();
    let others = bench.tokens(&bench.client().await).await;
    let form = fields([("client_id", client.as_str()), ("client_secret", &secret)]);
    let ask = |token: &str| bench.call(&bench.wiki, Endpoint::Introspection, form.clone().and("token", token).post());
    assert_eq!(ask(&own.access).await.json()["active"], json!(true));
    assert_inactive(&ask(&others.access).await);
}

#[tokio::test]
async fn rv_05_a_secret_in_the_body_does_as_well() {
    let bench = Bench::new().await;
    let tokens = bench.tokens(&bench.client().await).await;
    let secret = Secret::generate(Kind::Client, &*bench.server.random);
    let in_body = |client: &mut Client| {
        client.authentication = Authentication::ClientSecretPost { secret: secret.hash() };
    };
    let client = bench.service(&bench.wiki, in_body).await.0.id.to_string();
    let secret = secret.expose();
    let form = fields([("token", tokens.access.as_str()), ("client_id", &client), ("client_secret", secret)]);
    let answer = bench.call(&bench.wiki, Endpoint::Introspection, form.post()).await;
    assert_eq!(answer.json()["active"], json!(true));
}

#[tokio::test]
async fn rv_06_whatever_does_not_hold_is_answered_alike() {
    let mut bench = Bench::new().await;
    let caller = caller(&bench).await;
    let client = bench.client().await;
    let (tokens, revoked) = (bench.tokens(&client).await, bench.tokens(&client).await);
    let form = fields([("client_id", client.as_str()), ("token", &revoked.refresh)]);
    bench.call(&bench.wiki, Endpoint::Revocation, form.post()).await;
    for token in [&revoked.access, &revoked.refresh, &tokens.refresh, "x", "a.b.c"] {
        assert_inactive(&introspect(&bench, &caller, token).await);
    }
    bench.later(ACCESS_TOKEN_LIFETIME);
    assert_inactive(&introspect(&bench, &caller, &tokens.access).await);
}

#[tokio::test]
async fn rv_06_rv_07_a_caller_sees_tokens_of_its_own_app_only() {
    let bench = Bench::new().await;
    let tokens = bench.tokens(&bench.client().await).await;
    let metadata = json!({ "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "client_secret_post" });
    let there = bench.register(&bench.mail, &metadata).await.json();
    let (client, secret) = (id(&there), there["client_secret"].as_str().unwrap());
    let form = fields([("token", tokens.access.as_str()), ("client_id", &client), ("client_secret", secret)]);
    assert_inactive(&bench.call(&bench.mail, Endpoint::Introspection, form.post()).await);
    bench.call(&bench.wiki, Endpoint::Introspection, form.post()).await.assert_error(401, "invalid_client");
}

#[tokio::test]
async fn rv_07_an_active_token_is_told_whole() {
    let bench = Bench::new().await;
    let caller = caller(&bench).await;
    let client = bench.client().await;
    let tokens = bench.tokens(&client).await;
    let token = bench.verify(&bench.wiki, &tokens.access).unwrap();
    let answer = introspect(&bench, &caller, &tokens.access).await;
    let expected = json!({
        "active": true, "token_type": "Bearer", "iss": WIKI, "aud": WIKI, "sub": "ada", "client_id": client,
        "scope": tokens.scope, "jti": token.jti, "exp": START.plus(ACCESS_TOKEN_LIFETIME),
        "auth_time": bench.ada.authenticated_at, "acr": "pwd", "amr": ["pwd"],
    });
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, expected));
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
}

#[tokio::test]
async fn rv_08_only_by_post_and_only_in_the_body() {
    let bench = Bench::new().await;
    let caller = caller(&bench).await;
    let get = request(Method::GET, "/introspect?token=x", Default::default());
    let refused = bench.call(&bench.wiki, Endpoint::Introspection, get).await;
    refused.assert_error(405, "invalid_request");
    assert_eq!(refused.header(header::ALLOW), "POST, OPTIONS");
    let mut post = fields([("token", "x")]).post();
    post.headers_mut().insert(header::AUTHORIZATION, caller.parse().unwrap());
    *post.uri_mut() = "/introspect?token=x".parse().unwrap();
    bench.call(&bench.wiki, Endpoint::Introspection, post).await.assert_error(400, "invalid_request");
    introspect(&bench, &caller, "").await.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn tk_14_a_broken_store_makes_no_token_inactive() {
    let bench = Bench::new().await;
    let caller = caller(&bench).await;
    let tokens = bench.tokens(&bench.client().await).await;
    for act in 0..2 {
        bench.store.set(Fault::Nth(act));
        introspect(&bench, &caller, &tokens.access).await.assert_error(503, "temporarily_unavailable");
    }
    assert_eq!(introspect(&bench, &caller, &tokens.access).await.json()["active"], json!(true));
}
