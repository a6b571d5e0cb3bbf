//! Agents: given nothing but the app's MCP URL, they discover, register, open the browser once, and go on by themselves.

use crate::demo::{ADA, Demo, node, python, python_of};
use serde_json::Value;
use std::time::Duration;

const TOOLS: [&str; 4] = ["add", "now", "roll_dice", "whoami"];

fn assert_agent(told: &Value) {
    assert_eq!(told["tools"], Value::from(TOOLS.to_vec()), "{told}");
    assert_eq!(told["whoami"]["email"], ADA, "{told}");
    assert!(told["whoami"]["client_name"].as_str().unwrap().contains("SDK"), "the agent is told apart: {told}");
}

/// Longer than the tokens of these tests live.
fn let_the_token_expire() {
    std::thread::sleep(Duration::from_secs(5));
}

/// Signs in, lets the token expire, and goes on in another process.
fn typescript_signs_in_and_refreshes(generation: &str) {
    let demo = Demo::start("4s");
    let store = demo.file("ts.json");
    let login = ["login", "--sdk", generation, "--mcp", &demo.mcp(), "--store", &store];
    let who = ["--username", ADA, "--password", &demo.password];
    assert_agent(&node("mcp-ts.mjs", &[&login[..], &who].concat()));
    let_the_token_expire();
    let told = node("mcp-ts.mjs", &["use", "--sdk", generation, "--store", &store]);
    assert_agent(&told);
    assert!(told["refreshes"].as_u64().unwrap() >= 1 && told["refresh_token_changed"] == true, "{told}");
}

#[test]
fn the_typescript_sdk_signs_in_and_refreshes_without_a_person() {
    typescript_signs_in_and_refreshes("2");
}

#[test]
fn the_first_typescript_sdk_signs_in_and_refreshes_without_a_person() {
    typescript_signs_in_and_refreshes("1");
}

#[test]
fn the_typescript_sdk_speaks_the_newest_protocol_and_hears_no() {
    let demo = Demo::start("15m");
    let store = demo.file("ts.json");
    let who = ["--username", ADA, "--password", &demo.password];
    let newest = ["login", "--mcp", &demo.mcp(), "--store", &store, "--negotiation", "auto"];
    assert_agent(&node("mcp-ts.mjs", &[&newest[..], &who].concat()));
    let denied = ["login", "--mcp", &demo.mcp(), "--store", &store, "--decision", "deny"];
    let told = node("mcp-ts.mjs", &[&denied[..], &who].concat());
    assert_eq!(
        (&told["denied"], &told["callback"]["params"]["error"]),
        (&Value::from(true), &Value::from("access_denied")),
        "{told}"
    );
}

#[test]
fn cm_16_cm_25_the_typescript_sdk_signs_in_as_a_known_agent_by_its_document() {
    let demo = Demo::start("4s");
    let store = demo.file("ts.json");
    let document = "https://claude.ai/oauth/claude-code-client-metadata";
    let who = ["--username", ADA, "--password", &demo.password];
    let login =
        ["login", "--mcp", &demo.mcp(), "--store", &store, "--metadata-url", document, "--redirect-host", "localhost"];
    let told = node("mcp-ts.mjs", &[&login[..], &who].concat());
    assert_eq!(told["client_id"], document, "{told}");
    assert_eq!(told["whoami"]["client_name"], "Claude Code", "{told}");
    let registered = |request: &Value| request["url"].as_str().is_some_and(|url| url.ends_with("/register"));
    assert!(!told["requests"].as_array().unwrap().iter().any(registered), "it has no need to register: {told}");
    let_the_token_expire();
    let told = node("mcp-ts.mjs", &["use", "--store", &store]);
    assert!(told["refresh_token_changed"] == true, "{told}");
}

