//! Apps that are MCP servers: policies that name tools, messages that are read before they are passed on, sessions that
//! belong to whom they were given.

use crate::harness::{Http2, Request, Response, Site, User, Wire, send};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Tools for people, and one for `ops` alone.
const APP: &str = r#"
[apps.agents]
url = "http://agents.test:PORT/mcp"
upstream = "UPSTREAM"
policies = [
    { name = "no danger", action = "block", include = [{ mcp_tool = ["danger"] }] },
    { name = "tools", action = "allow", include = [{ email_domain = "example.com" }], require = [{ mcp_tool = ["add", "whoami"] }] },
    { name = "around", action = "allow", include = [{ email_domain = "example.com" }], require = [{ mcp_method = ["initialize", "tools/list", "notifications/initialized", "resources/read"] }] },
    { name = "streams", action = "allow", include = [{ email_domain = "example.com" }], require = [{ method = ["GET", "DELETE"] }] },
]
oauth.enabled = true
mcp.max_body = "1MiB"
"#;

struct Server {
    site: Site,
    token: String,
}

impl Server {
    fn start() -> Self {
        let site = Site::with(|config| config + APP);
        let token = token(&site, &site.ada());
        site.upstream.forget();
        Self { site, token }
    }

    fn url(&self) -> String {
        self.site.url("agents.test", "/mcp")
    }

    fn post(&self) -> Request {
        Request::post(&self.url()).bearer(&self.token).header("Accept", "application/json, text/event-stream")
    }

    fn send(&self, message: &Value) -> Response {
        send(&self.post().json(message))
    }

    /// How a body is answered, and that nothing of it reached the server unless it was let in.
    #[track_caller]
    fn refused(&self, request: &Request, status: u16, code: i64) -> Value {
        self.site.upstream.forget();
        let response = send(request).expect(status);
        assert!(self.site.upstream.seen().is_empty(), "{:?} reached the server", self.site.upstream.seen());
        let json = response.json();
        assert_eq!((&json["jsonrpc"], &json["error"]["code"]), (&json!("2.0"), &json!(code)), "{json}");
        assert!(json["error"]["data"]["decision_id"].as_str().is_some_and(|id| id.starts_with("d_")), "{json}");
        json
    }
}

fn token(site: &Site, user: &User) -> String {
    site.agent(&site.url("agents.test", "/mcp")).authorize(&mut site.browser(), user).access
}

fn call(tool: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": { "name": tool, "arguments": {} } })
}

fn method(method: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method })
}

const DENIED: i64 = -32099;

#[test]
fn mt_08_mt_09_m_01_a_policy_names_tools_and_methods() {
    let server = Server::start();
    for message in [call("add"), call("whoami"), method("tools/list"), method("initialize")] {
        server.send(&message).expect(200);
        assert_eq!(server.site.upstream.last().body, message.to_string().as_bytes(), "the very bytes");
    }
    for (message, reason) in [
        (call("danger"), "blocked"),
        (call("other"), "no_rule_matched"),
        (call("Add"), "no_rule_matched"),
        (call("add "), "no_rule_matched"),
        (call(""), "no_rule_matched"),
        (method("tools/call"), "no_rule_matched"),
        (method("prompts/get"), "no_rule_matched"),
    ] {
        let told = server.refused(&server.post().json(&message), 403, DENIED);
        assert_eq!((&told["id"], &told["error"]["data"]["error"]), (&message["id"], &json!(reason)), "{message}");
    }
    // Spelled otherwise, it is the same tool.
    let spelled = br#"{"jsonrpc":"2.0","id":"x","method":"tools\/call","params":{"n\u0061me":"\u0064anger"}}"#;
    assert_eq!(server.refused(&server.post().body(spelled), 403, DENIED)["id"], "x");
    let event = server.site.logged("a refused tool", |event| event["outcome"] == "blocked");
    assert_eq!(event["app"], "agents");
    let explained = server.site.cli_ok(&["explain", event["id"].as_str().unwrap()]);
    assert!(explained.contains("mcp_tool = \"danger\": yes"), "{explained}");
}

