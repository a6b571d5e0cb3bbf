//! Floods: too much, too slowly, or only to be taken back. Whoever does that is cut off, the memory stays, and others are served.

use crate::harness::{Request, Site, Wire, eventually, send};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A field that is in no table (RFC 7541 section 6.2.2).
fn field(name: &str, value: &str) -> Vec<u8> {
    let short = |text: &str| u8::try_from(text.len()).ok().filter(|length| *length < 127).unwrap();
    [&[0, short(name)], name.as_bytes(), &[short(value)], value.as_bytes()].concat()
}

fn request(site: &Site) -> Vec<u8> {
    let authority = format!("127.0.0.1:{}", site.port);
    [(":method", "GET"), (":scheme", "http"), (":path", "/x"), (":authority", &authority)]
        .iter()
        .flat_map(|(name, value)| field(name, value))
        .collect()
}

/// A connection whose answers are read and thrown away, so that only what it sends can be too much.
struct Attacker {
    stream: TcpStream,
}

impl Attacker {
    fn open(site: &Site) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", site.port)).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut reading = stream.try_clone().unwrap();
        thread::spawn(move || {
            let mut bytes = [0; 16 * 1024];
            while reading.read(&mut bytes).is_ok_and(|count| count > 0) {}
        });
        stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).unwrap();
        Self { stream }
    }

    /// Sends as often as it can; gives how often it could.
    fn send(&mut self, times: u32, bytes: impl Fn(u32) -> Vec<u8>) -> u32 {
        (0..times).find(|n| self.stream.write_all(&bytes(*n)).is_err()).unwrap_or(times)
    }
}

/// The memory of the program, in KiB.
fn memory(site: &Site) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", site.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Others are served at once, and the memory has hardly grown.
#[track_caller]
fn unharmed(site: &Site, before: usize) {
    let began = Instant::now();
    send(&Request::get(&site.main("/x"))).expect(401);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let grown = memory(site).saturating_sub(before);
    assert!(grown < 64 * 1024, "{grown} KiB more");
}

fn start() -> (Site, usize) {
    let site = Site::start();
    (0..50).for_each(|_| drop(send(&Request::get(&site.main("/x"))).expect(401)));
    let before = memory(&site);
    (site, before)
}

#[test]
fn hp_25_s_05_requests_that_are_taken_back_at_once_end_the_connection() {
    let (site, before) = start();
    let mut attacker = Attacker::open(&site);
    let block = request(&site);
    let sent = attacker.send(50_000, |n| {
        let id = 2 * n + 1;
        [frame(HEADERS, END_STREAM | END_HEADERS, id, &block), frame(RST_STREAM, 0, id, &8_u32.to_be_bytes())].concat()
    });
    assert!(sent < 50_000, "rapid reset was not stopped");
    unharmed(&site, before);
}

#[test]
fn hp_25_s_05_requests_that_we_are_made_to_reset_end_the_connection() {
    let (site, before) = start();
    let mut attacker = Attacker::open(&site);
    let block = request(&site);
    let sent = attacker.send(50_000, |n| {
        let id = 2 * n + 1;
        // A window that grows too large is an error of the stream alone (RFC 9113 section 6.9.1).
        let too_large = frame(WINDOW_UPDATE, 0, id, &0x7fff_ffff_u32.to_be_bytes());
        [frame(HEADERS, END_STREAM | END_HEADERS, id, &block), too_large].concat()
    });
    assert!(sent < 50_000, "\"MadeYouReset\" was not stopped");
    unharmed(&site, before);
}

#[test]
fn hp_25_s_05_a_head_that_never_ends_ends_the_connection() {
    let (site, before) = start();
    let mut attacker = Attacker::open(&site);
    attacker.send(1, |_| frame(HEADERS, END_STREAM, 1, &request(&site)));
    let more: Vec<u8> = (0..100).flat_map(|_| field("x-more", &"y".repeat(100))).collect();
    let sent = attacker.send(20_000, |_| frame(CONTINUATION, 0, 1, &more));
    assert!(sent < 20_000, "200 MB of CONTINUATION were taken");
    unharmed(&site, before);
}

