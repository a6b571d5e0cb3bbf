//! The pushed authorization request endpoint (RFC 9126): a client posts its authorization request, authenticated as at the
//! token endpoint, and sends the person on with a reference to it. What no code could be given for is refused here.

use super::authorization::{DPOP_JKT, Pushed, REQUEST_LIFETIME};
use super::{form, possession};
use crate::app::Managed;
use crate::call::{Call, Server};
use crate::client::ClientId;
use crate::client_auth;
use crate::error::{Code, Error, json_response};
use crate::parameters::Parameters;
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use serde_json::json;

pub(crate) async fn answer(
    server: &Server,
    (call, managed): (Call<'_>, &Managed),
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, Error> {
    let form = form(request)?;
    let client = pusher(server, call, request, &form).await?;
    if form.get("request_uri").is_some() {
        return Err(Error::new(Code::InvalidRequest, "`request_uri` cannot be pushed; push what it stands for"));
    }
    let jkt =
        possession::prove(server, managed, request, &call.app.endpoints.pushed_authorization_request, call.now).await?;
    if jkt.is_some() && form.get(DPOP_JKT).is_some_and(|named| Some(named) != jkt.as_deref()) {
        return Err(Error::new(Code::InvalidDpopProof, "`dpop_jkt` names another key than that of the DPoP proof"));
    }
    let pushed = Pushed::check(server, call, (&client, jkt.as_deref()), request.body()).await?;
    let body =
        json!({ "request_uri": pushed.request_uri(server, call.now)?, "expires_in": REQUEST_LIFETIME.as_secs() });
    Ok(json_response(StatusCode::CREATED, &body))
}

/// The client, authenticated. One that comes with a document and has not been given a code yet is not kept anywhere: it can
/// show nothing that could be checked, and what it pushes is held against its document when the person has signed in.
async fn pusher(
    server: &Server,
    call: Call<'_>,
    request: &Request<Bytes>,
    form: &Parameters,
) -> Result<ClientId, Error> {
    let shows_nothing = !request.headers().contains_key(header::AUTHORIZATION)
        && ["client_secret", "client_assertion"].iter().all(|name| form.get(name).is_none());
    if let Some(id) = form.get("client_id").map(ClientId::new).filter(|id| shows_nothing && id.is_url())
        && server.store.client(&call.app.id, &id).await?.is_none()
    {
        return Ok(id);
    }
    Ok(client_auth::authenticate(server, call.app, request, form, call.now).await?.id)
}
