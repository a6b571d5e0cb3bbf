//! JSON Web Key Set (RFC 7517 section 5): public halves only. No store is asked.

use super::document_for;
use crate::keys::SigningKey;
use bytes::Bytes;
use http::Response;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// The set of these keys, kept by whoever reads it for `max_age` at most.
pub fn answer(keys: &[Arc<SigningKey>], max_age: Duration) -> Response<Bytes> {
    document_for(max_age, &json!({ "keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>() }))
}
