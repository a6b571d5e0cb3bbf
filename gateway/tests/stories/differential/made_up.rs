//! Requests as nobody honest writes them, and as everybody does.

use crate::harness::Request;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;

/// Names that mean nothing to a gateway.
pub(super) const PLAIN: &[&str] =
    &["accept", "x-plain", "x-request-id", "user-agent", "mcp-param-x", "accept-language", "x-a", "if-none-match"];

/// Names that mean something to it, or to somebody behind it.
const MEANT: &[&str] = &[
    "X-Forwarded-User",
    "X_Forwarded_User",
    "x.forwarded.email",
    "Doorward-Assertion",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "Forwarded",
    "X-Original-URL",
    "X-HTTP-Method-Override",
    "X-Real-IP",
    "Cf-Access-Jwt-Assertion",
    "Proxy-Authorization",
    "DPoP",
    "Keep-Alive",
    "TE",
    "Content_Length",
    "Transfer.Encoding",
];

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) method: &'static str,
    pub(super) target: Vec<u8>,
    pub(super) version: &'static str,
    pub(super) host: &'static str,
    /// Who sends it.
    pub(super) person: &'static str,
    pub(super) credential: Credential,
    pub(super) lines: Vec<Line>,
    pub(super) framing: Framing,
    pub(super) body: Vec<u8>,
}

/// A field, with what is between its parts.
#[derive(Clone, Debug)]
pub(super) struct Line {
    name: String,
    separator: &'static str,
    value: Vec<u8>,
    end: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Credential {
    Good,
    Twice,
    None,
    Bad,
}

/// How the end of the body is said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Framing {
    None,
    Length,
    /// The length, and bytes behind it that look like a request.
    LengthAndMore,
    Chunks,
    ChunksWithTrailer,
    BrokenChunks,
    Both,
    TwoLengths,
    Odd(&'static str),
}

impl Case {
    /// As it is sent.
    pub(super) fn bytes(&self, port: u16, number: &str, tokens: &BTreeMap<&'static str, String>) -> Vec<u8> {
        let mut bytes = [self.method.as_bytes(), b" ", &self.target, b" ", self.version.as_bytes(), b"\r\n"].concat();
        let mut add = |text: String| bytes.extend(text.into_bytes());
        add(self.host.replace("PORT", &port.to_string()));
        add(format!("X-Case: {number}\r\n"));
        let token = &tokens[self.person];
        match self.credential {
            Credential::Good => add(format!("Authorization: Bearer {token}\r\n")),
            Credential::Twice => add(format!("Authorization: Bearer {token}\r\nauthorization: Bearer {token}\r\n")),
            Credential::Bad => add(format!("Authorization: Bearer {token}x\r\n")),
            Credential::None => {}
        }
        for line in &self.lines {
            bytes.extend([line.name.as_bytes(), line.separator.as_bytes(), &line.value, line.end.as_bytes()].concat());
        }
        bytes.extend(self.framed());
        bytes
    }

    /// The same by HTTP/2, where that can say it.
    pub(super) fn as_http2(&self, port: u16, number: &str, tokens: &BTreeMap<&'static str, String>) -> Option<Request> {
        const OF_HTTP1: [&str; 2] = ["keep-alive", "te"];
        let target = std::str::from_utf8(&self.target).ok()?;
        let url = format!("http://diff.test:{port}{target}");
        let uri: http::Uri = url.parse().ok()?;
        if uri.path_and_query()?.as_str() != target {
            return None;
        }
        let mut request = Request::new(self.method, &url).header("x-case", number).bearer(&tokens[self.person]);
        for (name, value) in self.fields().into_iter().filter(|(name, _)| !OF_HTTP1.contains(&name.as_str())) {
            http::HeaderName::from_bytes(name.as_bytes()).ok()?;
            let value = http::HeaderValue::from_bytes(&value).ok()?;
            request = request.header(&name, value.to_str().ok()?);
        }
        request.body.clone_from(&self.body);
        Some(request)
    }

