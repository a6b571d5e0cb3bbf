//! Attacks that succeeded elsewhere, tried here, by their number in the checklist: on authorization servers (O), by headers
//! (H), by paths (P), on the HTTP server (S) and on MCP (M). Most rules behind them have tests of their own; these come in
//! through the front door.

mod flow;
mod frames;
mod headers;
mod mcp;
mod parser;
mod paths;
mod surface;
mod tokens;

use crate::harness::{Agent, Request, Response, encode, send};

const REDIRECT: &str = "http://127.0.0.1:33418/callback";

/// The authorization URL with one parameter changed; an empty value leaves it out.
fn authorization_with(agent: &Agent, name: &str, value: &str) -> String {
    let url = agent.authorization_url("st");
    let (endpoint, query) = url.split_once('?').unwrap();
    let kept = query.split('&').filter(|pair| pair.split('=').next() != Some(name));
    let kept = kept.collect::<Vec<_>>().join("&");
    if value.is_empty() {
        format!("{endpoint}?{kept}")
    } else {
        format!("{endpoint}?{kept}&{}", encode(&[(name, value)]))
    }
}

fn status(url: &str, token: &str) -> u16 {
    send(&Request::get(url).bearer(token)).status
}

/// That the browser is not sent anywhere.
#[track_caller]
fn assert_stays(answer: &Response, what: &str) {
    assert!(answer.header("location").is_none(), "{what} leads to {:?}", answer.header("location"));
}
