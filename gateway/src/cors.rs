//! What browsers are told of calls by pages of other origins (Fetch standard, "CORS protocol"), where an app says so: then
//! the upstream's own word on it is replaced.

use crate::config::Cors;
use crate::request::Request;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};

/// Whether a browser asks before it sends a request. It never sends a credential with that question.
pub(crate) fn is_preflight(request: &Request) -> bool {
    request.method == Method::OPTIONS && request.hints.origin.is_some() && request.hints.asks_for_method
}

/// The answer to a preflight. A page of any other origin is told nothing, which browsers take for a no.
pub(crate) fn preflight(cors: &Cors, request: &Request) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    if dress(cors, request, headers) {
        headers.remove(header::ACCESS_CONTROL_EXPOSE_HEADERS);
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, cors.allowed_methods.clone());
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, cors.allowed_headers.clone());
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from(cors.max_age.as_secs()));
    }
    headers.append(
        header::VARY,
        HeaderValue::from_static("Access-Control-Request-Method, Access-Control-Request-Headers"),
    );
    response
}

/// Says in an answer whether the page that asked may read it, in place of whatever else says so; returns whether it may.
pub(crate) fn dress(cors: &Cors, request: &Request, headers: &mut HeaderMap) -> bool {
    for name in SAID {
        headers.remove(name);
    }
    headers.append(header::VARY, HeaderValue::from_name(header::ORIGIN));
    let Some(origin) = allowed(cors, request).and_then(|origin| HeaderValue::from_str(origin).ok()) else {
        return false;
    };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, cors.exposed_headers.clone());
    if cors.allow_credentials {
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    true
}

/// Whether a page of another origin may change something: with a token of its own, or also in the name of who is signed in.
pub(crate) fn may_act(cors: Option<&Cors>, request: &Request, by_token: bool) -> bool {
    cors.is_some_and(|cors| (by_token || cors.allow_credentials) && allowed(cors, request).is_some())
}

fn allowed<'a>(cors: &Cors, request: &'a Request) -> Option<&'a str> {
    let origin = request.hints.origin.as_deref()?;
    cors.allowed_origins.iter().any(|allowed| allowed == origin).then_some(origin)
}

/// Everything that an upstream may have said.
pub(crate) const SAID: [HeaderName; 6] = [
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::ACCESS_CONTROL_ALLOW_METHODS,
    header::ACCESS_CONTROL_ALLOW_HEADERS,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::ACCESS_CONTROL_MAX_AGE,
];
