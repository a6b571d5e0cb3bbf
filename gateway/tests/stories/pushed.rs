//! A client that pushes its authorization request first (RFC 9126), through the whole gateway.

use crate::harness::{Agent, Request, Response, Site, Tokens, encode, query, send};
use serde_json::json;

/// Pushes what the agent would have asked for in the browser.
fn push(agent: &Agent) -> Response {
    let asked = agent.authorization_url("st");
    let (_, asked) = asked.split_once('?').unwrap();
    let pairs: Vec<_> = form_urlencoded::parse(asked.as_bytes()).into_owned().collect();
    let fields: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    send(&Request::post(agent.endpoint("pushed_authorization_request_endpoint")).form(&fields))
}

#[test]
fn px_01_px_03_px_04_a_pushed_request_goes_through_a_sign_in_to_a_token() {
    let site = Site::with(|config| {
        config.replacen("[apps.main.oauth]", "[apps.main.oauth]\nrequire_pushed_authorization_requests = true", 1)
    });
    let agent = site.agent(&site.main("/"));
    assert_eq!(agent.metadata["require_pushed_authorization_requests"], json!(true));
    let mut browser = site.browser();
    let refused = browser.sign_in(&agent.authorization_url("st"), &site.ada()).expect(302);
    assert_eq!(query(refused.location(), "error").as_deref(), Some("invalid_request"));

    let pushed = push(&agent).expect(201);
    assert_eq!(pushed.header("cache-control"), Some("no-store"));
    let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let fields = encode(&[("client_id", agent.client_id.as_str()), ("request_uri", uri.as_str())]);
    let url = format!("{}?{fields}", agent.endpoint("authorization_endpoint"));
    let mut another = site.browser();
    let page = another.sign_in(&url, &site.ada()).expect(200);
    another.open(&url).expect(200);
    let answer = another.submit(&page, &[("decision", "allow")]).expect(303);
    let code = query(answer.location(), "code").unwrap();
    Tokens::of(&agent.redeem(&code).expect(200));
    another.open(&url).expect(400);
}
