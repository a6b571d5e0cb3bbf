//! Challenges for programs: 401 and 403 with `WWW-Authenticate: Bearer` (RFC 6750 section 3, RFC 9728 section 5.1).

use crate::refusal::{At, BadCredential};
use crate::request::Request;
use crate::respond::as_json;
use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header};
use serde_json::json;

/// 401. `error` is in the challenge only if a credential was presented.
pub(super) fn unauthorized(request: &Request, at: &At, bad: Option<&BadCredential>) -> Response<Bytes> {
    let (error, description) = match bad {
        Some(bad) => ("invalid_token", bad.description),
        None => ("login_required", "sign in to use this app"),
    };
    let metadata = metadata_url(request, at);
    let mut parameters = vec![("realm".to_owned(), at.app.id.clone())];
    if bad.is_some() {
        parameters.push(("error".into(), error.into()));
        parameters.push(("error_description".into(), description.into()));
    }
    if let Some(metadata) = &metadata {
        parameters.push(("scope".into(), scopes(at)));
        parameters.push(("resource_metadata".into(), metadata.clone()));
    }
    let mut body = json!({
        "error": error,
        "error_description": description,
        "login_url": login_url(request, at),
        "decision_id": request.id,
    });
    if let Some(metadata) = metadata {
        body["resource_metadata"] = json!(metadata);
    }
    challenge(StatusCode::UNAUTHORIZED, &body, &parameters)
}

/// 403 for a token that lacks scopes: all that the request needs, in one challenge.
pub(super) fn insufficient_scope(request: &Request, at: &At, scope: &str) -> Response<Bytes> {
    let description = "the token lacks a scope that this request needs";
    let mut parameters = vec![
        ("realm".to_owned(), at.app.id.clone()),
        ("error".into(), "insufficient_scope".into()),
        ("error_description".into(), description.into()),
        ("scope".into(), scope.into()),
    ];
    parameters.extend(metadata_url(request, at).map(|url| ("resource_metadata".to_owned(), url)));
    let body = json!({
        "error": "insufficient_scope",
        "error_description": description,
        "scope": scope,
        "decision_id": request.id,
    });
    challenge(StatusCode::FORBIDDEN, &body, &parameters)
}

fn challenge(status: StatusCode, body: &serde_json::Value, parameters: &[(String, String)]) -> Response<Bytes> {
    let mut response = as_json(status, body);
    let headers = response.headers_mut();
    let joined: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    if let Ok(value) = HeaderValue::from_str(&format!("Bearer {}", joined.join(", "))) {
        headers.insert(header::WWW_AUTHENTICATE, value);
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("WWW-Authenticate"));
    response
}

/// On the origin of the resource itself, with its path inserted; `None` when the app has no managed OAuth. A path has no
/// quote or backslash: [`crate::request::Target`] refused those.
fn metadata_url(request: &Request, at: &At) -> Option<String> {
    at.app.oauth.managed.as_ref()?;
    let path = request.target.raw_path();
    let path = if path == "/" { "" } else { path };
    Some(format!("{}/.well-known/oauth-protected-resource{path}", at.origin.url()))
}

fn scopes(at: &At) -> String {
    at.app.oauth.scopes.names().collect::<Vec<_>>().join(" ")
}

/// Where a person signs in, coming back to this page if it can be asked for again.
fn login_url(request: &Request, at: &At) -> String {
    let back = if matches!(request.method, Method::GET | Method::HEAD) { request.target.as_str() } else { "/" };
    let query: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("app", &at.app.id)
        .append_pair("return_to", back)
        .finish();
    format!("{}/.doorward/login?{query}", at.origin.url())
}
