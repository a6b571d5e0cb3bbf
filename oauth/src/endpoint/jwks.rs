//! JSON Web Key Set (RFC 7517 section 5): public halves only.

use super::document;
use crate::keys::SigningKey;
use bytes::Bytes;
use http::Response;
use serde_json::json;
use std::sync::Arc;

/// The set of these keys.
pub fn answer(keys: &[Arc<SigningKey>]) -> Response<Bytes> {
    document(&json!({ "keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>() }))
}
