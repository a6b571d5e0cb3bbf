//! The app behind the gateway: what it gets and never gets, and what becomes of what it says.

use crate::harness::{Request, Seen, Site, Wire, eventually, free_port, send};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Every spelling in which a client could claim to be somebody.
const CLAIMS: [&str; 44] = [
    "X-Forwarded-User",
    "x-forwarded-user",
    "X_Forwarded_User",
    "X.Forwarded.User",
    "x-FORWARDED_user",
    "X-Forwarded_User",
    "X-Forwarded-Email",
    "X_FORWARDED_EMAIL",
    "x.forwarded.email",
    "X-Forwarded-Groups",
    "X_Forwarded-Groups",
    "X-Forwarded-Preferred-Username",
    "Doorward-Assertion",
    "DOORWARD_ASSERTION",
    "doorward.assertion",
    "X-Auth-Request-User",
    "X_Auth_Request_Email",
    "X-Auth-Request-Access-Token",
    "Cf-Access-Jwt-Assertion",
    "cf_access_authenticated_user_email",
    "X-Remote-User",
    "Remote-User",
    "X-Real-IP",
    "True-Client-IP",
    "Forwarded",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-HTTP-Method-Override",
    "X-Method-Override",
    "X-Forwarded-Uri",
    "X-Forwarded-Method",
    "X-Forwarded-Prefix",
    "X-Forwarded-Port",
    "X-WebAuth-User",
    "Client-Cert",
    "Client-Cert-Chain",
    "X-SSL-Client-Cert",
    "SSL_CLIENT_VERIFY",
    "X-Client-Cert",
    "X-Original-Method",
    "WL-Proxy-Client-IP",
    "X-Consumer-Username",
    "OIDC_CLAIM_email",
    "Proxy",
];

/// Whether the upstream could take anything in a request for the forged value.
fn is_forged(seen: &Seen) -> bool {
    seen.headers.iter().chain(&seen.trailers).any(|(_, value)| value.contains("forged"))
}

fn token(site: &Site) -> String {
    site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada()).access
}

#[test]
fn hp_01_hp_02_hp_03_hp_07_h_01_h_02_h_04_h_05_nobody_can_claim_to_be_somebody() {
    let site = Site::start();
    let token = token(&site);
    let mut browser = site.signed_in(&site.ada());
    let websocket = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="),
    ];
    for claim in CLAIMS {
        let with = |request: Request| request.header(claim, "forged").header(claim, "forged, forged");
        let responses = [
            send(&with(Request::get(&site.main("/x")).bearer(&token))),
            browser.send(with(Request::get(&site.main("/x")))),
            send(&with(Request::get(&site.url("plain.test", "/public/x")))),
            send(
                &websocket
                    .iter()
                    .fold(with(Request::get(&site.main("/ws")).bearer(&token)), |r, (n, v)| r.header(n, v)),
            ),
        ];
        for response in responses {
            assert!(matches!(response.status, 101 | 200 | 400), "{claim}: {}", response.status);
        }
        send(&with(Request::get(&site.main("/x")))).expect(401);
    }
    let seen = site.upstream.seen();
    assert!(seen.len() >= CLAIMS.len());
    for seen in seen {
        assert!(!is_forged(&seen), "{seen:?}");
        let mut names: Vec<_> = seen.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        names.retain(|name| name.starts_with("x-forwarded-") || name.starts_with("doorward-"));
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all, "twice: {seen:?}");
    }
}

#[test]
fn hp_04_hp_05_h_03_a_connection_header_cannot_remove_what_we_say() {
    let site = Site::start();
    let token = token(&site);
    for nominated in [
        "X-Forwarded-User",
        "Doorward-Assertion, X-Forwarded-Email",
        "close, Authorization, X-Forwarded-For",
        "doorward-assertion",
        "DOORWARD-ASSERTION",
        "keep-alive, x-forwarded-email",
        "X-Custom",
        "Cookie",
        "Host",
    ] {
        site.upstream.forget();
        let request =
            Request::get(&site.main("/x")).bearer(&token).header("Connection", nominated).header("X-Custom", "1");
        let response = send(&request);
        if response.status == 400 {
            continue;
        }
        response.expect(200);
        let seen = site.upstream.last();
        for name in ["doorward-assertion", "x-forwarded-user", "x-forwarded-email", "x-forwarded-for"] {
            assert!(seen.header(name).is_some(), "`Connection: {nominated}` removed {name}");
        }
        assert!(seen.header("connection").is_none_or(|value| !value.to_ascii_lowercase().contains("doorward")));
    }
    let hops = [
        ("Keep-Alive", "timeout=5"),
        ("Proxy-Connection", "keep-alive"),
        ("Proxy-Authorization", "Basic eA=="),
        ("TE", "gzip"),
        ("HTTP2-Settings", "AAMAAABkAAQAAP__"),
        ("Upgrade", "foo"),
    ];
    let request = hops
        .iter()
        .fold(Request::get(&site.main("/x")).bearer(&token), |request, (name, value)| request.header(name, value));
    send(&request.header("Connection", "keep-alive, TE, HTTP2-Settings, Upgrade")).expect(200);
    let seen = site.upstream.last();
    for (name, _) in hops {
        assert_eq!(seen.header(name), None, "{name}: {seen:?}");
    }
}

