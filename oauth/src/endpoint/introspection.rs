//! The introspection endpoint (RFC 7662): a confidential client of the app asks whether an access token for the app holds.
//! One that an administrator registered is a resource server and may ask about every token; one that registered itself,
//! about its own. Whatever does not hold, for whichever reason, is answered alike.

use super::form;
use crate::app::App;
use crate::call::Server;
use crate::client::RegisteredBy;
use crate::client_auth;
use crate::error::{Code, Error, json_response};
use crate::store::{Grant, StoreError};
use crate::token::{self, AccessToken, SignIn};
use crate::world::Timestamp;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};

pub(crate) async fn answer(
    server: &Server,
    app: &App,
    request: &Request<Bytes>,
    now: Timestamp,
) -> Result<Response<Bytes>, Error> {
    let form = form(request)?;
    let presented = form.get("token").ok_or_else(|| Error::missing("token"))?;
    let client = client_auth::authenticate(server, app, request, &form, now).await?;
    if !client.is_confidential() {
        // Section 2.1: the caller must be authorized, or tokens could be tried here by anybody.
        let refused = Error::new(Code::InvalidClient { basic: false }, "only a client with a secret may ask here");
        return Err(refused.logged(format!("client `{}` is public", client.id)));
    }
    let may_see = |(token, _): &(AccessToken, Grant)| {
        client.registered_by == RegisteredBy::Administrator || token.client_id == client.id.as_str()
    };
    let body = match find(server, app, presented, now).await?.filter(may_see) {
        Some((token, grant)) => active(app, &token, &grant),
        None => json!({ "active": false }),
    };
    Ok(json_response(StatusCode::OK, &body))
}

/// What a resource server is told of a token that holds.
fn active(app: &App, token: &AccessToken, grant: &Grant) -> Value {
    let mut body = json!({
        "active": true, "token_type": token.token_type(), "iss": app.issuer, "aud": app.resource.canonical(),
        "sub": token.sub, "client_id": token.client_id, "scope": token.scope, "jti": token.jti, "exp": token.exp,
        "type": token.kind, "act": grant.details.actor, "cnf": token.cnf,
    });
    if let (Value::Object(body), Value::Object(sign_in)) = (&mut body, json!(SignIn::of(grant))) {
        body.extend(sign_in);
    }
    if let Value::Object(body) = &mut body {
        body.retain(|_, value| !value.is_null());
    }
    body
}

/// The access token and its grant, if both hold.
async fn find(
    server: &Server,
    app: &App,
    presented: &str,
    now: Timestamp,
) -> Result<Option<(AccessToken, Grant)>, StoreError> {
    let Ok(token) = token::verify(&server.keys, app, presented, now) else { return Ok(None) };
    let grant = server.store.grant(&token.grant).await?;
    Ok(grant.filter(|grant| grant.is_live(now) && grant.app == app.id).map(|grant| (token, grant)))
}
