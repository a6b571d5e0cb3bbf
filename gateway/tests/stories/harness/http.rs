//! An HTTP/1.1 client that sends exactly what it is told, and shows exactly what it got.

use super::encode;
use serde_json::Value;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

/// How long any answer may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// A request to a URL of the site. Every name leads to 127.0.0.1.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(method: &str, url: &str) -> Self {
        let rest = url.strip_prefix("http://").unwrap_or_else(|| panic!("`{url}` is not an http URL"));
        let at = rest.find(['/', '?']).unwrap_or(rest.len());
        let (host, target) = rest.split_at(at);
        let port = host.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        Self {
            method: method.to_owned(),
            host: host.to_owned(),
            port: port.unwrap_or_else(|| panic!("`{url}` names no port")),
            target: if target.starts_with('/') { target.to_owned() } else { format!("/{target}") },
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn get(url: &str) -> Self {
        Self::new("GET", url)
    }

    pub(crate) fn post(url: &str) -> Self {
        Self::new("POST", url)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}{}", self.host, self.target)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Another `Host` than that of the URL.
    pub(crate) fn host(mut self, host: &str) -> Self {
        host.clone_into(&mut self.host);
        self
    }

    /// As a browser asks when a person follows a link.
    pub(crate) fn html(self) -> Self {
        self.header("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self.header("Content-Length", &body.len().to_string())
    }

    pub(crate) fn form(self, fields: &[(&str, &str)]) -> Self {
        self.header("Content-Type", "application/x-www-form-urlencoded").body(encode(fields).as_bytes())
    }

    pub(crate) fn json(self, value: &Value) -> Self {
        self.header("Content-Type", "application/json").body(value.to_string().as_bytes())
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\nHost: {}\r\n", self.method, self.target, self.host);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// Sends a request on a connection of its own.
pub(crate) fn send(request: &Request) -> Response {
    let mut wire = Wire::open(request.port);
    wire.send(request)
}

/// The same while the gateway may be gone.
pub(crate) fn try_send(request: &Request) -> Option<Response> {
    let mut wire = Wire::new(TcpStream::connect(("127.0.0.1", request.port)).ok()?);
    wire.write(&request.bytes());
    let response = wire.answer(request.method == "HEAD")?;
    let whole = response.header("content-length").is_none_or(|length| length == response.body.len().to_string());
    whole.then_some(response)
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Response {
    pub(crate) url: String,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Statuses of the interim answers before it.
    pub(crate) interim: Vec<u16>,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.all(name).into_iter().next()
    }

    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {} {}", self.status, self.text()))
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{} answered {:?} {}", self.url, self.headers, self.text());
        self
    }

    #[track_caller]
    pub(crate) fn location(&self) -> &str {
        self.header("location").unwrap_or_else(|| panic!("no Location: {} {}", self.status, self.text()))
    }

    pub(crate) fn challenge(&self) -> &str {
        self.header("www-authenticate").unwrap_or_default()
    }

    pub(crate) fn is_html(&self) -> bool {
        self.header("content-type").is_some_and(|value| value.starts_with("text/html"))
    }
}

/// How a body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// As its framing says.
    Whole,
    /// In the middle.
    Broken,
}

/// A connection.
pub(crate) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Wire {
    pub(crate) fn open(port: u16) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Self::new(TcpStream::connect(address).unwrap_or_else(|error| panic!("nobody listens at {address}: {error}")))
    }

    /// Connects from another address of this machine, such as 127.0.0.2.
    pub(crate) fn open_from(ip: IpAddr, port: u16) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let stream = runtime.block_on(async {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket.bind(SocketAddr::new(ip, 0)).unwrap();
            socket.connect(SocketAddr::from(([127, 0, 0, 1], port))).await.unwrap().into_std().unwrap()
        });
        stream.set_nonblocking(false).unwrap();
        Self::new(stream)
    }

    fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream, buffer: Vec::new() }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        // Whoever is refused early may find the connection closed; what was answered is still to be read.
        let _ = self.stream.write_all(bytes);
    }

    #[track_caller]
    pub(crate) fn send(&mut self, request: &Request) -> Response {
        self.write(&request.bytes());
        let mut response = self.answer(request.method == "HEAD").unwrap_or_else(|| panic!("no answer to {request:?}"));
        response.url = request.url();
        response
    }

    /// The next answer; `None` if the connection was closed instead.
    pub(crate) fn answer(&mut self, to_head: bool) -> Option<Response> {
        let mut interim = Vec::new();
        let mut response = loop {
            let response = self.head()?;
            if response.status >= 200 || response.status == 101 {
                break response;
            }
            interim.push(response.status);
        };
        response.interim = interim;
        let bodiless = to_head || matches!(response.status, 101 | 204 | 304);
        response.body = if bodiless { Vec::new() } else { self.body(&response) };
        Some(response)
    }

    /// Status and headers alone, interim answers too.
    pub(crate) fn head(&mut self) -> Option<Response> {
        let head = self.until(b"\r\n\r\n")?;
        let text = String::from_utf8_lossy(&head).into_owned();
        let mut lines = text.trim_end().split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let split = |line: &str| line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
        Some(Response { status, headers: lines.filter_map(split).collect(), ..Response::default() })
    }

    fn body(&mut self, head: &Response) -> Vec<u8> {
        if head.header("transfer-encoding").is_some() {
            let mut body = Vec::new();
            while let Some(chunk) = self.chunk() {
                body.extend(chunk);
            }
            return body;
        }
        match head.header("content-length").map(|length| length.parse().unwrap()) {
            Some(length) => self.exactly(length).unwrap_or_default(),
            None => self.rest(),
        }
    }

    /// The next chunk of a chunked body; `None` at its end.
    pub(crate) fn chunk(&mut self) -> Option<Vec<u8>> {
        let line = self.until(b"\r\n")?;
        let size = String::from_utf8_lossy(&line).trim().split(';').next().unwrap_or_default().to_owned();
        let size = usize::from_str_radix(&size, 16).ok()?;
        let chunk = self.exactly(size)?;
        self.until(b"\r\n")?;
        (size > 0).then_some(chunk)
    }

    /// Whether the end of a chunked body comes within a time; chunks before it are passed over.
    pub(crate) fn ends_within(&mut self, time: Duration) -> Ended {
        let started = std::time::Instant::now();
        loop {
            assert!(started.elapsed() < time, "the body goes on");
            match self.until(b"\r\n") {
                None => return Ended::Broken,
                Some(line) if line == b"0\r\n" => return Ended::Whole,
                Some(_) => {}
            }
        }
    }

    /// So many bytes; `None` if the connection ends before.
    pub(crate) fn exactly(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.buffer.len() < length {
            self.fill()?;
        }
        Some(self.buffer.drain(..length).collect())
    }

    /// Everything until the other side closes.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        while self.fill().is_some() {}
        std::mem::take(&mut self.buffer)
    }

    fn until(&mut self, end: &[u8]) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = self.buffer.windows(end.len()).position(|window| window == end) {
                return Some(self.buffer.drain(..at + end.len()).collect());
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> Option<()> {
        let mut bytes = [0; 16 * 1024];
        match self.stream.read(&mut bytes) {
            Ok(0) => None,
            Ok(count) => {
                self.buffer.extend_from_slice(&bytes[..count]);
                Some(())
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("nothing came for {PATIENCE:?}; so far: {:?}", String::from_utf8_lossy(&self.buffer))
            }
            Err(_) => None,
        }
    }

    /// Whether the other side closes within a time, sending nothing more.
    pub(crate) fn is_closed_within(&mut self, time: Duration) -> bool {
        self.stream.set_read_timeout(Some(time)).unwrap();
        let read = self.stream.read(&mut [0; 1]);
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
        match read {
            Ok(count) => count == 0,
            Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        }
    }
}