#[test]
fn hp_06_h_11_a_trailer_cannot_claim_anything() {
    let site = Site::start();
    let token = token(&site);
    site.upstream.forget();
    let mut wire = Wire::open(site.port);
    let head = format!(
        "POST /x HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {token}\r\nTrailer: X-Forwarded-User\r\nTransfer-Encoding: chunked\r\n\r\n",
        site.port
    );
    wire.write(head.as_bytes());
    wire.write(b"3\r\nabc\r\n0\r\nX-Forwarded-User: forged\r\nDoorward-Assertion: forged\r\n\r\n");
    let response = wire.answer(false).unwrap();
    assert!(matches!(response.status, 200 | 400), "{}", response.status);
    assert!(site.upstream.seen().iter().all(|seen| !is_forged(seen)));
}

#[test]
fn hp_07_hp_08_where_a_request_came_from_is_what_we_saw() {
    let site = Site::start();
    let token = token(&site);
    let claims = [
        ("X-Forwarded-For", "10.1.2.3"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "evil.test"),
        ("Forwarded", "for=10.1.2.3"),
    ];
    let request = claims
        .iter()
        .fold(Request::get(&site.main("/x")).bearer(&token), |request, (name, value)| request.header(name, value));
    send(&request).expect(200);
    let seen = site.upstream.last();
    let host = format!("127.0.0.1:{}", site.port);
    assert_eq!(seen.header("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(seen.header("x-forwarded-proto"), Some("http"));
    assert_eq!(seen.header("x-forwarded-host"), Some(host.as_str()));
    assert_eq!((seen.header("host"), seen.header("forwarded")), (Some(host.as_str()), None));
    // A PROXY line from somebody who is no proxy of ours is no request.
    let mut wire = Wire::open(site.port);
    wire.write(b"PROXY TCP4 10.1.2.3 10.0.0.1 1 2\r\n");
    wire.write(&Request::get(&site.main("/x")).bearer(&token).bytes());
    assert!(wire.answer(false).is_none_or(|response| response.status == 400));
    assert!(wire.is_closed_within(Duration::from_secs(5)));
}

#[test]
fn hp_22_jw_13_bs_06_our_credentials_end_at_the_door() {
    let site = Site::start();
    let token = token(&site);
    let mut browser = site.signed_in(&site.ada());
    browser.set_cookie("127.0.0.1", "theirs", "1");
    browser.set_cookie("127.0.0.1", "__Host-doorward-x", "planted");
    browser.set_cookie("127.0.0.1", "DOORWARD-x", "planted");
    browser.set_cookie("127.0.0.1", "__Secure-doorward.x", "planted");
    site.upstream.forget();
    send(
        &Request::get(&site.main("/x")).bearer(&token).header("DPoP", "x").header("Proxy-Authorization", "Basic eA=="),
    )
    .expect(200);
    browser.send(Request::get(&site.main("/x"))).expect(200);
    browser.send(Request::get(&site.main("/x")).header("Cookie", "second=2")).expect(200);
    let seen = site.upstream.seen();
    for seen in &seen {
        for name in ["authorization", "dpop", "proxy-authorization"] {
            assert_eq!(seen.header(name), None);
        }
        assert!(!String::from_utf8_lossy(&seen.head).contains(&token), "{seen:?}");
        // Base64 may spell anything by chance, so our own assertion is left out.
        for (name, value) in seen.headers.iter().filter(|(name, _)| name != "Doorward-Assertion") {
            assert!(!value.contains("planted") && !value.contains("dw_"), "{name}: {value}");
        }
    }
    assert_eq!(seen[1].header("cookie"), Some("theirs=1"));
    let both = seen[2].header("cookie").unwrap();
    assert!(both.contains("theirs=1") && both.contains("second=2") && !both.contains("doorward"), "{both}");
}

#[test]
fn hp_22_an_app_may_be_given_its_own_authorization() {
    let site = Site::start();
    let mut browser = site.browser();
    browser.sign_in(&site.url("legacy.test", "/"), &site.ada()).expect(200);
    for value in ["Basic YTpi", "Token x", "Bearer theirs"] {
        browser.send(Request::get(&site.url("legacy.test", "/x")).header("Authorization", value)).expect(200);
        assert_eq!(site.upstream.last().header("authorization"), Some(value));
    }
    // It signs nobody in.
    send(&Request::get(&site.url("legacy.test", "/x")).header("Authorization", "Basic YTpi")).expect(401);
}

#[test]
fn hp_26_bs_06_bs_13_bs_14_what_an_upstream_says_in_our_name_is_dropped() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let mut ask = |switch: &str| browser.send(Request::get(&site.main(&format!("/x?do={switch}"))));
    let cookies = ask("cookies").expect(200);
    assert_eq!(cookies.all("set-cookie"), ["theirs=1; Path=/", "other=2"]);
    assert_eq!(cookies.header("cache-control"), Some("private"));
    assert_eq!(ask("public").header("cache-control"), Some("public, max-age=60"));
    let policy = ask("policy");
    assert_eq!(policy.header("content-security-policy"), Some("default-src 'self'"));
    assert_eq!(policy.header("x-frame-options"), Some("SAMEORIGIN"));
    let hops = ask("hops").expect(200);
    assert_eq!((hops.header("x-kept"), hops.header("x-hop"), hops.header("keep-alive")), (Some("1"), None, None));
    for name in ["content-security-policy", "x-frame-options", "server"] {
        assert_eq!(hops.header(name), None, "{name} is not the app's");
    }
    let open = send(&Request::get(&site.url("plain.test", "/public/x"))).expect(200);
    assert_eq!(open.header("cache-control"), None, "a public answer is the app's own business");
}

#[test]
fn hp_26_hp_27_the_upstreams_own_401_passes_but_leads_nobody_elsewhere() {
    let site = Site::start();
    let token = token(&site);
    let ask = |switch: &str| send(&Request::get(&site.main(&format!("/x?do={switch}"))).bearer(&token)).expect(401);
    let challenge = ask("challenge");
    assert!(!challenge.challenge().contains("evil"), "{}", challenge.challenge());
    assert_eq!(challenge.text(), "theirs");
    assert_eq!(ask("basic").challenge(), "Basic realm=\"theirs\"");
    let mut browser = site.signed_in(&site.ada());
    let page = browser.open(&site.main("/x?do=challenge"));
    assert_eq!((page.status, page.text().as_str()), (401, "theirs"), "no login, no circle");
    // Without managed OAuth it passes untouched.
    browser.open(&site.url("plain.test", "/x")).expect(200);
    let untouched = browser.send(Request::get(&site.url("plain.test", "/x?do=challenge"))).expect(401);
    assert_eq!(untouched.challenge(), "Bearer resource_metadata=\"http://evil.test/x\"");
}

#[test]
fn mt_03_events_arrive_when_they_are_sent() {
    let site = Site::start();
    let token = token(&site);
    let mut wire = Wire::open(site.port);
    wire.write(&Request::get(&site.main("/x?do=events")).bearer(&token).header("Accept", "text/event-stream").bytes());
    let head = wire.head().unwrap();
    assert_eq!((head.status, head.header("content-type")), (200, Some("text/event-stream")));
    let mut delays = Vec::new();
    while let Some(chunk) = wire.chunk() {
        let arrived = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
        let text = String::from_utf8(chunk).unwrap();
        delays.push(arrived - text.trim().strip_prefix("data: ").unwrap().parse::<u128>().unwrap());
    }
    delays.sort_unstable();
    // One of them may meet a busy machine; none may wait for the next one.
    assert!(delays.len() == 3 && delays[1] < 50_000 && delays[2] < 150_000, "in microseconds: {delays:?}");
}

#[test]
fn mt_04_who_goes_away_ends_the_upstreams_work() {
    let site = Site::start();
    let token = token(&site);
    let mut wire = Wire::open(site.port);
    wire.write(&Request::get(&site.main("/x?do=endless")).bearer(&token).bytes());
    assert_eq!(wire.head().unwrap().status, 200);
    assert!(wire.chunk().is_some());
    drop(wire);
    eventually("the upstream notices", || site.upstream.closed_streams() == 1);
}

#[test]
fn mt_02_origins_of_others_do_not_pass() {
    let site = Site::start();
    let token = token(&site);
    site.upstream.forget();
    let post = || Request::post(&site.main("/mcp")).bearer(&token).json(&json!({}));
    for origin in ["http://evil.test", "null", "https://127.0.0.1"] {
        send(&post().header("Origin", origin)).expect(403);
    }
    assert!(site.upstream.seen().is_empty());
    send(&post()).expect(200);
    send(&post().header("Origin", &site.main(""))).expect(200);
}

#[test]
fn mt_05_mt_06_mt_12_mcp_passes_as_it_is() {
    let site = Site::start();
    let token = token(&site);
    for (method, target) in [("POST", "/mcp"), ("GET", "/mcp"), ("DELETE", "/mcp")] {
        let request = Request::new(method, &site.main(target)).bearer(&token);
        let request = [
            ("Mcp-Session-Id", "s"),
            ("Mcp-Param-Region", "eu"),
            ("Mcp-Unknown", "=?base64?eA==?="),
            ("MCP-Protocol-Version", "2026-07-28"),
            ("Last-Event-ID", "7"),
        ]
        .iter()
        .fold(request, |request, (name, value)| request.header(name, value));
        let body: &[u8] = if method == "POST" { br#"{"jsonrpc":"2.0","method":"x","id":1}"# } else { b"" };
        send(&request.body(body)).expect(200);
        let seen = site.upstream.last();
        assert_eq!((seen.line.as_str(), seen.body.as_slice()), (format!("{method} {target} HTTP/1.1").as_str(), body));
        for (name, value) in [
            ("mcp-session-id", "s"),
            ("mcp-param-region", "eu"),
            ("mcp-unknown", "=?base64?eA==?="),
            ("last-event-id", "7"),
        ] {
            assert_eq!(seen.header(name), Some(value));
        }
    }
    for status in [202, 204, 400, 404, 405, 406, 429, 500] {
        let response =
            send(&Request::post(&site.main(&format!("/mcp?do={status}"))).bearer(&token).body(b"{}")).expect(status);
        assert_eq!(response.header("mcp-session-id"), Some("theirs"));
    }
    let missing = send(&Request::post(&site.main("/mcp?do=jsonrpc404")).bearer(&token).body(b"{}")).expect(404);
    assert_eq!(missing.text(), r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}"#);
    assert_eq!(missing.header("content-type"), Some("application/json"));
}

#[test]
fn mt_01_mt_11_every_mcp_request_is_authorised() {
    let site = Site::start();
    for body in
        [json!({ "method": "initialize" }), json!({ "method": "server/discover" }), json!({ "method": "tools/list" })]
    {
        let request = Request::post(&site.url("tools.test", "/mcp")).header("Mcp-Session-Id", "known").json(&body);
        send(&request).expect(401);
    }
    assert!(site.upstream.seen().is_empty());
}

#[test]
fn mt_05_an_mcp_server_hears_who_asks_through_which_agent() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let sample = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
    listener.set_nonblocking(true).unwrap();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { doorward::sample::serve(tokio::net::TcpListener::from_std(listener).unwrap()).await })
    });
    let site = Site::with(|config| {
        let own = "url = \"http://tools.test:PORT/mcp\"\nupstream = ";
        config.replace(&format!("{own}\"UPSTREAM\""), &format!("{own}\"{sample}\""))
    });
    let url = site.url("tools.test", "/mcp");
    let token = site.agent(&url).authorize(&mut site.browser(), &site.ada()).access;
    let mut session = None;
    let mut call = |method: &str, params: Value| {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let request =
            Request::post(&url).bearer(&token).header("Accept", "application/json, text/event-stream").json(&body);
        let request = session.iter().fold(request, |request, id: &String| request.header("Mcp-Session-Id", id));
        let response = send(&request).expect(200);
        session = response.header("mcp-session-id").map(str::to_owned).or(session.take());
        let text = response.text();
        let data = text
            .lines()
            .filter_map(|line| line.strip_prefix("data:"))
            .map(str::trim)
            .find(|data| data.starts_with('{'));
        serde_json::from_str::<Value>(data.unwrap_or(&text)).unwrap()
    };
    let client =
        json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "x", "version": "1" } });
    assert_eq!(call("initialize", client)["result"]["serverInfo"]["name"], "doorward-sample");
    let answer = call("tools/call", json!({ "name": "whoami", "arguments": {} }));
    let who = &answer["result"]["structuredContent"];
    assert_eq!((&who["email"], &who["client_name"]), (&json!("ada@example.com"), &json!("A plain agent")), "{answer}");
}

