//! The browser-or-not rule, and headers that may be there once.

mod fuzz;

use super::*;
use http::HeaderValue;

fn read(method: &Method, fields: &[(&'static str, &str)]) -> Result<Request, Malformed> {
    let mut headers = HeaderMap::new();
    headers.append("host", HeaderValue::from_static("app.ex"));
    for (name, value) in fields {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    let parts = Parts { method, target: b"/x", authority: None, headers: &headers };
    Request::read(&parts, "127.0.0.1".parse().unwrap(), Timestamp::from_seconds(1), "d_1".into())
}

const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

#[test]
fn ch_07_only_a_persons_navigation_is_one() {
    assert!(read(&Method::GET, &[HTML]).unwrap().is_navigation());
    assert!(read(&Method::HEAD, &[HTML, ("sec-fetch-mode", "navigate")]).unwrap().is_navigation());
}

#[test]
fn ch_08_to_ch_14_everything_else_is_not() {
    let others: &[(Method, &[(&'static str, &str)])] = &[
        (Method::GET, &[("accept", "*/*")]),
        (Method::GET, &[]),
        (Method::GET, &[("accept", "application/json, text/event-stream")]),
        (Method::GET, &[("accept", "*/*"), ("sec-fetch-mode", "cors")]),
        (Method::GET, &[HTML, ("sec-fetch-mode", "cors")]),
        (Method::GET, &[HTML, ("x-requested-with", "XMLHttpRequest")]),
        (Method::GET, &[HTML, ("authorization", "Bearer x")]),
        (Method::GET, &[HTML, ("upgrade", "websocket")]),
        (Method::POST, &[HTML]),
        (Method::GET, &[("accept", "text/html;q=0, */*")]),
        (Method::GET, &[("accept", "text/htmlx")]),
    ];
    for (method, fields) in others {
        assert!(!read(method, fields).unwrap().is_navigation(), "{method} {fields:?}");
    }
}

#[test]
fn bs_11_a_browser_says_where_a_request_comes_from() {
    let from = |fields: &[(&'static str, &str)]| read(&Method::POST, fields).unwrap().is_from("https://app.ex");
    assert!(from(&[("sec-fetch-site", "same-origin"), ("origin", "null")]), "a form of a page without referrer");
    assert!(from(&[("origin", "https://app.ex")]) && from(&[]));
    for foreign in ["https://evil.ex", "null", "http://app.ex", "https://app.ex:444", "https://app.ex.evil"] {
        assert!(!from(&[("origin", foreign)]), "{foreign}");
        assert!(!from(&[("sec-fetch-site", "cross-site"), ("origin", foreign)]), "{foreign}");
        assert!(!from(&[("sec-fetch-site", "same-site"), ("origin", foreign)]), "{foreign}");
    }
    assert!(!from(&[("sec-fetch-site", "cross-site")]));
}

#[test]
fn hp_21_two_authorization_headers_are_refused() {
    assert!(read(&Method::GET, &[("authorization", "Bearer a"), ("authorization", "Bearer b")]).is_err());
    assert!(read(&Method::GET, &[("origin", "https://a"), ("origin", "https://b")]).is_err());
}

#[test]
fn hp_23_unknown_methods_are_refused() {
    for method in ["CONNECT", "TRACE", "get", "FOO", "F!O"] {
        assert!(read(&Method::from_bytes(method.as_bytes()).unwrap(), &[]).is_err(), "{method}");
    }
}

#[test]
fn bs_04_a_cookie_sent_twice_counts_as_none() {
    let request = read(&Method::GET, &[("cookie", "a=1; doorward-x=v"), ("cookie", "b=2")]).unwrap();
    assert_eq!(request.cookie("doorward-x"), Some("v"));
    assert_eq!(request.cookie("b"), Some("2"));
    let request = read(&Method::GET, &[("cookie", "doorward-x=v; doorward-x=w")]).unwrap();
    assert_eq!(request.cookie("doorward-x"), None);
}

#[test]
fn a_foreign_byte_in_an_apps_cookie_hides_no_other() {
    let mut headers = HeaderMap::new();
    headers.append("host", HeaderValue::from_static("app.ex"));
    headers.append("cookie", HeaderValue::from_bytes(b"doorward-x=v; theme=caf\xe9").unwrap());
    let parts = Parts { method: &Method::GET, target: b"/", authority: None, headers: &headers };
    let request =
        Request::read(&parts, "127.0.0.1".parse().unwrap(), Timestamp::from_seconds(1), "d_1".into()).unwrap();
    assert_eq!(request.cookie("doorward-x"), Some("v"));
    assert_eq!(request.cookie("theme"), None);
}
