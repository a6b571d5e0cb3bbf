//! A provider tells that somebody has signed out there (OpenID Connect Back-Channel Logout 1.0 sections 2.5 to 2.8).

use super::follow::{end, end_person};
use crate::gateway::{Snapshot, World};
use crate::limits::Bucket;
use crate::relying_party::{LoggedOut, OpenIdProvider, Trouble};
use crate::request::Request;
use crate::respond::as_json;
use bytes::Bytes;
use http::{Response, StatusCode};
use oauth::approval::ForeignIdentity;
use oauth::jose::Jws;
use oauth::parameters::Parameters;
use oauth::store::StoreError;
use serde_json::json;
use std::time::Duration;

/// A logout token is refused for its age by then.
const REMEMBERED: Duration = Duration::from_secs(15 * 60);

/// `POST /.doorward/backchannel_logout`. It needs no cookies and believes none.
pub(crate) async fn backchannel_logout(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    body: &[u8],
) -> Result<Response<Bytes>, StoreError> {
    if !world.limits.take(Bucket::Token, request.ip) {
        return Ok(refused(StatusCode::TOO_MANY_REQUESTS, request, "too many logout tokens in this minute"));
    }
    let form = Parameters::parse(body);
    let text = form.get("logout_token").unwrap_or_default();
    let token = match Jws::parse(text) {
        Ok(token) => token,
        Err(why) => return Ok(bad(request, &why.to_string())),
    };
    let Some((name, openid)) = snapshot.providers.all_openid().find(|(_, openid)| openid.is_named_by(&token)) else {
        return Ok(bad(request, "its `iss` and `aud` are those of no provider"));
    };
    let logged_out = match openid.logged_out(&token, request.now).await {
        Ok(logged_out) => logged_out,
        Err(Trouble::Unreachable(why)) => return Ok(refused(StatusCode::SERVICE_UNAVAILABLE, request, &why)),
        Err(trouble) => return Ok(bad(request, &trouble.to_string())),
    };
    let issuer = &openid.settings().issuer;
    if !world.store.use_once(&format!("logout {issuer}"), &logged_out.jti, request.now.plus(REMEMBERED)).await? {
        return Ok(bad(request, "its `jti` was used before"));
    }
    sign_out(world, (name, openid), &logged_out, request).await?;
    Ok(as_json(StatusCode::OK, &json!({})))
}

/// Ends the session that is named, or, if none is, all of the person.
async fn sign_out(
    world: &World,
    (name, openid): (&str, &OpenIdProvider),
    logged_out: &LoggedOut,
    request: &Request,
) -> Result<(), StoreError> {
    let (oidc, now) = (openid.settings(), request.now);
    let (sub, sid) = (logged_out.sub.as_deref(), logged_out.sid.as_deref());
    for session in world.store.provider_sessions(&oidc.issuer, sub, sid).await? {
        tracing::info!(target: "audit", act = "ended_by_provider", subject = session.subject, by = name, grant = session.grant, id = request.id);
        end(world, oidc, &session, now).await?;
    }
    if let (Some(sub), None) = (sub, sid) {
        let identity = ForeignIdentity { issuer: &oidc.issuer, tenant: None, subject: sub };
        if let Some(subject) = world.store.linked_subject(identity).await? {
            end_person(world, oidc, (&subject, name), now).await?;
        }
    }
    Ok(())
}

fn bad(request: &Request, what: &str) -> Response<Bytes> {
    refused(StatusCode::BAD_REQUEST, request, what)
}

fn refused(status: StatusCode, request: &Request, what: &str) -> Response<Bytes> {
    tracing::warn!(target: "audit", act = "logout_token_refused", what, ip = %request.ip, id = request.id);
    let body = json!({ "error": "invalid_request", "error_description": what, "decision_id": request.id });
    as_json(status, &body)
}
