//! A gateway on free ports with an upstream that tells what it got, and the three kinds of callers: raw sockets, a browser
//! with cookies, an OAuth client.

mod agent;
mod browser;
mod folder;
mod http;
mod http2;
mod jwt;
mod mail;
mod provider;
mod scripted;
mod silent;
mod site;
mod upstream;

pub(crate) use agent::{Agent, Tokens, pkce_challenge};
pub(crate) use browser::{Browser, form, untick};
pub(crate) use folder::Folder;
pub(crate) use http::{Ended, Request, Response, Wire, send, try_send};
pub(crate) use http2::{Http2, Incoming, Part};
pub(crate) use jwt::{Jwt, key_of};
pub(crate) use mail::MailServer;
pub(crate) use provider::{Provider, SECRET};
pub(crate) use scripted::{Scripted, ok, say};
pub(crate) use silent::Silent;
pub(crate) use site::{Site, User, eventually, free_port};
pub(crate) use upstream::{Seen, Upstream};

/// A challenge's parameter, such as `scope` of a `WWW-Authenticate` header.
pub(crate) fn parameter<'a>(challenge: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = challenge.split_once(&format!("{name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

/// The value of a query parameter of a URL.
pub(crate) fn query(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Fields as `application/x-www-form-urlencoded`.
pub(crate) fn encode(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
