//! Protected resource metadata (RFC 9728): names the resource as the client typed it, and the app as its issuer.

use super::document;
use crate::app::App;
use crate::error::{Code, Error};
use bytes::Bytes;
use http::Response;
use serde_json::json;

pub(crate) fn answer(app: &App, resource: &str) -> Result<Response<Bytes>, Error> {
    // What is named here is accepted as `resource` everywhere else.
    if !app.resource.is_named_by(resource) {
        return Err(Error::new(Code::NotFound, "no such resource here"));
    }
    Ok(document(&json!({
        "resource": resource,
        "resource_name": app.name,
        "authorization_servers": [app.issuer],
        "scopes_supported": app.scopes.names().collect::<Vec<_>>(),
        "bearer_methods_supported": ["header"],
    })))
}
