//! Service tokens, in one of three places: `Authorization: Bearer dw_st_…`, the two headers that Cloudflare Access reads, or
//! both of them as JSON in `Authorization`. They work at every app, with managed OAuth or without.

use crate::gateway::World;
use crate::known::{Known, Place, Verified, service};
use crate::refusal::{At, BadCredential, Refusal};
use crate::request::Request;
use oauth::secret::{Kind, Secret};
use oauth::store::StoreError;
use oauth::world::Timestamp;
use policy::{Identity, SERVICE_TOKEN};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

/// How exactly it is known when a token was last used: not each use is worth a write.
const USE_KNOWN_TO: Duration = Duration::from_secs(600);

/// What follows an id where Cloudflare's clients send it.
const SUFFIX: &str = ".access";

/// A token as presented.
#[derive(Debug, PartialEq, Eq)]
struct Presented {
    /// Without one, the secret says by itself whose it is.
    id: Option<String>,
    secret: String,
}

/// What Cloudflare's clients write into one header.
#[derive(Deserialize)]
struct OneHeader {
    #[serde(rename = "cf-access-client-id")]
    id: Option<String>,
    #[serde(rename = "cf-access-client-secret")]
    secret: Option<String>,
}

/// Which service a presented token proves; `None` when none is presented. A bad one ends the search.
pub(crate) async fn identify(world: &World, at: &At, request: &Request) -> Result<Option<Arc<Known>>, Refusal> {
    let in_headers = pair(&request.service_token).map_err(|bad| Refusal::InvalidToken(at.clone(), bad))?;
    let authorization = request.authorization.as_deref().map_or(Ok(None), in_authorization);
    let in_authorization = authorization.map_err(|bad| Refusal::InvalidToken(at.clone(), bad))?;
    let presented = match (in_headers, in_authorization) {
        (Some(_), Some(_)) => return Err(Refusal::Malformed("the service token is sent in two ways")),
        (None, None) => return Ok(None),
        (Some(presented), None) | (None, Some(presented)) => presented,
    };
    let credential = format!("{} {}", presented.id.as_deref().unwrap_or_default(), presented.secret);
    let place = Place::of("service", &at.app.id, &credential);
    if let Some(known) = world.memory.find(&place, request.now) {
        return Ok(Some(known));
    }
    let generation = world.memory.generation();
    let verified = verify(world, at, &presented, request.now).await?;
    Ok(Some(world.memory.keep(place, generation, verified)))
}

/// Whether an `Authorization` header is a service token, good or bad: no upstream gets it.
pub(crate) fn is_ours(authorization: &str) -> bool {
    !matches!(in_authorization(authorization), Ok(None))
}

/// Which service is behind a token that was verified earlier, as of now.
pub(crate) async fn again(world: &World, id: &str, now: Timestamp) -> Result<Option<Identity>, StoreError> {
    let token = world.store.service_token(id).await?.filter(|token| now < token.expires_at);
    Ok(token.map(|token| service(&token.id, &token.name, SERVICE_TOKEN)))
}

fn in_authorization(authorization: &str) -> Result<Option<Presented>, BadCredential> {
    if authorization.starts_with('{') {
        let Ok(OneHeader { id, secret }) = serde_json::from_str(authorization) else { return Ok(None) };
        return pair(&(id, secret));
    }
    let (scheme, token) = authorization.split_once(' ').unwrap_or_default();
    let token = token.trim_start();
    let ours = scheme.eq_ignore_ascii_case("bearer") && token.starts_with(Kind::ServiceToken.prefix());
    Ok(ours.then(|| Presented { id: None, secret: token.to_owned() }))
}

/// Both or none: half a credential is a bad one.
fn pair((id, secret): &(Option<String>, Option<String>)) -> Result<Option<Presented>, BadCredential> {
    match (id, secret) {
        (None, None) => Ok(None),
        (Some(id), Some(secret)) => {
            let id = id.strip_suffix(SUFFIX).unwrap_or(id).to_owned();
            Ok(Some(Presented { id: Some(id), secret: secret.clone() }))
        }
        _ => Err(INCOMPLETE),
    }
}

async fn verify(world: &World, at: &At, presented: &Presented, now: Timestamp) -> Result<Verified, Refusal> {
    let bad = |bad| Refusal::InvalidToken(at.clone(), bad);
    let secret = Secret::parse(Kind::ServiceToken, &presented.secret).ok_or_else(|| bad(INVALID))?;
    let found = world.store.service_token_by_secret(&secret.hash()).await?;
    let token = found.filter(|token| presented.id.as_ref().is_none_or(|id| *id == token.id));
    let token = token.ok_or_else(|| bad(INVALID))?;
    let expires_at = token.accepts(&secret.hash(), now).ok_or_else(|| bad(EXPIRED))?;
    if token.last_used_at.is_none_or(|at| at.plus(USE_KNOWN_TO) <= now) {
        world.note(world.store.service_token_used(&token.id, now)).await;
    }
    Ok(Verified::service((&token.id, &token.name), SERVICE_TOKEN, expires_at))
}

const INCOMPLETE: BadCredential = BadCredential {
    code: "service_token_incomplete",
    description: "CF-Access-Client-Id and CF-Access-Client-Secret belong together",
};
const INVALID: BadCredential =
    BadCredential { code: "service_token_invalid", description: "the service token is not known" };
const EXPIRED: BadCredential = BadCredential {
    code: "service_token_expired",
    description: "the service token has expired, or was replaced by a rotation",
};

#[cfg(test)]
mod tests {
    use super::*;

    fn presented(id: Option<&str>, secret: &str) -> Option<Presented> {
        Some(Presented { id: id.map(str::to_owned), secret: secret.to_owned() })
    }

    #[test]
    fn a_token_is_found_in_authorization() {
        assert_eq!(in_authorization("Bearer dw_st_x"), Ok(presented(None, "dw_st_x")));
        assert_eq!(in_authorization("bearer  dw_st_x"), Ok(presented(None, "dw_st_x")));
        let json = r#"{"cf-access-client-id": "st_1.access", "cf-access-client-secret": "dw_st_x"}"#;
        assert_eq!(in_authorization(json), Ok(presented(Some("st_1"), "dw_st_x")));
        assert_eq!(in_authorization(r#"{"cf-access-client-secret": "dw_st_x"}"#), Err(INCOMPLETE));
        for other in ["Bearer dw_se_x", "Bearer ey.x.y", "Basic dw_st_x", "dw_st_x", "", r#"{"a": 1}"#, "{"] {
            assert_eq!(in_authorization(other), Ok(None), "{other}");
            assert!(!is_ours(other), "{other}");
        }
    }

    #[test]
    fn half_a_pair_is_a_bad_credential() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(pair(&(text("st_1.access"), text("x"))), Ok(presented(Some("st_1"), "x")));
        assert_eq!(pair(&(text("st_1"), text("x"))), Ok(presented(Some("st_1"), "x")));
        assert_eq!(pair(&(text("st_1"), None)), Err(INCOMPLETE));
        assert_eq!(pair(&(None, text("x"))), Err(INCOMPLETE));
        assert_eq!(pair(&(None, None)), Ok(None));
    }
}