    /// What ends the head, and the body.
    fn framed(&self) -> Vec<u8> {
        let (length, body) = (self.body.len(), self.body.as_slice());
        let chunked = [format!("{length:x}\r\n").as_bytes(), body, b"\r\n0\r\n"].concat();
        let chunks: &[u8] = if body.is_empty() { b"0\r\n" } else { &chunked };
        let length = format!("Content-Length: {length}\r\n");
        let te = "Transfer-Encoding: chunked\r\n";
        let (fields, body): (String, Vec<u8>) = match self.framing {
            Framing::None => (String::new(), Vec::new()),
            Framing::Length => (length, body.to_vec()),
            Framing::LengthAndMore => (length, [body, b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"].concat()),
            Framing::Chunks => (te.to_owned(), [chunks, b"\r\n"].concat()),
            Framing::ChunksWithTrailer => (te.to_owned(), [chunks, b"X-Forwarded-User: forged\r\n\r\n"].concat()),
            Framing::BrokenChunks => (te.to_owned(), b"-1\r\nabc\r\n0\r\n\r\n".to_vec()),
            Framing::Both => (format!("{length}{te}"), [chunks, b"\r\n"].concat()),
            Framing::TwoLengths => (format!("{length}Content-Length: 0\r\n"), body.to_vec()),
            Framing::Odd(field) => (format!("{field}\r\n"), [chunks, b"\r\n"].concat()),
        };
        [fields.as_bytes(), b"\r\n", &body].concat()
    }

    /// The fields that were sent: names in lower case, values without white space around them.
    pub(super) fn fields(&self) -> Vec<(String, Vec<u8>)> {
        let lines = self.lines.iter();
        lines.map(|line| (line.name.to_ascii_lowercase(), line.value.trim_ascii().to_vec())).collect()
    }
}

/// Most are good but for one thing or none.
pub(super) fn case() -> impl Strategy<Value = Case> {
    let method = prop_oneof![
        6 => select(&["GET", "POST", "PUT", "HEAD", "PATCH", "OPTIONS", "QUERY"][..]),
        1 => select(&["DELETE", "get", "TRACE", "CONNECT", "PRI", "G\u{0}T", "F(O"][..]),
    ];
    let version =
        prop_oneof![12 => Just("HTTP/1.1"), 1 => select(&["HTTP/1.0", "HTTP/2.0", "http/1.1", "HTTP/1.1 "][..])];
    let host = prop_oneof![
        12 => Just("Host: diff.test:PORT\r\n"),
        1 => select(&[
            "",
            "Host: DIFF.test.:PORT\r\n",
            "Host: diff.test:PORT\r\nHost: diff.test:PORT\r\n",
            "Host: diff.test:PORT, evil.test\r\n",
            "Host: evil.test\r\n",
            "Host : diff.test:PORT\r\n",
        ][..]),
    ];
    let credential = prop_oneof![
        10 => Just(Credential::Good),
        1 => select(&[Credential::Twice, Credential::None, Credential::Bad][..]),
    ];
    let person = select(&["ada@example.com", "bob@example.com"][..]);
    let body = prop_oneof![vec(any::<u8>(), 0..40), vec(any::<u8>(), 5000..9000)];
    let parts = (method, target(), version, host, person, credential);
    (parts, vec(line(), 0..5), framing(), body).prop_map(
        |((method, target, version, host, person, credential), lines, framing, body)| {
            let body = if framing == Framing::None { Vec::new() } else { body };
            Case { method, target, version, host, person, credential, lines, framing, body }
        },
    )
}

fn target() -> impl Strategy<Value = Vec<u8>> {
    let good = select(
        &["a", "A", "%61", "x.y", "~", "-_", "%20", "%C3%A4", "a%25b", "secret", "s%65cret", "Secret", "{x}"][..],
    );
    let odd = select(
        &[
            "..", ".", "%2e%2e", "%2f", "%5c", "\\", ";x", "%00", "%zz", "%", "%252e", "%c0%ae", "", " ", "\t", "#",
            "\u{e4}", "\"", "%0d%0a",
        ][..],
    );
    let segment = prop_oneof![14 => good.prop_map(str::as_bytes), 1 => odd.prop_map(str::as_bytes)];
    let path = vec(segment, 1..4).prop_map(|segments| [b"/", &*segments.join(&b'/')].concat());
    let query = prop_oneof![
        3 => Just(Vec::new()),
        3 => "\\?[a-z0-9=&%/._~-]{0,12}".prop_filter("a switch", |query| !query.contains("do=")).prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..6).prop_map(|bytes| [b"?", &*bytes].concat()),
    ];
    let forms: &[&[u8]] = &[b"http://diff.test", b"http://evil.test", b"*", b"x", b"/"];
    let form = prop_oneof![20 => Just(&b""[..]), 1 => select(forms)];
    (form, path, query).prop_map(|(form, path, query)| [form, &path, &query].concat())
}

fn line() -> impl Strategy<Value = Line> {
    let name = prop_oneof![
        6 => select(PLAIN).prop_map(str::to_owned),
        5 => select(MEANT).prop_map(str::to_owned),
        1 => "[!#$%&'*+.^_`|~0-9a-zA-Z-]{1,12}",
        1 => select(&["X Y", "X\t", "", "X(", "\u{e4}", "X\u{0}"][..]).prop_map(str::to_owned),
    ];
    let separator = prop_oneof![10 => Just(": "), 2 => Just(":"), 1 => Just(":\t "), 1 => Just(" : ")];
    let end = prop_oneof![30 => Just("\r\n"), 1 => Just("\n"), 1 => Just("\r"), 1 => Just("\r\n ")];
    let value = prop_oneof![
        8 => "[ -~]{0,20}".prop_map(String::into_bytes),
        2 => vec(prop_oneof![0x20_u8..0x7f, 0x80_u8..=0xff], 0..12),
        1 => vec(any::<u8>(), 0..6),
        1 => Just(b"forged".to_vec()),
    ];
    (name, separator, value, end).prop_map(|(name, separator, value, end)| Line { name, separator, value, end })
}

fn framing() -> impl Strategy<Value = Framing> {
    prop_oneof![
        5 => Just(Framing::None),
        5 => Just(Framing::Length),
        4 => Just(Framing::Chunks),
        1 => Just(Framing::LengthAndMore),
        1 => Just(Framing::ChunksWithTrailer),
        1 => Just(Framing::BrokenChunks),
        1 => Just(Framing::Both),
        1 => Just(Framing::TwoLengths),
        1 => select(&[
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: xchunked",
            "Transfer-Encoding : chunked",
            "Transfer-Encoding:\u{b}chunked",
            "Content-Length: +5",
            "Content-Length: 0x5",
            "Content-Length: 5, 5",
        ][..]).prop_map(Framing::Odd),
    ]
}
