//! WebSockets through the gateway, with an upstream that answers as fast as it can (cloudflare/pingora#946).

use crate::harness::{Request, Scripted, Site, Wire, ok, say, send};
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
    let site =
        Site::with_lab(&format!("upstream = {:?}\ntimeouts = {{ first_byte = \"1s\", idle = \"4s\" }}", server.url()));
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
