//! The PROXY protocol: a proxy that passes bytes names the client before them. Raw headers, and HAProxy itself.

use crate::harness::{Request, Site, Wire, eventually, free_port};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn behind(trusted: &str) -> Site {
    let added = format!("[server]\nproxy_protocol = true\ntrusted_proxies = [{trusted}]\n");
    Site::with(move |config| config.replacen("[server]\n", &added, 1))
}

fn public(site: &Site) -> Request {
    Request::get(&site.main("/public/page")).host(&format!("plain.test:{}", site.port))
}

/// What the upstream is told of the client of a connection that begins with `header`.
fn client(site: &Site, header: &[u8], request: &Request) -> Option<String> {
    let mut wire = Wire::open(site.port);
    wire.write(header);
    wire.send(request).expect(200);
    site.upstream.last().header("x-forwarded-for").map(str::to_owned)
}

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

#[test]
fn hp_08_the_header_of_a_trusted_proxy_names_the_client() {
    let site = behind("\"127.0.0.1\"");
    let named = |header: &[u8]| client(&site, header, &public(&site));
    assert_eq!(named(b"PROXY TCP4 198.51.100.7 10.0.0.1 5000 443\r\n").as_deref(), Some("198.51.100.7"));
    assert_eq!(named(b"PROXY TCP6 2001:db8::7 ::1 5000 443\r\n").as_deref(), Some("2001:db8::7"));
    let addresses = [198, 51, 100, 8, 10, 0, 0, 1, 0x13, 0x88, 1, 0xbb];
    let version_2 = [SIGNATURE, &[0x21, 0x11, 0, 12], &addresses].concat();
    assert_eq!(named(&version_2).as_deref(), Some("198.51.100.8"));
    let of_the_proxy_itself = [SIGNATURE, &[0x20, 0, 0, 0]].concat();
    assert_eq!(named(&of_the_proxy_itself).as_deref(), Some("127.0.0.1"), "a connection of its own");
    let mut wire = Wire::open(site.port);
    wire.write(b"PROXY TCP4 198.51.100.9 10.0.0.1 5000 443\r\n");
    for _ in 0..2 {
        wire.send(&public(&site)).expect(200);
        assert_eq!(site.upstream.last().header("x-forwarded-for"), Some("198.51.100.9"), "each request of it");
    }
}

#[test]
fn hp_08_the_named_client_is_no_proxy_unless_it_is_listed_too() {
    let site = behind("\"127.0.0.1\", \"10.0.0.0/8\"");
    let request = public(&site).header("X-Forwarded-For", "203.0.113.1, 198.51.100.7");
    let stranger = client(&site, b"PROXY TCP4 192.0.2.5 10.0.0.1 5000 443\r\n", &request);
    assert_eq!(stranger.as_deref(), Some("192.0.2.5"), "what a client says of itself");
    let proxy = client(&site, b"PROXY TCP4 10.9.9.9 10.0.0.1 5000 443\r\n", &request);
    assert_eq!(proxy.as_deref(), Some("198.51.100.7"), "what a listed proxy says of its client");
}

#[test]
fn hp_08_a_client_that_the_proxy_cannot_name_is_not_taken_for_the_proxy() {
    let site = behind("\"127.0.0.1\"");
    let request = public(&site).header("X-Forwarded-For", "198.51.100.7");
    let unspecified = [SIGNATURE, &[0x21, 0, 0, 0]].concat();
    for header in [&b"PROXY UNKNOWN\r\n"[..], b"PROXY UNKNOWN 198.51.100.7 10.0.0.1 5000 443\r\n", &unspecified] {
        assert_eq!(client(&site, header, &request).as_deref(), Some("0.0.0.0"), "{header:?}");
    }
}

