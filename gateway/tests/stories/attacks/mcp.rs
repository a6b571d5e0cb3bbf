//! Attacks on MCP servers behind the gateway: M-01 to M-07 of the checklist.

use crate::harness::{Request, Site, send};
use serde_json::json;

#[test]
fn m_03_what_routes_inside_is_not_the_clients_to_set() {
    let site = Site::start();
    let token = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada()).access;
    for name in [
        "X-Doorward-App",
        "Doorward-Upstream",
        "doorward_route",
        "X-Forwarded-Host",
        "X-Original-Host",
        "X-Host",
        "X-Rewrite-URL",
        "X-Forwarded-Server",
    ] {
        let forged = ["evil.test", "127.0.0.1:1"];
        for value in forged {
            send(&Request::post(&site.main("/mcp")).bearer(&token).header(name, value).json(&json!({}))).expect(200);
            let seen = site.upstream.last();
            assert!(seen.headers.iter().all(|(_, sent)| sent != value), "{name}: {seen:?}");
            assert_eq!(seen.header("host"), Some(format!("127.0.0.1:{}", site.port).as_str()), "{name}");
        }
    }
}

#[test]
fn m_04_a_page_that_found_the_door_by_another_name_gets_nowhere() {
    let site = Site::start();
    let token = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada()).access;
    let mut browser = site.signed_in(&site.ada());
    site.upstream.forget();
    let post = || Request::post(&site.main("/mcp")).json(&json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" }));
    // A name of the attacker's that now leads to us (DNS rebinding): no app has it.
    for host in ["evil.test", "localtest.me", "127.0.0.1.nip.io", "0.0.0.0", "[::1]"] {
        let host = format!("{host}:{}", site.port);
        send(&post().bearer(&token).host(&host).header("Origin", &format!("http://{host}"))).expect(404);
    }
    for origin in ["http://evil.test", "null", "https://evil.test:8443", "file://", "http://127.0.0.1.evil.test"] {
        send(&post().bearer(&token).header("Origin", origin)).expect(403);
        let status = browser.send(post().header("Origin", origin)).status;
        assert!(matches!(status, 401 | 403), "{origin}: {status}");
    }
    assert!(site.upstream.seen().is_empty());
}

#[test]
fn m_07_what_is_no_mcp_is_asked_who_it_is_all_the_same() {
    let site = Site::start();
    let url = site.url("tools.test", "/mcp");
    for request in [
        Request::get(&url),
        Request::get(&url).header("Accept", "text/event-stream").header("Mcp-Session-Id", "known"),
        Request::new("DELETE", &url).header("Mcp-Session-Id", "known"),
        Request::new("HEAD", &url),
        Request::new("OPTIONS", &url),
        Request::new("PUT", &url).body(b"x"),
        Request::post(&url).body(b""),
        Request::post(&url).body(b"not json"),
        Request::post(&url).header("Content-Type", "text/plain").body(b"{\"method\":\"tools/list\"}"),
        Request::post(&url).form(&[("method", "tools/list")]),
        Request::get(&site.url("tools.test", "/mcp/sse")),
        Request::get(&site.url("tools.test", "/mcp/.well-known/x")),
        Request::get(&url).header("Connection", "Upgrade").header("Upgrade", "websocket"),
    ] {
        let refused = send(&request).expect(401);
        assert!(refused.challenge().starts_with("Bearer"), "{request:?}: {}", refused.challenge());
    }
    assert!(site.upstream.seen().is_empty());
}