#[test]
fn an_upstream_that_is_down_is_502_as_page_or_json() {
    let dead = free_port();
    let site = Site::with(|config| config.replace("UPSTREAM", &format!("http://127.0.0.1:{dead}")));
    let mut browser = site.browser();
    let page = browser.sign_in(&site.main("/x"), &site.ada());
    assert!(page.status == 502 && page.is_html() && page.text().contains("d_"), "{} {}", page.status, page.text());
    let token = token(&site);
    let json = send(&Request::get(&site.main("/x")).bearer(&token)).expect(502);
    assert_eq!(json.json()["error"], "upstream_failed");
    for response in [page, json] {
        assert_eq!(response.header("server"), None);
        assert!(!response.text().contains("127.0.0.1:"), "where it is is nobody's business");
    }
}

#[test]
fn hp_19_an_upstream_that_breaks_off_harms_nobody_else() {
    let site = Site::start();
    let token = token(&site);
    let ask = |target: &str| Request::get(&site.main(target)).bearer(&token);
    send(&ask("/x?do=close")).expect(502);
    send(&ask("/x?do=garbage")).expect(502);
    let mut wire = Wire::open(site.port);
    wire.write(&ask("/x?do=half").bytes());
    let half = wire.head().unwrap();
    assert_eq!(half.status, 200);
    assert_eq!(wire.exactly(100), None, "the client sees that it is not whole");
    for _ in 0..10 {
        assert_eq!(send(&ask("/x?do=two")).expect(200).text(), "one");
        let next = send(&ask("/next")).expect(200);
        assert!(next.text().contains("/next"), "a stray answer: {}", next.text());
    }
    // An answer before the body has come.
    let early = Request::post(&site.main("/x?do=early")).bearer(&token).body(&vec![b'x'; 200_000]);
    assert!(matches!(send(&early).status, 403 | 502));
    assert!(send(&ask("/after")).expect(200).text().contains("/after"));
}

