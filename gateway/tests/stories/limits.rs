//! How much a client may ask for: sizes, speed, and how often.

use crate::harness::{Agent, Browser, Request, Response, Site, Wire, eventually, send};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// A site with these limits of the front, and of its main app.
fn site(front: &str, main: &str) -> Site {
    Site::with(|config| config + &limits(front, main))
}

fn limits(front: &str, main: &str) -> String {
    format!("\n[server.limits]\n{front}\n[apps.main.limits]\n{main}\n")
}

fn ask(browser: &mut Browser, site: &Site) -> Response {
    browser.send(Request::get(&site.main("/x")))
}

/// What was kept of a refusal.
fn explained(site: &Site, refused: &Response) -> Value {
    let id = refused.json()["decision_id"].as_str().unwrap().to_owned();
    let mut kept = None;
    eventually("the refusal is kept", || {
        let output = site.cli(&["explain", &id, "--json"]);
        kept = serde_json::from_slice(&output.stdout).ok().filter(|_| output.status.success());
        kept.is_some()
    });
    kept.unwrap()
}

#[test]
fn hp_25_the_head_of_a_request_is_as_large_as_configured() {
    let site = site("header_bytes = '4KiB'\nheader_count = 20\nurl_length = '1KiB'", "");
    let long = |bytes: usize| format!("/{}", "x".repeat(bytes - 1));
    send(&Request::get(&site.main(&long(1024)))).expect(401);
    let refused = send(&Request::get(&site.main(&long(1025)))).expect(414);
    assert_eq!(refused.json()["error"], "request_too_large");
    assert!(send(&Request::get(&site.main(&long(1025))).html()).expect(414).is_html());
    assert_eq!(explained(&site, &refused)["outcome"], "request_too_large");

    let with = |bytes: usize| Request::get(&site.main("/x")).header("X-Long", &"x".repeat(bytes));
    send(&with(3000)).expect(401);
    let refused = send(&with(5000)).expect(431);
    assert_eq!(refused.json()["error"], "request_too_large");
    assert!(send(&with(5000).html()).expect(431).is_html());

    let many =
        |count| (0..count).fold(Request::get(&site.main("/x")), |request, n| request.header(&format!("X-{n}"), "y"));
    send(&many(19)).expect(401);
    send(&many(20)).expect(431);
    // Cookies are one, in however many fields they come.
    let crumbs =
        (0..30).fold(Request::get(&site.main("/x")), |request, n| request.header("Cookie", &format!("c{n}=1")));
    send(&crumbs).expect(401);
    assert!(site.upstream.seen().is_empty());
}

#[test]
fn hp_25_a_body_that_says_it_is_too_long_is_not_begun() {
    let site = site("", "body = '10KiB'");
    let mut ada = site.signed_in(&site.ada());
    let put = |bytes: usize| Request::new("PUT", &site.main("/file")).body(&vec![b'x'; bytes]);
    ada.send(put(10 * 1024)).expect(200);
    site.upstream.forget();
    let refused = ada.send(put(10 * 1024 + 1)).expect(413);
    assert_eq!(refused.json()["error"], "request_too_large");
    assert!(ada.send(put(5_000_000).html()).expect(413).is_html(), "also while much is still on its way");
    assert!(site.upstream.seen().is_empty());
    let kept = explained(&site, &refused);
    assert_eq!((&kept["outcome"], &kept["app"]), (&"request_too_large".into(), &"main".into()));
    let event = site.logged("the refused request", |event| event["fields"]["status"] == 413 || event["status"] == 413);
    assert!(event.to_string().contains("request_too_large"), "{event}");
    // Another app has no such limit.
    let mut wiki = site.browser();
    wiki.sign_in(&site.url("wiki.test", "/"), &site.ada()).expect(200);
    wiki.send(Request::new("PUT", &site.url("wiki.test", "/file")).body(&[b'x'; 20_000])).expect(200);
}

#[test]
fn hp_25_a_body_without_a_length_ends_where_it_becomes_too_long() {
    let site = site("", "body = '100KiB'");
    let mut ada = site.signed_in(&site.ada());
    let put = Request::new("PUT", &site.main("/file")).header("Transfer-Encoding", "chunked");
    let chunk = format!("400\r\n{}\r\n", "x".repeat(1024));

    let mut wire = Wire::open(site.port);
    wire.write(&ada.with_cookies(put.clone()).bytes());
    (0..100).for_each(|_| wire.write(chunk.as_bytes()));
    wire.write(b"0\r\n\r\n");
    assert_eq!(wire.answer(false).unwrap().status, 200);
    assert_eq!(site.upstream.last().body.len(), 100 * 1024);
    site.upstream.forget();

    let mut wire = Wire::open(site.port);
    wire.write(&ada.with_cookies(put).bytes());
    (0..1000).for_each(|_| wire.write(chunk.as_bytes()));
    let refused = wire.answer(false).expect("an answer, not a reset");
    assert_eq!(refused.status, 413);
    assert_eq!(explained(&site, &refused)["outcome"], "request_too_large");
    let whole = site.upstream.seen().iter().any(|seen| seen.body.len() > 100 * 1024);
    assert!(!whole, "the upstream got more than that");
}

