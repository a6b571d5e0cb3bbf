//! Any other path: who is asking, as a page for people and as JSON for programs.

use std::collections::BTreeMap;

use http::header::{ACCEPT, CONTENT_SECURITY_POLICY, VARY, X_CONTENT_TYPE_OPTIONS};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::{BodyExt, Full};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Serialize;
use serde_json::{Map, Value};

use super::caller::{self, Caller};
use super::{Reply, json, reply};

pub(super) fn answer(request: &Parts) -> Reply {
    let seen = Seen::of(request);
    let mut answer = if wants_html(&request.headers) {
        let body = Full::from(page(&seen).into_string()).boxed();
        reply(StatusCode::OK, "text/html; charset=utf-8", body)
    } else {
        json(StatusCode::OK, &seen)
    };
    let headers = answer.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("accept"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    answer
}

/// What the app saw of one request.
#[derive(Serialize)]
struct Seen<'a> {
    app: &'static str,
    method: &'a str,
    path: &'a str,
    query: Option<&'a str>,
    #[serde(flatten)]
    caller: Caller,
    headers: BTreeMap<&'a str, Vec<String>>,
}

impl<'a> Seen<'a> {
    fn of(request: &'a Parts) -> Self {
        Seen {
            app: TITLE,
            method: request.method.as_str(),
            path: request.uri.path(),
            query: request.uri.query(),
            caller: Caller::of(&request.headers),
            headers: caller::listed(&request.headers),
        }
    }
}

fn wants_html(headers: &HeaderMap) -> bool {
    let mut accepts = headers.get_all(ACCEPT).iter();
    accepts.any(|accept| {
        let accept = accept.as_bytes().to_ascii_lowercase();
        String::from_utf8_lossy(&accept).contains("text/html")
    })
}

fn page(seen: &Seen) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (TITLE) }
                style { (PreEscaped(include_str!("page.css"))) }
            }
            body {
                header {
                    p { (TITLE) }
                    a href="/.doorward/logout" { "Sign out" }
                }
                main {
                    (greeting(seen))
                    (assertion(seen.caller.assertion.as_ref()))
                    (headers(&seen.headers))
                    (more())
                }
            }
        }
    }
}

fn greeting(seen: &Seen) -> Markup {
    let caller = &seen.caller;
    html! {
        @match caller.name() {
            Some(name) => h1 { "You are " strong { (name) } },
            None => h1 { "Nobody said who you are" },
        }
        @match (caller.name(), caller.agent()) {
            (Some(_), Some(agent)) => p { "You ask through " strong { (agent) } ", a client that acts for you." },
            (Some(_), None) => p { "You ask directly: no client acts for you." },
            (None, _) => p { "This request carries no identity. Did it come through the gateway?" },
        }
        dl {
            dt { "You asked for" }
            dd { code { (seen.method) " " (seen.path) @if let Some(query) = seen.query { "?" (query) } } }
            dt { "E-mail" }
            dd { (or_dash(caller.email.as_deref())) }
            dt { "User" }
            dd { (or_dash(caller.user.as_deref())) }
            dt { "Groups" }
            dd { (or_dash(Some(caller.groups.join(", ")).as_deref().filter(|groups| !groups.is_empty()))) }
        }
    }
}

fn or_dash(text: Option<&str>) -> &str {
    text.unwrap_or("–")
}

fn assertion(claims: Option<&Map<String, Value>>) -> Markup {
    html! {
        h2 { "What the gateway asserts" }
        @if let Some(claims) = claims {
            p {
                "The claims in " code { "Doorward-Assertion" } ", decoded but not verified. "
                "A real app verifies the signature with the keys at "
                a href="/.doorward/certs" { "/.doorward/certs" }
                " before it believes a word."
            }
            table {
                thead { tr { th scope="col" { "Claim" } th scope="col" { "Value" } } }
                tbody {
                    @for (name, value) in claims {
                        tr {
                            th scope="row" { (name) }
                            td {
                                @match value {
                                    Value::String(text) => (text),
                                    other => (other.to_string()),
                                }
                            }
                        }
                    }
                }
            }
        } @else {
            p { "No readable " code { "Doorward-Assertion" } " came with this request." }
        }
    }
}

fn headers(headers: &BTreeMap<&str, Vec<String>>) -> Markup {
    html! {
        h2 { "What arrived" }
        p {
            "All headers of this request. The gateway removes identity headers that a client sends "
            "and sets its own, so a forged one is not in this list."
        }
        table {
            thead { tr { th scope="col" { "Header" } th scope="col" { "Value" } } }
            tbody {
                @for (name, values) in headers {
                    @for value in values {
                        tr { th scope="row" { (name) } td { (value) } }
                    }
                }
            }
        }
    }
}

fn more() -> Markup {
    html! {
        h2 { "More to try" }
        ul {
            li { a href="/events" { code { "GET /events" } } ": a stream of five events, one each second" }
            li { code { "POST /echo" } ": your request, given back as JSON" }
            li { code { "/mcp" } ": an MCP server; point an agent at it and ask it who it is" }
        }
    }
}

const TITLE: &str = "Doorward sample app";

// The page has nothing but its own style; whatever else turns up in it did not come from here.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
