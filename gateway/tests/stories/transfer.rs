//! Bodies and answers on their way through: as they are, as fast as both sides go, and in little memory.

use crate::harness::{Http2, Part, Request, Scripted, Site, Wire, eventually, ok, say, send};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

/// More than all buffers on the way hold.
const MUCH: usize = 48 << 20;

/// What the gateway may need for one transfer, in KiB.
const LITTLE: u64 = 16 << 10;

fn memory(site: &Site) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", site.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn lab(server: &Scripted) -> Site {
    let site = Site::with_lab(&format!("upstream = {:?}", server.url()));
    send(&Request::get(&site.at_lab("/"))).expect(200);
    site
}

#[test]
fn a_large_upload_passes_in_little_memory_by_both_versions() {
    let server = Scripted::start(|seen, writer| ok(writer, &seen.body.len().to_string()));
    let site = lab(&server);
    let before = memory(&site);
    let upload = Request::post(&site.at_lab("/upload")).body(&vec![b'x'; MUCH]);
    assert_eq!(send(&upload).expect(200).text(), MUCH.to_string());
    let grown = memory(&site).saturating_sub(before);
    assert!(grown < LITTLE, "{grown} KiB for an upload of 48 MiB");
    let smaller = Request::post(&site.at_lab("/upload")).body(&vec![b'x'; 8 << 20]);
    assert_eq!(Http2::open(site.port).send(&smaller).expect(200).text(), (8 << 20).to_string());
    let grown = memory(&site).saturating_sub(before);
    assert!(grown < LITTLE, "{grown} KiB");
}

#[test]
fn an_upload_goes_no_faster_than_the_upstream_reads() {
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = format!("upstream = \"http://{}\"", deaf.local_addr().unwrap());
    let site = Site::with_lab(&upstream);
    send(&Request::get(&site.main("/"))).expect(401);
    let before = memory(&site);
    let request = Request::post(&site.at_lab("/upload")).body(&vec![b'x'; MUCH]);
    let mut wire = Wire::open(site.port);
    thread::scope(|scope| {
        scope.spawn(|| wire.write(&request.bytes()));
        let (upstream, _) = deaf.accept().unwrap();
        thread::sleep(Duration::from_millis(700));
        let grown = memory(&site).saturating_sub(before);
        assert!(grown < LITTLE, "{grown} KiB while nobody reads");
        drop(upstream);
    });
}

#[test]
fn a_download_goes_no_faster_than_the_client_reads() {
    let site = Site::start();
    let tokens = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada());
    let request = Request::get(&site.main("/x?do=flood")).bearer(&tokens.access);
    send(&Request::get(&site.main("/x")).bearer(&tokens.access)).expect(200);
    let before = memory(&site);
    let mut first = Wire::open(site.port);
    first.write(&request.bytes());
    let mut second = Http2::open(site.port);
    let mut second = second.begin(&request);
    eventually("both uploads wait", || site.upstream.blocked_streams() == 2);
    let grown = memory(&site).saturating_sub(before);
    assert!(grown < LITTLE, "{grown} KiB while nobody reads");
    assert!(matches!(second.part(), Part::Data(_)), "it goes on where somebody reads");
}

#[test]
fn early_hints_ranges_and_heads_pass() {
    let server = Scripted::start(|seen, writer| {
        let head = seen.line.starts_with("HEAD ");
        match (seen.target(), seen.header("range")) {
            ("/page", _) => {
                say(writer, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n")?;
                ok(writer, "page")
            }
            (_, Some("bytes=2-4")) => say(
                writer,
                "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-4/10\r\nContent-Length: 3\r\n\r\ncde",
            ),
            (_, Some(_)) => say(
                writer,
                "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */10\r\nContent-Length: 0\r\n\r\n",
            ),
            _ if head => say(writer, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nAccept-Ranges: bytes\r\n\r\n"),
            _ => ok(writer, "abcdefghij"),
        }
    });
    let site = lab(&server);
    let hinted = send(&Request::get(&site.at_lab("/page"))).expect(200);
    assert_eq!((hinted.interim, hinted.body.as_slice()), (vec![103], &b"page"[..]));
    let url = site.at_lab("/file");
    for ask in [send as fn(&Request) -> _, |request: &Request| Http2::open(request.port).send(request)] {
        let part = ask(&Request::get(&url).header("Range", "bytes=2-4")).expect(206);
        assert_eq!((part.header("content-range"), part.text().as_str()), (Some("bytes 2-4/10"), "cde"));
        ask(&Request::get(&url).header("Range", "bytes=20-")).expect(416);
        let head = ask(&Request::new("HEAD", &url)).expect(200);
        assert_eq!((head.header("content-length"), head.body.len()), (Some("10"), 0));
        assert_eq!(ask(&Request::get(&url)).expect(200).text(), "abcdefghij");
    }
}
