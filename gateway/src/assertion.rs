//! The assertion: a short JWT that tells the upstream who asks and through what. Signed with a key of its own, once per
//! credential and lifetime.

use crate::config::{App, Origin};
use crate::identify::Known;
use http::HeaderValue;
use oauth::jwt::{self, Registered};
use oauth::keys::SigningKey;
use oauth::world::Timestamp;
use policy::Via;
use serde_json::{Map, Value, json};
use std::sync::PoisonError;
use std::time::Duration;

/// How long an assertion holds.
const LIFETIME: Duration = Duration::from_secs(300);

/// An assertion is made anew when less than this is left of it.
const RESERVE: Duration = Duration::from_secs(60);

/// A signed assertion and its end.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    header: HeaderValue,
    expires_at: Timestamp,
}

/// The assertion of a credential at its app; `None` when it cannot be signed.
pub(crate) fn of(key: &SigningKey, login: &Origin, app: &App, known: &Known, now: Timestamp) -> Option<HeaderValue> {
    let mut kept = known.assertion.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(signed) = kept.as_ref().filter(|signed| now.plus(RESERVE) < signed.expires_at) {
        return Some(signed.header.clone());
    }
    let expires_at = now.plus(LIFETIME);
    let issuer = login.url();
    let registered = Registered {
        issuer: &issuer,
        audience: &app.id,
        subject: &known.identity.subject,
        id: None,
        issued_at: now,
        expires_at,
    };
    let token = jwt::sign(key, "JWT", registered, claims(known))?;
    let header = HeaderValue::from_str(&token).ok()?;
    *kept = Some(Signed { header: header.clone(), expires_at });
    Some(header)
}

/// Who: the person. Through what: the session, or the agent that acts for the person (RFC 8693 section 4.1).
fn claims(known: &Known) -> Map<String, Value> {
    let identity = &known.identity;
    let mut claims = Map::new();
    claims.insert("email".into(), json!(identity.email));
    claims.insert("name".into(), json!(identity.name));
    claims.insert("groups".into(), json!(identity.groups));
    claims.insert("idp".into(), json!(identity.login_method));
    claims.insert("amr".into(), json!(["pwd"]));
    if known.via == Via::Browser {
        claims.insert("sid".into(), json!(known.grant));
    } else {
        claims.insert("grant".into(), json!(known.grant));
        claims.insert("azp".into(), json!(known.client));
        claims.insert("act".into(), json!({ "client_id": known.client, "client_name": known.client_name }));
    }
    claims.retain(|_, value| !value.is_null());
    claims
}
