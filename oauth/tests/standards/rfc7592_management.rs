//! RFC 7592: a client reads, changes and ends its own registration.

use crate::harness::*;
use bytes::Bytes;
use http::{Method, StatusCode, header};
use oauth::Endpoint;
use serde_json::{Value, json};
use std::time::Duration;

const METHOD: &str = "client_secret_post";

struct Registered {
    id: String,
    secret: String,
    token: String,
}

async fn register(bench: &Bench) -> Registered {
    let client = bench.registered(&metadata()).await;
    let text = |name: &str| client[name].as_str().unwrap().to_owned();
    assert_eq!(text("registration_client_uri"), format!("{}/{}", bench.wiki.endpoints.registration, text("client_id")));
    Registered { id: text("client_id"), secret: text("client_secret"), token: text("registration_access_token") }
}

fn metadata() -> Value {
    json!({ "client_name": "Managed", "redirect_uris": [REDIRECT], "token_endpoint_auth_method": METHOD })
}

async fn manage(bench: &Bench, method: Method, id: &str, token: &str, body: &Value) -> Answer {
    let mut request = request(method, "/", if body.is_null() { Bytes::new() } else { body.to_string().into() });
    if !token.is_empty() {
        request.headers_mut().insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    }
    bench.call(&bench.wiki, Endpoint::ClientConfiguration { client: id.to_owned() }, request).await
}

fn update(client: &Registered, changes: &Value) -> Value {
    changed(changed(metadata(), &json!({ "client_id": client.id })), changes)
}

/// What the token endpoint says to the client with this secret.
async fn status(bench: &Bench, id: &str, secret: &str) -> u16 {
    let form = fields([("token", "x"), ("client_id", id), ("client_secret", secret)]);
    bench.call(&bench.wiki, Endpoint::Revocation, form.post()).await.status.as_u16()
}

#[tokio::test]
async fn dr_22_a_client_reads_its_registration() {
    let bench = Bench::new().await;
    let client = register(&bench).await;
    let answer = manage(&bench, Method::GET, &client.id, &client.token, &json!(null)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    let told = answer.json();
    assert_eq!((&told["client_id"], &told["client_name"]), (&json!(client.id), &json!("Managed")));
    assert_eq!(told["registration_access_token"], client.token);
    assert!(told.get("client_secret").is_none(), "it is not kept");
    assert!(!bench.store.dump().contains(&client.token), "only its hash is kept");
}

#[tokio::test]
async fn dr_22_a_wrong_token_is_401_and_changes_nothing() {
    let bench = Bench::new().await;
    let (client, other) = (register(&bench).await, register(&bench).await);
    let public = bench.client().await;
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let body = update(&client, &json!({ "client_name": "Evil" }));
        for (id, token) in [
            (&client.id, ""),
            (&client.id, "x"),
            (&client.id, &*other.token),
            (&client.id, &*client.secret),
            (&other.id, &*client.token),
            (&public, &*client.token),
            (&"dw_c_unknown".to_owned(), &*client.token),
            (&"x".repeat(1000), &*client.token),
        ] {
            let answer = manage(&bench, method.clone(), id, token, &body).await;
            answer.assert_error(401, "invalid_token");
            assert!(answer.header(header::WWW_AUTHENTICATE).starts_with("Bearer"));
        }
    }
    let told = manage(&bench, Method::GET, &client.id, &client.token, &json!(null)).await.json();
    assert_eq!(told["client_name"], "Managed");
    assert_eq!(status(&bench, &client.id, &client.secret).await, 200);
}

