//! The app behind the gateway: it remembers every request byte for byte, and answers with what it saw.
//!
//! `?do=…` makes it misbehave; `…` is one of the names in `answer`.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time between two events of `?do=events`.
const PACE: Duration = Duration::from_millis(150);

pub(crate) struct Upstream {
    pub(crate) port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    seen: Mutex<Vec<Seen>>,
    closed_streams: AtomicUsize,
    blocked_streams: AtomicUsize,
}

/// A request as it arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Request line and fields byte for byte, line ends included.
    pub(crate) head: Vec<u8>,
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<(String, String)>,
}

impl Seen {
    pub(crate) fn target(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Value {
        json!({ "line": self.line, "headers": self.headers, "body": String::from_utf8_lossy(&self.body) })
    }
}

impl Upstream {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::<State>::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                thread::spawn(move || serve(stream, &state));
            }
        });
        Self { port, state }
    }

    /// Everything that arrived.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.seen.lock().unwrap().clone()
    }

    /// The last request that arrived.
    #[track_caller]
    pub(crate) fn last(&self) -> Seen {
        self.seen().pop().expect("nothing reached the upstream")
    }

    pub(crate) fn forget(&self) {
        self.state.seen.lock().unwrap().clear();
    }

    /// How many endless streams were closed from the other side.
    pub(crate) fn closed_streams(&self) -> usize {
        self.state.closed_streams.load(Ordering::SeqCst)
    }
}

impl Upstream {
    /// How many streams nobody read on.
    pub(crate) fn blocked_streams(&self) -> usize {
        self.state.blocked_streams.load(Ordering::SeqCst)
    }
}

fn serve(stream: TcpStream, state: &State) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    while let Some(mut seen) = read_head(&mut reader) {
        let switch = switch(&seen);
        if switch == "early" {
            state.seen.lock().unwrap().push(seen);
            let _ = writer.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nearly");
            return;
        }
        if seen.header("expect").is_some() {
            let _ = writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        read_body(&mut reader, &mut seen);
        state.seen.lock().unwrap().push(seen.clone());
        if seen.header("upgrade").is_some() {
            return echo_frames(reader, writer);
        }
        if answer(&mut writer, &seen, &switch, state).is_none() {
            return;
        }
    }
}

fn switch(seen: &Seen) -> String {
    seen.target()
        .split_once("do=")
        .map(|(_, rest)| rest.split('&').next().unwrap_or_default().to_owned())
        .unwrap_or_default()
}

pub(super) fn read_head(reader: &mut impl BufRead) -> Option<Seen> {
    let mut head = raw_line(reader)?;
    let mut seen = Seen { line: text(&head), ..Seen::default() };
    while let Some(raw) = raw_line(reader).filter(|raw| !text(raw).is_empty()) {
        seen.headers.push(split(&text(&raw)));
        head.extend(raw);
    }
    seen.head = head;
    Some(seen)
}

pub(super) fn read_body(reader: &mut impl BufRead, seen: &mut Seen) {
    if seen.header("transfer-encoding").is_some() {
        while let Some(size) = line(reader).and_then(|size| usize::from_str_radix(size.split(';').next()?, 16).ok()) {
            if size == 0 {
                while let Some(field) = line(reader).filter(|field| !field.is_empty()) {
                    seen.trailers.push(split(&field));
                }
                return;
            }
            let mut chunk = vec![0; size];
            reader.read_exact(&mut chunk).unwrap();
            seen.body.extend(chunk);
            line(reader);
        }
    } else if let Some(length) = seen.header("content-length").and_then(|length| length.parse().ok()) {
        seen.body = vec![0; length];
        let _ = reader.read_exact(&mut seen.body);
    }
}

fn line(reader: &mut impl BufRead) -> Option<String> {
    raw_line(reader).map(|line| text(&line))
}

/// A whole line with its end.
fn raw_line(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.read_until(b'\n', &mut bytes).ok()?;
    bytes.ends_with(b"\n").then_some(bytes)
}

fn text(line: &[u8]) -> String {
    let text = line.strip_suffix(b"\n").unwrap_or(line);
    String::from_utf8_lossy(text.strip_suffix(b"\r").unwrap_or(text)).into_owned()
}

fn split(field: &str) -> (String, String) {
    let (name, value) = field.split_once(':').unwrap_or((field, ""));
    (name.to_owned(), value.trim().to_owned())
}

