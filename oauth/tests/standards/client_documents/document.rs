//! What a document must say, and must not (section 4).

use super::{bench, publish, refused, rules};
use crate::harness::*;
use oauth::Reply;
use oauth::world::{FetchError, Fetched};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn cm_03_the_document_names_its_own_url() {
    let bench = bench().await;
    for other in [
        json!("https://agent.ex/client.json/"),
        json!("https://AGENT.ex/client.json"),
        json!("https://agent.ex:443/client.json"),
        json!("https://evil.ex/client.json"),
        json!([DOCUMENT]),
        Value::Null,
    ] {
        publish(&bench, &json!({ "client_id": other }));
        assert!(refused(&bench).await.contains("client_id"), "{other}");
    }
}

#[tokio::test]
async fn cm_04_name_and_redirect_uris_are_required() {
    let bench = bench().await;
    for name in [Value::Null, json!(""), json!("\u{202e}\u{200b} "), json!(1), json!(["x"])] {
        publish(&bench, &json!({ "client_name": name }));
        assert!(refused(&bench).await.contains("client_name"), "{name}");
    }
    let many = vec!["http://localhost/cb"; 33];
    for uris in [Value::Null, json!([]), json!(REDIRECT), json!([REDIRECT, 1]), json!([REDIRECT, null]), json!(many)] {
        publish(&bench, &json!({ "redirect_uris": uris }));
        assert!(refused(&bench).await.contains("redirect_uris"), "{uris}");
    }
}

#[tokio::test]
async fn cm_04_one_dangerous_redirect_uri_refuses_the_document() {
    let bench = bench().await;
    for bad in [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "http://evil.ex/cb",
        "https://ada@agent.ex/cb",
        "https://agent.ex/cb#x",
        "/cb",
    ] {
        publish(&bench, &json!({ "redirect_uris": [REDIRECT, bad] }));
        assert!(refused(&bench).await.contains("redirect_uris"), "{bad}");
    }
}

#[tokio::test]
async fn cm_06_the_content_type_is_json() {
    let mut bench = bench().await;
    for (kind, good) in [
        (Some("application/json"), true),
        (Some("application/json; charset=utf-8"), true),
        (Some("Application/JSON"), true),
        (Some("application/ld+json"), true),
        (Some("text/html"), false),
        (Some("text/plain"), false),
        (Some("text/json"), false),
        (Some("application/jsonp"), false),
        (Some("application/xml; json"), false),
        (None, false),
    ] {
        let content_type = kind.map(str::to_owned);
        bench.published.answer(DOCUMENT, Fetched { content_type, ..json_answer(&document(DOCUMENT)) });
        let reply = bench.ask(&authorization(DOCUMENT)).await;
        assert_eq!(matches!(reply, Reply::Consent(_)), good, "{kind:?}");
        bench.later(Duration::from_secs(3600));
    }
}

#[tokio::test]
async fn cm_06_cm_23_the_body_is_one_strict_json_object() {
    let bench = bench().await;
    let good = document(DOCUMENT).to_string();
    let twice = good.replacen('{', r#"{"client_id":"https://evil.ex/c","#, 1);
    let deep = good.replacen('{', &format!("{{\"x\":{}{},", "[".repeat(9), "]".repeat(9)), 1);
    let wide = good.replacen('{', &format!("{{\"x\":[{}],", ["1"; 65].join(",")), 1);
    for bad in
        [&twice, &deep, &wide, &format!("[{good}]"), &format!("{good}{good}"), &"<html>".to_owned(), &String::new()]
    {
        let body = bad.clone().into();
        bench.published.answer(DOCUMENT, Fetched { body, ..json_answer(&Value::Null) });
        assert!(refused(&bench).await.contains("JSON"), "{bad}");
    }
}

#[tokio::test]
async fn cm_07_a_large_document_is_refused() {
    let mut bench = bench().await;
    let pad = |size: usize| {
        let body = document(DOCUMENT).to_string();
        format!("{body}{}", " ".repeat(size - body.len()))
    };
    bench.published.answer(DOCUMENT, Fetched { body: pad(64 * 1024 + 1).into(), ..json_answer(&Value::Null) });
    assert!(refused(&bench).await.contains("too large"));
    bench.published.answer(DOCUMENT, Fetched { body: pad(64 * 1024).into(), ..json_answer(&Value::Null) });
    page_of(bench.ask(&authorization(DOCUMENT)).await);
    bench.later(Duration::from_secs(3600));
    bench.published.fail(DOCUMENT, FetchError::TooLarge(64 * 1024));
    refused(&bench).await;
}

#[tokio::test]
async fn cm_09_nothing_secret_is_in_a_document() {
    let bench = bench().await;
    for secret in [
        json!({ "client_secret": "x" }),
        json!({ "client_secret": "" }),
        json!({ "client_secret_expires_at": 0 }),
        json!({ "token_endpoint_auth_method": "client_secret_basic" }),
        json!({ "token_endpoint_auth_method": "client_secret_post" }),
        json!({ "token_endpoint_auth_method": "client_secret_jwt" }),
        json!({ "token_endpoint_auth_methods_supported": ["none", "client_secret_post"] }),
        json!({ "token_endpoint_auth_method": "client_secret_post", "token_endpoint_auth_methods_supported": ["none"] }),
    ] {
        publish(&bench, &secret);
        assert!(refused(&bench).await.contains("secret"), "{secret}");
    }
}

#[tokio::test]
async fn cm_28_a_document_without_a_method_is_public_by_a_switch() {
    let mut bench = bench().await;
    publish(&bench, &json!({ "token_endpoint_auth_method": null }));
    page_of(bench.ask(&authorization(DOCUMENT)).await);
    rules(&mut bench).implicit_none = false;
    assert!(refused(&bench).await.contains("token_endpoint_auth_method"));
}

#[tokio::test]
async fn cm_29_private_keys_in_a_document_refuse_it() {
    let bench = bench().await;
    let public = TestKey::new(1).jwk();
    publish(&bench, &json!({ "jwks": { "keys": [public] } }));
    page_of(bench.ask(&authorization(DOCUMENT)).await);
    let mut bench = bench;
    bench.later(Duration::from_secs(3600));
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] {
        let mut private = public.clone();
        private[member] = json!("x");
        publish(&bench, &json!({ "jwks": { "keys": [public, private] } }));
        assert!(refused(&bench).await.contains("private keys"), "{member}");
    }
    for jwks in [json!({ "keys": [{ "kty": "oct" }] }), json!({}), json!([]), json!("x")] {
        publish(&bench, &json!({ "jwks": jwks }));
        assert!(refused(&bench).await.contains("jwks"), "{jwks}");
    }
}

#[tokio::test]
async fn a_document_for_another_flow_is_refused() {
    let bench = bench().await;
    for flow in [
        json!({ "grant_types": ["client_credentials"] }),
        json!({ "grant_types": "authorization_code" }),
        json!({ "response_types": ["token"] }),
    ] {
        publish(&bench, &flow);
        assert!(refused(&bench).await.contains("authorization code"), "{flow}");
    }
}

#[tokio::test]
async fn dr_17_the_name_in_a_document_is_cleaned() {
    let bench = bench().await;
    publish(&bench, &json!({ "client_name": "Ag\u{202e}ent\u{0}\u{200b}" }));
    assert_eq!(page_of(bench.ask(&authorization(DOCUMENT)).await).client_name, "Agent");
}
