//! Protected resource metadata (RFC 9728): names the resource as the client typed it, and the app as its issuer.

use super::document;
use crate::app::{App, Dpop, Managed};
use crate::dpop;
use crate::error::{Code, Error};
use bytes::Bytes;
use http::Response;
use serde_json::json;

pub(crate) fn answer(app: &App, managed: &Managed, resource: &str) -> Result<Response<Bytes>, Error> {
    // What is named here is accepted as `resource` everywhere else.
    if !app.resource.is_named_by(resource) {
        return Err(Error::new(Code::NotFound, "no such resource here"));
    }
    let mut metadata = json!({
        "resource": resource,
        "resource_name": app.name,
        "authorization_servers": [app.issuer],
        "scopes_supported": app.scopes.names().collect::<Vec<_>>(),
        "bearer_methods_supported": ["header"],
    });
    if managed.dpop != Dpop::Off {
        metadata["dpop_signing_alg_values_supported"] = json!(dpop::ALGORITHMS);
        metadata["dpop_bound_access_tokens_required"] = json!(managed.dpop == Dpop::Required);
    }
    Ok(document(&metadata))
}
