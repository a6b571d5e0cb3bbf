//! The token endpoint (OAuth 2.1 section 3.2): authenticates the client, then lets the grant's own file decide.

use super::{form, possession};
use crate::app::{App, Managed};
use crate::call::Server;
use crate::client_auth;
use crate::error::{Code, Error, json_bytes};
use crate::grant::{
    TokenRequest, authorization_code, client_credentials, device_code, jwt_bearer, refresh_token, token_exchange,
};
use crate::grant_type::GrantType;
use crate::world::Timestamp;
use bytes::Bytes;
use http::{Request, Response, StatusCode};

pub(crate) async fn answer(
    server: &Server,
    (app, managed): (&App, &Managed),
    request: &Request<Bytes>,
    now: Timestamp,
) -> Result<Response<Bytes>, Error> {
    let form = form(request)?;
    let grant_type = form.get("grant_type").ok_or_else(|| Error::missing("grant_type"))?;
    let offered = managed.grant_types();
    let Some(grant_type) = GrantType::named(grant_type).filter(|known| offered.contains(known)) else {
        let offered = offered.into_iter().map(GrantType::as_str).collect::<Vec<_>>().join("`, `");
        return Err(Error::new(Code::UnsupportedGrantType, format!("supported are `{offered}`")));
    };
    let client = client_auth::authenticate(server, app, request, &form, now).await?;
    let jkt = possession::prove(server, managed, request, &app.endpoints.token, now).await?;
    possession::check(managed, &client, jkt.as_deref())?;
    let request = &TokenRequest { server, app, managed, client: &client, form: &form, jkt: jkt.as_deref(), now };
    let body = match grant_type {
        GrantType::AuthorizationCode => authorization_code::redeem(request).await?,
        GrantType::JwtBearer => jwt_bearer::give(request).await?,
        GrantType::ClientCredentials => client_credentials::give(request).await?,
        GrantType::TokenExchange => token_exchange::exchange(request).await?,
        GrantType::DeviceCode => device_code::redeem(request).await?,
        _ => refresh_token::refresh(request).await?,
    };
    Ok(json_bytes(StatusCode::OK, body))
}