#[test]
fn hp_25_s_05_a_small_block_of_large_fields_is_refused() {
    let (site, before) = start();
    let mut attacker = Attacker::open(&site);
    // A field in the table (RFC 7541 section 6.2.1), then thousands of references to it (section 6.1).
    let large = [&[0x40, 1, b'x', 0x7f, 0x81, 0x1e][..], &[b'y'; 4000]].concat();
    let bomb = [request(&site), large, vec![0x80 | 62; 12_000]].concat();
    let sent = attacker.send(200, |n| frame(HEADERS, END_STREAM | END_HEADERS, 2 * n + 1, &bomb));
    unharmed(&site, before);
    assert!(sent <= 200 && site.upstream.seen().is_empty());
}

#[test]
fn hp_25_an_upload_by_http2_that_stops_is_answered() {
    const DATA: u8 = 0;
    let lab = Site::lab("upstream = \"UPSTREAM\"") + "\n[server.limits]\nupload_timeout = '1s'\n";
    let site = Site::with(|config| config + &lab);
    let authority = format!("lab.test:{}", site.port);
    let block: Vec<_> = [(":method", "POST"), (":scheme", "http"), (":path", "/x"), (":authority", &authority)]
        .iter()
        .flat_map(|(name, value)| field(name, value))
        .collect();
    let mut stream = TcpStream::connect(("127.0.0.1", site.port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let begun = [frame(SETTINGS, 0, 0, &[]), frame(HEADERS, END_HEADERS, 1, &block), frame(DATA, 0, 1, b"half")];
    stream.write_all(&[PREFACE, &begun.concat()].concat()).unwrap();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).expect("an answer to what was begun");
        let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
        stream.read_exact(&mut payload).unwrap();
        if head[3] == HEADERS {
            // 200 is in the static table (RFC 7541 appendix A), 408 is not.
            return assert_ne!(payload[0], 0x88);
        }
    }
}

