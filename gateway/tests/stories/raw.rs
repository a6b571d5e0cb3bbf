//! Bytes that are no honest request: what could be read in two ways is refused, reaches nobody, and ends the connection.

use crate::harness::{Request, Site, Wire, send};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(3);

/// A site, and the head of a request that would be let through.
struct Door {
    site: Site,
    host: String,
    token: String,
}

impl Door {
    fn open() -> Self {
        let site = Site::start();
        let token = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada()).access;
        site.upstream.forget();
        Self { host: format!("127.0.0.1:{}", site.port), site, token }
    }

    /// `line` and `fields` as given, beside a good Host and a good token.
    fn head(&self, line: &str, fields: &str) -> Vec<u8> {
        format!("{line}\r\nHost: {}\r\nAuthorization: Bearer {}\r\n{fields}\r\n", self.host, self.token).into_bytes()
    }

    /// What comes back, and whether the connection was closed after it. A request behind it must never be answered.
    fn send(&self, bytes: &[u8]) -> (u16, bool) {
        let mut wire = Wire::open(self.site.port);
        wire.write(bytes);
        let status = wire.answer(false).map_or(0, |response| response.status);
        (status, wire.is_closed_within(SOON))
    }

    #[track_caller]
    fn refused(&self, bytes: &[u8], statuses: &[u16]) {
        let what = String::from_utf8_lossy(bytes).replace(&self.token, "TOKEN");
        let (status, closed) = self.send(bytes);
        assert!(statuses.contains(&status), "{status} for {what:?}");
        assert!(closed, "the connection stays open after {what:?}");
        let seen = self.site.upstream.seen();
        assert!(seen.is_empty(), "{what:?} reached the upstream as {seen:?}");
    }
}

#[test]
fn hp_10_hp_11_p_01_targets_that_can_be_read_in_two_ways_are_refused() {
    let door = Door::open();
    for target in [
        "_inspect",
        "x",
        "*",
        "?x",
        "http://evil.test/x",
        "HTTP://evil.test/x",
        "https://127.0.0.1/x",
        "//x",
        "//evil.test/x",
        "///",
        "/a//b",
        "/a/../b",
        "/../x",
        "/a/./b",
        "/.",
        "/..",
        "/a/.",
        "/a/..",
        "/%2e",
        "/%2e%2e/x",
        "/a/%2E%2E/b",
        "/a/.%2e/b",
        "/a/%2e./b",
        "/a%2fb",
        "/a%2Fb",
        "/a%5cb",
        "/a%5Cb",
        "/a\\b",
        "\\x",
        "/..\\x",
        "/a%00",
        "/%00",
        "/%252e%252e/x",
        "/%2561dmin",
        "/%25%32%65",
        "/%",
        "/%4",
        "/%zz",
        "/%u0061",
        "/a;b",
        "/a;b=c/d",
        "/a%3bb",
        "/..;/x",
        "/a/..;x/b",
        "/%c0%ae%c0%ae/x",
        "/%c0%af",
        "/%e0%80%af",
        "/%ff",
        "/%ed%a0%80",
        "/#x",
        "/public#/../admin",
        "/a%0d%0aX:%20y",
        "/a%0a",
        "/a%7f",
        "/a%1b",
        "/\"",
        "/<x>",
        "/x\x7fy",
        "/a\tb",
        "/\u{e4}",
        "/\u{2215}x",
    ] {
        let line = format!("GET {target} HTTP/1.1");
        door.refused(&door.head(&line, ""), &[400]);
    }
    door.refused(&door.head(&format!("GET http://{}/x HTTP/1.1", door.host), ""), &[400]);
    let mut bytes = door.head("GET /RAW HTTP/1.1", "");
    let at = bytes.windows(3).position(|window| window == b"RAW").unwrap();
    bytes.splice(at..at + 3, *b"\xff\xfe");
    door.refused(&bytes, &[0, 400]);
}

