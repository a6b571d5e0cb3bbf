//! HTTP/2 as no library sends it (RFC 9113 sections 8.1 to 8.3): frames written by hand, because clients refuse to.

use crate::harness::{Request, Site};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

type Fields<'a> = Vec<(&'a [u8], &'a [u8])>;

/// What comes back for the only stream of a connection.
#[derive(Debug, PartialEq)]
enum Answer {
    /// 200, as HPACK's static table has it.
    Fine,
    /// Another status.
    Refused,
    /// The stream or the connection was ended.
    Ended,
}

/// A length in HPACK's form (RFC 7541 section 5.1), seven bits of it in the first byte.
fn length(mut number: usize, out: &mut Vec<u8>) {
    if number < 127 {
        return out.push(u8::try_from(number).unwrap());
    }
    out.push(127);
    number -= 127;
    while number >= 128 {
        out.push(u8::try_from(number % 128).unwrap() | 128);
        number /= 128;
    }
    out.push(u8::try_from(number).unwrap());
}

/// Literal fields, neither indexed nor packed (RFC 7541 section 6.2.2).
fn block(fields: &Fields<'_>) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            length(text.len(), &mut block);
            block.extend(*text);
        }
    }
    block
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Sends one request, and with a body a frame of data.
fn ask(port: u16, fields: &Fields<'_>, body: Option<&[u8]>) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let end = if body.is_none() { 5 } else { 4 };
    let mut sent = [PREFACE, &frame(4, 0, 0, &[]), &frame(1, end, 1, &block(fields))].concat();
    sent.extend(body.into_iter().flat_map(|body| frame(0, 1, 1, body)));
    let _ = stream.write_all(&sent);
    let mut head = [0; 9];
    while stream.read_exact(&mut head).is_ok() {
        let mut payload = vec![0; usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2])];
        if stream.read_exact(&mut payload).is_err() {
            break;
        }
        match head[3] {
            1 if payload.first() == Some(&0x88) => return Answer::Fine,
            1 => return Answer::Refused,
            3 | 7 => return Answer::Ended,
            4 if head[4] == 0 => {
                let _ = stream.write_all(&frame(4, 1, 0, &[]));
            }
            _ => {}
        }
    }
    Answer::Ended
}

struct Door {
    site: Site,
    authority: String,
    authorization: String,
}

impl Door {
    fn open() -> Self {
        let site = Site::start();
        let token = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada()).access;
        site.upstream.forget();
        let authority = format!("127.0.0.1:{}", site.port);
        Self { site, authority, authorization: format!("Bearer {token}") }
    }

    /// A good request; fields of the same names as in `instead` are left out, and `instead` follows.
    fn fields<'a>(&'a self, instead: &[(&'a [u8], &'a [u8])]) -> Fields<'a> {
        let good: [(&[u8], &[u8]); 5] = [
            (b":method", b"GET"),
            (b":scheme", b"http"),
            (b":path", b"/x"),
            (b":authority", self.authority.as_bytes()),
            (b"authorization", self.authorization.as_bytes()),
        ];
        let pseudo = |name: &[u8]| name.starts_with(b":");
        let replaced = |name: &[u8]| instead.iter().any(|(other, _)| *other == name && pseudo(name));
        let (first, last): (Vec<_>, Vec<_>) = instead.iter().copied().partition(|(name, _)| pseudo(name));
        let kept = good.into_iter().filter(|(name, _)| !replaced(name));
        let (heads, rest): (Vec<_>, Vec<_>) = kept.partition(|(name, _)| pseudo(name));
        heads.into_iter().chain(first).chain(rest).chain(last).filter(|(_, value)| *value != b"LEFT OUT").collect()
    }

    #[track_caller]
    fn refused(&self, fields: &Fields<'_>, body: Option<&[u8]>, what: &str) {
        let answer = ask(self.site.port, fields, body);
        assert_ne!(answer, Answer::Fine, "{what}");
        let seen = self.site.upstream.seen();
        assert!(seen.is_empty(), "{what} reached the upstream as {seen:?}");
    }
}

