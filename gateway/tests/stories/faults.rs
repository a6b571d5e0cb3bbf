//! An upstream that fails: the right status, a page or JSON, and nobody's session lost.

use crate::harness::{Http2, Part, Request, Scripted, Silent, Site, Wire, eventually, free_port, ok, say, send};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A server with a fault for each target.
fn faulty() -> Scripted {
    Scripted::start(|seen, writer| match seen.target() {
        "/silent" => {
            thread::sleep(Duration::from_secs(20));
            None
        }
        "/mid-header" => {
            say(writer, "HTTP/1.1 200 OK\r\nContent-Le");
            None
        }
        "/garbage" => {
            say(writer, "220 this is a mail server\r\n");
            None
        }
        "/huge-header" => say(writer, &format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(2_000_000))),
        "/short" => {
            say(writer, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
            None
        }
        "/chunked" => {
            say(writer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
            None
        }
        "/pause" => {
            say(writer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")?;
            thread::sleep(Duration::from_millis(2500));
            say(writer, "3\r\ntwo\r\n0\r\n\r\n")
        }
        "/hints-and-answers" => {
            thread::sleep(Duration::from_secs(2));
            say(writer, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n")?;
            thread::sleep(Duration::from_secs(2));
            ok(writer, "at last")
        }
        "/hints-and-hangs" => {
            say(writer, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n")?;
            thread::sleep(Duration::from_secs(20));
            None
        }
        "/hangs" => {
            say(writer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")?;
            thread::sleep(Duration::from_secs(20));
            None
        }
        _ => ok(writer, "fine"),
    })
}

#[test]
fn every_fault_has_its_status_as_page_or_json_and_costs_nobody_the_session() {
    let server = faulty();
    let (dead, url) = (free_port(), server.url());
    let site = Site::with(|config| {
        let config =
            config.replacen("upstream = \"UPSTREAM\"", &format!("upstream = {url:?}\ntimeouts.first_byte = \"1s\""), 1);
        config
            + &Site::lab(&format!("upstream = \"http://127.0.0.1:{dead}\""))
            + &Site::lab("upstream = \"http://no-such-host.invalid:80\"").replace("lab", "lost")
    });
    let mut browser = site.signed_in(&site.ada());
    for (url, status, code) in [
        (site.main("/silent"), 504, "upstream_timeout"),
        (site.main("/mid-header"), 502, "upstream_failed"),
        (site.main("/garbage"), 502, "upstream_failed"),
        (site.main("/huge-header"), 502, "upstream_failed"),
        (site.url("lab.test", "/"), 502, "upstream_failed"),
        (site.url("lost.test", "/"), 502, "upstream_failed"),
    ] {
        let started = Instant::now();
        let json = browser.send(Request::get(&url)).expect(status);
        let page = browser.send(Request::get(&url).html()).expect(status);
        assert!(started.elapsed() < Duration::from_secs(8), "{url}");
        assert_eq!(json.json()["error"], code, "{url}");
        assert!(page.is_html() && page.text().contains("d_"), "{url}: {}", page.text());
        for answer in [json, page] {
            assert!(answer.all("set-cookie").is_empty() && answer.challenge().is_empty(), "{url}: {answer:?}");
            assert_eq!(answer.header("retry-after").is_some(), status > 502, "{url}");
            assert_eq!(answer.header("server"), None);
        }
    }
    assert_eq!(browser.send(Request::get(&site.main("/"))).expect(200).text(), "fine", "still signed in");
}

#[test]
fn half_a_body_never_looks_like_a_whole_one() {
    let server = faulty();
    let site = Site::with_lab(&format!("upstream = {:?}", server.url()));
    for target in ["/short", "/chunked"] {
        let mut wire = Wire::open(site.port);
        wire.write(&Request::get(&site.at_lab(target)).bytes());
        assert_eq!(wire.head().unwrap().status, 200);
        let rest = String::from_utf8(wire.rest()).unwrap();
        assert!(rest.contains("half") && !rest.ends_with("0\r\n\r\n"), "{target}: {rest}");
        let mut client = Http2::open(site.port);
        let mut incoming = client.begin(&Request::get(&site.at_lab(target)));
        let end = std::iter::from_fn(|| Some(incoming.part())).find(|part| !matches!(part, Part::Data(_)));
        assert!(matches!(end, Some(Part::Reset(_))), "{target}: {end:?}");
    }
}

#[test]
fn a_stream_may_be_silent_for_longer_than_an_answer_may_take_to_begin() {
    let server = faulty();
    let limits = "timeouts = { first_byte = \"1s\", idle = \"5s\" }";
    let site = Site::with_lab(&format!("upstream = {:?}\n{limits}", server.url()));
    assert_eq!(send(&Request::get(&site.at_lab("/pause"))).expect(200).text(), "onetwo");
    let mut client = Http2::open(site.port);
    assert_eq!(client.send(&Request::get(&site.at_lab("/pause"))).text(), "onetwo");
    assert_eq!(client.send(&Request::get(&site.at_lab("/silent"))).status, 504);
    let (mut wire, started) = (Wire::open(site.port), Instant::now());
    wire.write(&Request::get(&site.at_lab("/hangs")).bytes());
    assert_eq!(wire.head().unwrap().status, 200);
    assert!(!wire.rest().ends_with(b"0\r\n\r\n"));
    let lasted = started.elapsed();
    assert!(lasted > Duration::from_secs(4) && lasted < Duration::from_secs(9), "{lasted:?}");
}

#[test]
fn who_takes_no_connections_is_waited_for_as_long_as_configured() {
    let silent = Silent::start();
    let site = Site::with_lab(&format!("upstream = \"http://127.0.0.1:{}\"\ntimeouts.connect = \"1s\"", silent.port));
    let upgrade = Request::get(&site.at_lab("/ws")).header("Connection", "Upgrade").header("Upgrade", "websocket");
    let upgrade = upgrade.header("Sec-WebSocket-Version", "13").header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    for request in [Request::get(&site.at_lab("/")), Request::post(&site.at_lab("/")).body(b"x"), upgrade] {
        let started = Instant::now();
        let refused = send(&request).expect(504);
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        assert_eq!((&refused.json()["error"], refused.header("retry-after")), (&"upstream_timeout".into(), Some("5")));
    }
}

#[test]
fn an_upstream_that_reads_nothing_is_left() {
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = format!("upstream = \"http://{}\"", deaf.local_addr().unwrap());
    let site = Site::with_lab(&format!("{upstream}\ntimeouts.idle = \"1s\""));
    let upload = Request::post(&site.at_lab("/up")).body(&vec![b'x'; 48 << 20]);
    let mut wire = Wire::open(site.port);
    thread::spawn(move || wire.write(&upload.bytes()));
    let told = site.logged("the upload was given up", |event| event["path"] == "/up");
    assert_eq!(told["status"], 504, "{told}");
}

#[test]
fn an_interim_answer_prolongs_the_wait_and_does_not_end_it() {
    let server = faulty();
    let site = Site::with_lab(&format!("upstream = {:?}\ntimeouts.first_byte = \"3s\"", server.url()));
    assert_eq!(send(&Request::get(&site.at_lab("/hints-and-answers"))).expect(200).text(), "at last");
    let refused = send(&Request::get(&site.at_lab("/hints-and-hangs"))).expect(504);
    assert_eq!((refused.interim.as_slice(), &refused.json()["error"]), (&[103][..], &"upstream_timeout".into()));
    assert_eq!(Http2::open(site.port).send(&Request::get(&site.at_lab("/hints-and-hangs"))).status, 504);
}

#[test]
fn a_long_upload_is_no_silence() {
    let server = faulty();
    let site = Site::with_lab(&format!("upstream = {:?}\ntimeouts.first_byte = \"1s\"", server.url()));
    let mut wire = Wire::open(site.port);
    let head = format!("POST /up HTTP/1.1\r\nHost: lab.test:{}\r\nContent-Length: 40\r\n\r\n", site.port);
    wire.write(head.as_bytes());
    for _ in 0..8 {
        thread::sleep(Duration::from_millis(300));
        wire.write(b"12345");
    }
    assert_eq!(wire.answer(false).unwrap().text(), "fine");
    assert_eq!(server.last().body.len(), 40);
}

#[test]
fn hp_19_only_what_is_harmless_is_sent_twice() {
    let heard = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&heard);
    // Every second request of a connection is heard, and the connection closed.
    let server = Scripted::start(move |_, writer| match count.fetch_add(1, Ordering::SeqCst) % 2 {
        0 => ok(writer, "first"),
        _ => None,
    });
    let site = Site::with_lab(&format!("upstream = {:?}", server.url()));
    let logged = || site.log_lines().iter().filter(|line| line.contains("\"path\":\"/\"")).count();
    let ask = |request: Request| {
        heard.store(0, Ordering::SeqCst);
        let before = logged();
        send(&Request::get(&site.at_lab("/"))).expect(200);
        eventually("the connection is free for the next", || logged() > before);
        send(&request).status
    };
    assert_eq!(ask(Request::get(&site.at_lab("/again"))), 200);
    assert_eq!(heard.load(Ordering::SeqCst), 3, "once in vain, and once again");
    assert_eq!(ask(Request::new("DELETE", &site.at_lab("/again"))), 200);
    server.close();
    for request in [Request::post(&site.at_lab("/p")).body(b"x"), Request::post(&site.at_lab("/p")).body(b"")] {
        assert_eq!(ask(request), 502);
        assert_eq!(heard.load(Ordering::SeqCst), 2, "never twice");
    }
    assert_eq!(ask(Request::new("PUT", &site.at_lab("/p")).body(b"x")), 502);
    assert_eq!(heard.load(Ordering::SeqCst), 2, "a body goes once");
    server.close();
    heard.store(1, Ordering::SeqCst);
    assert_eq!(send(&Request::get(&site.at_lab("/new"))).status, 502);
    assert_eq!(heard.load(Ordering::SeqCst), 2, "who has closed a new connection was asked, and has heard");
}

#[test]
fn hp_19_what_was_answered_in_part_is_not_sent_again() {
    let heard = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&heard);
    let server = Scripted::start(move |seen, writer| {
        count.fetch_add(1, Ordering::SeqCst);
        if seen.target() == "/half" {
            say(writer, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
            return None;
        }
        ok(writer, "whole")
    });
    let site = Site::with_lab(&format!("upstream = {:?}", server.url()));
    send(&Request::get(&site.at_lab("/"))).expect(200);
    let mut wire = Wire::open(site.port);
    wire.write(&Request::get(&site.at_lab("/half")).bytes());
    assert_eq!(wire.head().unwrap().status, 200);
    assert_eq!(wire.rest(), b"half");
    assert_eq!(heard.load(Ordering::SeqCst), 2);
}

#[test]
fn hp_19_kept_connections_that_died_are_not_all_tried() {
    let heard = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&heard);
    let server = Scripted::start(move |seen, writer| {
        if seen.target() != "/first" {
            count.fetch_add(1, Ordering::SeqCst);
            return None;
        }
        // Until eight connections are open, none is free for the next.
        while seen.header("x-open").is_some_and(|_| count.load(Ordering::SeqCst) == 0) {
            thread::sleep(Duration::from_millis(5));
        }
        ok(writer, "first")
    });
    let site = Site::with_lab(&format!("upstream = {:?}", server.url()));
    let first = Request::get(&site.at_lab("/first")).header("X-Open", "1");
    thread::scope(|scope| {
        let asked: Vec<_> = (0..8).map(|_| scope.spawn(|| send(&first).status)).collect();
        eventually("all are there", || server.seen().len() == 8);
        heard.store(1, Ordering::SeqCst);
        asked.into_iter().for_each(|asked| assert_eq!(asked.join().unwrap(), 200));
    });
    heard.store(0, Ordering::SeqCst);
    assert_eq!(send(&Request::get(&site.at_lab("/"))).status, 502);
    assert_eq!(heard.load(Ordering::SeqCst), 3, "once, and twice again");
}

#[test]
fn a_restarted_upstream_is_found_again() {
    let server = faulty();
    let site = Site::with_lab(&format!("upstream = {:?}", server.url()));
    send(&Request::get(&site.at_lab("/"))).expect(200);
    server.stop();
    send(&Request::get(&site.at_lab("/"))).expect(502);
    server.come_back();
    eventually("it answers", || send(&Request::get(&site.at_lab("/"))).status == 200);
}

/// Answers that say where they end, each with a whole second one behind it.
const ANSWERS: [(&str, &str); 7] = [
    ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
    ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
    ("GET", "HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n"),
    ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"),
    ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
    ("GET", "HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
];

#[test]
fn hp_19_hp_31_what_comes_behind_an_answer_is_nobodys_answer() {
    let server = Scripted::start(|seen, writer| match seen.target().trim_start_matches('/').parse::<usize>() {
        Ok(number) => {
            let planted = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nplanted";
            say(writer, &format!("{}{planted}", ANSWERS[number].1))
        }
        Err(_) => ok(writer, "own"),
    });
    let site = Site::with(|config| config + &Site::lab(&format!("upstream = {:?}", server.url())));
    for (number, (method, answer)) in ANSWERS.into_iter().enumerate() {
        let first = send(&Request::new(method, &site.at_lab(&format!("/{number}"))));
        assert!(!first.text().contains("planted"), "{answer:?}");
        for _ in 0..4 {
            assert_eq!(send(&Request::get(&site.at_lab("/x"))).expect(200).text(), "own", "after {answer:?}");
        }
    }
}
