//! rmcp, the Rust SDK of MCP, which Codex and others are made of.

use crate::demo::{ADA, Demo, node};
use rmcp::ServiceExt;
use rmcp::model::CallToolRequestParams;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::auth::{AuthClient, AuthorizationRequest, OAuthState};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use serde_json::Value;

const REDIRECT: &str = "http://127.0.0.1:33419/callback";

/// The person goes to a URL and allows; where the browser ended.
fn allow(demo: &Demo, url: &str) -> String {
    let told = node("walk.mjs", &["--url", url, "--username", ADA, "--password", &demo.password]);
    told["url"].as_str().unwrap().to_owned()
}

/// Signed in with the scopes that the app asks for at first.
async fn sign_in(demo: &Demo, request: AuthorizationRequest) -> OAuthState {
    // It asks for TLS, even where it then speaks none.
    pingora::tls::install_default_crypto_provider();
    let mut state = OAuthState::new(demo.mcp(), None).await.unwrap();
    state.start_authorization(request).await.unwrap();
    let answer = allow(demo, &state.get_authorization_url().await.unwrap());
    state.handle_callback_url(&answer).await.unwrap();
    state
}

fn scopes(tokens: &rmcp::transport::auth::OAuthTokenResponse) -> Vec<String> {
    let tokens = serde_json::to_value(tokens).unwrap();
    tokens["scope"].as_str().unwrap().split(' ').map(str::to_owned).collect()
}

/// What the tool `whoami` says to a client that has signed in.
async fn whoami(demo: &Demo, state: OAuthState) -> Value {
    let client = AuthClient::new(reqwest::Client::new(), state.into_authorization_manager().unwrap());
    let config = StreamableHttpClientTransportConfig::with_uri(demo.mcp());
    let service = ().serve(StreamableHttpClientTransport::with_client(client, config)).await.unwrap();
    let answer = service.call_tool(CallToolRequestParams::new("whoami")).await.unwrap();
    service.cancel().await.unwrap();
    serde_json::to_value(answer).unwrap()["structuredContent"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn ch_08_rmcp_registers_refreshes_and_calls_a_tool() {
    let demo = Demo::start("15m");
    let request = AuthorizationRequest::new(REDIRECT).with_client_name("Doorward test (Rust SDK)");
    let state = sign_in(&demo, request).await;
    let (_, first) = state.get_credentials().await.unwrap();
    state.refresh_token().await.unwrap();
    let (_, second) = state.get_credentials().await.unwrap();
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_ne!(
        serde_json::to_value(&first).unwrap()["access_token"],
        serde_json::to_value(&second).unwrap()["access_token"]
    );
    assert_eq!(scopes(&first), scopes(&second));
    let told = whoami(&demo, state).await;
    assert_eq!((&told["email"], &told["client_name"]), (&ADA.into(), &"Doorward test (Rust SDK)".into()), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn cm_16_cm_25_rmcp_signs_in_as_a_known_agent_by_its_document() {
    let demo = Demo::start("15m");
    let document = "https://claude.ai/oauth/claude-code-client-metadata";
    let request = AuthorizationRequest::new(REDIRECT).with_client_metadata_url(document);
    let state = sign_in(&demo, request).await;
    assert_eq!(state.get_credentials().await.unwrap().0, document);
    assert_eq!(whoami(&demo, state).await["client_name"], "Claude Code");
}

#[tokio::test(flavor = "multi_thread")]
async fn sc_01_rmcp_asks_for_the_scope_that_it_lacks() {
    let demo = Demo::start("15m");
    let mut state = sign_in(&demo, AuthorizationRequest::new(REDIRECT)).await;
    demo.require_a_scope_for_tools();
    let url = state.request_scope_upgrade("tools:use", REDIRECT).await.unwrap();
    state.handle_callback_url(&allow(&demo, &url)).await.unwrap();
    let tokens = state.get_credentials().await.unwrap().1.unwrap();
    let scopes = scopes(&tokens);
    assert!(
        scopes.iter().any(|scope| scope == "access") && scopes.iter().any(|scope| scope == "tools:use"),
        "{scopes:?}"
    );
    assert_eq!(whoami(&demo, state).await["email"], ADA);
}