#[test]
fn bodies_of_every_framing_arrive_whole() {
    let site = Site::start();
    let token = token(&site);
    let big = vec![b'x'; 3_000_000];
    send(&Request::post(&site.main("/big")).bearer(&token).body(&big)).expect(200);
    assert_eq!(site.upstream.last().body.len(), big.len());
    let mut wire = Wire::open(site.port);
    wire.write(format!("POST /x HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {token}\r\nTransfer-Encoding: chunked\r\n\r\n", site.port).as_bytes());
    wire.write(b"3\r\nabc\r\n3;x=y\r\ndef\r\n0\r\n\r\n");
    assert_eq!(wire.answer(false).unwrap().status, 200);
    assert_eq!(site.upstream.last().body, b"abcdef");
    // HEAD has no body, and the connection goes on.
    assert_eq!(wire.send(&Request::new("HEAD", &site.main("/x")).bearer(&token)).status, 200);
    assert_eq!(wire.send(&Request::get(&site.main("/x")).bearer(&token)).status, 200);
}

#[test]
fn hp_20_a_proxied_expectation_is_the_upstreams_to_meet() {
    let site = Site::start();
    let token = token(&site);
    let mut wire = Wire::open(site.port);
    let head = format!(
        "POST /x HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {token}\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n",
        site.port
    );
    wire.write(head.as_bytes());
    assert_eq!(wire.head().unwrap().status, 100);
    wire.write(b"body");
    assert_eq!(wire.answer(false).unwrap().status, 200);
    assert_eq!(site.upstream.last().body, b"body");
}

