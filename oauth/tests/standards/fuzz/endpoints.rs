//! Endpoints, as a stranger calls them.

use super::corpus;
use crate::harness::{Answer, Bench, DOCUMENT, REDIRECT, basic, id, json_post, request};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use oauth::app::DocumentRules;
use oauth::world::Fetched;
use oauth::{Endpoint, Reply};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::sync::Arc;

fn wait<T>(future: impl Future<Output = T>) -> T {
    thread_local!(static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap());
    RUNTIME.with(|runtime| runtime.block_on(future))
}

/// An error that every client can read (OAuth 2.1 section 3.2.4).
#[track_caller]
fn assert_readable(answer: &Answer) {
    let body = answer.json();
    let plain = |text: &str| text.bytes().all(|b| matches!(b, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
    assert!(body["error"].as_str().is_some_and(|code| !code.is_empty() && plain(code)), "{body}");
    assert!(body["error_description"].as_str().is_some_and(plain), "{body}");
}

/// No member that says nothing (row DR-03).
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Number(number) => number.is_i64() || number.is_u64(),
        Value::Array(items) => items.iter().all(says_something),
        Value::Object(members) => members.values().all(says_something),
        Value::Bool(_) => true,
    }
}

#[test]
fn dr_03_dr_07_dr_08_fuzz_registrations() {
    let bench = RefCell::new(wait(Bench::new()));
    let registered = Cell::new(0);
    corpus("registration").fuzz(|body| {
        let answer = wait(bench.borrow().call(&bench.borrow().wiki, Endpoint::Registration, json_post(body.to_vec())));
        if answer.status != 201 {
            assert!(matches!(answer.status.as_u16(), 400 | 413), "{:?}", answer.body);
            return assert_readable(&answer);
        }
        let client = answer.json();
        assert!(says_something(&client), "{client}");
        assert!(client["redirect_uris"].as_array().is_some_and(|uris| !uris.is_empty()), "{client}");
        let method = client["token_endpoint_auth_method"].as_str().unwrap();
        let has_secret = client["client_secret"].is_string() && client["client_secret_expires_at"].is_u64();
        assert_eq!(has_secret, method.starts_with("client_secret_"), "{client}");
        registered.set(registered.get() + 1);
        if registered.get() % 90 == 0 {
            // Before the app has no room for more.
            bench.replace(wait(Bench::new()));
        }
    });
    assert!(registered.get() > 100, "hardly anything was registered: {}", registered.get());
}

#[test]
fn cm_03_cm_04_cm_09_cm_23_fuzz_client_documents() {
    let bench = RefCell::new(wait(Bench::new()));
    let rules = DocumentRules { allowed_domains: Vec::new(), implicit_none: true };
    bench.borrow_mut().wiki.managed.as_mut().unwrap().client_documents = Some(rules);
    let accepted = Cell::new(0);
    corpus("client_document").fuzz(|body| {
        // Nothing is remembered.
        bench.borrow_mut().server.documents = Arc::default();
        let bench = bench.borrow();
        let content_type = Some("application/json".to_owned());
        bench
            .published
            .answer(DOCUMENT, Fetched { status: 200, content_type, max_age: None, body: body.to_vec().into() });
        match wait(bench.ask(&crate::harness::authorization(DOCUMENT))) {
            Reply::Consent(consent) => {
                let document: Value = serde_json::from_slice(body).unwrap();
                assert_eq!(document["client_id"], DOCUMENT);
                assert!(document.get("client_secret").is_none(), "{document}");
                assert_eq!(consent.client_id, DOCUMENT);
                assert!(!consent.client_name.is_empty() && !consent.client_name.contains(char::is_control));
                accepted.set(accepted.get() + 1);
            }
            Reply::Page(error) => assert_eq!(error.code.page_status(), 400, "{error}"),
            other => panic!("{other:?}"),
        }
    });
    assert!(accepted.get() > 50, "hardly any was accepted: {}", accepted.get());
}

/// `Authorization header`, a tab, and the body; `ID` and `SECRET` stand for those of a client.
fn called(bytes: &[u8], (id, secret): (&str, &str)) -> Option<Request<Bytes>> {
    let at = bytes.iter().position(|byte| *byte == b'\t')?;
    let (authorization, body) = (&bytes[..at], &bytes[at + 1..]);
    let body = String::from_utf8_lossy(body).replace("SECRET", secret).replace("ID", id);
    let mut made = request(Method::POST, "/", body.into());
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    made.headers_mut().insert(header::CONTENT_TYPE, form);
    match authorization {
        b"" => {}
        b"BASIC" => drop(made.headers_mut().insert(header::AUTHORIZATION, basic(id, secret).parse().unwrap())),
        other => drop(made.headers_mut().insert(header::AUTHORIZATION, HeaderValue::from_bytes(other).ok()?)),
    }
    Some(made)
}

#[test]
fn tk_04_fuzz_what_clients_post() {
    let bench = wait(Bench::new());
    let client = wait(bench.confidential("client_secret_basic"));
    let client = (client.0.as_str(), client.1.as_str());
    corpus("post").fuzz(|bytes| {
        for endpoint in [Endpoint::Token, Endpoint::Revocation, Endpoint::Introspection] {
            let Some(request) = called(bytes, client) else { return };
            let answer = wait(bench.call(&bench.wiki, endpoint.clone(), request));
            match answer.status.as_u16() {
                // There is no token yet.
                200 if endpoint == Endpoint::Introspection => assert_eq!(answer.json(), json!({ "active": false })),
                200 => assert_eq!(endpoint, Endpoint::Revocation),
                400 | 401 => assert_readable(&answer),
                other => panic!("{endpoint:?} answered {other}"),
            }
        }
    });
}

#[test]
fn ru_01_fuzz_authorization_requests() {
    let bench = wait(Bench::new());
    let client = id(&wait(bench.registered(&json!({ "client_name": "Test", "redirect_uris": [REDIRECT] }))));
    let (asked, sent_back) = (Cell::new(0), Cell::new(0));
    corpus("authorization").fuzz_text(|text| {
        let query: String = text.replace("CLIENT", &client);
        let Ok(request) = Request::builder().uri(format!("/authorize?{query}")).body(Bytes::new()) else { return };
        match wait(bench.authorization(&bench.wiki, Some(&bench.ada), request)) {
            Reply::Consent(consent) => {
                assert_eq!(consent.client_id, client);
                asked.set(asked.get() + 1);
            }
            Reply::Response(response) => {
                let location = response.headers()[header::LOCATION].to_str().unwrap();
                assert!(is_at_client(location), "an open redirector: {location}");
                sent_back.set(sent_back.get() + 1);
            }
            Reply::Page(error) => assert_eq!(error.code.page_status(), 400, "{error}"),
            other => panic!("{other:?}"),
        }
    });
    assert!(asked.get() > 20 && sent_back.get() > 100, "{} {}", asked.get(), sent_back.get());
}

/// Whether a URL is the client's, on any port.
fn is_at_client(location: &str) -> bool {
    let url = url::Url::parse(location).unwrap();
    (url.scheme(), url.host_str(), url.path()) == ("http", Some("127.0.0.1"), "/callback")
}
