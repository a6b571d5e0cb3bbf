//! Authorization server metadata (RFC 8414). Only what is true is said; empty lists are left out.

use super::document;
use crate::app::{App, Managed};
use crate::scope::OFFLINE_ACCESS;
use bytes::Bytes;
use http::Response;
use serde_json::json;

/// By their registered names (RFC 7591 section 2), those without a secret first.
const CLIENT_AUTHENTICATION: [&str; 3] = ["none", "client_secret_basic", "client_secret_post"];

pub(crate) fn answer(app: &App, managed: &Managed) -> Response<Bytes> {
    let mut metadata = json!({
        "issuer": app.issuer,
        "authorization_endpoint": app.endpoints.authorization,
        "token_endpoint": app.endpoints.token,
        "jwks_uri": app.endpoints.jwks,
        "scopes_supported": app.scopes.names().chain([OFFLINE_ACCESS]).collect::<Vec<_>>(),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "token_endpoint_auth_methods_supported": CLIENT_AUTHENTICATION,
        "revocation_endpoint": app.endpoints.revocation,
        "revocation_endpoint_auth_methods_supported": CLIENT_AUTHENTICATION,
        "introspection_endpoint": app.endpoints.introspection,
        "introspection_endpoint_auth_methods_supported": &CLIENT_AUTHENTICATION[1..],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    });
    if managed.registration.is_some() {
        metadata["registration_endpoint"] = json!(app.endpoints.registration);
    }
    if managed.client_documents.is_some() {
        metadata["client_id_metadata_document_supported"] = json!(true);
    }
    document(&metadata)
}
