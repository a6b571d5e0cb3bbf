//! Authorization server metadata (RFC 8414). Only what is true is said; empty lists are left out.

use super::document;
use crate::app::{App, Dpop, Managed};
use crate::dpop;
use crate::jose::Algorithm;
use crate::scope::OFFLINE_ACCESS;
use bytes::Bytes;
use http::Response;
use serde_json::json;

/// By their registered names (RFC 7591 section 2), `none` first.
const CLIENT_AUTHENTICATION: [&str; 4] = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"];

pub(crate) fn answer(app: &App, managed: &Managed) -> Response<Bytes> {
    let methods = &CLIENT_AUTHENTICATION[..if managed.client_assertions.is_some() { 4 } else { 3 }];
    let mut metadata = json!({
        "issuer": app.issuer,
        "authorization_endpoint": app.endpoints.authorization,
        "token_endpoint": app.endpoints.token,
        "jwks_uri": app.endpoints.jwks,
        "scopes_supported": app.scopes.names().chain([OFFLINE_ACCESS]).collect::<Vec<_>>(),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": managed.grant_types(),
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint": app.endpoints.revocation,
        "revocation_endpoint_auth_methods_supported": methods,
        "introspection_endpoint": app.endpoints.introspection,
        "introspection_endpoint_auth_methods_supported": &methods[1..],
        "pushed_authorization_request_endpoint": app.endpoints.pushed_authorization_request,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    });
    if !app.auth_methods.is_empty() {
        // OpenID Connect Discovery section 3, by RFC 9470 section 7.
        metadata["acr_values_supported"] = json!(app.auth_methods);
    }
    if managed.client_assertions.is_some() {
        for endpoint in ["token", "revocation", "introspection"] {
            let name = format!("{endpoint}_endpoint_auth_signing_alg_values_supported");
            metadata[name] = json!(Algorithm::NAMES);
        }
    }
    if !managed.token_issuers.is_empty() {
        // Section 7.2 of the draft on identity assertions.
        metadata["authorization_grant_profiles_supported"] = json!(["urn:ietf:params:oauth:grant-profile:id-jag"]);
    }
    if managed.device.is_some() {
        metadata["device_authorization_endpoint"] = json!(app.endpoints.device_authorization);
    }
    if managed.registration.is_some() {
        metadata["registration_endpoint"] = json!(app.endpoints.registration);
    }
    if managed.client_documents.is_some() {
        metadata["client_id_metadata_document_supported"] = json!(true);
    }
    if managed.require_pushed_authorization_requests {
        metadata["require_pushed_authorization_requests"] = json!(true);
    }
    if managed.dpop != Dpop::Off {
        metadata["dpop_signing_alg_values_supported"] = json!(dpop::ALGORITHMS);
    }
    document(&metadata)
}
