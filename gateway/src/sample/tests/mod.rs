//! The sample app as the gateway meets it: over a socket.

mod mcp;
mod web;

use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

async fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(crate::sample::serve(listener));
    address
}

fn assertion() -> String {
    unsigned(&agent_claims())
}

fn agent_claims() -> Value {
    json!({
        "sub": "opaque-1",
        "email": "ann@example.com",
        "act": { "client_id": "https://agent.example/client.json", "client_name": "Test Agent" }
    })
}

fn unsigned(claims: &Value) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}.c2ln", part(&json!({ "alg": "EdDSA" })), part(claims))
}

/// One request. It is sent as HTTP/1.0, so that the reply is not chunked and ends with the
/// connection.
struct Ask {
    head: String,
    body: String,
}

impl Ask {
    fn get(target: &str) -> Self {
        Ask::new("GET", target, "")
    }

    fn post(target: &str, body: &str) -> Self {
        Ask::new("POST", target, body)
    }

    // The host is a public name, as behind the gateway.
    fn new(method: &str, target: &str, body: &str) -> Self {
        let length = body.len();
        Ask {
            head: format!("{method} {target} HTTP/1.0\r\nHost: app.example:8080\r\nContent-Length: {length}\r\n"),
            body: body.to_owned(),
        }
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.head += &format!("{name}: {value}\r\n");
        self
    }

    async fn send(self, address: SocketAddr) -> Answer {
        let mut stream = TcpStream::connect(address).await.expect("connects");
        let request = format!("{}\r\n{}", self.head, self.body);
        stream.write_all(request.as_bytes()).await.expect("writes");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.expect("reads");
        Answer::parse(&reply)
    }
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn parse(reply: &str) -> Self {
        let (head, body) = reply.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).expect("a status");
        Answer { status: status.parse().expect("a number"), head: head.to_owned(), body: body.to_owned() }
    }

    fn header(&self, name: &str) -> &str {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        let field = fields.find(|(field, _)| field.eq_ignore_ascii_case(name));
        field.expect("the header").1
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// The JSON-RPC answer, which comes as JSON or as an event of a stream.
    fn answer(&self) -> Value {
        let mut messages = data(&self.body).chain([self.body.as_str()]);
        let answer = messages.find_map(|text| serde_json::from_str(text).ok());
        answer.unwrap_or_else(|| panic!("no answer in {}", self.body))
    }

    fn result(&self) -> Value {
        let answer = self.answer();
        answer.get("result").expect("a result").clone()
    }
}

fn data(events: &str) -> impl Iterator<Item = &str> {
    events.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim)
}
