//! `/mcp`, with a session as clients have used so far, and without as of protocol 2026-07-28.

use serde_json::{Value, json};

use super::{Ask, assertion, start};

#[tokio::test]
async fn mcp_works_in_a_session() {
    let address = start().await;
    let opened = mcp(&initialize()).send(address).await;
    let server = &opened.result()["serverInfo"];
    assert_eq!(server["name"], "doorward-sample");
    let session = opened.header("mcp-session-id").to_owned();

    let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let accepted = mcp(&ready).header("Mcp-Session-Id", &session);
    assert_eq!(accepted.send(address).await.status, 202);

    let list = mcp(&call("tools/list", json!({}))).header("Mcp-Session-Id", &session);
    let listed = list.send(address).await.result();
    let mut names: Vec<_> = (listed["tools"].as_array().expect("a list").iter())
        .map(|tool| tool["name"].as_str().expect("a name"))
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["add", "now", "roll_dice", "whoami"]);

    let sum = tool("add", json!({ "a": 2, "b": 3 })).header("Mcp-Session-Id", &session);
    assert_eq!(sum.send(address).await.result()["content"][0]["text"], "5");
    let roll = tool("roll_dice", json!({ "sides": 1 })).header("Mcp-Session-Id", &session);
    assert_eq!(roll.send(address).await.result()["content"][0]["text"], "1");
    let nonsense = tool("roll_dice", json!({ "sides": 0 })).header("Mcp-Session-Id", &session);
    let refused = nonsense.send(address).await.result();
    assert_eq!(refused["isError"], true, "{refused}");

    let now = tool("now", json!({})).header("Mcp-Session-Id", &session);
    let now = now.send(address).await.result();
    assert!(now["content"][0]["text"].as_str().is_some_and(|text| text.ends_with('Z')));
}

#[tokio::test]
async fn whoami_answers_for_the_request_not_for_the_session() {
    let address = start().await;
    let opened = mcp(&initialize()).header("X-Forwarded-Email", "ann@example.com").send(address).await;
    let session = opened.header("mcp-session-id").to_owned();
    let asked = tool("whoami", json!({}))
        .header("Mcp-Session-Id", &session)
        .header("X-Forwarded-Email", "bob@example.com")
        .header("Doorward-Assertion", &assertion())
        .send(address)
        .await;
    let whoami = &asked.result()["structuredContent"];
    assert_eq!(whoami["email"], "bob@example.com");
    assert_eq!(whoami["client_id"], "https://agent.example/client.json");
    assert_eq!(whoami["client_name"], "Test Agent");
}

#[tokio::test]
async fn mcp_works_without_a_session() {
    let call = call(
        "tools/call",
        json!({
            "name": "whoami",
            "arguments": {},
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
                "io.modelcontextprotocol/clientCapabilities": {}
            }
        }),
    );
    let reply = mcp(&call)
        .header("MCP-Protocol-Version", "2026-07-28")
        .header("Mcp-Method", "tools/call")
        .header("Mcp-Name", "whoami")
        .header("X-Forwarded-Email", "ann@example.com")
        .send(start().await)
        .await;
    assert_eq!(reply.result()["structuredContent"]["email"], "ann@example.com");
}

fn initialize() -> Value {
    call(
        "initialize",
        json!({
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": { "name": "test", "version": "1" }
        }),
    )
}

fn tool(name: &str, arguments: Value) -> Ask {
    let params = json!({ "name": name, "arguments": arguments });
    mcp(&call("tools/call", params))
}

fn call(method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params })
}

fn mcp(message: &Value) -> Ask {
    Ask::post("/mcp", &message.to_string())
        .header("Content-Type", "application/json")
        .header("Accept", "application/json, text/event-stream")
}
