//! RFC 8414: authorization server metadata.

use crate::harness::*;
use http::{StatusCode, header};
use oauth::Endpoint;
use serde_json::{Value, json};

async fn metadata(bench: &Bench) -> Value {
    bench.get(&bench.wiki, Endpoint::AuthorizationServer).await.json()
}

#[tokio::test]
async fn asm_01_asm_02_asm_17_the_metadata_names_its_issuer_and_is_cached_shortly() {
    let bench = Bench::new().await;
    for (app, issuer) in [(&bench.wiki, WIKI), (&bench.mail, MAIL)] {
        let answer = bench.get(app, Endpoint::AuthorizationServer).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
        assert_eq!(answer.header(header::CACHE_CONTROL), "public, max-age=300");
        assert!(!answer.headers.contains_key(header::SET_COOKIE));
        assert_eq!(answer.text("issuer"), issuer);
    }
}

/// The whole document: what a client can rely on, and nothing that is not built.
#[tokio::test]
async fn asm_05_asm_06_asm_07_asm_08_asm_09_asm_12_asm_14_asm_19_asm_22_the_metadata_is_whole_and_true() {
    let bench = Bench::new().await;
    let algorithms = ["ES256", "EdDSA", "Ed25519", "RS256", "PS256"];
    let expected = json!({
        "issuer": "https://wiki.ex",
        "authorization_endpoint": "https://auth.ex/.doorward/authorize/wiki",
        "token_endpoint": "https://wiki.ex/.doorward/token",
        "registration_endpoint": "https://wiki.ex/.doorward/register",
        "jwks_uri": "https://wiki.ex/.doorward/jwks",
        "scopes_supported": ["access", "wiki:write", "offline_access"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"],
        "revocation_endpoint": "https://wiki.ex/.doorward/revoke",
        "revocation_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"],
        "introspection_endpoint": "https://wiki.ex/.doorward/introspect",
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
        "pushed_authorization_request_endpoint": "https://wiki.ex/.doorward/par",
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": ["ES256", "EdDSA", "Ed25519", "RS256", "PS256"],
        "authorization_response_iss_parameter_supported": true,
        "acr_values_supported": ["mfa", "badge"],
    });
    assert_eq!(metadata(&bench).await, expected);
}

#[tokio::test]
async fn asm_10_cm_20_asm_13_asm_20_asm_21_what_is_off_is_not_advertised() {
    let bench = Bench::new().await;
    let metadata = metadata(&bench).await;
    for off in [
        "client_id_metadata_document_supported",
        "device_authorization_endpoint",
        "require_pushed_authorization_requests",
        "request_parameter_supported",
        "request_uri_parameter_supported",
        "authorization_details_types_supported",
        "authorization_grant_profiles_supported",
        "userinfo_endpoint",
        "id_token_signing_alg_values_supported",
    ] {
        assert!(metadata.get(off).is_none(), "{off}");
    }
}

#[tokio::test]
async fn asm_10_client_documents_are_advertised_where_they_are_admitted() {
    let mut bench = Bench::new().await;
    bench.wiki.managed.as_mut().unwrap().client_documents = Some(any_document());
    let metadata = metadata(&bench).await;
    assert_eq!(metadata["client_id_metadata_document_supported"], true);
    let methods = metadata["token_endpoint_auth_methods_supported"].as_array().unwrap();
    assert!(methods.contains(&json!("none")), "agents come with their document only where they may be public");
}

#[tokio::test]
async fn asm_11_dr_25_registration_that_is_off_is_neither_advertised_nor_answered() {
    let mut bench = Bench::new().await;
    bench.wiki.managed.as_mut().unwrap().registration = None;
    assert!(metadata(&bench).await.get("registration_endpoint").is_none());
    let answer = bench.register(&bench.wiki, &json!({ "redirect_uris": [REDIRECT] })).await;
    answer.assert_error(404, "not_found");
    assert!(answer.text("error_description").contains("administrator"));
}

#[tokio::test]
async fn asm_15_endpoints_are_absolute_https_urls_without_fragment() {
    let bench = Bench::new().await;
    for (name, value) in metadata(&bench).await.as_object().unwrap() {
        if name.ends_with("_endpoint") || name.ends_with("_uri") || name == "issuer" {
            let url = url::Url::parse(value.as_str().unwrap()).unwrap();
            assert_eq!((url.scheme(), url.fragment(), url.query()), ("https", None, None), "{name}");
        }
    }
}

#[tokio::test]
async fn asm_18_asm_22_no_member_is_null_or_an_empty_list() {
    let bench = Bench::new().await;
    for value in metadata(&bench).await.as_object().unwrap().values() {
        assert!(!value.is_null() && *value != json!([]) && *value != json!(""));
    }
}