#[test]
fn hp_08_a_stranger_is_closed_before_anything_is_read_or_said() {
    let site = behind("\"10.0.0.0/8\"");
    for begun in
        [&b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\nGET /public/page HTTP/1.1\r\nHost: plain.test\r\n\r\n"[..], b""]
    {
        let mut wire = Wire::open(site.port);
        if !begun.is_empty() {
            wire.write(begun);
        }
        assert!(wire.is_closed_within(Duration::from_secs(3)), "{}", String::from_utf8_lossy(begun));
    }
    assert!(site.upstream.seen().is_empty());
}

#[test]
fn hp_08_a_connection_without_a_header_is_closed_without_a_word() {
    let site = behind("\"127.0.0.1\"");
    let long = [b"PROXY TCP4 ".as_slice(), &[b'1'; 300], b"\r\n"].concat();
    let huge = [SIGNATURE, &[0x21, 0x11, 0xff, 0xff]].concat();
    let unix = [SIGNATURE, &[0x21, 0x31, 0, 216], &[b'/'; 216]].concat();
    let cases: [&[u8]; 6] = [
        b"GET / HTTP/1.1\r\nHost: plain.test\r\n\r\n",
        b"PROXY NONSENSE\r\n",
        b"\x16\x03\x01\x00\x05",
        &long,
        &huge,
        &unix,
    ];
    for header in cases {
        let mut wire = Wire::open(site.port);
        wire.write(header);
        assert!(wire.rest().is_empty(), "{}", String::from_utf8_lossy(header));
    }
    let (mut slow, started) = (Wire::open(site.port), Instant::now());
    slow.write(b"PROXY TCP4 198.51.100.7");
    assert!(slow.rest().is_empty() && started.elapsed() < Duration::from_secs(8), "it is not waited for");
    assert!(site.upstream.seen().is_empty());
}

#[test]
fn hp_25_the_named_clients_are_counted_and_a_network_of_ipv6_is_one() {
    let site = Site::with(|config| {
        let added = "[server]\nproxy_protocol = true\ntrusted_proxies = [\"127.0.0.1\"]\n";
        config.replacen("[server]\n", added, 1) + "\n[server.limits]\nconnections_per_address = 2\n"
    });
    let open = |client: &str| {
        let mut wire = Wire::open(site.port);
        wire.write(format!("PROXY TCP6 {client} ::1 5000 443\r\n").as_bytes());
        wire.write(&public(&site).bytes());
        wire.answer(false).map(|_| wire)
    };
    let held = [open("2001:db8::1"), open("2001:db8::2")];
    assert!(held.iter().all(Option::is_some));
    assert!(open("2001:db8::3").is_none(), "the third of a network");
    assert!(open("2001:db8:0:1::1").is_some(), "another network");
    drop(held);
    eventually("the places are free", || open("2001:db8::3").is_some());
}

/// HAProxy in front of a gateway.
struct HaProxy {
    child: Child,
    port: u16,
}

impl HaProxy {
    fn start(name: &str, mode: &str, to: u16, options: &str) -> Self {
        let port = free_port();
        let file = std::env::temp_dir().join(format!("doorward-haproxy-{name}-{}-{port}.cfg", std::process::id()));
        let text = format!(
            "defaults\n mode {mode}\n timeout connect 5s\n timeout client 30s\n timeout server 30s\n{}\
             frontend front\n bind 127.0.0.1:{port}\n default_backend gateway\n\
             backend gateway\n server one 127.0.0.1:{to} {options}\n",
            if mode == "http" { " option forwardfor\n" } else { "" },
        );
        std::fs::write(&file, text).unwrap();
        let mut command = Command::new(if std::path::Path::new("/usr/sbin/haproxy").exists() {
            "/usr/sbin/haproxy"
        } else {
            "haproxy"
        });
        let command = command.args(["-db", "-f"]).arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("haproxy; run .ci/install tests");
        eventually("HAProxy listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        std::fs::remove_file(&file).unwrap();
        Self { child, port }
    }

    /// What the upstream is told of a client at 127.0.0.9.
    fn client(&self, site: &Site) -> Option<String> {
        let mut wire = Wire::open_from("127.0.0.9".parse().unwrap(), self.port);
        wire.send(&public(site)).expect(200);
        site.upstream.last().header("x-forwarded-for").map(str::to_owned)
    }
}

impl Drop for HaProxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn hp_08_haproxy_names_the_client_in_all_its_ways() {
    let site = behind("\"127.0.0.1\"");
    for (name, options) in
        [("v1", "send-proxy"), ("v2", "send-proxy-v2"), ("v2-tlv", "send-proxy-v2 proxy-v2-options unique-id")]
    {
        let proxy = HaProxy::start(name, "tcp", site.port, options);
        assert_eq!(proxy.client(&site).as_deref(), Some("127.0.0.9"), "{options}");
    }
    let plain = Site::with(|config| config.replacen("[server]\n", "[server]\ntrusted_proxies = [\"127.0.0.1\"]\n", 1));
    let proxy = HaProxy::start("xff", "http", plain.port, "");
    assert_eq!(proxy.client(&plain).as_deref(), Some("127.0.0.9"), "X-Forwarded-For");
}