#[test]
fn hp_25_s_05_limits_are_told_before_the_first_request() {
    let site = Site::with(|config| config + "\n[server.limits]\nhttp2_streams = 7\nheader_bytes = '8KiB'\n");
    let mut stream = TcpStream::connect(("127.0.0.1", site.port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).unwrap();
    let mut head = [0; 9];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(head[3], SETTINGS);
    let mut told = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
    stream.read_exact(&mut told).unwrap();
    let told = |id: u8| {
        let setting = told.chunks(6).find(|setting| setting[..2] == [0, id])?;
        Some(u32::from_be_bytes(setting[2..].try_into().unwrap()))
    };
    // MAX_CONCURRENT_STREAMS and MAX_HEADER_LIST_SIZE (RFC 9113 section 6.5.2)
    assert_eq!((told(3), told(6)), (Some(7), Some(8 * 1024)));
}

#[test]
fn hp_25_s_05_settings_and_pings_that_nobody_reads_do_not_pile_up() {
    let (site, before) = start();
    for flood in [frame(SETTINGS, 0, 0, &[]), frame(PING, 0, 0, &[7; 8])] {
        let mut stream = TcpStream::connect(("127.0.0.1", site.port)).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
        stream.write_all(PREFACE).unwrap();
        let many = flood.repeat(1000);
        // Its answers fill what lies between; then it is not read any more, or cut.
        let sent = (0..20_000).find(|_| stream.write_all(&many).is_err());
        assert!(sent.is_some(), "20 million frames were taken");
        unharmed(&site, before);
    }
}

#[test]
fn hp_25_heads_that_come_in_drops_end_in_time_and_nobody_waits_for_them() {
    let site = Site::with(|config| config + "\n[server.limits]\nheader_timeout = '1s'\n");
    let mut slow: Vec<_> = (0..200).map(|_| Wire::open(site.port)).collect();
    let began = Instant::now();
    let head = b"GET /x HTTP/1.1\r\nHost: a\r\nX-Slow: ";
    for byte in &head[..12] {
        slow.iter_mut().for_each(|wire| wire.write(&[*byte]));
        send(&Request::get(&site.main("/x"))).expect(401);
        thread::sleep(Duration::from_millis(150));
    }
    for mut wire in slow {
        let rest = String::from_utf8_lossy(&wire.rest()).into_owned();
        assert!(rest.is_empty() || rest.starts_with("HTTP/1.1 408 "), "{rest}");
    }
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[test]
fn hp_25_the_administrators_listener_waits_for_nobody_either() {
    let limits = "\n[server.limits]\nheader_timeout = '4s'\nheader_bytes = '8KiB'\nconnections_per_address = 5\n";
    let site = Site::with(|config| config + limits);
    let mut large = TcpStream::connect(("127.0.0.1", site.admin)).unwrap();
    let _ = large.write_all(format!("GET /healthz HTTP/1.1\r\nX-Large: {}", "x".repeat(80 * 1024)).as_bytes());
    let mut said = Vec::new();
    let _ = large.read_to_end(&mut said);
    assert!(!said.starts_with(b"HTTP/1.1 408 "), "the end of what is too large is not waited for");
    let slow = || {
        let mut wire = Wire::open(site.admin);
        wire.write(b"GET /healthz HTTP/1.1\r\nX-Slow: ");
        String::from_utf8_lossy(&wire.rest()).into_owned()
    };
    let said: Vec<_> = thread::scope(|scope| {
        let all: Vec<_> = (0..20).map(|_| scope.spawn(slow)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let late = said.iter().filter(|said| said.starts_with("HTTP/1.1 408 ")).count();
    assert!((1..=10).contains(&late) && said.iter().all(|said| said.is_empty() || said.contains(" 408 ")), "{said:?}");
    send(&Request::get(&format!("http://127.0.0.1:{}/healthz", site.admin))).expect(200);
}

#[test]
fn hp_25_bodies_that_never_end_hold_no_more_than_their_share() {
    let site = Site::start();
    let token = site.main("/.doorward/oauth/main/token");
    let head = "POST /.doorward/oauth/main/token HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    let begun = format!("{head}Host: 127.0.0.1:{}\r\nContent-Length: 65000\r\n\r\n{}", site.port, "a".repeat(64_900));
    let begin = |_| {
        let mut wire = Wire::open(site.port);
        wire.write(begun.as_bytes());
        wire
    };
    let held: Vec<_> = (0..560).map(begin).collect();
    let form = Request::post(&token).form(&[("grant_type", &"x".repeat(5000))]);
    eventually("there is no room left", || send(&form).status == 503);
    send(&Request::get(&site.main("/x"))).expect(401);
    let elsewhere = Wire::open_from("127.0.0.2".parse().unwrap(), site.port).send(&form);
    assert_ne!(elsewhere.status, 503, "nobody else minds");
    drop(held);
    eventually("there is room again", || send(&form).status != 503);
}

#[test]
fn hp_25_strangers_with_ever_new_credentials_do_not_fill_the_memory() {
    let (site, before) = start();
    let flood = |from: usize| {
        let mut wire = Wire::open(site.port);
        for n in 0..1500 {
            let ask = Request::get(&site.main(&format!("/{from}/{n}")));
            let ask = if n % 2 == 0 {
                ask.header("Cookie", &format!("doorward-main=dw_se_{from}_{n}"))
            } else {
                ask.bearer(&format!("{from}.{n}.{}", "x".repeat(1000)))
            };
            assert_eq!(wire.send(&ask).status, 401);
        }
    };
    thread::scope(|scope| (0..4).for_each(|from| drop(scope.spawn(move || flood(from)))));
    unharmed(&site, before);
}