#[tokio::test]
async fn dr_22_only_a_client_that_is_nobody_else_s_manages_itself() {
    let bench = Bench::new().await;
    let key = TestKey::new(1);
    for shared in [
        json!({ "redirect_uris": [REDIRECT] }),
        json!({ "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "private_key_jwt", "jwks": key.jwks() }),
    ] {
        let client = bench.registered(&shared).await;
        assert!(client.get("registration_access_token").is_none() && client.get("registration_client_uri").is_none());
    }
}

#[tokio::test]
async fn dr_22_ca_13_a_change_replaces_all_and_brings_a_new_secret() {
    let mut bench = Bench::new().await;
    let client = register(&bench).await;
    let body = update(
        &client,
        &json!({ "client_name": "Renamed", "redirect_uris": ["http://127.0.0.1/new", "https://evil.ex/cb"] }),
    );
    let answer = manage(&bench, Method::PUT, &client.id, &client.token, &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
    let told = answer.json();
    assert_eq!((&told["client_id"], &told["client_name"]), (&json!(client.id), &json!("Renamed")));
    assert_eq!(told["redirect_uris"], json!(["http://127.0.0.1/new"]), "by the rules of now");
    let secret = told["client_secret"].as_str().unwrap().to_owned();
    assert_ne!(secret, client.secret);
    assert_eq!(status(&bench, &client.id, &secret).await, 200);
    assert_eq!(status(&bench, &client.id, &client.secret).await, 200, "the old one does for a while");
    bench.later(Duration::from_secs(3600));
    assert_eq!(status(&bench, &client.id, &client.secret).await, 401);
    assert_eq!(status(&bench, &client.id, &secret).await, 200);
    assert_eq!(error_page(bench.ask(&authorization(&client.id)).await), 400, "the old redirect URI is gone");
}

#[tokio::test]
async fn dr_22_a_bad_change_is_refused_whole() {
    let bench = Bench::new().await;
    let (client, other) = (register(&bench).await, register(&bench).await);
    for (changes, error) in [
        (json!({ "client_id": null }), "invalid_request"),
        (json!({ "client_id": other.id }), "invalid_request"),
        (json!({ "client_secret": other.secret }), "invalid_request"),
        (json!({ "registration_access_token": client.token }), "invalid_request"),
        (json!({ "client_secret_expires_at": 0 }), "invalid_request"),
        (json!({ "token_endpoint_auth_method": "none" }), "invalid_client_metadata"),
        (json!({ "token_endpoint_auth_method": null }), "invalid_client_metadata"),
        (json!({ "redirect_uris": null }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["https://evil.ex/cb"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": [REDIRECT, "javascript:alert(1)"] }), "invalid_redirect_uri"),
    ] {
        let answer = manage(&bench, Method::PUT, &client.id, &client.token, &update(&client, &changes)).await;
        answer.assert_error(400, error);
    }
    let own = update(&client, &json!({ "client_secret": client.secret }));
    assert_eq!(manage(&bench, Method::PUT, &client.id, &client.token, &own).await.status, StatusCode::OK);
    manage(&bench, Method::POST, &client.id, &client.token, &own).await.assert_error(405, "invalid_request");
    let large = update(&client, &json!({ "x": "x".repeat(20_000) }));
    manage(&bench, Method::PUT, &client.id, &client.token, &large).await.assert_error(413, "invalid_request");
}

#[tokio::test]
async fn dr_22_a_client_that_ends_takes_its_tokens_with_it() {
    let bench = Bench::new().await;
    let client = register(&bench).await;
    let form = redemption(&client.id, &bench.code(&client.id).await).and("client_secret", &client.secret);
    let tokens = bench.token(&bench.wiki, &form).await.tokens();
    let answer = manage(&bench, Method::DELETE, &client.id, &client.token, &json!(null)).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(bench.present(&bench.wiki, &tokens.access).await.is_err());
    let form = refreshing(&client.id, &tokens.refresh).and("client_secret", &client.secret);
    bench.token(&bench.wiki, &form).await.assert_error(401, "invalid_client");
    let again = manage(&bench, Method::GET, &client.id, &client.token, &json!(null)).await;
    again.assert_error(401, "invalid_token");
}

#[tokio::test]
async fn dr_23_pages_may_manage_their_clients() {
    let bench = Bench::new().await;
    let answer = manage(&bench, Method::OPTIONS, "x", "", &json!(null)).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_METHODS), "GET, PUT, DELETE, OPTIONS");
    assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
}
