//! What an ID token must say before it is believed (OpenID Connect Core section 3.1.3.7). Its signature is verified by
//! [`oauth::jose`] first.

use super::Trouble;
use crate::config::Oidc;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use oauth::jose::{Claims, Jws};
use oauth::world::Timestamp;
use sha2::{Digest, Sha256, Sha512};
use std::time::Duration;

/// How long ago an ID token may have been made: it comes right from the token endpoint.
const MAX_AGE: Duration = Duration::from_secs(600);

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    /// The nonce of the authorization request; an ID token that comes with a refresh has none to compare.
    pub(super) nonce: Option<&'a str>,
    /// Seconds since the person proved who they are, where that was asked for.
    pub(super) max_age: Option<u64>,
    /// The access token that came along.
    pub(super) access_token: &'a str,
    pub(super) now: Timestamp,
}

/// Checks the claims of a verified token.
pub(super) fn check(oidc: &Oidc, token: &Jws<'_>, claims: &Claims, expected: Expected<'_>) -> Result<(), Trouble> {
    if !matches!(token.typ().as_str(), "" | "jwt") {
        return wrong("its `typ` is of something else");
    }
    check_parties(oidc, claims)?;
    check_times(oidc, claims, expected.now)?;
    if let Some(nonce) = expected.nonce
        && claims.text("nonce").map_err(Trouble::unbelievable)? != Some(nonce)
    {
        return wrong("its `nonce` is not the one that was sent");
    }
    check_at_hash(token, claims, expected.access_token)?;
    check_auth_time(oidc, claims, expected)
}

/// Items 2 to 5: made by the provider, for us.
fn check_parties(oidc: &Oidc, claims: &Claims) -> Result<(), Trouble> {
    if claims.text("iss").map_err(Trouble::unbelievable)? != Some(oidc.issuer.as_str()) {
        return wrong("its `iss` is not the issuer");
    }
    let audience = claims.audience().map_err(Trouble::unbelievable)?;
    if !audience.contains(&oidc.client_id.as_str()) {
        return wrong("its `aud` does not name the gateway");
    }
    // Whom else it names could bring it here, unless the provider says that it was made for us.
    let authorized = claims.text("azp").map_err(Trouble::unbelievable)?;
    let for_us = authorized == Some(oidc.client_id.as_str());
    if authorized.is_some() && !for_us {
        return wrong("its `azp` is not the gateway");
    }
    if audience.iter().any(|other| *other != oidc.client_id) && !for_us {
        return wrong("its `aud` names others too, and no `azp` says that it was made for the gateway");
    }
    let subject = claims.text("sub").map_err(Trouble::unbelievable)?;
    if !subject.is_some_and(|subject| !subject.is_empty() && subject.len() <= 255) {
        return wrong("its `sub` is missing, empty or longer than 255 characters");
    }
    Ok(())
}

/// Items 9 and 10.
pub(super) fn check_times(oidc: &Oidc, claims: &Claims, now: Timestamp) -> Result<(), Trouble> {
    let moment = |name| claims.moment(name).map_err(Trouble::unbelievable);
    let (skew, expires, issued) = (oidc.clock_skew, moment("exp")?, moment("iat")?);
    match expires {
        None => return wrong("it has no `exp`"),
        Some(at) if at.plus(skew) <= now => return wrong("it has expired"),
        Some(_) => {}
    }
    match issued {
        None => return wrong("it has no `iat`"),
        Some(at) if at > now.plus(skew) => return wrong("its `iat` is in the future"),
        Some(at) if at.plus(MAX_AGE).plus(skew) < now => return wrong("it was made too long ago"),
        Some(_) => {}
    }
    if moment("nbf")?.is_some_and(|at| at > now.plus(skew)) {
        return wrong("its `nbf` is in the future");
    }
    Ok(())
}

/// Section 3.1.3.8: the left half of the access token's hash, by the hash of the signature's algorithm.
fn check_at_hash(token: &Jws<'_>, claims: &Claims, access_token: &str) -> Result<(), Trouble> {
    let Some(given) = claims.text("at_hash").map_err(Trouble::unbelievable)? else { return Ok(()) };
    let by_sha512 = matches!(token.header("alg").and_then(|alg| alg.as_str()), Some("EdDSA" | "Ed25519"));
    let hash = if by_sha512 { Sha512::digest(access_token).to_vec() } else { Sha256::digest(access_token).to_vec() };
    if URL_SAFE_NO_PAD.encode(&hash[..hash.len() / 2]) == given {
        Ok(())
    } else {
        wrong("its `at_hash` is of another access token")
    }
}

/// Item 13.
fn check_auth_time(oidc: &Oidc, claims: &Claims, expected: Expected<'_>) -> Result<(), Trouble> {
    let Some(max_age) = expected.max_age else { return Ok(()) };
    let within = Duration::from_secs(max_age).saturating_add(oidc.clock_skew);
    match claims.moment("auth_time").map_err(Trouble::unbelievable)? {
        Some(at) if at.plus(within) >= expected.now => Ok(()),
        Some(_) => Err(Trouble::TooWeak("`auth_time` is older than `max_age`".to_owned())),
        None => Err(Trouble::TooWeak("`max_age` was asked for and there is no `auth_time`".to_owned())),
    }
}

fn wrong<T>(what: &str) -> Result<T, Trouble> {
    Err(Trouble::Unbelievable(format!("the ID token: {what}")))
}
