//! How a gateway ends, and how another takes its place.

use crate::harness::{Http2, Part, Request, Site, Wire, eventually, send, try_send};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

fn tell(site: &Site, signal: &str) {
    assert!(Command::new("kill").arg(signal).arg(site.pid().to_string()).status().unwrap().success());
}

fn ready(site: &Site) -> Option<u16> {
    try_send(&Request::get(&format!("http://127.0.0.1:{}/readyz", site.admin))).map(|answer| answer.status)
}

fn draining(keys: &str) -> Site {
    let keys = format!("threads = 2\n{keys}");
    Site::with(move |config| config.replacen("threads = 2", &keys, 1))
}

#[test]
fn an_idle_gateway_stops_at_once() {
    let mut site = Site::start();
    send(&Request::get(&site.main("/"))).expect(401);
    let started = Instant::now();
    tell(&site, "-TERM");
    site.wait_for_end();
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    let stopped = site.logged("it says how long it took", |event| event["message"] == "stopped");
    assert!(stopped["seconds"].as_f64().unwrap() < 1.5, "connections that have ended are not waited for: {stopped}");
}

#[test]
fn it_is_not_ready_before_it_stops_listening() {
    let mut site = draining("drain_delay = \"2s\"");
    let mut kept = Wire::open(site.port);
    kept.send(&Request::get(&site.main("/"))).expect(401);
    tell(&site, "-TERM");
    eventually("it is not ready", || ready(&site) == Some(503));
    let answer = kept.send(&Request::get(&site.main("/"))).expect(401);
    assert_eq!(answer.header("connection"), Some("close"), "whoever keeps a connection is told to leave");
    send(&Request::get(&site.main("/"))).expect(401);
    site.wait_for_end();
}

#[test]
fn a_request_that_was_on_its_way_is_answered_when_nobody_listens_any_more() {
    let mut site = Site::start();
    let mut kept = Wire::open(site.port);
    kept.send(&Request::get(&site.main("/"))).expect(401);
    tell(&site, "-TERM");
    eventually("it stops listening", || std::net::TcpStream::connect(("127.0.0.1", site.port)).is_err());
    thread::sleep(Duration::from_millis(700));
    assert_eq!(kept.send(&Request::get(&site.main("/"))).expect(401).header("connection"), Some("close"));
    site.wait_for_end();
}

#[test]
fn requests_under_way_end_before_it_does() {
    let mut site = Site::start();
    let tokens = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada());
    let request = Request::get(&site.main("/x?do=events")).bearer(&tokens.access);
    let (mut first, mut second) = (Wire::open(site.port), Http2::open(site.port));
    first.write(&request.bytes());
    first.head().expect("an answer");
    let mut streamed = second.begin(&request);
    tell(&site, "-TERM");
    let mut chunks = 0;
    while first.chunk().is_some() {
        chunks += 1;
    }
    assert_eq!(chunks, 3, "all events, and the end");
    let mut parts = Vec::new();
    let end = loop {
        match streamed.part() {
            Part::Data(data) if data.is_empty() => {}
            Part::Data(data) => parts.push(data),
            end => break end,
        }
    };
    assert_eq!((parts.len(), end), (3, Part::End(Vec::new())));
    site.wait_for_end();
}

#[test]
fn streams_that_do_not_end_are_told_at_the_limit() {
    let mut site = draining("drain_timeout = \"1s\"");
    let tokens = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada());
    let mut events = Wire::open(site.port);
    events.write(&Request::get(&site.main("/x?do=silence")).bearer(&tokens.access).bytes());
    events.head().expect("an answer");
    let mut socket = Wire::open(site.port);
    let request = Request::get(&site.main("/ws")).header("Connection", "Upgrade").header("Upgrade", "websocket");
    let request = request.header("Sec-WebSocket-Version", "13").header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    assert_eq!(socket.send(&request.bearer(&tokens.access)).status, 101);
    let started = Instant::now();
    tell(&site, "-TERM");
    assert_eq!(events.ends_within(Duration::from_secs(4)), crate::harness::Ended::Whole);
    assert_eq!(socket.rest()[..4], [0x88, 12, 0x03, 0xe9], "1001: going away");
    assert!(started.elapsed() >= Duration::from_secs(1));
    site.wait_for_end();
}

#[test]
fn what_is_taken_away_while_it_stops_is_heeded() {
    let mut site = Site::start();
    let agent = site.agent(&site.main("/"));
    let tokens = agent.authorize(&mut site.browser(), &site.ada());
    let mut events = Wire::open(site.port);
    events.write(&Request::get(&site.main("/x?do=silence")).bearer(&tokens.access).bytes());
    events.head().expect("an answer");
    tell(&site, "-TERM");
    eventually("it stops listening", || std::net::TcpStream::connect(("127.0.0.1", site.port)).is_err());
    site.cli_ok(&["user", "revoke", site.ada().name]);
    assert_eq!(events.ends_within(Duration::from_secs(2)), crate::harness::Ended::Whole);
    site.wait_for_end();
}

#[test]
fn sigquit_without_a_successor_changes_nothing() {
    let site = Site::start();
    tell(&site, "-QUIT");
    site.logged("it says why", |line| line.to_string().contains("nobody waits to take over"));
    send(&Request::get(&site.main("/"))).expect(401);
    assert_eq!(ready(&site), Some(200));
}

#[test]
fn a_new_process_takes_over_without_a_failed_request() {
    let mut site = Site::start();
    let tokens = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada());
    let request = Request::get(&site.main("/x")).bearer(&tokens.access);
    let mut events = Wire::open(site.port);
    events.write(&Request::get(&site.main("/x?do=endless")).bearer(&tokens.access).bytes());
    events.head().expect("an answer");
    let mut kept = Wire::open(site.port);
    kept.send(&request).expect(200);
    let (over, answered, failed) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !over.load(Ordering::Acquire) {
                    let counter = match try_send(&request).map(|answer| answer.status) {
                        Some(200) => &answered,
                        _ => &failed,
                    };
                    counter.fetch_add(1, Ordering::AcqRel);
                }
            });
        }
        let mut old = site.take_over();
        // The old one ends when its last stream has.
        eventually("the old one listens no more", || events_go_on_in(&mut events) && site.has_handed_over());
        assert_eq!(kept.send(&request).expect(200).header("connection"), Some("close"), "clients are told to leave it");
        drop(events);
        eventually("the old one has ended", || old.try_wait().unwrap().is_some());
        over.store(true, Ordering::Release);
    });
    let (answered, failed) = (answered.into_inner(), failed.into_inner());
    assert!(answered > 200, "{answered} answers");
    assert_eq!(failed, 0, "of {answered} requests");
    send(&request).expect(200);
}

fn events_go_on_in(events: &mut Wire) -> bool {
    assert!(events.chunk().is_some(), "a stream of the old process was cut off");
    true
}

#[test]
fn a_new_process_that_cannot_start_leaves_the_old_one_alone() {
    let site = Site::start();
    let good = std::fs::read_to_string(site.config()).unwrap();
    let bad = site.config().with_file_name("bad.toml");
    std::fs::write(&bad, good.replace("threads = 2", "threads = 0")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
    let output = command.args(["serve", "--upgrade", "--config"]).arg(&bad).output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    send(&Request::get(&site.main("/"))).expect(401);
}

#[test]
fn an_upgrade_of_nothing_says_so() {
    let mut site = Site::start();
    site.kill();
    let output = site.cli(&["serve", "--upgrade"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("no gateway listens at these addresses"), "{said}");
}