#[test]
fn hp_11_what_is_decided_on_is_what_is_forwarded() {
    let door = Door::open();
    let segments = [
        "a",
        "A",
        "%61",
        "%41",
        "...",
        "..a",
        "a..",
        ".a",
        "~",
        "-",
        "_",
        "!$&'()*+,=:@",
        "%20",
        "%25",
        "%C3%A4",
        "%c3%a4",
        "%3F",
        "%23",
        "%40",
        "admin%2Ex",
        "100%25",
        "%F0%9F%9A%AA",
        "{x}",
        "|",
        "^",
        "`",
    ];
    let queries =
        ["", "?", "?a=b", "?a=//../%2e%2e;x", "?%zz", "?a?b", "?x=%00", "?a[]=1&b={}", "?u=http://evil.test/%2f.."];
    let mut wire = Wire::open(door.site.port);
    let (mut accepted, mut refused) = (0, Vec::new());
    for (index, first) in segments.iter().enumerate() {
        for second in segments.iter().skip(index % 3).step_by(3).chain(&["", "a/"]) {
            for query in queries.iter().skip(accepted % 4).step_by(4) {
                let target = format!("/{first}/{second}{query}");
                wire.write(&door.head(&format!("GET {target} HTTP/1.1"), ""));
                let response = wire.answer(false).unwrap();
                if response.status == 200 {
                    accepted += 1;
                    assert_eq!(door.site.upstream.last().line, format!("GET {target} HTTP/1.1"));
                } else {
                    assert_eq!(response.status, 400, "{target}");
                    refused.push(target);
                    wire = Wire::open(door.site.port);
                }
            }
        }
    }
    assert!(accepted > 400, "only {accepted} were accepted; refused: {refused:?}");
}

#[test]
fn hp_11_no_spelling_of_a_target_passes_what_the_plain_one_would_not() {
    let site = Site::start();
    // `/mcp` and `/vault` are two apps of one host; nothing else is there.
    for target in ["/mcp/../vault/x", "/mcp/%2e%2e/vault/x", "/mcp%2f..%2fvault", "/mcp;/vault", "/%6dcp/..;/vault"] {
        assert_eq!(send(&Request::get(&site.url("tools.test", target))).status, 400, "{target}");
    }
    for target in ["/%6dcp", "/%6d%63%70/x", "/mc%70?x"] {
        let response = send(&Request::get(&site.url("tools.test", target))).expect(401);
        assert!(response.challenge().contains("realm=\"tools\""), "{target}");
    }
    for target in ["/m%63p2", "/%4dcp"] {
        send(&Request::get(&site.url("tools.test", target))).expect(404);
    }
}

#[test]
fn hp_13_p_03_one_good_host_and_no_other() {
    let door = Door::open();
    let port = door.site.port;
    let with =
        |hosts: &str| format!("GET /x HTTP/1.1\r\n{hosts}Authorization: Bearer {}\r\n\r\n", door.token).into_bytes();
    for hosts in [
        String::new(),
        "Host:\r\n".to_owned(),
        "Host: \r\n".to_owned(),
        format!("Host: {0}\r\nHost: {0}\r\n", door.host),
        format!("Host: {}\r\nHost: evil.test\r\n", door.host),
        format!("Host: {}, evil.test\r\n", door.host),
        format!("Host: {}/x\r\n", door.host),
        format!("Host: {}?x\r\n", door.host),
        format!("Host: {}#x\r\n", door.host),
        format!("Host: user@{}\r\n", door.host),
        format!("Host: 127.0.0.1:{port}x\r\n"),
        format!("Host: 127.0.0.1:+{port}\r\n"),
        "Host: 127.0.0.1:\r\n".to_owned(),
        "Host: 127.0.0.1:99999\r\n".to_owned(),
        format!("Host: 127.0.0.1 :{port}\r\n"),
        format!("Host: \u{e4}.test:{port}\r\n"),
        format!("Host: a..b:{port}\r\n"),
        format!("Host: [::1:{port}\r\n"),
        format!("Host: 127.0.0.1\\evil:{port}\r\n"),
        format!("Host: \"{}\"\r\n", door.host),
    ] {
        door.refused(&with(&hosts), &[400]);
    }
    // HTTP/1.0 without Host names no app either.
    let old = format!("GET /x HTTP/1.0\r\nAuthorization: Bearer {}\r\n\r\n", door.token);
    door.refused(old.as_bytes(), &[400]);
}

