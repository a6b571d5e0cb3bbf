//! Challenges for programs: 401 and 403 with `WWW-Authenticate: Bearer` (RFC 6750 section 3, RFC 9728 section 5.1).

use crate::identify::bearer::Scheme;
use crate::login::handoff;
use crate::refusal::{At, BadCredential, INVALID_PROOF, NONCE_NEEDED};
use crate::request::Request;
use crate::respond::as_json;
use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header};
use oauth::app::Dpop;
use oauth::approval::INSUFFICIENT_USER_AUTHENTICATION;
use oauth::dpop;
use policy::StepUp;
use serde_json::json;

/// 401. `error` is in the challenge only if a credential was presented.
pub(super) fn unauthorized(request: &Request, at: &At, bad: Option<&BadCredential>) -> Response<Bytes> {
    let (error, description) = match bad {
        Some(bad) if bad.code == INVALID_PROOF => ("invalid_dpop_proof", bad.description),
        Some(bad) if bad.code == NONCE_NEEDED => ("use_dpop_nonce", bad.description),
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
        "login_url": login_url(request, at, None),
        "decision_id": request.id,
    });
    if let Some(metadata) = metadata {
        body["resource_metadata"] = json!(metadata);
    }
    challenge((StatusCode::UNAUTHORIZED, schemes(request, at)), &body, &parameters)
}

/// 401 for a sign-in that is too weak or too old (RFC 9470 section 3): what it must be.
pub(super) fn insufficient_user_authentication(request: &Request, at: &At, needed: &StepUp) -> Response<Bytes> {
    let description = format!("this request needs {needed}");
    let mut parameters = vec![
        ("realm".to_owned(), at.app.id.clone()),
        ("error".into(), INSUFFICIENT_USER_AUTHENTICATION.into()),
        ("error_description".into(), description.clone()),
    ];
    parameters.extend(handoff::parameters(needed).map(|(name, value)| (name.to_owned(), value)));
    parameters.extend(metadata_url(request, at).map(|url| ("resource_metadata".to_owned(), url)));
    let mut body = json!({
        "error": INSUFFICIENT_USER_AUTHENTICATION,
        "error_description": description,
        "login_url": login_url(request, at, Some(needed)),
        "decision_id": request.id,
    });
    for (name, value) in handoff::parameters(needed) {
        body[name] = json!(value);
    }
    challenge((StatusCode::UNAUTHORIZED, schemes(request, at)), &body, &parameters)
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
    challenge((StatusCode::FORBIDDEN, schemes(request, at)), &body, &parameters)
}

/// In which schemes an answer challenges. Clients that know no DPoP look for a `Bearer` at the very beginning, so it comes
/// first, in a header of its own, and alone where DPoP may be left out; those that sent `DPoP` are answered in kind alone.
fn schemes(request: &Request, at: &At) -> &'static [&'static str] {
    let mode = at.app.oauth.managed.as_ref().map_or(Dpop::Off, |managed| managed.dpop);
    match (mode, request.authorization.as_deref().and_then(Scheme::of)) {
        (Dpop::Off, _) | (Dpop::Optional, None | Some(Scheme::Bearer)) => &["Bearer"],
        (_, Some(Scheme::Dpop)) => &["DPoP"],
        (Dpop::Required, _) => &["Bearer", "DPoP"],
    }
}

fn challenge(
    (status, schemes): (StatusCode, &[&str]),
    body: &serde_json::Value,
    parameters: &[(String, String)],
) -> Response<Bytes> {
    let mut response = as_json(status, body);
    let headers = response.headers_mut();
    let joined: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    for scheme in schemes {
        let algorithms = format!(", algs=\"{}\"", dpop::ALGORITHMS.join(" "));
        let algorithms = if *scheme == "DPoP" { algorithms.as_str() } else { "" };
        if let Ok(value) = HeaderValue::from_str(&format!("{scheme} {}{algorithms}", joined.join(", "))) {
            headers.append(header::WWW_AUTHENTICATE, value);
        }
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("WWW-Authenticate, DPoP-Nonce"));
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
pub(super) fn login_url(request: &Request, at: &At, needed: Option<&StepUp>) -> String {
    let back = if matches!(request.method, Method::GET | Method::HEAD) { request.target.as_str() } else { "/" };
    let query: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("app", &at.app.id)
        .append_pair("return_to", back)
        .extend_pairs(needed.iter().flat_map(|needed| handoff::parameters(needed)))
        .finish();
    format!("{}/.doorward/login?{query}", at.origin.url())
}
