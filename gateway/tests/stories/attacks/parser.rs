//! Attacks on the HTTP server below us: S-01 to S-11 of the checklist, as far as no other story holds them.

use crate::harness::{Request, Site, Wire, eventually, send};
use std::collections::BTreeMap;
use std::time::Duration;

/// The versions of a package in the lock file.
fn locked() -> BTreeMap<String, Vec<Vec<u64>>> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock")).unwrap();
    let mut found = BTreeMap::<_, Vec<_>>::new();
    for package in text.split("[[package]]").skip(1) {
        let value = |key: &str| package.lines().find_map(|line| line.strip_prefix(&format!("{key} = "))).unwrap();
        let numbers = value("version").trim_matches('"').split(['.', '-', '+']).map_while(|part| part.parse().ok());
        found.entry(value("name").trim_matches('"').to_owned()).or_default().push(numbers.collect());
    }
    found
}

#[test]
fn s_06_s_11_no_version_with_a_known_hole_is_locked() {
    let locked = locked();
    for (name, least) in [
        ("pingora", [0, 9, 1]),
        ("pingora-core", [0, 9, 1]),
        ("pingora-proxy", [0, 9, 1]),
        ("h2", [0, 4, 16]),
        ("rustls-webpki", [0, 103, 13]),
        ("ring", [0, 17, 12]),
        ("tokio", [1, 44, 2]),
        ("idna", [1, 0, 0]),
    ] {
        let versions = locked.get(name).unwrap_or_else(|| panic!("{name} is not locked"));
        assert!(versions.iter().all(|version| version[..] >= least[..]), "{name}: {versions:?}");
    }
}

#[test]
fn s_04_what_depends_on_who_asks_is_kept_by_nobody() {
    let site = Site::start();
    let token = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada()).access;
    for request in [
        Request::get(&site.main("/x")),
        Request::get(&site.main("/x")).html(),
        Request::get(&site.main("/x")).bearer("bad"),
        Request::get(&site.main("/a//b")),
        Request::get(&site.main("/.doorward/identity")).bearer(&token),
        Request::get(&site.login("/.doorward/login")).html(),
    ] {
        let response = send(&request);
        let control = response.header("cache-control").unwrap_or_default();
        assert!(control.contains("no-store"), "{control:?} for {request:?}");
    }
    send(&Request::get(&site.main("/x")).bearer(&token)).expect(200);
    // Nor are two hosts with one path mixed up, whatever the order.
    for _ in 0..3 {
        send(&Request::get(&site.url("plain.test", "/public/x"))).expect(200);
        send(&Request::get(&site.url("wiki.test", "/public/x"))).expect(401);
        send(&Request::get(&site.main("/public/x"))).expect(401);
    }
}

#[test]
fn s_07_connect_opens_no_tunnel() {
    let site = Site::start();
    let token = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada()).access;
    site.upstream.forget();
    let upstream = format!("127.0.0.1:{}", site.upstream.port);
    for fields in [
        "",
        "Content-Length: 40\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Upgrade: websocket\r\nConnection: upgrade\r\n",
    ] {
        let mut wire = Wire::open(site.port);
        let head =
            format!("CONNECT {upstream} HTTP/1.1\r\nHost: {upstream}\r\nAuthorization: Bearer {token}\r\n{fields}\r\n");
        wire.write(head.as_bytes());
        wire.write(b"GET /tunnelled HTTP/1.1\r\nHost: x\r\n\r\n");
        let status = wire.answer(false).map_or(0, |response| response.status);
        assert!(matches!(status, 400 | 404 | 405 | 501), "{status} with {fields:?}");
        assert!(wire.is_closed_within(Duration::from_secs(3)), "open after CONNECT with {fields:?}");
    }
    assert!(site.upstream.seen().is_empty());
}

#[test]
fn s_08_an_upgrade_carries_no_second_request() {
    let site = Site::start();
    let token = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada()).access;
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
    let host = format!("127.0.0.1:{}", site.port);
    for (line, fields, body) in [
        // A body before the switch: whatever the upstream calls it, it is no request of its own.
        ("GET /ws HTTP/1.1", format!("Content-Length: {}\r\n", smuggled.len()), smuggled.to_owned()),
        (
            "GET /ws HTTP/1.1",
            "Transfer-Encoding: chunked\r\n".to_owned(),
            format!("{:x}\r\n{smuggled}\r\n0\r\n\r\n", smuggled.len()),
        ),
        ("POST /x HTTP/1.1", format!("Content-Length: {}\r\n", smuggled.len()), smuggled.to_owned()),
        ("GET /ws HTTP/1.0", String::new(), smuggled.to_owned()),
    ] {
        site.upstream.forget();
        let mut wire = Wire::open(site.port);
        let head = format!(
            "{line}\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{fields}\r\n{body}"
        );
        wire.write(head.as_bytes());
        let status = wire.head().map_or(0, |response| response.status);
        let seen = site.upstream.seen();
        assert!(seen.len() <= 1, "{line} {fields:?} became {seen:?} ({status})");
        assert!(seen.iter().all(|seen| !seen.line.contains("smuggled")), "{line} {fields:?}: {seen:?}");
    }
    // An upstream that does not switch leaves no tunnel: what follows is read as requests of this client.
    site.upstream.forget();
    let mut wire = Wire::open(site.port);
    let early = format!(
        "GET /x?do=early HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    wire.write(early.as_bytes());
    wire.write(smuggled.as_bytes());
    assert_eq!(wire.answer(false).unwrap().status, 403);
    eventually("the first request is seen", || !site.upstream.seen().is_empty());
    assert!(wire.answer(false).is_none_or(|response| matches!(response.status, 400 | 401 | 404)));
    assert!(site.upstream.seen().iter().all(|seen| !seen.line.contains("smuggled")), "{:?}", site.upstream.seen());
}

#[test]
fn s_09_nothing_is_unpacked_for_a_stranger() {
    let site = Site::start();
    // Ten megabytes of zeros in ten kilobytes; to us it is a body like any other.
    let bomb =
        std::process::Command::new("sh").args(["-c", "head -c 10000000 /dev/zero | gzip -9"]).output().unwrap().stdout;
    assert!(bomb.len() > 1000 && bomb.len() < 100_000, "{}", bomb.len());
    for encoding in ["gzip", "deflate", "br", "zstd", "gzip, gzip"] {
        for target in ["/.doorward/oauth/main/token", "/.doorward/oauth/main/register"] {
            let request = Request::post(&site.main(target)).header("Content-Encoding", encoding);
            let refused = send(&request.header("Content-Type", "application/json").body(&bomb));
            assert!((400..500).contains(&refused.status), "{encoding}: {}", refused.status);
        }
    }
    // A value that we seal ourselves is bounded before it is looked at.
    let token = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada()).access;
    send(&Request::post(&site.main("/x")).bearer(&token).header("Content-Encoding", "gzip").body(&bomb)).expect(200);
    assert_eq!(site.upstream.last().body, bomb, "the upstream gets what was sent");
}