/// Signs in, stays until the token has expired and goes on, and does so again in another process.
fn python_signs_in_and_refreshes(environment: &str) {
    let demo = Demo::start("4s");
    let store = demo.file("py.json");
    let login = ["login", "--mcp", &demo.mcp(), "--store", &store, "--then-wait", "5"];
    let who = ["--username", ADA, "--password", &demo.password];
    let told = python_of(environment, "mcp_client.py", &[&login[..], &who].concat());
    assert_agent(&told);
    assert_eq!(told["browser_visits"], 1, "{told}");
    assert_eq!(told["waited"]["refresh_token_changed"], true, "{told}");
    let_the_token_expire();
    let told = python_of(environment, "mcp_client.py", &["use", "--store", &store]);
    assert!(told["refreshes"].as_u64().unwrap() >= 1, "{told}");
}

#[test]
fn the_python_sdk_signs_in_and_refreshes_without_a_person() {
    python_signs_in_and_refreshes(".venv");
}

#[test]
fn the_first_python_sdk_signs_in_and_refreshes_without_a_person() {
    python_signs_in_and_refreshes(".venv-mcp1");
}

/// Two logins with what `run` adds, and between them the tools begin to want a scope of their own.
fn step_up(run: impl Fn(&Demo, &[&str]) -> Value) {
    let demo = Demo::start("15m");
    assert_agent(&run(&demo, &["login"]));
    demo.require_a_scope_for_tools();
    let told = run(&demo, &["login", "--keep-tokens"]);
    assert_agent(&told);
    let scopes: Vec<_> = told["scope"].as_str().unwrap().split(' ').collect();
    assert!(scopes.contains(&"access") && scopes.contains(&"tools:use"), "it has what it had, and more: {told}");
}

#[test]
fn sc_01_sc_02_the_typescript_sdk_asks_for_the_scope_that_it_lacks() {
    step_up(|demo, how| {
        let (mcp, store) = (demo.mcp(), demo.file("ts.json"));
        let who = ["--mcp", &mcp, "--store", &store, "--username", ADA, "--password", &demo.password];
        node("mcp-ts.mjs", &[how, &who].concat())
    });
}

#[test]
fn sc_01_sc_03_both_python_sdks_ask_for_the_scope_that_they_lack() {
    for environment in [".venv", ".venv-mcp1"] {
        step_up(|demo, how| {
            let (mcp, store) = (demo.mcp(), demo.file("py.json"));
            let who = ["--mcp", &mcp, "--store", &store, "--username", ADA, "--password", &demo.password];
            python_of(environment, "mcp_client.py", &[how, &who].concat())
        });
    }
}

#[test]
fn ch_10_tk_21_mcp_remote_signs_in_once_for_many_processes_that_share_its_files() {
    let demo = Demo::start("4s");
    let store = demo.file("mcp-remote");
    let who = ["--mcp", &demo.mcp(), "--store", &store, "--username", ADA, "--password", &demo.password];
    let told = node("mcp-remote.mjs", &[&["login"], &who[..]].concat());
    assert_eq!(told["runs"][0]["whoami"]["email"], ADA, "{told}");
    assert_eq!(told["runs"][0]["tools"], Value::from(TOOLS.to_vec()), "{told}");
    let_the_token_expire();
    let told = node("mcp-remote.mjs", &["use", "--mcp", &demo.mcp(), "--store", &store, "--processes", "3"]);
    assert_eq!(told["refresh_token_changed"], true, "{told}");
    for run in told["runs"].as_array().unwrap() {
        assert_eq!(run["whoami"]["email"], ADA, "{run}");
    }
}

#[test]
fn tk_21_two_processes_that_share_a_refresh_token_both_go_on() {
    let demo = Demo::start("4s");
    let store = demo.file("race.json");
    node(
        "mcp-ts.mjs",
        &["login", "--mcp", &demo.mcp(), "--store", &store, "--username", ADA, "--password", &demo.password],
    );
    let told = node("race.mjs", &["--store", &store, "--rounds", "3"]);
    assert_eq!(told["refresh_tokens_equal"], true, "{told}");
    for round in told["rounds"].as_array().unwrap() {
        assert_eq!(round["refresh_token_changed"], true, "{round}");
    }
    let store = demo.file("race-py.json");
    python(
        "mcp_client.py",
        &["login", "--mcp", &demo.mcp(), "--store", &store, "--username", ADA, "--password", &demo.password],
    );
    let told = python("mcp_client.py", &["race", "--store", &store]);
    assert_eq!(told["refresh_tokens_equal"], true, "{told}");
}
