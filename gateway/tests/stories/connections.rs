//! Connections of clients: how many, and how slowly they may begin.

use crate::harness::{Http2, Request, Site, Wire, eventually, send};
use std::time::{Duration, Instant};

fn limited(limits: &str) -> Site {
    let limits = format!("\n[server.limits]\n{limits}\n");
    Site::with(move |config| config + &limits)
}

#[test]
fn hp_25_a_head_that_comes_slowly_is_cut_off() {
    let site = limited("header_timeout = \"1s\"");
    let mut slow = Wire::open(site.port);
    let started = Instant::now();
    slow.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    for _ in 0..30 {
        slow.write(b"X-Drip: 1\r\n");
        if slow.is_closed_within(Duration::from_millis(100)) || started.elapsed() > Duration::from_secs(5) {
            break;
        }
    }
    // The answer was taken by the look above, or the connection is closed with it.
    assert!(started.elapsed() < Duration::from_secs(3), "a byte now and then kept it open");
}

#[test]
fn hp_25_a_head_that_stops_gets_408() {
    let site = limited("header_timeout = \"1s\"");
    for begun in ["G", "GET / HT", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "] {
        let mut slow = Wire::open(site.port);
        slow.write(begun.as_bytes());
        assert_eq!(slow.answer(false).expect(begun).status, 408, "{begun}");
        assert!(slow.is_closed_within(Duration::from_secs(2)), "{begun}");
    }
    let mut silent = Wire::open(site.port);
    assert!(silent.rest().starts_with(b"HTTP/1.1 408 "), "who says nothing is not waited for either");
}

#[test]
fn hp_25_a_head_without_an_end_takes_little_memory() {
    let site = Site::start();
    let mut endless = Wire::open(site.port);
    endless.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    for _ in 0..16 {
        endless.write(&[&b"X-Filler: "[..], &[b'x'; 16 * 1024], b"\r\n"].concat());
    }
    assert_eq!(endless.answer(false).expect("an answer").status, 431);
    let mut others = Wire::open(site.port);
    others.send(&Request::get(&site.main("/"))).expect(401);
    let refused = Request::post(&site.main("/x")).body(&vec![b'x'; 1_000_000]);
    others.send(&refused).expect(401);
    others.send(&Request::get(&site.main("/"))).expect(401);
}

#[test]
fn hp_25_a_client_that_reads_nothing_is_left() {
    let site = limited("download_timeout = \"1s\"");
    let tokens = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada());
    let mut flood = Wire::open(site.port);
    flood.write(&Request::get(&site.main("/x?do=flood")).bearer(&tokens.access).bytes());
    eventually("the client's buffers are full", || site.upstream.blocked_streams() == 1);
    eventually("the upstream is let go", || site.upstream.closed_streams() == 1);
}

#[test]
fn hp_25_the_next_request_of_a_connection_has_its_own_time() {
    let site = limited("header_timeout = \"1s\"");
    let mut wire = Wire::open(site.port);
    for length in ["0", "1"] {
        let request = Request::post(&site.main("/")).header("Content-Length", length);
        wire.send(&request).expect(401);
        // The rest of a body counts for no head.
        wire.write(&b"x"[..length.parse().unwrap()]);
        std::thread::sleep(Duration::from_millis(1500));
    }
    wire.send(&Request::get(&site.main("/"))).expect(401);
    wire.write(b"GET / HTTP/1.1\r\n");
    assert_eq!(wire.answer(false).expect("408").status, 408);
}

#[test]
fn hp_25_the_rest_of_a_body_that_was_refused_is_not_waited_for_long() {
    let site = Site::start();
    let mut wire = Wire::open(site.port);
    wire.send(&Request::post(&site.main("/")).header("Content-Length", "10")).expect(401);
    assert!(wire.is_closed_within(Duration::from_secs(12)), "it could take a minute for each piece");
}

#[test]
fn the_time_of_a_head_is_not_that_of_a_connection_of_http2() {
    let site = limited("header_timeout = \"1s\"");
    let mut connection = Http2::open(site.port);
    for _ in 0..2 {
        connection.send(&Request::get(&site.main("/"))).expect(401);
        std::thread::sleep(Duration::from_millis(1500));
    }
    connection.send(&Request::get(&site.main("/"))).expect(401);
}

#[test]
fn hp_25_an_idle_connection_ends() {
    let site = limited("idle_timeout = \"1s\"");
    let (mut wire, mut connection) = (Wire::open(site.port), Http2::open(site.port));
    wire.send(&Request::get(&site.main("/"))).expect(401);
    connection.send(&Request::get(&site.main("/"))).expect(401);
    assert!(wire.is_closed_within(Duration::from_secs(4)));
    eventually("that of HTTP/2 too", || connection.is_closed());
}

#[test]
fn hp_25_one_address_has_a_greatest_number_of_connections() {
    let site = limited("connections_per_address = 5");
    let mut held: Vec<_> = (0..5).map(|_| Wire::open(site.port)).collect();
    for wire in &mut held {
        wire.send(&Request::get(&site.main("/"))).expect(401);
    }
    let mut refused = Wire::open(site.port);
    refused.write(&Request::get(&site.main("/")).bytes());
    assert!(refused.answer(false).is_none(), "the sixth");
    let mut other = Wire::open_from([127, 0, 0, 2].into(), site.port);
    other.send(&Request::get(&site.main("/"))).expect(401);
    let metrics = send(&Request::get(&format!("http://127.0.0.1:{}/metrics", site.admin))).text();
    assert!(metrics.contains("doorward_refused_connections_total{limit=\"connections_per_address\"} 1"), "{metrics}");
    held.pop();
    eventually("its place is free", || {
        let mut wire = Wire::open(site.port);
        wire.write(&Request::get(&site.main("/")).bytes());
        wire.answer(false).is_some()
    });
}

#[test]
fn hp_25_there_is_a_greatest_number_of_connections() {
    let site = limited("connections = 6\nconnections_per_address = 4");
    let open = |ip: [u8; 4]| {
        let mut wire = Wire::open_from(ip.into(), site.port);
        wire.write(&Request::get(&site.main("/")).bytes());
        wire.answer(false).map(|_| wire)
    };
    let held: Vec<_> = (2..8).map(|last| open([127, 0, 0, last]).expect("a place")).collect();
    assert!(open([127, 0, 0, 9]).is_none(), "the seventh, from wherever");
    drop(held);
}

#[test]
fn hp_25_a_trusted_proxy_brings_as_many_as_there_are() {
    let site = Site::with(|config| {
        config.replace("threads = 2", "threads = 2\ntrusted_proxies = [\"127.0.0.3\"]")
            + "\n[server.limits]\nconnections_per_address = 1\n"
    });
    let held: Vec<_> = (0..4)
        .map(|_| {
            let mut wire = Wire::open_from([127, 0, 0, 3].into(), site.port);
            wire.send(&Request::get(&site.main("/"))).expect(401);
            wire
        })
        .collect();
    drop(held);
}

#[test]
fn a_connection_of_http2_has_a_greatest_number_of_streams() {
    let site = limited("http2_streams = 3");
    let tokens = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada());
    let mut connection = Http2::open(site.port);
    let request = Request::get(&site.main("/x?do=silence")).bearer(&tokens.access);
    let held: Vec<_> = (0..3).map(|_| connection.begin(&request)).collect();
    assert_eq!(connection.greatest_number_of_streams(), 3);
    drop(held);
    connection.send(&Request::get(&site.main("/x")).bearer(&tokens.access)).expect(200);
}
