//! One file per endpoint, named as in RFC 8414.

pub mod authorization;
pub mod authorization_server;
pub mod jwks;
pub mod protected_resource;
pub mod registration;
pub mod token;

use crate::error::json_response;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

/// A public document: the same for everybody, kept for a short while (RFC 9728 section 7.10).
fn document(body: &serde_json::Value) -> Response<Bytes> {
    let mut response = json_response(StatusCode::OK, body);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}
