//! draft-ietf-oauth-identity-assertion-authz-grant (ID-JAG), as the enterprise-managed authorization of MCP uses it.

use crate::harness::*;
use http::StatusCode;
use oauth::Endpoint;
use oauth::app::TokenIssuer;
use oauth::grant_type::GrantType;
use oauth::jose::Algorithm;
use oauth::store::Store;
use oauth::world::FetchError;
use serde_json::{Value, json};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const KEYS: &str = "https://company.ex/keys";

/// A bench whose wiki trusts the company, with a client that may bring its assertions.
async fn bench() -> (Bench, String, String) {
    let mut bench = Bench::new().await;
    let issuer = TokenIssuer {
        name: "company".to_owned(),
        issuer: COMPANY.to_owned(),
        jwks_uri: KEYS.parse().unwrap(),
        algorithms: Algorithm::ALL.to_vec(),
    };
    bench.wiki.managed.as_mut().unwrap().token_issuers.push(issuer);
    bench.published.put(KEYS, &key().jwks());
    let (client, secret) = register(&bench, "Agent").await;
    (bench, client, secret)
}

async fn register(bench: &Bench, name: &str) -> (String, String) {
    let metadata = json!({ "client_name": name, "redirect_uris": [REDIRECT],
        "token_endpoint_auth_method": "client_secret_post", "grant_types": ["authorization_code", "refresh_token", GRANT] });
    let client = bench.registered(&metadata).await;
    (id(&client), client["client_secret"].as_str().unwrap().to_owned())
}

fn key() -> TestKey {
    TestKey::new(9)
}

fn claims(bench: &Bench, client: &str) -> Value {
    let now = bench.now.seconds();
    json!({ "iss": COMPANY, "sub": "ada-at-company", "aud": WIKI, "client_id": client, "resource": WIKI,
        "iat": now, "exp": now + 300, "jti": bench.server.new_id("jti"), "scope": "access wiki:write",
        "email": "eve@company.ex" })
}

fn sign(claims: &Value) -> String {
    key().sign_with(&json!({ "typ": "oauth-id-jag+jwt" }), claims)
}

fn bring((client, secret): (&str, &str), assertion: &str) -> Fields {
    fields([("grant_type", GRANT), ("client_id", client), ("client_secret", secret), ("assertion", assertion)])
}

async fn ask(bench: &Bench, client: &str, secret: &str, claims: &Value) -> Answer {
    bench.token(&bench.wiki, &bring((client, secret), &sign(claims))).await
}

#[tokio::test]
async fn tx_07_tx_12_tx_14_tx_15_an_assertion_gives_a_token_for_the_linked_person() {
    let (bench, client, secret) = bench().await;
    let answer = ask(&bench, &client, &secret, &claims(&bench, &client)).await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
    assert!(answer.json().get("refresh_token").is_none());
    let access = answer.text("access_token");
    let token = bench.present(&bench.wiki, &access).await.unwrap();
    assert_eq!(
        (token.sub.as_str(), token.client_id.as_str(), token.scope.as_str()),
        ("ada", &*client, "access wiki:write")
    );
    assert!(bench.present(&bench.mail, &access).await.is_err());
    let grant = bench.store.grant(&token.grant).await.unwrap().unwrap();
    assert_eq!((grant.login_method.as_str(), grant.details.opened_by), ("company", Some(GrantType::JwtBearer)));
    assert_eq!(grant.expires_at, bench.now.plus(ACCESS_TOKEN_LIFETIME), "it ends with its token");
    bench.store.revoke_grant(&grant.id, oauth::store::EndedBecause::RevokedByAdmin, bench.now).await.unwrap();
    assert!(bench.present(&bench.wiki, &access).await.is_err());
}

