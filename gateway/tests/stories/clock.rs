//! A clock that jumps by hours: nobody gets more time than was given, and nobody loses what is left.

use crate::harness::{Http2, Part, Request, Site, Wire, eventually, send};
use serde_json::Value;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What makes a program believe another clock.
const FAKED: &str = "export LD_PRELOAD=$(echo /usr/lib/*/faketime/libfaketime.so.1)";

/// A gateway whose clock can be set, by libfaketime; its uptime goes on as ever.
struct Jumping {
    site: Site,
    clock: PathBuf,
}

impl Jumping {
    fn start() -> Self {
        let mut site = Site::start();
        site.kill();
        let clock = site.database().with_file_name("clock");
        std::fs::write(&clock, "+0").unwrap();
        let file = format!("FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_TIMESTAMP_FILE='{}'", clock.display());
        site.run_in(&format!("{FAKED} FAKETIME_NO_CACHE=1 {file}; exec \"$@\""));
        Self { site, clock }
    }

    /// Sets it to an offset from the real time, such as `+2h`.
    fn jump(&self, offset: &str) {
        let new = self.clock.with_extension("new");
        std::fs::write(&new, offset).unwrap();
        std::fs::rename(new, &self.clock).unwrap();
    }

    fn by(&self, token: &str) -> u16 {
        send(&Request::get(&self.site.main("/x")).bearer(token)).status
    }
}

#[test]
fn a_clock_that_jumps_prolongs_nothing_and_ends_nothing_early() {
    let jumping = Jumping::start();
    let site = &jumping.site;
    let agent = site.agent(&site.main("/"));
    let mut ada = site.signed_in(&site.ada());
    let tokens = agent.authorize(&mut site.browser(), &site.ada());
    let keys = send(&Request::get(&site.login("/.doorward/certs"))).expect(200).json();
    let mut page = || ada.send(Request::get(&site.main("/x"))).status;
    assert_eq!((page(), jumping.by(&tokens.access)), (200, 200));

    jumping.jump("+2h");
    assert_eq!((page(), jumping.by(&tokens.access)), (200, 401), "a session of a day, a token of 15 minutes");
    let later = crate::harness::Tokens::of(&agent.refresh(&tokens.refresh).expect(200));
    assert_eq!(jumping.by(&later.access), 200);

    jumping.jump("+0");
    assert_eq!(page(), 200);
    assert_eq!(jumping.by(&tokens.access), 200, "its time is not over");
    assert!(matches!(jumping.by(&later.access), 200 | 401), "it is of the future");

    jumping.jump("-3h");
    assert_eq!(page(), 200, "nobody is signed out");
    assert!(matches!(jumping.by(&tokens.access), 200 | 401), "it is of the future");
    site.browser().sign_in(&site.main("/"), &site.bob()).expect(200);

    jumping.jump("+25h");
    assert_eq!((page(), jumping.by(&tokens.access), jumping.by(&later.access)), (401, 401, 401), "all is over");
    site.browser().sign_in(&site.main("/"), &site.bob()).expect(200);
    jumping.jump("+0");
    site.browser().sign_in(&site.main("/"), &site.ada()).expect(200);
    let ready = || send(&Request::get(&format!("http://127.0.0.1:{}/readyz", site.admin))).status == 200;
    eventually("it is ready", ready);
    assert_eq!(send(&Request::get(&site.login("/.doorward/certs"))).expect(200).json(), keys, "no key was changed");
    assert!(!site.log_lines().iter().any(|line| line.contains("panicked")));
}

/// How many seconds pass for the gateway in one of ours.
const HASTE: u32 = 300;

/// What the gateway's timers count is hasty too, so that every limit on a time comes as it would in a day.
#[test]
fn mt_03_streams_go_on_for_hours() {
    // What takes anybody a moment takes minutes here.
    let mut site = Site::with(|config| {
        config
            .replace("[server]\n", "[server]\nlimits.header_timeout = \"1h\"\n")
            .replace("[store]\n", "[store]\noutage_grace = \"1h\"\n")
            .replace("[apps.main]\n", "[apps.main]\ntimeouts = { connect = \"1h\", first_byte = \"1h\" }\n")
    });
    let mut browser = site.signed_in(&site.ada());
    let cookie = format!("doorward-main={}", browser.cookie("127.0.0.1", "doorward-main").unwrap());
    site.kill();
    site.run_in(&format!("{FAKED} FAKETIME='+0 x{HASTE}'; exec \"$@\""));

    let events = Request::get(&site.main("/x?do=endless")).header("Cookie", &cookie);
    let mut first = Wire::open(site.port);
    first.write(&events.bytes());
    assert_eq!(first.head().unwrap().status, 200);
    let mut second = Http2::open(site.port).begin(&events);
    let mut socket = Wire::open(site.port);
    let upgrade = Request::get(&site.main("/ws")).header("Connection", "Upgrade").header("Upgrade", "websocket");
    let upgrade = upgrade.header("Sec-WebSocket-Version", "13").header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    assert_eq!(socket.send(&upgrade.header("Cookie", &cookie)).status, 101);

    let started = Instant::now();
    while started.elapsed() * HASTE < Duration::from_secs(2 * 3600) {
        assert!(first.chunk().is_some(), "HTTP/1.1 ended after {:?}", started.elapsed() * HASTE);
        assert!(matches!(second.part(), Part::Data(_)), "HTTP/2 ended after {:?}", started.elapsed() * HASTE);
        socket.write(&[0x81, 0x82, 0, 0, 0, 0, b'h', b'i']);
        assert_eq!(socket.exactly(4).unwrap(), [0x81, 2, b'h', b'i'], "after {:?}", started.elapsed() * HASTE);
    }
    // It has seen the hours pass.
    browser.send(Request::get(&site.main("/x"))).expect(200);
    let told = site.logged("the last request", |line| line["path"] == "/x" && line["ms"].is_u64());
    let hour = |line: &Value| line["timestamp"].as_str().unwrap()[..13].to_owned();
    let lines: Vec<Value> = site.log_lines().iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_ne!(hour(&lines[0]), hour(&told));
}
