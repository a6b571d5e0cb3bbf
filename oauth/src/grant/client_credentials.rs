//! `client_credentials` (OAuth 2.1 section 4.2): a service in its own name. It proves each time that it is itself, so that it
//! gets no refresh token, and all its tokens at an app belong to one grant, which can be listed and ended like a person's.
//!
//! Such a token names the client as its subject. No person's subject begins like a client's id, the token says of itself
//! that it is a service's, and the door goes by how the grant was opened, so that it is never taken for a person's.

use super::{Issue, TokenRequest, check_resource, require};
use crate::app::{App, Managed};
use crate::approval::Verdict;
use crate::call::Server;
use crate::client::{Client, RegisteredBy};
use crate::error::{Code, Error};
use crate::grant_type::GrantType;
use crate::scope::OFFLINE_ACCESS;
use crate::store::{Grant, GrantDetails};
use crate::world::Timestamp;
use bytes::Bytes;

/// How such a client "signed in": the name of the way, where a person's grant names an identity provider.
pub const LOGIN_METHOD: &str = "client_credentials";

/// Gives a service an access token for the app.
pub(crate) async fn give(request: &TokenRequest<'_>) -> Result<Bytes, Error> {
    let TokenRequest { server, app, managed, client, form, jkt, now } = *request;
    require(client, GrantType::ClientCredentials)?;
    if !client.is_confidential() || client.registered_by != RegisteredBy::Administrator {
        let why = "only a client with a secret that an administrator registered may ask in its own name";
        return Err(Error::new(Code::UnauthorizedClient, why));
    }
    check_resource(app, form)?;
    let scope = scope(app, client, form.get("scope"))?;
    approve(server, app, client).await?;
    let grant = server.store.renew_grant(&grant(server, (app, managed), client, now)?, now).await?;
    let grant = grant.ok_or_else(|| Error::new(Code::InvalidGrant, "the grant has ended"))?;
    Issue { grant: &grant, scope: &scope, refresh: None, jkt }.response(request)
}

/// What it asks for, of what it may have; nobody's absence matters to a service.
fn scope(app: &App, client: &Client, requested: Option<&str>) -> Result<String, Error> {
    let granted = app.scopes.grant_within(client.details.scope.as_deref(), requested);
    let named: Vec<_> =
        granted.as_deref().unwrap_or_default().split(' ').filter(|name| *name != OFFLINE_ACCESS).collect();
    if named.iter().all(|name| name.is_empty()) {
        return Err(Error::new(Code::InvalidScope, "the client may have none of these scopes").logged(format!(
            "client `{}` asked for `{}` and may have `{}`",
            client.id,
            requested.unwrap_or_default().chars().filter(|c| !c.is_control()).take(200).collect::<String>(),
            client.details.scope.as_deref().unwrap_or("all that the app offers")
        )));
    }
    Ok(named.join(" "))
}

async fn approve(server: &Server, app: &App, client: &Client) -> Result<(), Error> {
    match server.approval.approve_client(app, client).await? {
        Verdict::Approved => Ok(()),
        verdict => {
            let (reason, rule) = verdict.reason();
            let log = format!(
                "client `{}` refused: {reason}, rule {rule:?}; a `service_auth` policy of app `{}` lets services in, \
                 as in `include = [{{ client_id = \"{}\" }}]`",
                client.id, app.id, client.id
            );
            Err(Error::new(Code::UnauthorizedClient, "no policy of the app admits this client").logged(log))
        }
    }
}

/// All that the client may have at the app; each token says what of it is its own.
fn grant(server: &Server, (app, managed): (&App, &Managed), client: &Client, now: Timestamp) -> Result<Grant, Error> {
    Ok(Grant {
        id: server.new_id("g"),
        app: app.id.clone(),
        client: client.id.clone(),
        subject: client.id.to_string(),
        scope: scope(app, client, None)?,
        login_method: LOGIN_METHOD.to_owned(),
        authenticated_at: now,
        created_at: now,
        expires_at: now.plus(managed.grant_duration),
        parent: None,
        revoked_at: None,
        details: GrantDetails { opened_by: Some(GrantType::ClientCredentials), ..GrantDetails::default() },
    })
}
