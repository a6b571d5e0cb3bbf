//! OAuth 2.1 section 4.2: a service in its own name, which is never a person.

use crate::harness::*;
use http::StatusCode;
use oauth::client::{Authentication, Client};
use oauth::grant_type::GrantType;
use oauth::store::{EndedBecause, GrantFilter, Store};
use oauth::{Endpoint, jwt};
use serde_json::json;

/// A client of the wiki that may ask in its own name: as kept, and its header.
async fn service(bench: &Bench) -> (Client, String) {
    bench.service(&bench.wiki, allowed).await
}

fn allowed(client: &mut Client) {
    client.grant_types = [GrantType::ClientCredentials].into();
}

fn asking() -> Fields {
    fields([("grant_type", "client_credentials")])
}

#[tokio::test]
async fn tx_01_only_a_confidential_client_that_an_administrator_let_may_ask() {
    let bench = Bench::new().await;
    let (_, without) = bench.service(&bench.wiki, |_| ()).await;
    bench.token_basic(&bench.wiki, &without, &asking()).await.assert_error(400, "unauthorized_client");
    let public = |client: &mut Client| {
        allowed(client);
        client.authentication = Authentication::None;
    };
    let (public, _) = bench.service(&bench.wiki, public).await;
    let form = asking().and("client_id", public.id.as_str());
    bench.token(&bench.wiki, &form).await.assert_error(400, "unauthorized_client");
    let metadata = json!({
        "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code", "client_credentials"],
    });
    let itself = bench.registered(&metadata).await;
    assert_eq!(itself["grant_types"], json!(["authorization_code"]), "who registers itself speaks for a person");
    let credentials = basic(&id(&itself), itself["client_secret"].as_str().unwrap());
    bench.token_basic(&bench.wiki, &credentials, &asking()).await.assert_error(400, "unauthorized_client");
    let (client, credentials) = service(&bench).await;
    let wrong = basic(client.id.as_str(), "dw_cs_wrong");
    bench.token_basic(&bench.wiki, &wrong, &asking()).await.assert_error(401, "invalid_client");
    bench.token_basic(&bench.mail, &credentials, &asking()).await.assert_error(401, "invalid_client");
    assert_eq!(bench.token_basic(&bench.wiki, &credentials, &asking()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn tx_02_a_service_gets_no_refresh_token_and_is_not_offline() {
    let bench = Bench::new().await;
    let (_, credentials) = service(&bench).await;
    let form = asking().and("scope", "access offline_access");
    let answer = bench.token_basic(&bench.wiki, &credentials, &form).await.json();
    assert!(answer.get("refresh_token").is_none(), "{answer}");
    assert_eq!((&answer["token_type"], &answer["scope"]), (&json!("Bearer"), &json!("access")));
    assert_eq!(answer["expires_in"], json!(ACCESS_TOKEN_LIFETIME.as_secs()));
    let alone = asking().and("scope", "offline_access");
    assert_eq!(bench.token_basic(&bench.wiki, &credentials, &alone).await.text("scope"), "access");
}

#[tokio::test]
async fn tx_03_the_metadata_offers_it_with_a_way_to_authenticate() {
    let bench = Bench::new().await;
    let metadata = bench.get(&bench.wiki, Endpoint::AuthorizationServer).await.json();
    let lists = |member: &str, value: &str| metadata[member].as_array().unwrap().contains(&json!(value));
    assert!(lists("grant_types_supported", "client_credentials"));
    assert!(lists("token_endpoint_auth_methods_supported", "client_secret_basic"));
}

#[tokio::test]
async fn tx_04_the_resource_is_heeded() {
    let bench = Bench::new().await;
    let (_, credentials) = service(&bench).await;
    let tokens = bench.token_basic(&bench.wiki, &credentials, &asking().and("resource", WIKI)).await.tokens();
    assert!(bench.verify(&bench.wiki, &tokens.access).is_ok());
    assert_eq!(bench.verify(&bench.mail, &tokens.access), Err(jwt::Invalid::WrongPlace));
    let elsewhere = bench.token_basic(&bench.wiki, &credentials, &asking().and("resource", MAIL)).await;
    elsewhere.assert_error(400, "invalid_target");
}

#[tokio::test]
async fn jw_11_a_services_token_names_the_client_and_says_what_it_is() {
    let bench = Bench::new().await;
    let (client, credentials) = service(&bench).await;
    let access = bench.token_basic(&bench.wiki, &credentials, &asking()).await.tokens().access;
    let token = bench.present(&bench.wiki, &access).await.unwrap();
    assert_eq!((token.sub.as_str(), token.client_id.as_str()), (client.id.as_str(), client.id.as_str()));
    assert_eq!(token.kind.as_deref(), Some("service"));
    assert!(token.sub.starts_with("dw_c_"), "people's subjects begin otherwise");
    let person = bench.tokens(&bench.client().await).await;
    assert_eq!(bench.verify(&bench.wiki, &person.access).unwrap().kind, None);
    let (_, resource_server) = bench.service(&bench.wiki, |_| ()).await;
    let mut request = fields([("token", access.as_str())]).post();
    request.headers_mut().insert("authorization", resource_server.parse().unwrap());
    let told = bench.call(&bench.wiki, Endpoint::Introspection, request).await.json();
    assert_eq!((&told["active"], &told["type"]), (&json!(true), &json!("service")));
}

#[tokio::test]
async fn tx_01_a_service_has_no_more_than_its_client_was_given() {
    let bench = Bench::new().await;
    let narrow = |client: &mut Client| {
        allowed(client);
        client.details.scope = Some("access".to_owned());
    };
    let (_, credentials) = bench.service(&bench.wiki, narrow).await;
    let scope = async |scope: Option<&str>| {
        let form = scope.map_or(asking(), |scope| asking().and("scope", scope));
        bench.token_basic(&bench.wiki, &credentials, &form).await
    };
    assert_eq!(scope(None).await.text("scope"), "access");
    assert_eq!(scope(Some("access wiki:write")).await.text("scope"), "access");
    scope(Some("wiki:write")).await.assert_error(400, "invalid_scope");
    scope(Some("unheard")).await.assert_error(400, "invalid_scope");
}

#[tokio::test]
async fn sc_04_a_client_with_codes_has_no_more_than_it_was_given_either() {
    let bench = Bench::new().await;
    let narrow = |client: &mut Client| {
        client.grant_types = GrantType::of_code_client(true);
        client.redirect_uris = vec!["https://nobody-listed.ex/cb".to_owned()];
        client.details.scope = Some("access".to_owned());
    };
    let (client, _) = bench.service(&bench.wiki, narrow).await;
    let query = authorization(client.id.as_str()).with("redirect_uri", "https://nobody-listed.ex/cb");
    let consent = page_of(bench.ask(&query.clone().and("scope", "access wiki:write")).await);
    assert_eq!(consent.scopes.iter().map(|scope| scope.name.as_str()).collect::<Vec<_>>(), ["access"]);
    assert_eq!(consent.vouched_by, oauth::call::VouchedBy::Administrator);
    let refused = redirect_of(bench.ask(&query.and("scope", "wiki:write")).await);
    assert_eq!(refused.parameter("error").as_deref(), Some("invalid_scope"));
}

#[tokio::test]
async fn jw_10_all_tokens_of_a_service_belong_to_one_grant_that_can_be_ended() {
    let mut bench = Bench::new().await;
    let (client, credentials) = service(&bench).await;
    let first = bench.token_basic(&bench.wiki, &credentials, &asking()).await.tokens().access;
    bench.later(SECOND);
    let second = bench.token_basic(&bench.wiki, &credentials, &asking()).await.tokens().access;
    let listed = bench.store.grants(&GrantFilter::of(client.id.as_str()), bench.now).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert!(bench.store.revoke_grant(&listed[0].grant.id, EndedBecause::RevokedByAdmin, bench.now).await.unwrap());
    for token in [&first, &second] {
        assert!(bench.present(&bench.wiki, token).await.is_err());
    }
    let third = bench.token_basic(&bench.wiki, &credentials, &asking()).await.tokens().access;
    assert!(bench.present(&bench.wiki, &third).await.is_ok(), "a policy or the client's removal shuts it out");
    assert!(bench.store.remove_client("wiki", &client.id, bench.now).await.unwrap());
    assert!(bench.present(&bench.wiki, &third).await.is_err());
    bench.token_basic(&bench.wiki, &credentials, &asking()).await.assert_error(401, "invalid_client");
}

#[tokio::test]
async fn tx_01_the_policy_is_asked_each_time() {
    let bench = Bench::new().await;
    let (_, credentials) = service(&bench).await;
    bench.policy.set(Mood::Refuses);
    bench.token_basic(&bench.wiki, &credentials, &asking()).await.assert_error(400, "unauthorized_client");
    bench.policy.set(Mood::Unavailable);
    bench.token_basic(&bench.wiki, &credentials, &asking()).await.assert_error(503, "temporarily_unavailable");
    bench.policy.set(Mood::Approves);
    for act in 0..2 {
        bench.store.set(Fault::Nth(act));
        bench.token_basic(&bench.wiki, &credentials, &asking()).await.assert_error(503, "temporarily_unavailable");
    }
    assert_eq!(bench.token_basic(&bench.wiki, &credentials, &asking()).await.status, StatusCode::OK);
}
