//! What the answer of an upstream may contain, and what is said when there is none.

use crate::admit::Permit;
use crate::config::Cors;
use crate::cors;
use crate::identify::bearer::is_token;
use crate::identify::session::is_ours;
use crate::proxy::upload::TOO_LARGE;
use crate::request::Request;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header};
use pingora::http::ResponseHeader;
use pingora::prelude::{Error, ErrorSource, ErrorType};

/// What an upstream may not say in our name.
pub(in crate::proxy) fn clean_response(response: &mut ResponseHeader, permit: &Permit) {
    strip_hops(response);
    keep_cookies(response);
    // A service worker stays below the path of its script, so that none of one app rules another on the same host.
    response.remove_header("service-worker-allowed");
    if permit.app().oauth.managed.is_some() {
        // Its own challenge would lead our clients to another authorization server.
        // Several challenges may stand in one field.
        let bearer =
            |value: &HeaderValue| value.to_str().is_ok_and(|text| text.split(',').any(|part| is_token(part.trim())));
        if response.headers.get_all(header::WWW_AUTHENTICATE).iter().any(bearer) {
            response.remove_header(&header::WWW_AUTHENTICATE);
        }
    }
    if permit.known().is_some() && !response.headers.contains_key(header::CACHE_CONTROL) {
        let _ = response.insert_header(header::CACHE_CONTROL, "private");
    }
}

/// Puts the configured answer on calls by pages of other origins in the place of the upstream's.
pub(in crate::proxy) fn replace_cors(response: &mut ResponseHeader, cors: &Cors, request: &Request) {
    for name in cors::SAID {
        response.remove_header(&name);
    }
    let mut said = HeaderMap::new();
    cors::dress(cors, request, &mut said);
    for (name, value) in &said {
        let _ = response.append_header(name.clone(), value.clone());
    }
}

/// Removes what is about the upstream's connection alone (RFC 9110 section 7.6.1). Framing and upgrades are the parser's.
fn strip_hops(response: &mut ResponseHeader) {
    const NOT_NAMES: [&str; 5] = ["close", "upgrade", "content-length", "transfer-encoding", ""];
    let connection = response.headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let nominated = connection.flat_map(|value| value.split(',')).map(|name| name.trim().to_ascii_lowercase());
    let mut hops: Vec<_> = nominated.filter(|name| !NOT_NAMES.contains(&name.as_str())).collect();
    hops.extend(["keep-alive", "proxy-connection"].map(str::to_owned));
    for name in hops {
        response.remove_header(&name);
    }
}

/// Cookies with names of ours are ours to set.
fn keep_cookies(response: &mut ResponseHeader) {
    // A cookie without a name is sent as its value alone, which could then read like a named one.
    let ours = |value: &HeaderValue| {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        is_ours(text.trim_start_matches(['=', ' ', '\t']).split(['=', ';']).next().unwrap_or_default())
    };
    let all: Vec<_> = response.headers.get_all(header::SET_COOKIE).iter().cloned().collect();
    if all.iter().any(ours) {
        response.remove_header(&header::SET_COOKIE);
        for cookie in all.into_iter().filter(|cookie| !ours(cookie)) {
            let _ = response.append_header(header::SET_COOKIE, cookie);
        }
    }
}

/// Nobody can be asked: all servers of the app are unhealthy.
pub(super) const NO_SERVER: ErrorType = ErrorType::new("NoHealthyUpstream");

/// What is said when no answer has come in time.
pub(in crate::proxy) const NO_ANSWER: (u16, &str, &str) = (504, "upstream_timeout", "problem-upstream-timeout");

/// When it may be worth to try again, for a failure of this status.
pub(in crate::proxy) fn retry_after(status: u16) -> Option<HeaderValue> {
    matches!(status, 503 | 504).then_some(HeaderValue::from_static("5"))
}

/// Says a failure or refusal to a client of gRPC: the status of the call in the header, and no body, which it would take for a
/// message (gRPC over HTTP2, "Trailers-Only"; "HTTP to gRPC Status Code Mapping").
pub(in crate::proxy) fn say_in_grpc(response: &mut Response<Bytes>) {
    let status = match response.status().as_u16() {
        401 => "16",            // UNAUTHENTICATED
        403 => "7",             // PERMISSION_DENIED
        404 | 421 => "12",      // UNIMPLEMENTED
        413 | 429 | 431 => "8", // RESOURCE_EXHAUSTED
        502 | 503 => "14",      // UNAVAILABLE
        504 => "4",             // DEADLINE_EXCEEDED
        _ => "13",              // INTERNAL
    };
    *response.body_mut() = Bytes::new();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert("grpc-status", HeaderValue::from_static(status));
}

/// Status, stable code and text for a failure; status 0 when nobody is there to read it.
pub(in crate::proxy) fn describe(error: &Error) -> (u16, &'static str, &'static str) {
    match (error.etype(), error.esource()) {
        (&TOO_LARGE, _) => (413, "request_too_large", "problem-too-large"),
        (ErrorType::ReadTimedout, ErrorSource::Downstream) => (408, "request_timeout", "problem-too-slow"),
        (
            ErrorType::ConnectionClosed | ErrorType::ReadError | ErrorType::WriteError | ErrorType::WriteTimedout,
            ErrorSource::Downstream,
        ) => (0, "client_gone", ""),
        (_, ErrorSource::Downstream) => (400, "invalid_request", "problem-malformed"),
        (ErrorType::ConnectTimedout | ErrorType::ReadTimedout | ErrorType::WriteTimedout, _)
        | (ErrorType::TLSHandshakeTimedout, _) => NO_ANSWER,
        (etype, _) if *etype == NO_SERVER => (503, "upstream_unavailable", "problem-upstream-failed"),
        (_, ErrorSource::Upstream) => (502, "upstream_failed", "problem-upstream-failed"),
        _ => (500, "internal", "problem-internal"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hp_26_what_is_about_one_connection_stays_there() {
        let mut response = ResponseHeader::build(101, None).unwrap();
        for (name, value) in [
            ("Connection", "Upgrade, X-Hop"),
            ("Upgrade", "websocket"),
            ("X-Hop", "1"),
            ("Keep-Alive", "x"),
            ("X-Kept", "1"),
        ] {
            response.append_header(name, value).unwrap();
        }
        strip_hops(&mut response);
        let mut names: Vec<_> = response.headers.keys().map(http::HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["connection", "upgrade", "x-kept"]);
    }

    #[test]
    fn bs_06_an_upstream_cannot_set_our_cookies() {
        let mut response = ResponseHeader::build(200, None).unwrap();
        for cookie in [
            "a=1",
            "__Host-doorward-wiki=planted; Path=/",
            "DOORWARD-x=planted",
            "=doorward-x=planted",
            "b=2; HttpOnly",
        ] {
            response.append_header(header::SET_COOKIE, cookie).unwrap();
        }
        keep_cookies(&mut response);
        let kept: Vec<_> = response.headers.get_all(header::SET_COOKIE).iter().collect();
        assert_eq!(kept, ["a=1", "b=2; HttpOnly"]);
    }
}
