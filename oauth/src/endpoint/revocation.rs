//! The revocation endpoint (RFC 7009): a client hands back a token of its own, and the grant behind it ends, with all that
//! came from it. What is no token, or somebody else's, changes nothing and is answered alike.

use super::form;
use crate::app::App;
use crate::call::Server;
use crate::client::Client;
use crate::client_auth;
use crate::error::Error;
use crate::secret::{Kind, Secret};
use crate::store::{EndedBecause, Grant, StoreError};
use crate::token;
use crate::world::Timestamp;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};

/// The grant that a client ended; an extension of the answer, for the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// Its id.
    pub grant: String,
    /// The person whose grant it was.
    pub subject: String,
    /// The client that held it.
    pub client: String,
}

pub(crate) async fn answer(
    server: &Server,
    app: &App,
    request: &Request<Bytes>,
    now: Timestamp,
) -> Result<Response<Bytes>, Error> {
    let form = form(request)?;
    let presented = form.get("token").ok_or_else(|| Error::missing("token"))?;
    let client = client_auth::authenticate(server, app, request, &form, now).await?;
    let mut response = Response::new(Bytes::new());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(grant) = find(server, app, &client, presented, now).await?
        && server.store.revoke_grant(&grant.id, EndedBecause::RevokedByClient, now).await?
    {
        let Grant { id, subject, .. } = grant;
        response.extensions_mut().insert(Revoked { grant: id, subject, client: client.id.to_string() });
    }
    Ok(response)
}

/// The grant of a token, if `client` holds it at `app` (RFC 7009 section 2.1). A token shows by itself what it is, so that
/// `token_type_hint`, right or wrong, is not needed.
async fn find(
    server: &Server,
    app: &App,
    client: &Client,
    presented: &str,
    now: Timestamp,
) -> Result<Option<Grant>, StoreError> {
    let grant = if let Some(refresh) = Secret::parse(Kind::Refresh, presented) {
        server.store.credential(&refresh.hash()).await?.map(|(_, grant)| grant)
    } else if let Ok(access) = token::verify(&server.keys, app, presented, now) {
        server.store.grant(&access.grant).await?
    } else {
        None
    };
    Ok(grant.filter(|grant| grant.app == app.id && grant.client == client.id))
}
