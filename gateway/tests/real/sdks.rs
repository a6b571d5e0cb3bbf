//! Agents: given nothing but the app's MCP URL, they discover, register, open the browser once, and go on by themselves.

use crate::demo::{ADA, Demo, node, python};
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

#[test]
fn the_typescript_sdk_signs_in_and_refreshes_without_a_person() {
    let demo = Demo::start("4s");
    let store = demo.file("ts.json");
    let told = node(
        "mcp-ts.mjs",
        &["login", "--mcp", &demo.mcp(), "--store", &store, "--username", ADA, "--password", &demo.password],
    );
    assert_agent(&told);
    let_the_token_expire();
    let told = node("mcp-ts.mjs", &["use", "--store", &store]);
    assert_agent(&told);
    assert!(told["refreshes"].as_u64().unwrap() >= 1 && told["refresh_token_changed"] == true, "{told}");
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

#[test]
fn the_python_sdk_signs_in_and_refreshes_without_a_person() {
    let demo = Demo::start("4s");
    let store = demo.file("py.json");
    let login = [
        "login",
        "--mcp",
        &demo.mcp(),
        "--store",
        &store,
        "--username",
        ADA,
        "--password",
        &demo.password,
        "--then-wait",
        "5",
    ];
    let told = python("mcp_client.py", &login);
    assert_agent(&told);
    assert_eq!(told["browser_visits"], 1, "{told}");
    assert_eq!(told["waited"]["refresh_token_changed"], true, "{told}");
    let_the_token_expire();
    let told = python("mcp_client.py", &["use", "--store", &store]);
    assert!(told["refreshes"].as_u64().unwrap() >= 1, "{told}");
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

#[test]
fn oauth4webapi_goes_through_code_flow_and_refresh_at_a_plain_app() {
    let demo = Demo::start("15m");
    let app = format!("{}/", demo.app);
    let told = node("oauth4webapi.mjs", &["--app", &app, "--username", ADA, "--password", &demo.password]);
    assert_eq!(told["access_token"]["header"]["alg"], "EdDSA", "{told}");
    assert_eq!(told["access_token"]["header"]["typ"], "at+jwt");
    let claims = told["access_token"]["claims"].to_string();
    assert!(!claims.contains("ada") && !claims.contains("example.com"), "personal data in the token: {claims}");
    assert_eq!(told["first_call"]["status"], 200, "{told}");
    assert_eq!(told["second_call"]["status"], 200, "{told}");
}
