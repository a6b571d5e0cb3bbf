//! The token endpoint (OAuth 2.1 section 3.2): authenticates the client, then lets the grant's own file decide.

use crate::app::{App, Managed};
use crate::call::Server;
use crate::client_auth;
use crate::error::{Code, Error, json_bytes};
use crate::grant::{authorization_code, refresh_token};
use crate::parameters::Parameters;
use crate::world::Timestamp;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};

/// Most bytes of a token request.
pub const MAX_BYTES: usize = 64 * 1024;

pub(crate) async fn answer(
    server: &Server,
    app: (&App, &Managed),
    request: &Request<Bytes>,
    now: Timestamp,
) -> Result<Response<Bytes>, Error> {
    if !is_form(request.headers()) {
        return Err(Error::new(Code::InvalidRequest, "the body must be application/x-www-form-urlencoded"));
    }
    if request.body().len() > MAX_BYTES {
        return Err(Error::new(Code::TooLarge, "the body is too large"));
    }
    if request.uri().query().is_some_and(|query| !query.is_empty()) {
        return Err(Error::new(Code::InvalidRequest, "parameters belong into the body, not into the URL"));
    }
    let form = Parameters::parse(request.body());
    if let Some(name) = form.repeated() {
        return Err(Error::new(Code::InvalidRequest, "a parameter is repeated").logged(format!("`{name}` is repeated")));
    }
    let grant_type =
        form.get("grant_type").ok_or_else(|| Error::new(Code::InvalidRequest, "`grant_type` is missing"))?;
    if !matches!(grant_type, "authorization_code" | "refresh_token") {
        return Err(Error::new(Code::UnsupportedGrantType, "supported are `authorization_code` and `refresh_token`"));
    }
    let client = client_auth::authenticate(&*server.store, app.0, request.headers(), &form).await?;
    let body = match grant_type {
        "authorization_code" => authorization_code::redeem(server, app, &client, &form, now).await?,
        _ => refresh_token::refresh(server, app, &client, &form, now).await?,
    };
    Ok(json_bytes(StatusCode::OK, body))
}

pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
