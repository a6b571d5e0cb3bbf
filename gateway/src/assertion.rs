//! The assertion: a short JWT that tells the upstream who asks and through what. Signed with a key of its own, once per
//! credential and lifetime.

use http::HeaderValue;
use oauth::client::ClientId;
use oauth::jwt::{self, Registered};
use oauth::keys::{Keyring, SigningAlgorithm};
use oauth::store::{Actor, KeyPurpose};
use oauth::token;
use oauth::world::Timestamp;
use policy::{Identity, Kind};
use serde_json::{Map, Value, json};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long an assertion holds.
const LIFETIME: Duration = Duration::from_secs(300);

/// An assertion is made anew when less than this is left of it.
const RESERVE: Duration = Duration::from_secs(60);

/// What an assertion says.
pub(crate) struct About<'a> {
    pub(crate) identity: &'a Identity,
    /// The grant or session that the credential belongs to; empty for a service token.
    pub(crate) grant: &'a str,
    /// The scope of an access token; empty where no scope binds.
    pub(crate) scope: &'a str,
    /// The client of an access token, and what it calls itself: the agent that acts for the person, or the service.
    pub(crate) client: Option<(&'a ClientId, &'a str)>,
    /// Who acted for the person before it.
    pub(crate) earlier: Option<&'a Actor>,
}

/// The place where a credential's assertion is kept.
#[derive(Debug, Default)]
pub(crate) struct Cell(Mutex<Option<Signed>>);

#[derive(Debug)]
struct Signed {
    header: HeaderValue,
    expires_at: Timestamp,
}

impl Cell {
    /// The kept assertion while it lasts, else a new one; `None` when it cannot be signed.
    pub(crate) fn get_or_sign(
        &self,
        (keys, algorithm): (&Keyring, SigningAlgorithm),
        (issuer, audience): (&str, &str),
        about: &About<'_>,
        now: Timestamp,
    ) -> Option<HeaderValue> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signed) = kept.as_ref().filter(|signed| now.plus(RESERVE) < signed.expires_at) {
            return Some(signed.header.clone());
        }
        let expires_at = now.plus(LIFETIME);
        let subject = &about.identity.subject;
        let registered = Registered { issuer, audience, subject, id: None, issued_at: now, expires_at };
        let signer = keys.signer(KeyPurpose::Assertion, algorithm, now).ok()?;
        let header = HeaderValue::from_str(&jwt::sign(&signer, "JWT", registered, claims(about))?).ok()?;
        *kept = Some(Signed { header: header.clone(), expires_at });
        Some(header)
    }
}

fn claims(about: &About<'_>) -> Map<String, Value> {
    match about.identity.kind {
        Kind::User => of_person(about),
        Kind::Service => of_service(about),
    }
}

/// Which service: no person, and nobody acts for it. `type` says so in a word, `common_name` is what it is known by.
fn of_service(about: &About<'_>) -> Map<String, Value> {
    let identity = about.identity;
    let mut claims = Map::new();
    claims.insert("type".into(), json!(token::SERVICE));
    // That of a certificate is its own; a token has none but its id.
    let certificate = identity.login_method == policy::CERTIFICATE;
    let known_by = identity.name.as_ref().filter(|_| certificate).unwrap_or(&identity.subject);
    claims.insert("common_name".into(), json!(known_by));
    claims.insert("name".into(), json!(identity.name));
    claims.insert("idp".into(), json!(identity.login_method));
    if let Some((client, _)) = about.client {
        claims.insert("grant".into(), json!(about.grant));
        claims.insert("azp".into(), json!(client));
    }
    claims
}

/// Who: the person. Through what: the session, or the agent that acts for the person (RFC 8693 section 4.1).
fn of_person(about: &About<'_>) -> Map<String, Value> {
    let identity = about.identity;
    let mut claims = Map::new();
    claims.insert("email".into(), json!(identity.email));
    claims.insert("name".into(), json!(identity.name));
    claims.insert("groups".into(), json!(identity.groups));
    claims.insert("idp".into(), json!(identity.login_method));
    claims.insert("amr".into(), json!(identity.auth_methods));
    match about.client {
        None => {
            claims.insert("sid".into(), json!(about.grant));
        }
        Some((client, name)) => {
            claims.insert("grant".into(), json!(about.grant));
            claims.insert("azp".into(), json!(client));
            claims.insert("scope".into(), json!(about.scope));
            let mut act = json!({ "client_id": client, "client_name": name });
            if let Some(earlier) = about.earlier {
                act["act"] = json!(earlier);
            }
            claims.insert("act".into(), act);
        }
    }
    claims.retain(|_, value| !value.is_null());
    claims
}