#[test]
fn hp_14_p_04_the_absolute_form_never_mixes_two_hosts() {
    let door = Door::open();
    let port = door.site.port;
    for (target, host) in [
        (format!("http://wiki.test:{port}/x"), door.host.clone()),
        (format!("http://{}/x", door.host), format!("wiki.test:{port}")),
        (format!("http://{}/x", door.host), "evil.test".to_owned()),
        (format!("http://{}@evil.test/x", door.host), door.host.clone()),
        ("http:/x".to_owned(), door.host.clone()),
        ("http:\\\\evil.test\\x".to_owned(), door.host.clone()),
        ("ftp://evil.test/x".to_owned(), door.host.clone()),
    ] {
        let bytes = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n\r\n", door.token);
        door.refused(bytes.as_bytes(), &[400]);
    }
}

#[test]
fn hp_17_h_11_s_03_framing_that_can_be_read_in_two_ways_is_refused() {
    let door = Door::open();
    let smuggled =
        format!("GET /smuggled HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n", door.host, door.token);
    for fields in [
        "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: identity, chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding:\x0bchunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding\t: chunked\r\n",
        "Transfer-Encoding: \"chunked\"\r\n",
        "Transfer-Encoding:\r\n",
        " Transfer-Encoding: chunked\r\n",
        "X: y\r\n Transfer-Encoding: chunked\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 6\r\nContent-Length: 6\r\n",
        "Content-Length: 6, 6\r\n",
        "Content-Length: +6\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 0x6\r\n",
        "Content-Length: 6a\r\n",
        "Content-Length: 6.0\r\n",
        "Content-Length:\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Content-Length : 6\r\n",
        "X: a\rb\r\n",
        "X: a\0b\r\n",
        "X\0: a\r\n",
        "X Y: a\r\n",
        "no colon\r\n",
        ": no name\r\n",
        "X: y\n",
        "X: y\r\n\tfolded\r\n",
    ] {
        let mut bytes = door.head("POST /x HTTP/1.1", fields);
        bytes.extend_from_slice(b"0\r\n\r\n");
        bytes.extend_from_slice(smuggled.as_bytes());
        door.refused(&bytes, &[400]);
    }
}

#[test]
fn hp_17_bad_chunks_end_the_connection() {
    let door = Door::open();
    let smuggled =
        format!("GET /smuggled HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n", door.host, door.token);
    for body in [
        "x\r\n",
        "-1\r\nabc\r\n",
        "+3\r\nabc\r\n",
        "0x3\r\nabc\r\n",
        "ffffffffffffffffff\r\nabc\r\n",
        "3\nabc\n0\n\n",
        "3\r\nabcdef\r\n0\r\n\r\n",
        " 3\r\nabc\r\n0\r\n\r\n",
    ] {
        let mut bytes = door.head("POST /chunks HTTP/1.1", "Transfer-Encoding: chunked\r\n");
        bytes.extend_from_slice(body.as_bytes());
        bytes.extend_from_slice(smuggled.as_bytes());
        let (status, closed) = door.send(&bytes);
        assert!(matches!(status, 0 | 400 | 502), "{status} for {body:?}");
        assert!(closed, "{body:?}");
        for seen in door.site.upstream.seen() {
            assert!(!seen.line.contains("smuggled"), "{body:?}: {seen:?}");
        }
    }
}

