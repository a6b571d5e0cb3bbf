//! The page, its JSON form, the stream and the echo.

use std::time::Duration;

use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Ask, agent_claims, assertion, data, start, unsigned};

#[tokio::test]
async fn the_page_says_who_is_asking() {
    let reply = Ask::get("/some/path?q=1")
        .header("Accept", "text/html,application/xhtml+xml")
        .header("X-Forwarded-Email", "ann@example.com")
        .header("X-Forwarded-Groups", "staff, admins")
        .header("Doorward-Assertion", &assertion())
        .send(start().await)
        .await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
    for expected in [
        "<title>Doorward sample app</title>",
        "You are <strong>ann@example.com</strong>",
        "You ask through <strong>Test Agent</strong>",
        "GET /some/path?q=1",
        "staff, admins",
        "opaque-1",
        "x-forwarded-groups",
        "href=\"/.doorward/logout\"",
        "href=\"/.doorward/certs\"",
    ] {
        assert!(reply.body.contains(expected), "no {expected} in {}", reply.body);
    }
    assert!(!reply.body.contains("<script"));
}

#[tokio::test]
async fn markup_in_headers_and_claims_is_escaped() {
    let evil = "<script>alert('x')</script>";
    let claims = json!({ evil: evil, "act": { "client_name": evil } });
    let reply = Ask::get("/")
        .header("Accept", "text/html")
        .header("X-Forwarded-Email", evil)
        .header("X-Other", evil)
        .header("Doorward-Assertion", &unsigned(&claims))
        .send(start().await)
        .await;
    assert_eq!(reply.status, 200);
    assert!(reply.body.contains("&lt;script&gt;alert"));
    assert!(!reply.body.contains("<script"));
}

#[tokio::test]
async fn programs_get_the_same_as_json() {
    let reply = Ask::get("/a%20b?q=1")
        .header("Accept", "*/*")
        .header("X-Forwarded-User", "opaque-1")
        .header("X-Forwarded-Email", "ann@example.com")
        .header("X-Forwarded-Groups", "staff,admins")
        .header("X-Twice", "one")
        .header("X-Twice", "two")
        .header("Doorward-Assertion", &assertion())
        .send(start().await)
        .await;
    assert_eq!(reply.header("content-type"), "application/json");
    let seen = reply.json();
    assert_eq!(seen["app"], "Doorward sample app");
    assert_eq!(seen["method"], "GET");
    assert_eq!(seen["path"], "/a%20b");
    assert_eq!(seen["query"], "q=1");
    assert_eq!(seen["user"], "opaque-1");
    assert_eq!(seen["email"], "ann@example.com");
    assert_eq!(seen["groups"], json!(["staff", "admins"]));
    assert_eq!(seen["assertion"], agent_claims());
    assert_eq!(seen["headers"]["x-twice"], json!(["one", "two"]));
}

#[tokio::test]
async fn a_request_without_identity_is_shown_as_such() {
    let address = start().await;
    let seen = Ask::get("/").send(address).await.json();
    assert_eq!(seen["email"], Value::Null);
    assert_eq!(seen["groups"], json!([]));
    assert_eq!(seen["assertion"], Value::Null);
    let page = Ask::get("/").header("Accept", "text/html").send(address).await;
    assert!(page.body.contains("Nobody said who you are"));
}

#[tokio::test]
async fn an_assertion_that_cannot_be_decoded_is_none() {
    let address = start().await;
    for broken in ["", "x", "a.b.c", "a.!!.c", "e30.W10.x"] {
        let ask = Ask::get("/").header("Doorward-Assertion", broken);
        assert_eq!(ask.send(address).await.json()["assertion"], Value::Null);
    }
}

#[tokio::test]
async fn echo_gives_the_request_back() {
    let reply = Ask::post("/echo", "grüße").header("X-Mine", "here").send(start().await).await;
    let echo = reply.json();
    assert_eq!(echo["method"], "POST");
    assert_eq!(echo["headers"]["x-mine"], json!(["here"]));
    assert_eq!(echo["length"], 7);
    assert_eq!(echo["body"], "grüße");
}

#[tokio::test]
async fn echo_refuses_a_body_over_its_limit() {
    let address = start().await;
    let most = "x".repeat(crate::sample::echo::MOST);
    assert_eq!(Ask::post("/echo", &most).send(address).await.status, 200);
    let more = most + "x";
    assert_eq!(Ask::post("/echo", &more).send(address).await.status, 413);
}

#[tokio::test]
async fn events_begin_at_once() {
    let mut stream = TcpStream::connect(start().await).await.expect("connects");
    let request = "GET /events HTTP/1.1\r\nHost: app.example\r\n\r\n";
    stream.write_all(request.as_bytes()).await.expect("writes");
    let mut text = String::new();
    while !text.contains("data: 1\n\n") {
        let mut buffer = [0; 1024];
        let read = stream.read(&mut buffer).await.expect("reads");
        assert_ne!(read, 0, "ended after {text}");
        text += &String::from_utf8_lossy(&buffer[..read]);
    }
    assert!(text.contains("content-type: text/event-stream"));
    assert!(!text.contains("data: 5"));
}

#[tokio::test]
async fn events_count_to_five_and_end() {
    let reply = crate::sample::events::answer(Duration::from_millis(1));
    let body = reply.into_body().collect().await.expect("ends").to_bytes();
    let text = String::from_utf8_lossy(&body);
    let counts: Vec<_> = data(&text).collect();
    assert_eq!(counts, ["1", "2", "3", "4", "5"]);
}

#[tokio::test]
async fn a_broken_connection_harms_no_other() {
    let address = start().await;
    let mut broken = TcpStream::connect(address).await.expect("connects");
    broken.write_all(b"\0\xff nonsense\r\n\r\n").await.expect("writes");
    let unfinished = TcpStream::connect(address).await.expect("connects");
    drop(unfinished);
    assert_eq!(Ask::get("/").send(address).await.status, 200);
}

#[tokio::test]
async fn connections_end_with_the_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = tokio::spawn(crate::sample::serve(listener));
    let mut stream = TcpStream::connect(address).await.expect("connects");
    let request = "GET /events HTTP/1.1\r\nHost: app.example\r\n\r\n";
    stream.write_all(request.as_bytes()).await.expect("writes");
    let mut first = [0; 16];
    stream.read_exact(&mut first).await.expect("begins");
    server.abort();
    let mut rest = String::new();
    let _reset_or_closed = stream.read_to_string(&mut rest).await;
    assert!(!rest.contains("data: 5"));
}
