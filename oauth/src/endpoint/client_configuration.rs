//! The client configuration endpoint (RFC 7592): a client that registered itself and has a secret reads, changes or ends its
//! registration with the token that it was given for that.
//!
//! No other client has such a token. The id of a client without a secret is a hash of what it says, and whoever says the
//! same is the same client: none of these may change what the others have.

use super::registration::{MAX_BYTES, Method as Authenticates, acceptable, authentication, describe, parse};
use crate::app::{App, Managed};
use crate::call::Server;
use crate::client::{Client, ClientId, PreviousSecret};
use crate::error::{Code, Error, json_response};
use crate::secret::{Kind, Secret};
use crate::world::Timestamp;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};
use std::time::Duration;

/// For `Allow`.
pub(crate) const METHODS: &str = "GET, PUT, DELETE, OPTIONS";

/// How long the secret before a change still does, for the client's other processes.
const OVERLAP: Duration = Duration::from_secs(3600);

pub(crate) async fn answer(
    server: &Server,
    (app, managed): (&App, &Managed),
    id: &str,
    request: &Request<Bytes>,
    now: Timestamp,
) -> Result<Response<Bytes>, Error> {
    let (client, token) = authenticate(server, app, id, request.headers()).await?;
    match *request.method() {
        Method::GET => Ok(information(app, &client, None, &token)),
        Method::PUT => update(server, (app, managed), (&client, &token), request.body(), now).await,
        Method::DELETE => {
            server.store.remove_client(&app.id, &client.id, now).await?;
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            Ok(response)
        }
        _ => Err(Error::new(Code::MethodNotAllowed { allow: METHODS }, "this endpoint does not know the method")),
    }
}

/// The client, if the request brings its registration access token. A client that is unknown is refused alike (section 2.1).
async fn authenticate(server: &Server, app: &App, id: &str, headers: &HeaderMap) -> Result<(Client, Secret), Error> {
    let refused = |why: &str| {
        let id: String = id.chars().filter(char::is_ascii_graphic).take(80).collect();
        Error::new(Code::InvalidToken, "the registration access token is not this client's")
            .logged(format!("registration of client `{id}`: {why}"))
    };
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let bearer = values.next().and_then(|value| value.to_str().ok()).and_then(|value| value.split_once(' '));
    let presented = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    let token = presented.filter(|_| values.next().is_none()).and_then(|text| Secret::parse(Kind::Registration, text));
    let token = token.ok_or_else(|| refused("no registration access token"))?;
    if id.len() > ClientId::MAX_CHARS {
        return Err(refused("its id is too long"));
    }
    let client = server.store.client(&app.id, &ClientId::new(id)).await?.ok_or_else(|| refused("it is not known"))?;
    match &client.details.registration_token {
        Some(hash) if token.hash().matches(hash) => Ok((client, token)),
        Some(_) => Err(refused("the token is wrong")),
        None => Err(refused("it has none: clients without a secret have nothing of their own to change")),
    }
}

/// Replaces everything that the client says of itself (section 2.2). It gets a new secret with that; the old one does for
/// another hour.
async fn update(
    server: &Server,
    (app, managed): (&App, &Managed),
    (client, token): (&Client, &Secret),
    body: &Bytes,
    now: Timestamp,
) -> Result<Response<Bytes>, Error> {
    let invalid = |code, description: &str| Err(Error::new(code, description));
    let Some(rules) = &managed.registration else {
        return invalid(Code::NotFound, "dynamic client registration is off for this app");
    };
    if body.len() > MAX_BYTES {
        return invalid(Code::TooLarge, "the body is too large");
    }
    let metadata = parse(body, (app, managed))?;
    check_sent(client, &serde_json::from_slice(body).unwrap_or_default())?;
    if !matches!(metadata.method, Authenticates::ClientSecretBasic | Authenticates::ClientSecretPost) {
        return invalid(Code::InvalidClientMetadata, "a client with a secret keeps one; register anew without");
    }
    let mut changed = client.clone();
    changed.redirect_uris = acceptable(&metadata.redirect_uris, &rules.redirect_rules, app)?;
    changed.name = metadata.client_name;
    changed.grant_types = metadata.grant_types;
    changed.metadata = metadata.others;
    let (authentication, secret) = authentication(server, metadata.method);
    changed.authentication = authentication;
    let hash = client.authentication.secret().copied();
    changed.details.previous_secret = hash.map(|hash| PreviousSecret { hash, until: now.plus(OVERLAP) });
    if !server.store.replace_client(client, &changed).await? {
        return invalid(Code::TemporarilyUnavailable, "the client was changed at the same time; look and try again");
    }
    Ok(information(app, &changed, secret.as_ref(), token))
}

/// What the body says that no registration does (section 2.2): which client it is, and by which secret it was known.
fn check_sent(client: &Client, sent: &Value) -> Result<(), Error> {
    let invalid = |description: &str| Err(Error::new(Code::InvalidRequest, description));
    if sent["client_id"] != json!(client.id) {
        return invalid("`client_id` must be the client's own");
    }
    let server_says =
        ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"];
    if server_says.iter().any(|name| sent.get(name).is_some()) {
        return invalid("the body has members that the server alone writes");
    }
    let is_own = |secret: &Value| {
        let secret = secret.as_str().and_then(|text| Secret::parse(Kind::Client, text));
        secret.is_some_and(|secret| client.authentication.secret().is_some_and(|hash| secret.hash().matches(hash)))
    };
    if sent.get("client_secret").is_some_and(|secret| !is_own(secret)) {
        return invalid("`client_secret` is not the client's");
    }
    Ok(())
}

/// The client information response (section 3).
fn information(app: &App, client: &Client, secret: Option<&Secret>, token: &Secret) -> Response<Bytes> {
    json_response(StatusCode::OK, &describe(app, client, secret, Some(token)))
}
