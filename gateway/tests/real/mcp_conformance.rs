//! The conformance suite of MCP against a server made of the official SDK: directly, and through the gateway, which reads
//! every message. Both give the same results.

use crate::demo::clients;
use crate::machine::{Running, folder};
use crate::served::Served;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// A policy that names a tool has the gateway read every message.
const APP: &str = "
    [apps.tools]
    url = 'http://127.0.0.1:PORT/mcp'
    upstream = 'http://127.0.0.1:UPSTREAM'
    policies = [
        { action = 'block', include = [{ mcp_tool = 'none_of_them' }] },
        { action = 'bypass', include = [{ everyone = true }] },
    ]
";

/// The server, and its port.
fn start_server() -> (Running, u16) {
    let mut command = Command::new("node");
    let server = command.arg(clients().join("node/mcp-server.mjs")).stdout(Stdio::piped()).spawn();
    let mut server = server.expect("run `.ci/install tests`");
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (Running(server), line.trim().parse().expect("the server's port"))
}

/// What the suite says of each scenario, such as `2 passed, 0 failed`.
fn results(folder: &Path, port: u16) -> BTreeMap<String, String> {
    let suite = clients().join("node/node_modules/@modelcontextprotocol/conformance/dist/index.js");
    let url = format!("http://127.0.0.1:{port}/mcp");
    let mut command = Command::new("node");
    let output = command.arg(suite).args(["server", "--suite", "all", "--url", &url]).current_dir(folder).output();
    let text = String::from_utf8(output.expect("run `.ci/install tests`").stdout).unwrap();
    let (_, summary) = text.split_once("=== SUMMARY ===").unwrap_or_else(|| panic!("no summary:\n{text}"));
    let lines = summary.lines().filter_map(|line| line.strip_prefix(['\u{2713}', '\u{2717}'])?.split_once(": "));
    lines.map(|(scenario, result)| (scenario.trim().to_owned(), result.trim().to_owned())).collect()
}

#[test]
fn mt_05_mt_06_the_conformance_suite_says_the_same_directly_and_through_the_gateway() {
    let (_server, port) = start_server();
    let gateway = Served::start(folder("conformance"), &APP.replace("UPSTREAM", &port.to_string()));
    let mut directly = results(&gateway.folder, port);
    let mut through = results(&gateway.folder, gateway.port);
    // The server answers to any name of a host; the gateway does not.
    let scenario = "dns-rebinding-protection";
    assert_eq!(directly.remove(scenario).as_deref(), Some("1 passed, 1 failed"));
    assert_eq!(through.remove(scenario).as_deref(), Some("2 passed, 0 failed"));
    assert_eq!(directly, through);
    let passed = directly.values().filter(|result| result.ends_with(" 0 failed")).count();
    assert!(passed >= 27, "only {passed} pass even directly: {directly:?}");
}
