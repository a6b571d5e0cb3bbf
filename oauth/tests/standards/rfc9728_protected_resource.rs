//! RFC 9728: protected resource metadata.

use crate::harness::*;
use http::{Method, StatusCode, header};
use oauth::Endpoint;
use oauth::app::App;
use serde_json::json;

fn metadata_of(resource: &str) -> Endpoint {
    Endpoint::ProtectedResource { resource: resource.to_owned() }
}

#[tokio::test]
async fn prm_01_prm_12_the_metadata_is_json_for_everybody() {
    let bench = Bench::new().await;
    let answer = bench.get(&bench.wiki, metadata_of(WIKI)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
    for absent in [header::LOCATION, header::SET_COOKIE, header::WWW_AUTHENTICATE] {
        assert!(!answer.headers.contains_key(&absent), "{absent}");
    }
}

#[tokio::test]
async fn prm_02_prm_03_prm_04_the_resource_is_the_one_asked_for_byte_for_byte() {
    let bench = Bench::new().await;
    let cases: [(&App, &str); 4] = [
        (&bench.wiki, WIKI),
        (&bench.wiki, "https://wiki.ex/any/page"),
        (&bench.mail, MAIL),
        (&bench.mail, "https://mail.ex"),
    ];
    for (app, resource) in cases {
        assert_eq!(bench.get(app, metadata_of(resource)).await.text("resource"), resource);
    }
}

#[tokio::test]
async fn prm_05_prm_19_each_app_has_its_own_resource_and_issuer() {
    let bench = Bench::new().await;
    let wiki = bench.get(&bench.wiki, metadata_of(WIKI)).await.json();
    let mail = bench.get(&bench.mail, metadata_of(MAIL)).await.json();
    assert_ne!(wiki["resource"], mail["resource"]);
    assert_ne!(wiki["authorization_servers"], mail["authorization_servers"]);
}

#[tokio::test]
async fn prm_06_prm_07_the_one_authorization_server_is_the_issuer_byte_for_byte() {
    let bench = Bench::new().await;
    for (app, resource) in [(&bench.wiki, WIKI), (&bench.mail, MAIL)] {
        let issuer = bench.get(app, Endpoint::AuthorizationServer).await.json()["issuer"].clone();
        let metadata = bench.get(app, metadata_of(resource)).await.json();
        assert_eq!(metadata["authorization_servers"], json!([issuer]));
    }
}

#[tokio::test]
async fn prm_08_prm_09_prm_10_prm_11_scopes_are_named_without_offline_access_and_no_list_is_empty() {
    let bench = Bench::new().await;
    let metadata = bench.get(&bench.wiki, metadata_of(WIKI)).await.json();
    assert_eq!(metadata["scopes_supported"], json!(["access", "wiki:write"]));
    assert_eq!(metadata["bearer_methods_supported"], json!(["header"]));
    assert!(metadata.as_object().unwrap().values().all(|value| !value.is_null() && *value != json!([])));
}

#[tokio::test]
async fn prm_13_what_is_no_resource_of_the_app_is_404_json() {
    let bench = Bench::new().await;
    for resource in
        ["https://mail.ex/nope", "https://mail.ex/mcp2", "https://wiki.ex", "https://mail.ex/mcp/../x", "nonsense"]
    {
        bench.get(&bench.mail, metadata_of(resource)).await.assert_error(404, "not_found");
    }
}

#[tokio::test]
async fn prm_13_an_app_without_managed_oauth_has_no_endpoint_for_clients() {
    let mut bench = Bench::new().await;
    bench.wiki.managed = None;
    let gets = [metadata_of(WIKI), Endpoint::AuthorizationServer, Endpoint::Jwks];
    for endpoint in gets {
        bench.get(&bench.wiki, endpoint).await.assert_error(404, "not_found");
    }
    bench.register(&bench.wiki, &json!({ "redirect_uris": [REDIRECT] })).await.assert_error(404, "not_found");
    bench.token(&bench.wiki, &refreshing("c", "t")).await.assert_error(404, "not_found");
}

#[tokio::test]
async fn prm_14_asm_17_dr_23_tk_30_pages_of_every_origin_may_call_without_credentials() {
    let bench = Bench::new().await;
    let endpoints = [
        metadata_of(WIKI),
        Endpoint::AuthorizationServer,
        Endpoint::Jwks,
        Endpoint::Registration,
        Endpoint::Token,
        Endpoint::Revocation,
        Endpoint::Introspection,
    ];
    for endpoint in endpoints {
        let preflight = request(Method::OPTIONS, "/", Default::default());
        let preflight = bench.call(&bench.wiki, endpoint.clone(), preflight).await;
        assert_eq!(preflight.status, StatusCode::NO_CONTENT);
        let allowed = preflight.header(header::ACCESS_CONTROL_ALLOW_HEADERS).to_ascii_lowercase();
        for name in ["mcp-protocol-version", "authorization", "content-type"] {
            assert!(allowed.contains(name), "{name} at {endpoint:?}");
        }
        // The wrong method is an error, and pages can read that too.
        let error = bench.call(&bench.wiki, endpoint, request(Method::PUT, "/", Default::default())).await;
        for answer in [preflight, error] {
            assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
            assert_eq!(
                answer.header(header::ACCESS_CONTROL_EXPOSE_HEADERS),
                "WWW-Authenticate, DPoP-Nonce, Doorward-Decision"
            );
            assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
        }
    }
}

#[tokio::test]
async fn prm_14_head_is_answered_and_other_methods_are_refused() {
    let bench = Bench::new().await;
    let head = request(Method::HEAD, "/", Default::default());
    assert_eq!(bench.call(&bench.wiki, metadata_of(WIKI), head).await.status, StatusCode::OK);
    let post = bench.call(&bench.wiki, metadata_of(WIKI), json_post("{}")).await;
    post.assert_error(405, "invalid_request");
    assert_eq!(post.header(header::ALLOW), "GET, HEAD, OPTIONS");
}

#[tokio::test]
async fn prm_15_prm_16_asm_15_the_request_changes_nothing_in_the_metadata() {
    let bench = Bench::new().await;
    for endpoint in [metadata_of(WIKI), Endpoint::AuthorizationServer] {
        let plain = bench.get(&bench.wiki, endpoint.clone()).await;
        let mut spoofed = request(Method::GET, "https://evil.ex/.well-known/x?x=1", Default::default());
        for name in ["host", "x-forwarded-host", "x-forwarded-proto", "forwarded", "x-original-url"] {
            spoofed.headers_mut().insert(name, "evil.ex".parse().unwrap());
        }
        assert_eq!(bench.call(&bench.wiki, endpoint, spoofed).await.body, plain.body);
    }
}

#[tokio::test]
async fn prm_17_the_metadata_is_kept_for_at_most_an_hour() {
    let bench = Bench::new().await;
    let answer = bench.get(&bench.wiki, metadata_of(WIKI)).await;
    assert_eq!(answer.header(header::CACHE_CONTROL), "public, max-age=300");
    assert!(!answer.headers.contains_key(header::VARY));
}
