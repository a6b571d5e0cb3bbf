//! Who am I, as JSON; and the keys with which upstreams verify assertions.

use crate::gateway::{Snapshot, World};
use crate::identify;
use crate::identify::session::person;
use crate::refusal::{At, Refusal};
use crate::request::Request;
use crate::respond::as_json;
use crate::route::Site;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use oauth::endpoint::{jwks, unless_known};
use oauth::store::KeyPurpose;
use serde_json::json;

/// `/.doorward/identity`: by cookie or bearer token at an app, by the single sign-on session at the login origin.
pub(crate) async fn identity(
    world: &World,
    snapshot: &Snapshot,
    site: &Site,
    request: &Request,
) -> Result<Response<Bytes>, Refusal> {
    match site {
        Site::Login => {
            let person = person(world, &snapshot.config.auth.origin, request).await?;
            let Some(person) = person else { return Ok(nobody(request)) };
            let account = world.store.account_by_subject(&person.subject).await?;
            let email = account.as_ref().and_then(|account| account.email(&person.login_method));
            Ok(as_json(
                StatusCode::OK,
                &json!({ "sub": person.subject, "email": email, "login_method": person.login_method }),
            ))
        }
        Site::App(app, origin) => {
            let at = At { app: app.clone(), origin: origin.clone() };
            let Some(known) = identify::first(world, &at, request).await? else {
                return Err(Refusal::LoginRequired(at));
            };
            let identity = &known.identity;
            let mut body = json!({
                "app": app.id, "sub": identity.subject, "email": identity.email, "groups": identity.groups,
                "login_method": identity.login_method, "via": known.via.as_str(), "expires_at": known.expires_at,
            });
            if let Some(name) = &identity.name {
                body["name"] = json!(name);
            }
            if let Some((id, name)) = known.oauth_client() {
                body["client"] = json!({ "id": id, "name": name, "scope": known.scope });
            }
            Ok(as_json(StatusCode::OK, &body))
        }
    }
}

fn nobody(request: &Request) -> Response<Bytes> {
    let body = json!({ "error": "login_required", "error_description": "nobody is signed in here", "decision_id": request.id });
    as_json(StatusCode::FORBIDDEN, &body)
}

/// `/.doorward/certs`: the JWKS of the assertions, for upstreams and for pages of any origin.
pub(crate) fn certs(world: &World, snapshot: &Snapshot, request: &Request, headers: &HeaderMap) -> Response<Bytes> {
    let plan = &snapshot.config.keys;
    let keys = world.keys.published(KeyPurpose::Assertion, &plan.algorithms(KeyPurpose::Assertion), request.now);
    let mut response = unless_known(headers, jwks::answer(&keys, plan.max_age()));
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}