/// Answers; `None` closes the connection.
fn answer(writer: &mut TcpStream, seen: &Seen, switch: &str, state: &State) -> Option<()> {
    const JSON_RPC: &str = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}"#;
    let (status, headers, body) = match switch {
        "close" => return None,
        "half" => {
            writer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").ok()?;
            return None;
        }
        "two" => {
            writer
                .write_all(
                    b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\noneHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray",
                )
                .ok()?;
            return Some(());
        }
        "garbage" => {
            writer.write_all(b"this is no HTTP\r\n\r\n").ok()?;
            return None;
        }
        "events" => return events(writer),
        "endless" => return endless(writer, state, "Content-Type: text/event-stream\r\n"),
        "download" => return endless(writer, state, ""),
        "silence" => return silence(writer, state),
        "flood" => return flood(writer, state),
        "never" => {
            let _ = writer.read(&mut [0; 1]);
            return None;
        }
        "slow" => {
            thread::sleep(PACE);
            (200, String::new(), seen.json().to_string())
        }
        "cookies" => {
            let planted =
                "Set-Cookie: doorward-main=planted; Path=/\r\nSet-Cookie: __Host-doorward-login=planted; Path=/\r\n";
            (200, format!("Set-Cookie: theirs=1; Path=/\r\n{planted}Set-Cookie: other=2\r\n"), String::new())
        }
        "challenge" => (
            401,
            "WWW-Authenticate: Bearer resource_metadata=\"http://evil.test/x\"\r\n".to_owned(),
            "theirs".to_owned(),
        ),
        "basic" => (401, "WWW-Authenticate: Basic realm=\"theirs\"\r\n".to_owned(), "theirs".to_owned()),
        "elsewhere" => (307, "Location: http://evil.test/mcp\r\n".to_owned(), String::new()),
        "nearby" => (307, "Location: /mcp/\r\n".to_owned(), String::new()),
        "public" => (200, "Cache-Control: public, max-age=60\r\n".to_owned(), String::new()),
        "policy" => (
            200,
            "Content-Security-Policy: default-src 'self'\r\nX-Frame-Options: SAMEORIGIN\r\n".to_owned(),
            String::new(),
        ),
        "hops" => {
            (200, "Connection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nX-Kept: 1\r\n".to_owned(), String::new())
        }
        "jsonrpc404" => (404, "Content-Type: application/json\r\n".to_owned(), JSON_RPC.to_owned()),
        other => match other.parse::<u16>() {
            Ok(status) => (status, "Mcp-Session-Id: theirs\r\n".to_owned(), String::new()),
            Err(_) => (200, "Content-Type: application/json\r\n".to_owned(), seen.json().to_string()),
        },
    };
    let length = if status == 204 { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let body = if seen.line.starts_with("HEAD ") { "" } else { &body };
    writer.write_all(format!("HTTP/1.1 {status} Theirs\r\n{headers}{length}\r\n{body}").as_bytes()).ok()
}

/// Three events, each with the time at which it was sent.
fn events(writer: &mut TcpStream) -> Option<()> {
    writer
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        .ok()?;
    for number in 0..3 {
        if number > 0 {
            thread::sleep(PACE);
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
        event(writer, &now.to_string())?;
    }
    writer.write_all(b"0\r\n\r\n").ok()
}

/// One event, and nothing until the other side goes away.
fn silence(writer: &mut TcpStream, state: &State) -> Option<()> {
    writer
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        .ok()?;
    event(writer, "tick")?;
    let _ = writer.read(&mut [0; 1]);
    state.closed_streams.fetch_add(1, Ordering::SeqCst);
    None
}

/// More than anybody's buffers hold.
fn flood(writer: &mut TcpStream, state: &State) -> Option<()> {
    writer.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").ok()?;
    writer.set_write_timeout(Some(PACE)).ok()?;
    let chunk = [&b"10000\r\n"[..], &[b'x'; 0x10000], b"\r\n"].concat();
    while writer.write_all(&chunk).is_ok() {}
    state.blocked_streams.fetch_add(1, Ordering::SeqCst);
    let _ = writer.read(&mut [0; 1]);
    state.closed_streams.fetch_add(1, Ordering::SeqCst);
    None
}

/// Events until the other side goes away.
fn endless(writer: &mut TcpStream, state: &State, fields: &str) -> Option<()> {
    writer.write_all(format!("HTTP/1.1 200 OK\r\n{fields}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).ok()?;
    while event(writer, "tick").is_some() {
        thread::sleep(Duration::from_millis(20));
    }
    state.closed_streams.fetch_add(1, Ordering::SeqCst);
    None
}

fn event(writer: &mut TcpStream, data: &str) -> Option<()> {
    let event = format!("data: {data}\n\n");
    writer.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes()).ok()
}

/// A WebSocket that sends every frame back, unmasked (RFC 6455 section 5).
fn echo_frames(mut reader: impl Read, mut writer: TcpStream) {
    let accept = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    let _ = writer.write_all(accept.as_bytes());
    let mut head = [0; 6];
    while reader.read_exact(&mut head).is_ok() {
        let mut data = vec![0; usize::from(head[1] & 0x7f)];
        if reader.read_exact(&mut data).is_err() {
            return;
        }
        data.iter_mut().zip(head[2..].iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        let mut frame = vec![head[0], head[1] & 0x7f];
        frame.extend(data);
        if writer.write_all(&frame).is_err() {
            return;
        }
    }
}