#[test]
fn hp_18_fields_that_would_be_others_in_http_1_reach_nobody() {
    let door = Door::open();
    assert_eq!(ask(door.site.port, &door.fields(&[(b"x-plain", b"1")]), None), Answer::Fine, "a good one");
    assert_eq!(door.site.upstream.last().header("x-plain"), Some("1"));
    door.site.upstream.forget();
    let cases: [(&[u8], &[u8]); 27] = [
        (b"x\r\ny", b"1"),
        (b"x: y\r\nz", b"1"),
        (b"x", b"a\r\nX-Forwarded-User: forged"),
        (b"x", b"a\nb"),
        (b"x", b"a\rb"),
        (b"x", b"a\0b"),
        (b"X-Upper", b"1"),
        (b"x y", b"1"),
        (b"x:y", b"1"),
        (b"x\0", b"1"),
        (b"", b"1"),
        (b"\xff", b"1"),
        (b"connection", b"close"),
        (b"connection", b"doorward-assertion"),
        (b"transfer-encoding", b"chunked"),
        (b"keep-alive", b"timeout=5"),
        (b"proxy-connection", b"keep-alive"),
        (b"upgrade", b"websocket"),
        (b"te", b"gzip"),
        (b"host", b"evil.test"),
        (b"host", b"127.0.0.1:1, evil.test"),
        (b"authorization", b"Bearer x"),
        (b"content-length", b"5"),
        (b"content-length", b"x"),
        (b":unknown", b"1"),
        (b":protocol", b"websocket"),
        (b":status", b"200"),
    ];
    for (name, value) in cases {
        let what = format!("{}: {}", name.escape_ascii(), value.escape_ascii());
        door.refused(&door.fields(&[(name, value)]), None, &what);
    }
    let twice = [(&b":method"[..], &b"POST"[..]), (b"content-length", b"3"), (b"content-length", b"3")];
    door.refused(&door.fields(&twice), Some(b"abc"), "a length that is there twice");
    for (length, body) in [("3", "abcdef"), ("9", "abcdef"), ("-1", ""), ("6, 6", "abcdef"), ("+6", "abcdef")] {
        let fields = door.fields(&[(b":method", b"POST"), (b"content-length", length.as_bytes())]);
        let answer = ask(door.site.port, &fields, Some(body.as_bytes()));
        assert_ne!(answer, Answer::Fine, "{body:?} with a length of {length}");
        // The head may have gone on before the body was seen; what has arrived is never whole.
        for seen in door.site.upstream.seen() {
            assert_eq!(seen.body.last(), Some(&0), "{body:?} with a length of {length} arrived as {:?}", seen.body);
        }
    }
}

#[test]
fn hp_15_hp_18_hp_23_p_01_p_04_pseudo_fields_have_one_reading() {
    let door = Door::open();
    for path in [
        "",
        "x",
        "*",
        "http://evil.test/x",
        "/a b",
        "/a\tb",
        "/a\r\nX: y",
        "/a\0",
        "//x",
        "/..",
        "/%2e%2e/x",
        "/a%2fb",
        "/a\\b",
        "/%00",
        "/a;b",
        "/%252e",
        "/x HTTP/1.1\r\nHost: evil.test",
        "LEFT OUT",
    ] {
        door.refused(&door.fields(&[(b":path", path.as_bytes())]), None, path);
    }
    for authority in
        ["evil.test", "", "127.0.0.1@evil.test", "a, b", "127.0.0.1:x", "127.0.0.1/x", "127.0.0.1\r\nx: y", "LEFT OUT"]
    {
        door.refused(&door.fields(&[(b":authority", authority.as_bytes())]), None, authority);
    }
    for method in ["CONNECT", "TRACE", "get", "G T", "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET", "", "LEFT OUT"] {
        door.refused(&door.fields(&[(b":method", method.as_bytes())]), None, method);
    }
    // The library below us takes a fragment off; without it, it is decided on and passed on.
    assert_eq!(ask(door.site.port, &door.fields(&[(b":path", b"/x#/../secret")]), None), Answer::Fine);
    assert_eq!(door.site.upstream.last().target(), "/x");
    door.site.upstream.forget();
    let mut twice = door.fields(&[]);
    twice.insert(1, (b":path", b"/y"));
    door.refused(&twice, None, "two paths");
    let mut late = door.fields(&[]);
    late.push((b":path", b"/y"));
    door.refused(&late, None, "a pseudo field behind others");
    let connect: Fields<'_> = vec![(b":method", b"CONNECT"), (b":authority", door.authority.as_bytes())];
    door.refused(&connect, None, "a tunnel");
}

