//! WebSockets through the gateway, with an upstream that answers as fast as it can (cloudflare/pingora#946).

use crate::harness::{Request, Scripted, Site, Wire, ok, say, send};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

fn upgrading() -> Scripted {
    Scripted::start(|seen, writer| match seen.header("upgrade") {
        Some(_) => say(
            writer,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\nhello",
        ),
        None => ok(writer, "plain"),
    })
}

fn upgrade(site: &Site) -> Request {
    Request::get(&site.at_lab("/ws"))
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
}

#[test]
fn two_hundred_upgrades_by_an_upstream_without_delay_all_work() {
    let server = upgrading();
    let site = Site::with_lab(&format!("upstream = {:?}", server.url()));
    let request = upgrade(&site);
    thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                for number in 0..20 {
                    let mut wire = Wire::open(site.port);
                    wire.write(&request.bytes());
                    assert_eq!(wire.answer(false).expect("an answer").status, 101);
                    assert_eq!(wire.exactly(5).as_deref(), Some(&b"hello"[..]), "upgrade {number}");
                    for message in ["over", "and out"] {
                        wire.write(message.as_bytes());
                        let echo = wire.exactly(message.len());
                        assert_eq!(echo.as_deref(), Some(message.as_bytes()), "upgrade {number}");
                    }
                }
            });
        }
    });
}

#[test]
fn a_silent_websocket_outlives_the_wait_for_an_answer() {
    let server = upgrading();
    let limits = "[server.limits]\nupload_timeout = \"1s\"\ndownload_timeout = \"1s\"";
    let timeouts = "timeouts = { first_byte = \"1s\", idle = \"4s\" }";
    let site = Site::with_lab(&format!("upstream = {:?}\n{timeouts}\n{limits}", server.url()));
    let mut wire = Wire::open(site.port);
    wire.write(&upgrade(&site).bytes());
    assert_eq!(wire.answer(false).unwrap().status, 101);
    assert!(wire.exactly(5).is_some());
    thread::sleep(Duration::from_secs(2));
    wire.write(b"still there");
    assert_eq!(wire.exactly(11).as_deref(), Some(&b"still there"[..]));
    assert!(wire.is_closed_within(Duration::from_secs(9)), "and silence ends it");
}

#[test]
fn an_upgrade_that_is_refused_is_an_answer_like_any_other() {
    let server = Scripted::start(|_, writer| say(writer, "HTTP/1.1 426 No\r\nContent-Length: 2\r\n\r\nno"));
    let site = Site::with_lab(&format!("upstream = {:?}", server.url()));
    for _ in 0..3 {
        let refused = send(&upgrade(&site)).expect(426);
        assert_eq!(refused.text(), "no");
    }
}

#[test]
fn an_upgrade_has_a_connection_of_its_own() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let site = Site::with_lab(&format!("upstream = \"http://{}\"", listener.local_addr().unwrap()));
    // It says the number of each request on its connection.
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || {
                let (mut writer, reader) = (stream.try_clone().unwrap(), BufReader::new(stream));
                let (mut number, mut upgrade) = (0, false);
                for line in reader.lines().map_while(Result::ok) {
                    upgrade |= line.to_ascii_lowercase().starts_with("upgrade:");
                    if line.is_empty() {
                        number += 1;
                        let status = if upgrade {
                            "101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket"
                        } else {
                            "200 OK"
                        };
                        let length = if upgrade { "" } else { "Content-Length: 0\r\n" };
                        let answer = format!("HTTP/1.1 {status}\r\n{length}X-Number: {number}\r\n\r\n");
                        let _ = writer.write_all(answer.as_bytes());
                    }
                }
            });
        }
    });
    let number = |request: &Request| {
        let mut wire = Wire::open(site.port);
        wire.write(&request.bytes());
        wire.answer(false).unwrap().header("x-number").unwrap().to_owned()
    };
    let plain = Request::get(&site.at_lab("/"));
    assert_eq!([number(&plain), number(&plain)], ["1", "2"], "requests share one");
    assert_eq!([number(&upgrade(&site)), number(&upgrade(&site))], ["1", "1"]);
    assert_eq!(number(&plain), "3");
}