fn websocket(url: &str) -> Request {
    let request = Request::get(url).header("Connection", "Upgrade").header("Upgrade", "websocket");
    request.header("Sec-WebSocket-Version", "13").header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
}

/// Sends a masked text frame and expects it back.
fn echoes(wire: &mut Wire, text: &str) -> bool {
    let mask = [1, 2, 3, 4];
    let mut frame = vec![0x81, 0x80 | u8::try_from(text.len()).unwrap()];
    frame.extend(mask);
    frame.extend(text.bytes().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    wire.write(&frame);
    wire.exactly(2 + text.len()).is_some_and(|echo| &echo[2..] == text.as_bytes())
}

#[test]
fn hp_24_bs_17_websockets_pass_with_a_cookie_of_our_page_and_with_a_token() {
    let site = Site::start();
    let token = token(&site);
    let browser = site.signed_in(&site.ada());
    let cookie = format!("doorward-main={}", browser.cookie("127.0.0.1", "doorward-main").unwrap());
    let url = site.main("/ws");
    let good = [
        websocket(&url).bearer(&token),
        websocket(&url).header("Cookie", &cookie).header("Origin", &site.main("")),
        websocket(&url).header("Upgrade", "WebSocket").header("Cookie", &cookie).header("Origin", &site.main("")),
    ];
    for request in &good[..2] {
        let mut wire = Wire::open(site.port);
        assert_eq!(wire.send(request).status, 101);
        for text in ["hello", "through", "the door"] {
            assert!(echoes(&mut wire, text));
        }
        let seen = site.upstream.last();
        assert_eq!(seen.header("x-forwarded-email"), Some("ada@example.com"));
        assert!(seen.header("authorization").is_none() && seen.header("cookie").is_none());
    }
    site.upstream.forget();
    for origin in ["http://evil.test", "null", &site.url("wiki.test", "")] {
        for request in [websocket(&url).header("Cookie", &cookie), websocket(&url).bearer(&token)] {
            send(&request.header("Origin", origin)).expect(403);
        }
    }
    send(&websocket(&url)).expect(401);
    send(&websocket(&url).header("Cookie", &cookie).bearer("x")).expect(401);
    assert!(site.upstream.seen().is_empty());
}

#[test]
fn hp_24_nothing_but_a_websocket_is_upgraded() {
    let site = Site::start();
    let token = token(&site);
    for upgrade in ["h2c", "foo", "TLS/1.0", "websocket, h2c", "h2c, websocket"] {
        site.upstream.forget();
        let request = Request::get(&site.main("/x")).bearer(&token).header("Connection", "Upgrade, HTTP2-Settings");
        let request = request.header("Upgrade", upgrade).header("HTTP2-Settings", "AAMAAABkAAQAAP__");
        let response = send(&request);
        assert!(matches!(response.status, 200 | 400), "{upgrade}: {}", response.status);
        for seen in site.upstream.seen() {
            assert_eq!((seen.header("upgrade"), seen.header("http2-settings")), (None, None), "{upgrade}");
        }
    }
}

#[test]
fn s_02_what_follows_a_refused_upgrade_is_no_tunnel() {
    let site = Site::start();
    site.upstream.forget();
    let mut wire = Wire::open(site.port);
    wire.write(&websocket(&site.main("/ws")).bytes());
    wire.write(b"GET /smuggled HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_eq!(wire.answer(false).unwrap().status, 401);
    while let Some(response) = wire.answer(false) {
        assert_ne!(response.status, 200);
    }
    assert!(site.upstream.seen().is_empty());
}

#[test]
fn hp_31_two_thousand_requests_of_two_people_are_never_mixed_up() {
    const EACH: usize = 1000;
    const THREADS: usize = 200;
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let tokens = [site.ada(), site.bob()].map(|user| (agent.authorize(&mut site.browser(), &user).access, user.name));
    let browser = site.signed_in(&site.bob());
    let cookie = format!("doorward-main={}", browser.cookie("127.0.0.1", "doorward-main").unwrap());
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (site, tokens, cookie) = (&site, &tokens, &cookie);
            scope.spawn(move || {
                let mut wire = Wire::open(site.port);
                for number in 0..2 * EACH / THREADS {
                    let (token, email) = &tokens[(thread + number) % 2];
                    let tag = format!("/tag/{thread}-{number}");
                    let request = Request::post(&site.main(&tag));
                    let by_cookie = *email == "bob@example.com" && number % 3 == 0;
                    let request = if by_cookie { request.header("Cookie", cookie) } else { request.bearer(token) };
                    let echo = wire.send(&request.body(tag.as_bytes())).expect(200).json();
                    assert_eq!(echo["line"], json!(format!("POST {tag} HTTP/1.1")));
                    assert_eq!(echo["body"], json!(tag));
                    let headers: BTreeMap<String, String> =
                        serde_json::from_value::<Vec<(String, String)>>(echo["headers"].clone())
                            .unwrap()
                            .into_iter()
                            .map(|(name, value)| (name.to_ascii_lowercase(), value))
                            .collect();
                    assert_eq!(headers["x-forwarded-email"], *email);
                }
            });
        }
    });
}