#[tokio::test]
async fn tx_07_tx_08_tx_09_tx_10_tx_12_tx_15_tx_17_every_bad_assertion_is_refused_alike() {
    let (bench, client, secret) = bench().await;
    let (other, _) = register(&bench, "Other").await;
    let now = bench.now.seconds();
    let mut texts = Vec::new();
    for changes in [
        json!({ "iss": "https://stranger.ex" }),
        json!({ "iss": null }),
        json!({ "iss": format!("{COMPANY}/") }),
        json!({ "aud": null }),
        json!({ "aud": MAIL }),
        json!({ "aud": bench.wiki.endpoints.token }),
        json!({ "aud": [WIKI, MAIL] }),
        json!({ "aud": [WIKI, WIKI] }),
        json!({ "aud": [] }),
        json!({ "client_id": other }),
        json!({ "client_id": null }),
        json!({ "exp": null }),
        json!({ "exp": now }),
        json!({ "exp": now + 3661 }),
        json!({ "exp": "soon" }),
        json!({ "iat": null }),
        json!({ "iat": now + 61 }),
        json!({ "nbf": now + 61 }),
        json!({ "jti": null }),
        json!({ "jti": "" }),
        json!({ "resource": MAIL }),
        json!({ "resource": [WIKI, MAIL] }),
        json!({ "resource": [] }),
        json!({ "resource": 1 }),
        json!({ "sub": null }),
        json!({ "sub": "" }),
        json!({ "sub": "somebody-else" }),
        json!({ "sub": "ada" }),
        json!({ "tenant": "south" }),
        json!({ "tenant": "" }),
        json!({ "tenant": 1 }),
        json!({ "scope": "foreign" }),
        json!({ "scope": ["access"] }),
    ] {
        let answer = ask(&bench, &client, &secret, &changed(claims(&bench, &client), &changes)).await;
        answer.assert_error(400, "invalid_grant");
        texts.push(String::from_utf8_lossy(&answer.body).into_owned());
    }
    let good = || claims(&bench, &client);
    for forged in [
        key().sign(&good()),
        key().sign_with(&json!({ "typ": "client-authentication+jwt" }), &good()),
        key().sign_with(&json!({ "typ": null }), &good()),
        key().sign_with(&json!({ "typ": "oauth-id-jag+jwt", "alg": "none" }), &good()),
        key().sign_with(&json!({ "typ": "oauth-id-jag+jwt", "alg": "HS256" }), &good()),
        TestKey::new(8).sign_with(&json!({ "typ": "oauth-id-jag+jwt" }), &good()),
        TestKey::new(8).sign_with(&json!({ "typ": "oauth-id-jag+jwt", "kid": "key-9" }), &good()),
        TestKey::new(8)
            .sign_with(&json!({ "typ": "oauth-id-jag+jwt", "kid": "key-9", "jwk": TestKey::new(8).jwk() }), &good()),
        "x".to_owned(),
    ] {
        let answer = bench.token(&bench.wiki, &bring((&client, &secret), &forged)).await;
        answer.assert_error(400, "invalid_grant");
        texts.push(String::from_utf8_lossy(&answer.body).into_owned());
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
    // What may vary does.
    for changes in [
        json!({ "aud": [WIKI] }),
        json!({ "resource": [WIKI] }),
        json!({ "resource": null }),
        json!({ "exp": now + 3660 }),
    ] {
        let answer = ask(&bench, &client, &secret, &changed(good(), &changes)).await;
        assert_eq!(answer.status, StatusCode::OK, "{changes}");
    }
}

#[tokio::test]
async fn tx_15_the_tenant_is_a_part_of_who_somebody_is() {
    let (bench, client, secret) = bench().await;
    let north = changed(claims(&bench, &client), &json!({ "tenant": "north" }));
    let answer = ask(&bench, &client, &secret, &north).await;
    assert_eq!(bench.present(&bench.wiki, &answer.text("access_token")).await.unwrap().sub, "another-ada");
}

#[tokio::test]
async fn tx_11_an_assertion_is_used_once() {
    let (bench, client, secret) = bench().await;
    let claims = claims(&bench, &client);
    assert_eq!(ask(&bench, &client, &secret, &claims).await.status, StatusCode::OK);
    for again in [claims.clone(), changed(claims, &json!({ "exp": bench.now.seconds() + 600 }))] {
        ask(&bench, &client, &secret, &again).await.assert_error(400, "invalid_grant");
    }
}

#[tokio::test]
async fn tx_13_the_scope_is_what_is_asked_for_and_allowed_and_offered() {
    let (bench, client, secret) = bench().await;
    for (allowed, requested, granted) in [
        (json!("access wiki:write"), None, Some("access wiki:write")),
        (json!("access wiki:write"), Some("access"), Some("access")),
        (json!("access"), Some("access wiki:write"), Some("access")),
        (json!("access foreign offline_access"), Some("access offline_access"), Some("access")),
        (json!(null), None, Some("access")),
        (json!(null), Some("access wiki:write"), Some("access")),
        (json!("access"), Some("wiki:write"), None),
    ] {
        let assertion = sign(&changed(claims(&bench, &client), &json!({ "scope": allowed })));
        let mut form = bring((&client, &secret), &assertion);
        if let Some(requested) = requested {
            form = form.with("scope", requested);
        }
        let answer = bench.token(&bench.wiki, &form).await;
        match granted {
            Some(granted) => assert_eq!(answer.text("scope"), granted, "{allowed} {requested:?}"),
            None => answer.assert_error(400, "invalid_scope"),
        }
    }
}

#[tokio::test]
async fn tx_09_only_a_client_that_authenticates_and_asked_for_it_may() {
    let (bench, client, secret) = bench().await;
    let assertion = sign(&claims(&bench, &client));
    for wrong in ["", "x"] {
        bench.token(&bench.wiki, &bring((&client, wrong), &assertion)).await.assert_error(401, "invalid_client");
    }
    let (plain, plain_secret) = bench.confidential("client_secret_post").await;
    let own = sign(&claims(&bench, &plain));
    bench.token(&bench.wiki, &bring((&plain, &plain_secret), &own)).await.assert_error(400, "unauthorized_client");
    let public =
        json!({ "client_name": "P", "redirect_uris": [REDIRECT], "grant_types": ["authorization_code", GRANT] });
    let public = id(&bench.registered(&public).await);
    let form = bring((&public, ""), &sign(&claims(&bench, &public))).without("client_secret");
    bench.token(&bench.wiki, &form).await.assert_error(400, "unauthorized_client");
    let form = bring((&client, &secret), &assertion).with("resource", MAIL);
    bench.token(&bench.wiki, &form).await.assert_error(400, "invalid_target");
    bench
        .token(&bench.wiki, &bring((&client, &secret), &assertion).without("assertion"))
        .await
        .assert_error(400, "invalid_request");
    assert_eq!(
        bench.token(&bench.wiki, &bring((&client, &secret), &assertion)).await.status,
        StatusCode::OK,
        "nothing was used up"
    );
}

#[tokio::test]
async fn tx_10_the_policy_is_asked_and_what_is_out_of_order_uses_nothing_up() {
    let (bench, client, secret) = bench().await;
    let form = bring((&client, &secret), &sign(&claims(&bench, &client)));
    bench.policy.set(Mood::Refuses);
    bench.token(&bench.wiki, &form).await.assert_error(400, "invalid_grant");
    bench.policy.set(Mood::Unavailable);
    bench.token(&bench.wiki, &form).await.assert_error(503, "temporarily_unavailable");
    bench.policy.set(Mood::Approves);
    bench.store.set(Fault::Nth(1));
    bench.token(&bench.wiki, &form).await.assert_error(503, "temporarily_unavailable");
    assert_eq!(bench.token(&bench.wiki, &form).await.status, StatusCode::OK);
}

#[tokio::test]
async fn tx_10_keys_that_cannot_be_fetched_are_neither_right_nor_wrong() {
    let (bench, client, secret) = bench().await;
    bench.published.fail(KEYS, FetchError::Failed("timeout".to_owned()));
    let form = bring((&client, &secret), &sign(&claims(&bench, &client)));
    bench.token(&bench.wiki, &form).await.assert_error(503, "temporarily_unavailable");
    bench.published.put(KEYS, &key().jwks());
    assert_eq!(bench.token(&bench.wiki, &form).await.status, StatusCode::OK);
}

#[tokio::test]
async fn asm_21_the_grant_is_advertised_where_an_issuer_is_trusted() {
    let (bench, client, secret) = bench().await;
    let metadata = bench.get(&bench.wiki, Endpoint::AuthorizationServer).await.json();
    assert!(metadata["grant_types_supported"].as_array().unwrap().contains(&json!(GRANT)));
    let profiles = &metadata["authorization_grant_profiles_supported"];
    assert_eq!(*profiles, json!(["urn:ietf:params:oauth:grant-profile:id-jag"]));
    let other = bench.get(&bench.mail, Endpoint::AuthorizationServer).await.json().to_string();
    assert!(!other.contains("jwt-bearer") && !other.contains("id-jag"));
    let mut bench = bench;
    bench.wiki.managed.as_mut().unwrap().token_issuers.clear();
    let form = bring((&client, &secret), &sign(&claims(&bench, &client)));
    bench.token(&bench.wiki, &form).await.assert_error(400, "unsupported_grant_type");
}