#[test]
fn hp_17_line_ends_are_crlf() {
    let door = Door::open();
    let lf = format!("GET /x HTTP/1.1\nHost: {}\nAuthorization: Bearer {}\n\n", door.host, door.token);
    door.refused(lf.as_bytes(), &[400]);
    for line in [
        "GET  /x HTTP/1.1",
        "GET\t/x HTTP/1.1",
        "GET /x",
        "GET /x HTTP/1.2",
        "GET /x HTTP/2.0",
        "GET /x http/1.1",
        "GET /x HTTP/1.1 ",
        " GET /x HTTP/1.1",
        "GET /x\rHTTP/1.1",
        "GET /x\ty HTTP/1.1",
        "GET /x\x7fy HTTP/1.1",
    ] {
        door.refused(&door.head(line, ""), &[0, 400]);
    }
    // A space in the target is an escaped one before anybody looks at it, to us and to the upstream alike.
    let (status, _) = door.send(&door.head("GET /x y HTTP/1.1", ""));
    let seen: Vec<_> = door.site.upstream.seen().into_iter().map(|seen| seen.line).collect();
    assert!(status == 400 || seen == ["GET /x%20y HTTP/1.1"], "{status} {seen:?}");
}

#[test]
fn hp_17_what_comes_behind_a_whole_request_is_never_mistaken() {
    let door = Door::open();
    let second = String::from_utf8(door.head("GET /second HTTP/1.1", "")).unwrap();
    // Behind a refusal with a body that nobody reads.
    let refused =
        format!("POST /x HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n{second}", door.host, second.len());
    let mut wire = Wire::open(door.site.port);
    wire.write(refused.as_bytes());
    assert_eq!(wire.answer(false).unwrap().status, 401);
    assert!(door.site.upstream.seen().is_empty(), "the body was read as a request");
    // Behind an accepted one, in the body.
    let mut bytes = door.head("POST /first HTTP/1.1", &format!("Content-Length: {}\r\n", second.len()));
    bytes.extend_from_slice(second.as_bytes());
    let (status, _) = door.send(&bytes);
    assert_eq!(status, 200);
    let seen = door.site.upstream.seen();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(seen[0].body, second.as_bytes());
}

#[test]
fn s_01_a_refused_body_is_drained_or_the_connection_closed() {
    let door = Door::open();
    // 401 to a POST whose body comes late: the client must see the answer, and no reset instead.
    let body = vec![b'x'; 300_000];
    let mut wire = Wire::open(door.site.port);
    wire.write(format!("POST /x HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n", door.host, body.len()).as_bytes());
    for part in body.chunks(50_000) {
        wire.write(part);
    }
    assert_eq!(wire.answer(false).unwrap().status, 401);
    // If the connection goes on, the next request on it is a request.
    if !wire.is_closed_within(Duration::from_millis(50)) {
        assert_eq!(wire.send(&Request::get(&door.site.main("/after")).bearer(&door.token)).status, 200);
        assert_eq!(door.site.upstream.last().target(), "/after");
    }
}

#[test]
fn hp_21_headers_that_decide_are_there_once() {
    let door = Door::open();
    for fields in [
        format!("Authorization: Bearer {}\r\n", door.token),
        "Authorization: Bearer x\r\n".to_owned(),
        "authorization: Basic YTpi\r\n".to_owned(),
        "Origin: http://a.test\r\nOrigin: http://b.test\r\n".to_owned(),
    ] {
        door.refused(&door.head("GET /x HTTP/1.1", &fields), &[400]);
    }
    let list =
        format!("GET /x HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}, Bearer x\r\n\r\n", door.host, door.token);
    let (status, _) = door.send(list.as_bytes());
    assert_eq!(status, 401);
    assert!(door.site.upstream.seen().is_empty());
}