#[test]
fn hp_02_hp_03_h_04_by_every_way_in_the_same_reaches_the_app() {
    let door = Door::open();
    let site = &door.site;
    let token = door.authorization.trim_start_matches("Bearer ");
    let claims =
        ["X-Forwarded-User", "X_Forwarded_Email", "doorward-assertion", "X-Forwarded-For", "Forwarded", "X-Real-Ip"];
    let base = |target: &str| {
        let request = Request::get(&site.main(target)).bearer(token).header("X-Plain", "kept");
        let request = request.header("Cookie", "a=1; doorward-main=x").header("Accept-Language", "de");
        claims.iter().fold(request, |request, claim| request.header(claim, "forged"))
    };
    crate::harness::send(&base("/x")).expect(200);
    let mut crumbs = base("/x").header("Cookie", "b=2");
    crumbs.headers.iter_mut().for_each(|(name, _)| *name = name.to_ascii_lowercase());
    crate::harness::Http2::open(site.port).send(&crumbs).expect(200);
    let upgrade = base("/x").header("Connection", "Upgrade").header("Upgrade", "websocket");
    let upgrade = upgrade.header("Sec-WebSocket-Version", "13").header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    assert_eq!(crate::harness::send(&upgrade).status, 101);
    let arrived: Vec<_> = site
        .upstream
        .seen()
        .iter()
        .map(|seen| {
            let of_the_way = ["connection", "upgrade", "sec-websocket-version", "sec-websocket-key", "cookie"];
            let mut fields: Vec<_> =
                seen.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
            fields.retain(|(name, _)| !of_the_way.contains(&name.as_str()));
            fields.sort();
            fields
        })
        .collect();
    assert_eq!(arrived.len(), 3);
    assert_eq!(arrived[0], arrived[1], "HTTP/2");
    assert_eq!(arrived[0], arrived[2], "an upgrade");
    assert!(arrived.iter().flatten().all(|(_, value)| value != "forged"), "{arrived:?}");
    let cookies: Vec<_> = site.upstream.seen().iter().map(|seen| seen.header("cookie").map(str::to_owned)).collect();
    assert_eq!(cookies, [Some("a=1".to_owned()), Some("a=1; b=2".to_owned()), Some("a=1".to_owned())]);
}

/// Whether the other side ends the connection instead of taking all of this.
fn is_ended(port: u16, parts: impl Iterator<Item = Vec<u8>>) -> bool {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut reading = stream.try_clone().unwrap();
    let _ = stream.write_all(&[PREFACE, &frame(4, 0, 0, &[]), &frame(4, 1, 0, &[])].concat());
    let ended = std::thread::spawn(move || {
        let mut head = [0; 9];
        while reading.read_exact(&mut head).is_ok() {
            let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
            if head[3] == 7 || reading.read_exact(&mut vec![0; length]).is_err() {
                return true;
            }
        }
        // Its end is one, waiting in vain for it is none.
        !matches!(reading.read(&mut [0; 1]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
    });
    for part in parts {
        if stream.write_all(&part).is_err() {
            break;
        }
    }
    ended.join().unwrap()
}

#[test]
fn s_05_hp_25_floods_of_resets_and_headers_end_their_connection_and_no_other() {
    let door = Door::open();
    let (port, good) = (door.site.port, door.fields(&[]));
    let request = block(&good);
    let reset = |stream: u32| [frame(1, 5, stream, &request), frame(3, 0, stream, &[0, 0, 0, 8])].concat();
    assert!(is_ended(port, (0..20_000).map(|number| reset(number * 2 + 1))), "rapid resets");
    assert_eq!(ask(port, &good, None), Answer::Fine, "others are served");
    // A block of fields that never ends (CONTINUATION flood).
    let more = block(&vec![(&b"x-more"[..], &[b'x'; 100][..]); 100]);
    let first = std::iter::once(frame(1, 1, 1, &request));
    assert!(is_ended(port, first.chain((0..2000).map(|_| frame(9, 0, 1, &more)))), "fields without end");
    // Errors of the client's making, for each of which the other side resets a stream (MadeYouReset).
    let made = |stream: u32| [frame(1, 5, stream, &request), frame(8, 0, stream, &[0, 0, 0, 0])].concat();
    assert!(is_ended(port, (0..20_000).map(|number| made(number * 2 + 1))), "resets that were provoked");
    assert_eq!(ask(port, &good, None), Answer::Fine, "others are served");
}