#[test]
fn mt_08_m_02_no_batch_and_no_double_meaning_gets_a_tool_through() {
    let server = Server::start();
    let batch = |messages: &[Value]| server.post().json(&Value::from(messages.to_vec()));
    send(&batch(&[call("add"), method("tools/list")])).expect(200);
    for messages in
        [[call("add"), call("danger")], [call("danger"), call("add")], [method("tools/list"), call("other")]]
    {
        server.refused(&batch(&messages), 403, DENIED);
    }
    for (body, code) in [
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","name":"danger"}}"#, -32700),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"danger","name":"add"}}"#, -32700),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","Name":"danger"}}"#, -32700),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"danger"}}"#, -32700),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{},"Params":{"name":"danger"}}"#, -32700),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#, -32700),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":{"x":"danger"}}}"#, -32600),
        (r#"[[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]]"#, -32600),
        ("[]", -32600),
        ("", -32700),
        ("jsonrpc=2.0&method=tools/call", -32700),
    ] {
        server.refused(&server.post().body(body.as_bytes()), 400, code);
    }
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    server.refused(&server.post().body(deep.as_bytes()), 400, -32700);
    let utf16: Vec<u8> = call("danger").to_string().encode_utf16().flat_map(u16::to_le_bytes).collect();
    server.refused(&server.post().body(&utf16), 400, -32700);
    let packed = server.post().header("Content-Encoding", "gzip").json(&call("add"));
    server.refused(&packed, 400, -32700);
    // Another method with a body is read as well.
    let put = Request::new("DELETE", &server.url()).bearer(&server.token).json(&call("danger"));
    server.refused(&put, 403, DENIED);
}

#[test]
fn mt_08_m_02_no_charset_and_no_second_coding_hides_another_message() {
    let server = Server::start();
    // By UTF-7, the last name of the params is `danger`: `+ACIALAAi-` is `","`.
    let two_faced = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","z":"+ACIALAAi-name+ACIAOgAi-danger"}}"#;
    let as_type = |media: &str| server.post().header("Content-Type", media).body(two_faced.as_bytes());
    send(&as_type("application/json")).expect(200);
    send(&as_type("application/json; charset=UTF-8")).expect(200);
    for media in
        ["application/json; charset=utf-7", "application/json;charset=\"utf-16le\"", "application/json; charset=cp037"]
    {
        server.refused(&as_type(media), 400, -32700);
    }
    let twice = as_type("application/json").header("Content-Type", "application/json; charset=utf-7");
    server.refused(&twice, 400, -32700);
    let packed = server.post().header("Content-Encoding", "identity").header("Content-Encoding", "br");
    server.refused(&packed.json(&call("add")), 400, -32700);
    // A server that reads `_` as `-` gets none of these from a client.
    let aliases =
        ["Content_Encoding", "Content.Type", "Mcp_Session_Id", "Mcp_Name", "MCP.Method", "Mcp_Protocol_Version"];
    send(&aliases.iter().fold(server.post(), |request, name| request.header(name, "forged")).json(&call("add")))
        .expect(200);
    let seen = server.site.upstream.last();
    for name in aliases {
        assert_eq!(seen.header(name), None, "{name}");
    }
}

#[test]
fn mt_07_m_01_headers_and_body_say_the_same() {
    let server = Server::start();
    let with = |method: &str, name: &str, message: &Value| {
        let request = server.post().header("MCP-Protocol-Version", "2026-07-28");
        let request = if method.is_empty() { request } else { request.header("Mcp-Method", method) };
        let request = if name.is_empty() { request } else { request.header("Mcp-Name", name) };
        request.json(message)
    };
    let read = json!({ "jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": { "uri": "file:///\u{e4}" } });
    for request in [
        with("tools/call", "add", &call("add")),
        with("tools/call", "=?base64?YWRk?=", &call("add")),
        with("tools/list", "", &method("tools/list")),
        with("resources/read", "=?base64?ZmlsZTovLy/DpA==?=", &read),
        server.post().header("MCP-Protocol-Version", "2025-11-25").json(&call("add")),
    ] {
        send(&request).expect(200);
    }
    let seen = server.site.upstream.seen();
    assert_eq!(seen[1].header("mcp-name"), Some("=?base64?YWRk?="), "as it was sent");
    for (method, name, message) in [
        ("tools/list", "", call("danger")),
        ("tools/call", "add", call("danger")),
        ("tools/call", "=?base64?YWRk?=", call("danger")),
        ("tools/call", "=?base64?ZGFuZ2Vy?=", call("add")),
        ("tools/call", "=?base64?!!?=", call("add")),
        ("tools/call", "", call("add")),
        ("", "", call("add")),
        ("", "add", call("add")),
        ("TOOLS/CALL", "add", call("add")),
    ] {
        let told = server.refused(&with(method, name, &message), 400, -32020);
        assert_eq!(told["id"], 7, "{told}");
    }
    server.refused(&with("tools/call", "add", &call("add")).header("Mcp-Name", "danger"), 400, -32020);
    server.refused(&with("tools/call", "add", &json!([call("add"), call("add")])), 400, -32020);
    // Who routes by a header does not ask for the version.
    server.refused(
        &server.post().header("Mcp-Name", "add").header("Mcp-Method", "tools/call").json(&call("whoami")),
        400,
        -32020,
    );
}

#[test]
fn mt_05_bodies_of_every_size_and_framing_arrive_as_they_were_sent() {
    let server = Server::start();
    let empty = call("add").to_string().len() + r#","pad":"""#.len();
    let padded = |size: usize| {
        let body = call("add").to_string();
        let pad = "x".repeat(size - empty);
        format!("{},\"pad\":\"{pad}\"}}", &body[..body.len() - 1]).into_bytes()
    };
    let mut wire = Wire::open(server.site.port);
    for size in [empty, 1000, 4095, 4096, 8192, 65_535, 65_536, 65_537, 70_000, 131_072, 200_001, 1_000_000, 1_048_576]
    {
        let body = padded(size);
        assert_eq!(body.len(), size);
        assert_eq!(wire.send(&server.post().body(&body)).expect(200).json()["line"], "POST /mcp HTTP/1.1");
        assert!(server.site.upstream.last().body == body, "{size} bytes did not arrive as they were sent");
        // Slowly, head and body in pieces.
        let whole = server.post().body(&body).bytes();
        for part in whole.chunks(whole.len() / 3 + 1) {
            wire.write(part);
            std::thread::yield_now();
        }
        assert_eq!(wire.answer(false).unwrap().status, 200, "{size}");
        assert!(server.site.upstream.last().body == body, "{size} bytes in pieces");
    }
    let too_large = padded(1_048_577);
    server.refused(&server.post().body(&too_large), 413, -32600);
    for size in [empty, 1000, 60_000, 65_536] {
        let body = padded(size);
        let mut chunked = server.post().header("Transfer-Encoding", "chunked").bytes();
        for chunk in body.chunks(7000) {
            chunked.extend([format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
        }
        chunked.extend(b"0\r\n\r\n");
        let mut wire = Wire::open(server.site.port);
        wire.write(&chunked);
        assert_eq!(wire.answer(false).unwrap().status, 200, "{size}");
        assert!(server.site.upstream.last().body == body, "{size} bytes in chunks");
        let mut http2 = Http2::open(server.site.port);
        http2.send(&server.post().body(&body)).expect(200);
        assert!(server.site.upstream.last().body == body, "{size} bytes by HTTP/2");
    }
    // In chunks the end is not known before it comes, and so much is not kept.
    let mut request = server.post().header("Transfer-Encoding", "chunked");
    request.body = [&b"11170\r\n"[..], &padded(70_000), b"\r\n0\r\n\r\n"].concat();
    server.refused(&request, 411, -32600);
}

#[test]
fn mt_01_m_05_a_session_belongs_to_whom_it_was_given() {
    let server = Server::start();
    let mut site = server.site;
    let bob = token(&site, &site.bob());
    let url = site.url("agents.test", "/mcp");
    let post =
        |token: &str, id: &str| Request::post(&url).bearer(token).header("Mcp-Session-Id", id).json(&call("add"));
    let begin =
        Request::post(&site.url("agents.test", "/mcp?do=202")).bearer(&server.token).json(&method("initialize"));
    let id = send(&begin).expect(202).header("mcp-session-id").unwrap().to_owned();
    assert!(id.starts_with("theirs.") && id.len() > 20, "{id}");
    for request in [
        post(&server.token, &id),
        Request::get(&url).bearer(&server.token).header("Mcp-Session-Id", &id),
        Request::new("DELETE", &url).bearer(&server.token).header("Mcp-Session-Id", &id),
    ] {
        send(&request).expect(200);
        let seen = site.upstream.last();
        assert_eq!(seen.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("mcp-session-id")).count(), 1);
        assert_eq!(seen.header("mcp-session-id"), Some("theirs"), "the server's own id");
    }
    let refused = |request: &Request| {
        site.upstream.forget();
        let told = send(request).expect(404).json();
        assert_eq!(told["error"]["code"], -32001, "{told}");
        assert!(site.upstream.seen().is_empty(), "{request:?}");
    };
    refused(&post(&bob, &id));
    refused(&Request::get(&url).bearer(&bob).header("Mcp-Session-Id", &id));
    refused(&Request::new("DELETE", &url).bearer(&bob).header("Mcp-Session-Id", &id));
    for forged in ["theirs", "theirs.", &id[..id.len() - 1], &format!("{id}x"), &id.replace("theirs", "others"), "."] {
        refused(&post(&server.token, forged));
    }
    refused(&post(&server.token, &id).header("Mcp-Session-Id", &id));
    // It is theirs after a restart too: nothing was remembered.
    site.kill();
    site.run();
    send(&post(&server.token, &id)).expect(200);
    send(&post(&bob, &id)).expect(404);
}

#[test]
fn mt_01_a_session_that_began_with_a_public_message_is_its_callers() {
    let open = "    { name = \"hello\", action = \"bypass\", include = [{ mcp_method = \"initialize\" }] },\n";
    let site = Site::with(|config| config + &APP.replace("policies = [\n", &format!("policies = [\n{open}")));
    let ada = token(&site, &site.ada());
    let url = site.url("agents.test", "/mcp?do=202");
    let begin = |request: Request| {
        let response = send(&request.json(&method("initialize"))).expect(202);
        response.header("mcp-session-id").unwrap().to_owned()
    };
    let (hers, nobodys) = (begin(Request::post(&url).bearer(&ada)), begin(Request::post(&url)));
    assert_eq!(site.upstream.last().header("x-forwarded-email"), None, "a public message has no person");
    let call_in =
        |id: &str| send(&Request::post(&url).bearer(&ada).header("Mcp-Session-Id", id).json(&call("add"))).status;
    assert_eq!((call_in(&hers), call_in(&nobodys)), (202, 404));
    send(&Request::post(&url).json(&call("add"))).expect(401);
}

#[test]
fn m_06_an_agent_gets_no_cookies_and_is_not_sent_elsewhere() {
    let server = Server::start();
    let ask = |switch: &str| {
        let request = Request::post(&server.site.url("agents.test", &format!("/mcp?do={switch}")));
        send(&request.bearer(&server.token).json(&call("add")))
    };
    assert!(ask("cookies").expect(200).all("set-cookie").is_empty());
    let elsewhere = ask("elsewhere").expect(502);
    assert!(elsewhere.header("location").is_none() && !elsewhere.text().contains("evil"), "{}", elsewhere.text());
    assert_eq!(ask("nearby").expect(307).location(), "/mcp/");
    assert!(!ask("challenge").expect(401).challenge().contains("evil"));
    // A person's browser is not concerned.
    let mut browser = server.site.browser();
    browser.sign_in(&server.site.url("agents.test", "/mcp"), &server.site.ada());
    let page = browser.send(Request::get(&server.site.url("agents.test", "/mcp?do=cookies"))).expect(200);
    assert_eq!(page.all("set-cookie"), ["theirs=1; Path=/", "other=2"]);
}

#[test]
fn mt_11_m_07_nobody_is_asked_for_a_body_before_they_say_who_they_are() {
    let server = Server::start();
    let mut wire = Wire::open(server.site.port);
    let host = format!("agents.test:{}", server.site.port);
    wire.write(
        format!("POST /mcp HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n").as_bytes(),
    );
    let refused = wire.answer(false).unwrap();
    assert_eq!((refused.status, refused.interim.as_slice()), (401, &[][..]));
    let eve = token_of_eve(&server.site);
    let nobody = Request::post(&server.url()).bearer(&eve).json(&call("add"));
    assert_eq!(send(&nobody).expect(403).json()["error"], "no_rule_matched", "the body changes nothing");
    let mut wire = Wire::open(server.site.port);
    let body = call("add").to_string();
    let head = server.post().header("Content-Length", &body.len().to_string()).header("Expect", "100-continue");
    wire.write(&head.bytes());
    assert_eq!(wire.head().unwrap().status, 100);
    wire.write(body.as_bytes());
    assert_eq!(wire.answer(false).unwrap().status, 200);
    assert_eq!(server.site.upstream.last().header("expect"), None);
    // What cannot be looked into is not let through where a policy would look.
    let upgrade = Request::get(&server.url()).bearer(&server.token).header("Connection", "Upgrade");
    send(&upgrade.header("Upgrade", "websocket")).expect(403);
}

/// Somebody whom nothing admits has no token of this app; a token of before the policy was tightened stands for it.
fn token_of_eve(site: &Site) -> String {
    let open = APP.replace("include = [{ email_domain = \"example.com\" }]", "include = [{ everyone = true }]");
    site.reload(|config| config + &open);
    let token = token(site, &site.eve());
    site.reload(|config| config + APP);
    token
}

#[test]
fn mt_13_an_answer_ends_when_one_of_the_messages_it_answers_is_denied() {
    let server = Server::start();
    let open = |messages: Value| {
        let mut request = server.post().json(&messages);
        request.target.push_str("?do=endless");
        let mut wire = Wire::open(server.site.port);
        wire.write(&request.bytes());
        assert_eq!(wire.head().unwrap().status, 200);
        wire
    };
    let (mut one, mut both) = (open(call("add")), open(json!([call("add"), call("whoami")])));
    server.site.reload(|config| config + &APP.replace(r#"["add", "whoami"]"#, r#"["add"]"#));
    let changed = Instant::now();
    while both.chunk().is_some() {
        assert!(changed.elapsed() < Duration::from_secs(2), "the answer to both goes on");
    }
    let looked = Instant::now();
    while looked.elapsed() < Duration::from_millis(300) {
        assert!(one.chunk().is_some(), "the answer to one was ended");
    }
}
