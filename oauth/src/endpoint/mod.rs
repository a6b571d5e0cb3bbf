//! One file per endpoint, named as in RFC 8414.

pub mod authorization;
pub mod authorization_server;
pub mod introspection;
pub mod jwks;
pub mod protected_resource;
pub mod pushed_authorization_request;
pub mod registration;
pub mod revocation;
pub mod token;

use crate::error::{Code, Error, json_response};
use crate::parameters::Parameters;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};

/// Most bytes of a form that a client posts.
pub const MAX_FORM_BYTES: usize = 64 * 1024;

/// A public document: the same for everybody, kept for a short while (RFC 9728 section 7.10).
fn document(body: &serde_json::Value) -> Response<Bytes> {
    let mut response = json_response(StatusCode::OK, body);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
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
