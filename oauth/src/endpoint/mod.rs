//! One file per endpoint, named as in RFC 8414.

pub mod authorization;
pub mod authorization_server;
pub mod client_configuration;
pub mod device_authorization;
pub mod device_verification;
pub mod introspection;
pub mod jwks;
mod possession;
pub mod protected_resource;
pub mod pushed_authorization_request;
pub mod registration;
pub mod revocation;
pub mod token;

use crate::approval::{Ask, INSUFFICIENT_USER_AUTHENTICATION, Verdict};
use crate::call::{Reply, Server};
use crate::error::{Code, Error, json_response};
use crate::keys::LONGEST_KEPT;
use crate::parameters::Parameters;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Most bytes of a form that a client posts.
pub const MAX_FORM_BYTES: usize = 64 * 1024;

/// Asks the policy before a person gives anything away.
async fn permit(server: &Server, ask: Ask<'_>) -> Result<(), Reply> {
    match server.approval.approve(ask).await {
        Ok(Verdict::Approved) => Ok(()),
        Ok(Verdict::Refused { reason, rule }) => Err(Reply::Refused { reason, rule, step_up: None }),
        Ok(Verdict::StepUp { step_up, rule }) => {
            Err(Reply::Refused { reason: INSUFFICIENT_USER_AUTHENTICATION, rule, step_up: Some(step_up) })
        }
        Err(broken) => Err(Reply::Page(broken.into())),
    }
}

/// A public document: the same for everybody, kept for a short while (RFC 9728 section 7.10), and asked for again by its
/// `ETag` (RFC 9110 section 8.8.3).
fn document(body: &serde_json::Value) -> Response<Bytes> {
    document_for(LONGEST_KEPT, body)
}

/// The same, kept for no longer than this.
fn document_for(max_age: Duration, body: &serde_json::Value) -> Response<Bytes> {
    let mut response = json_response(StatusCode::OK, body);
    let tag = URL_SAFE_NO_PAD.encode(&Sha256::digest(response.body())[..16]);
    let values = [
        (header::CACHE_CONTROL, format!("public, max-age={}", max_age.as_secs())),
        (header::ETAG, format!("\"{tag}\"")),
    ];
    for (name, value) in values {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Leaves out a document that the caller has already (RFC 9110 section 13.1.2).
pub fn unless_known(asked: &HeaderMap, mut response: Response<Bytes>) -> Response<Bytes> {
    let Some(tag) = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok()) else { return response };
    let lists = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|list| list.to_str().ok());
    let mut known = lists.flat_map(|list| list.split(',')).map(str::trim);
    if known.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Bytes::new();
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    response
}

/// The form that a client posts to an endpoint where it authenticates (OAuth 2.1 section 3.2).
fn form(request: &Request<Bytes>) -> Result<Parameters, Error> {
    if !is_form(request.headers()) {
        return Err(Error::new(Code::InvalidRequest, "the body must be application/x-www-form-urlencoded"));
    }
    if request.body().len() > MAX_FORM_BYTES {
        return Err(Error::new(Code::TooLarge, "the body is too large"));
    }
    if request.uri().query().is_some_and(|query| !query.is_empty()) {
        return Err(Error::new(Code::InvalidRequest, "parameters belong into the body, not into the URL"));
    }
    let form = Parameters::parse(request.body());
    if let Some(name) = form.repeated() {
        return Err(Error::new(Code::InvalidRequest, "a parameter is repeated").logged(format!("`{name}` is repeated")));
    }
    Ok(form)
}

fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