#[test]
fn hp_25_an_upload_that_is_refused_ends_without_a_reset() {
    let site = Site::with_lab("upstream = \"UPSTREAM\"\nlimits.body = '100KiB'");
    let put = Request::new("PUT", &site.at_lab("/file")).header("Transfer-Encoding", "chunked");
    let mut stream = TcpStream::connect(("127.0.0.1", site.port)).unwrap();
    stream.write_all(&put.bytes()).unwrap();
    let refused = thread::scope(|scope| {
        let mut reading = stream.try_clone().unwrap();
        let told = scope.spawn(move || {
            let mut refused = String::new();
            reading.read_to_string(&mut refused).map(|_| refused)
        });
        // Whoever sends before reading would lose the answer by a reset (RFC 9112 section 9.6).
        let chunk = [b"40000\r\n", [b'x'; 0x40000].as_slice(), b"\r\n"].concat();
        (0..16).for_each(|_| stream.write_all(&chunk).expect("it is read to its end"));
        stream.write_all(b"0\r\n\r\n").unwrap();
        told.join().unwrap().expect("no reset")
    });
    assert!(refused.starts_with("HTTP/1.1 413 "), "{refused}");
}

#[test]
fn hp_25_a_body_to_the_gateway_itself_is_short() {
    let site = Site::start();
    let post = Request::post(&site.login("/.doorward/login"));
    send(&post.clone().header("Content-Length", "10000000")).expect(413);
    let mut wire = Wire::open(site.port);
    wire.write(&post.header("Transfer-Encoding", "chunked").bytes());
    let chunk = format!("400\r\n{}\r\n", "x".repeat(1024));
    wire.write(chunk.repeat(2000).as_bytes());
    wire.write(b"0\r\n\r\n");
    assert_eq!(wire.answer(false).expect("an answer").status, 413);
}

#[test]
fn hp_20_a_form_for_the_gateway_itself_is_asked_for() {
    let site = Site::start();
    let post = Request::post(&site.login("/.doorward/login")).header("Expect", "100-continue");
    let mut wire = Wire::open(site.port);
    wire.write(&post.header("Content-Length", "3").bytes());
    assert_eq!(wire.head().expect("it is asked for").status, 100);
    wire.write(b"a=b");
    assert!(wire.answer(false).is_some());
}

