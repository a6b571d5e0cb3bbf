//! The token endpoint (OAuth 2.1 section 3.2): authenticates the client, then lets the grant's own file decide.

use super::{form, possession};
use crate::app::{App, Managed};
use crate::call::Server;
use crate::client_auth;
use crate::error::{Code, Error, json_bytes};
use crate::grant::{authorization_code, client_credentials, device_code, jwt_bearer, refresh_token, token_exchange};
use crate::grant_type::GrantType;
use crate::world::Timestamp;
use bytes::Bytes;
use http::{Request, Response, StatusCode};

pub(crate) async fn answer(
    server: &Server,
    app: (&App, &Managed),
    request: &Request<Bytes>,
    now: Timestamp,
) -> Result<Response<Bytes>, Error> {
    let form = form(request)?;
    let grant_type =
        form.get("grant_type").ok_or_else(|| Error::new(Code::InvalidRequest, "`grant_type` is missing"))?;
    let offered = app.1.grant_types();
    let Some(grant_type) = GrantType::named(grant_type).filter(|known| offered.contains(known)) else {
        let offered = offered.into_iter().map(GrantType::as_str).collect::<Vec<_>>().join("`, `");
        return Err(Error::new(Code::UnsupportedGrantType, format!("supported are `{offered}`")));
    };
    let client = client_auth::authenticate(server, app.0, request, &form, now).await?;
    let jkt = possession::prove(server, app.1, request, &app.0.endpoints.token, now).await?;
    possession::check(app.1, &client, jkt.as_deref())?;
    let proven = (&form, jkt.as_deref());
    let body = match grant_type {
        GrantType::AuthorizationCode => authorization_code::redeem(server, app, &client, proven, now).await?,
        GrantType::JwtBearer => jwt_bearer::give(server, app, &client, proven, now).await?,
        GrantType::ClientCredentials => client_credentials::give(server, app, &client, proven, now).await?,
        GrantType::TokenExchange => token_exchange::exchange(server, app, &client, proven, now).await?,
        GrantType::DeviceCode => device_code::redeem(server, app, &client, proven, now).await?,
        _ => refresh_token::refresh(server, app, &client, proven, now).await?,
    };
    Ok(json_bytes(StatusCode::OK, body))
}
