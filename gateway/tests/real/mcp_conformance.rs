//! The conformance suite of MCP against a server made of the official SDK: directly, and through the gateway, which reads
//! every message. Both give the same results.

use crate::demo::clients;
use crate::tls::{free_port, until};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// What both run on, ended when dropped.
struct Running {
    processes: Vec<Child>,
    folder: PathBuf,
}

impl Drop for Running {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The server's port.
fn start_server(running: &mut Running) -> u16 {
    let mut command = Command::new("node");
    let server = command.arg(clients().join("node/mcp-server.mjs")).stdout(Stdio::piped()).spawn();
    let mut server = server.expect("run `.ci/install tests`");
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    running.processes.push(server);
    line.trim().parse().expect("the server's port")
}

/// The port of a gateway before it.
fn start_gateway(running: &mut Running, server: u16) -> u16 {
    let port = free_port();
    let text = format!(
        r#"
        [server]
        listen = ["127.0.0.1:{port}"]
        admin_listen = false
        [auth]
        url = "http://localhost:{port}"
        [store]
        url = "sqlite:{folder}/doorward.db"
        [apps.tools]
        url = "http://127.0.0.1:{port}/mcp"
        upstream = "http://127.0.0.1:{server}"
        policies = [
            {{ action = "block", include = [{{ mcp_tool = "none_of_them" }}] }},
            {{ action = "bypass", include = [{{ everyone = true }}] }},
        ]
        "#,
        folder = running.folder.display()
    );
    let file = running.folder.join("doorward.toml");
    std::fs::write(&file, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
    let command = command.args(["serve", "--config"]).arg(file).stdout(Stdio::null()).stderr(Stdio::null());
    running.processes.push(command.spawn().unwrap());
    until("the gateway listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    port
}

/// What the suite says of each scenario, such as `2 passed, 0 failed`.
fn results(running: &Running, port: u16) -> BTreeMap<String, String> {
    let suite = clients().join("node/node_modules/@modelcontextprotocol/conformance/dist/index.js");
    let url = format!("http://127.0.0.1:{port}/mcp");
    let mut command = Command::new("node");
    let output =
        command.arg(suite).args(["server", "--suite", "all", "--url", &url]).current_dir(&running.folder).output();
    let text = String::from_utf8(output.expect("run `.ci/install tests`").stdout).unwrap();
    let (_, summary) = text.split_once("=== SUMMARY ===").unwrap_or_else(|| panic!("no summary:\n{text}"));
    let lines = summary.lines().filter_map(|line| line.strip_prefix(['\u{2713}', '\u{2717}'])?.split_once(": "));
    lines.map(|(scenario, result)| (scenario.trim().to_owned(), result.trim().to_owned())).collect()
}

#[test]
fn mt_05_mt_06_the_conformance_suite_says_the_same_directly_and_through_the_gateway() {
    let folder = std::env::temp_dir().join(format!("doorward-conformance-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut running = Running { processes: Vec::new(), folder };
    let server = start_server(&mut running);
    let gateway = start_gateway(&mut running, server);
    let mut directly = results(&running, server);
    let mut through = results(&running, gateway);
    // The server answers to any name of a host; the gateway does not.
    let scenario = "dns-rebinding-protection";
    assert_eq!(directly.remove(scenario).as_deref(), Some("1 passed, 1 failed"));
    assert_eq!(through.remove(scenario).as_deref(), Some("2 passed, 0 failed"));
    assert_eq!(directly, through);
    let passed = directly.values().filter(|result| result.ends_with(" 0 failed")).count();
    assert!(passed >= 27, "only {passed} pass even directly: {directly:?}");
}