#[test]
fn hp_25_a_client_that_stops_sending_is_told_so() {
    let site = site("upload_timeout = '1s'", "");
    let mut ada = site.signed_in(&site.ada());
    let put = Request::new("PUT", &site.main("/file")).header("Content-Length", "10");
    let mut wire = Wire::open(site.port);
    wire.write(&ada.with_cookies(put).bytes());
    wire.write(b"half");
    let began = Instant::now();
    let refused = wire.answer(false).expect("an answer");
    assert_eq!((refused.status, refused.json()["error"].as_str()), (408, Some("request_timeout")));
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn hp_25_a_client_must_send_so_fast_and_is_not_blamed_for_a_slow_upstream() {
    const MUCH: usize = 48 << 20;
    let slow = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = format!("upstream = \"http://{}\"", slow.local_addr().unwrap());
    let site = Site::with(|config| {
        let apps = Site::lab("upstream = \"UPSTREAM\"") + &Site::lab(&upstream).replace("lab", "slow");
        config + &apps + "\n[server.limits]\nupload_rate = '1MiB'\n"
    });
    let open = |host: &str, fields: &str| {
        let mut stream = TcpStream::connect(("127.0.0.1", site.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let head = format!("PUT /x HTTP/1.1\r\nHost: {host}:{}\r\nConnection: close\r\n{fields}\r\n", site.port);
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    let answer = |mut stream: TcpStream| {
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    };
    let drip = |fields: &str| {
        let mut stream = open("lab.test", &format!("Transfer-Encoding: chunked\r\n{fields}"));
        // For longer than the half minute in which no rate is asked for.
        (0..36)
            .take_while(|_| stream.write_all(b"1\r\nx\r\n").is_ok())
            .for_each(|_| thread::sleep(Duration::from_secs(1)));
        let _ = stream.write_all(b"0\r\n\r\n");
        answer(stream)
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            let (mut stream, _) = slow.accept().unwrap();
            thread::sleep(Duration::from_secs(36));
            let mut buffer = vec![1; 1 << 20];
            let mut reads = || stream.read(&mut buffer).is_ok_and(|read| read > 0 && buffer[read - 1] != 0);
            while reads() {}
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        });
        let held_up = scope.spawn(|| {
            let mut stream = open("slow.test", &format!("Content-Length: {MUCH}\r\n"));
            let _ = stream.write_all(&[vec![b'x'; MUCH - 1], vec![0]].concat());
            answer(stream)
        });
        let (body, call) = (scope.spawn(|| drip("")), scope.spawn(|| drip("Content-Type: application/grpc\r\n")));
        let [held_up, body, call] = [held_up, body, call].map(|told| told.join().unwrap());
        assert!(body.starts_with("HTTP/1.1 408 "), "{body}");
        assert!(call.starts_with("HTTP/1.1 200 "), "a stream may be slow: {call}");
        assert!(held_up.starts_with("HTTP/1.1 200 "), "the upstream was: {held_up}");
    });
}

#[test]
fn hp_25_a_person_may_ask_so_often_and_others_still_may() {
    let site = site("", "requests = [{ per = 'identity', rate = '4/1h' }]");
    let (mut ada, mut bob) = (site.signed_in(&site.ada()), site.signed_in(&site.bob()));
    // Signing in was the first.
    (0..3).for_each(|_| drop(ask(&mut ada, &site).expect(200)));
    let refused = ask(&mut ada, &site).expect(429);
    assert_eq!(refused.json()["error"], "too_many_requests");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((800..=900).contains(&wait), "{wait}");
    assert!(ada.send(Request::get(&site.main("/x")).html()).expect(429).is_html());
    let seen = site.upstream.seen().len();
    let mut elsewhere = site.browser();
    elsewhere.sign_in(&site.main("/"), &site.ada()).expect(429);
    assert_eq!(site.upstream.seen().len(), seen, "in whatever browser");
    ask(&mut bob, &site).expect(200);
    let mut wiki = site.browser();
    wiki.sign_in(&site.url("wiki.test", "/"), &site.ada()).expect(200);

    let kept = explained(&site, &refused);
    assert_eq!((&kept["outcome"], &kept["who"]), (&"too_many_requests".into(), &"ada@example.com".into()));
    assert_eq!(kept["detail"], "more than 4 requests in 1h, or 4 at once, per identity");
    site.reload(|config| config + &limits("", "requests = [{ per = 'identity', rate = '100/1h' }]"));
    ask(&mut ada, &site).expect(200);
}

#[test]
fn hp_25_a_client_may_ask_so_often_whoever_uses_it() {
    let site = site("", "requests = [{ per = 'client', rate = '2/1h' }]");
    let agent = site.agent(&site.main("/"));
    let mut other = agent.clone();
    let registration = json!({ "client_name": "Another agent", "redirect_uris": [other.redirect_uri], "token_endpoint_auth_method": "none" });
    let registered = send(&Request::post(agent.endpoint("registration_endpoint")).json(&registration)).expect(201);
    registered.json()["client_id"].as_str().unwrap().clone_into(&mut other.client_id);
    let token = |agent: &Agent, user| agent.authorize(&mut site.browser(), user).access;
    let (ada, bob, another) = (token(&agent, &site.ada()), token(&agent, &site.bob()), token(&other, &site.ada()));
    let ask = |token: &str| send(&Request::get(&site.main("/x")).bearer(token));
    ask(&ada).expect(200);
    ask(&bob).expect(200);
    let refused = ask(&ada).expect(429);
    assert_eq!(refused.header("www-authenticate"), None, "another token would not help");
    ask(&bob).expect(429);
    ask(&another).expect(200);
    // A browser is no client.
    let mut browser = site.signed_in(&site.ada());
    (0..5).for_each(|_| drop(browser.send(Request::get(&site.main("/x"))).expect(200)));
    let by_client = explained(&site, &refused)["detail"].as_str().unwrap().contains("per client");
    assert!(by_client);
}

#[test]
fn hp_25_an_address_may_ask_so_often_for_whatever() {
    let site = site("requests = [{ per = 'address', rate = '20/1h' }]", "");
    let from = |ip: &str, url: &str| Wire::open_from(ip.parse().unwrap(), site.port).send(&Request::get(url));
    (0..20).for_each(|_| drop(from("127.0.0.9", &site.main("/x")).expect(401)));
    let login = site.login("/.doorward/login");
    for url in [site.main("/x"), site.main("/.well-known/oauth-protected-resource"), login, site.url("no.test", "/")] {
        let refused = from("127.0.0.9", &url).expect(429);
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((100..=180).contains(&wait), "{url}: {wait}");
    }
    from("127.0.0.8", &site.main("/x")).expect(401);
    let forged = Request::get(&site.main("/x")).header("X-Forwarded-For", "192.0.2.1");
    Wire::open_from("127.0.0.9".parse().unwrap(), site.port).send(&forged).expect(429);
}

#[test]
fn hp_25_strangers_do_not_use_up_what_a_person_has() {
    let site = site("", "requests = [{ per = 'identity', rate = '50/1h' }, { per = 'address', rate = '30/1h' }]");
    let mut ada = site.signed_in(&site.ada());
    let flood = || {
        let mut wire = Wire::open_from("127.0.0.7".parse().unwrap(), site.port);
        let forged = Request::get(&site.main("/x")).header("Cookie", "doorward-main=dw_se_forged");
        (0..100).filter(|_| wire.send(&forged).status == 429).count()
    };
    let refused: usize = thread::scope(|scope| {
        let floods: Vec<_> = (0..4).map(|_| scope.spawn(flood)).collect();
        floods.into_iter().map(|flood| flood.join().unwrap()).sum()
    });
    assert_eq!(refused, 400 - 30);
    ask(&mut ada, &site).expect(200);
}