#[test]
fn hp_23_s_07_methods_are_known_ones() {
    let door = Door::open();
    for line in ["TRACE /x HTTP/1.1", "get /x HTTP/1.1", "F!O /x HTTP/1.1", "FOO /x HTTP/1.1", "PRI /x HTTP/1.1"] {
        door.refused(&door.head(line, ""), &[400, 405, 501]);
    }
    for target in [format!("127.0.0.1:{}", door.site.upstream.port), "evil.test:443".to_owned(), "/x".to_owned()] {
        door.refused(&door.head(&format!("CONNECT {target} HTTP/1.1"), ""), &[400, 405, 501]);
    }
    for method in ["PROPFIND", "PATCH", "OPTIONS", "QUERY"] {
        assert_eq!(
            send(&Request::new(method, &door.site.main("/x")).bearer(&door.token).body(b"")).status,
            200,
            "{method}"
        );
    }
}

#[test]
fn hp_25_there_is_an_end_to_everything() {
    let door = Door::open();
    let long = "x".repeat(20_000);
    door.refused(&door.head(&format!("GET /{long} HTTP/1.1"), ""), &[414]);
    door.refused(&door.head(&format!("GET /x?{} HTTP/1.1", "x".repeat(70_000)), ""), &[0, 400, 414, 431]);
    let big = format!("X-Big: {}\r\n", "x".repeat(70_000));
    door.refused(&door.head("GET /x HTTP/1.1", &big), &[431]);
    let many: String = (0..2000).map(|number| format!("X-{number}: y\r\n")).collect();
    door.refused(&door.head("GET /x HTTP/1.1", &many), &[0, 400, 431]);
    // Well below the limits all is well.
    let fine = format!("X-Fine: {}\r\n", "x".repeat(30_000));
    let bytes = door.head(&format!("GET /x?{} HTTP/1.1", "x".repeat(4096)), &fine);
    assert_eq!(Wire::open(door.site.port).send(&Request::get(&door.site.main("/x")).bearer(&door.token)).status, 200);
    let mut wire = Wire::open(door.site.port);
    wire.write(&bytes);
    assert_eq!(wire.answer(false).unwrap().status, 200);
}

#[test]
fn s_03_a_connection_is_kept_only_where_it_is_safe() {
    let door = Door::open();
    let line = |version: &str, fields: &str| door.head(&format!("GET /x HTTP/{version}"), fields);
    let (status, closed) = door.send(&line("1.1", "Connection: close\r\n"));
    assert!(status == 200 && closed);
    let (status, closed) = door.send(&line("1.0", ""));
    assert!(status == 200 && closed, "HTTP/1.0 closes: {status} {closed}");
    let mut wire = Wire::open(door.site.port);
    for _ in 0..3 {
        wire.write(&line("1.1", ""));
        assert_eq!(wire.answer(false).unwrap().status, 200);
    }
    // HTTP/1.0 and chunks: nobody agrees what that means.
    let mut bytes = door.head("POST /x HTTP/1.0", "Transfer-Encoding: chunked\r\n");
    bytes.extend_from_slice(b"3\r\nabc\r\n0\r\n\r\n");
    door.site.upstream.forget();
    door.refused(&bytes, &[400]);
}

#[test]
fn ch_22_nonsense_is_answered_as_json_or_page_and_named() {
    let door = Door::open();
    let mut wire = Wire::open(door.site.port);
    wire.write(&door.head("GET /a//b HTTP/1.1", "Accept: application/json\r\n"));
    let json = wire.answer(false).unwrap();
    assert_eq!((json.status, json.json()["error"].as_str()), (400, Some("invalid_request")));
    let mut wire = Wire::open(door.site.port);
    wire.write(&door.head("GET /a//b HTTP/1.1", "Accept: text/html\r\n"));
    let page = wire.answer(false).unwrap();
    assert!(page.status == 400 && page.is_html());
    for response in [json, page] {
        assert!(response.header("server").is_none() && response.header("cache-control") == Some("no-store"));
    }
    door.site.logged("the refusal", |event| event["outcome"] == "malformed_request");
}
