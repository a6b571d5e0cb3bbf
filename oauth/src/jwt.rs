//! JSON Web Tokens of our own (RFC 7519, RFC 7515): how they are written, and verification with every check said out loud,
//! because libraries' defaults accept tokens without `exp` and long past it.

use crate::keys::{Signer, SigningKey};
use crate::world::Timestamp;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jwt_simple::claims::{Audiences, JWTClaims};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::sync::Arc;
use std::time::Duration;

/// Longest token that is looked at.
pub const MAX_BYTES: usize = 8 * 1024;

/// How far another node's clock may be ahead.
const CLOCK_SKEW: Duration = Duration::from_secs(60);

/// The registered claims of a token that is being made.
#[derive(Debug)]
pub struct Registered<'a> {
    /// `iss`
    pub issuer: &'a str,
    /// `aud`
    pub audience: &'a str,
    /// `sub`
    pub subject: &'a str,
    /// `jti`, if the token has one
    pub id: Option<String>,
    /// `iat`
    pub issued_at: Timestamp,
    /// `exp`
    pub expires_at: Timestamp,
}

/// Signs a token of type `typ`; `None` when the claims cannot be written as JSON. It ends no later than what its key
/// signed holds.
pub fn sign<C: Serialize>(signer: &Signer, typ: &str, registered: Registered<'_>, custom: C) -> Option<String> {
    let claims = JWTClaims {
        issued_at: Some(moment(registered.issued_at)),
        expires_at: Some(moment(signer.within(registered.expires_at))),
        invalid_before: None,
        issuer: Some(registered.issuer.to_owned()),
        subject: Some(registered.subject.to_owned()),
        audiences: Some(Audiences::AsString(registered.audience.to_owned())),
        jwt_id: registered.id,
        nonce: None,
        custom,
    };
    signer.token(typ, claims)
}

fn moment(at: Timestamp) -> jwt_simple::prelude::UnixTimeStamp {
    jwt_simple::prelude::Duration::from_secs(u64::try_from(at.seconds()).unwrap_or(0))
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Not three base64url parts of JSON, too long, or with a header that must be understood and is not.
    #[error("the token is malformed")]
    Malformed,
    /// `typ` is not the expected one, or `alg` is not one of its key.
    #[error("the token is of another type")]
    WrongType,
    /// No key has its `kid`.
    #[error("the token was signed with an unknown key")]
    UnknownKey,
    /// The signature does not belong to it.
    #[error("the signature of the token is wrong")]
    BadSignature,
    /// A claim is missing or of the wrong type.
    #[error("the token lacks a claim")]
    MissingClaim,
    /// `iss` or `aud` names somebody else.
    #[error("the token is for another place")]
    WrongPlace,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `iat` or `nbf` is in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    crit: Option<serde_json::Value>,
    b64: Option<serde_json::Value>,
    zip: Option<serde_json::Value>,
}

/// The claims whose meaning is the same in all our tokens. All are required.
#[derive(Debug, Deserialize)]
pub struct Envelope {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    nbf: Option<i64>,
}

/// What a token is held against.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Media type without `application/`, such as `at+jwt`.
    pub typ: &'a str,
    /// `iss`, byte for byte.
    pub issuer: &'a str,
    /// `aud`, byte for byte.
    pub audience: &'a str,
    /// The time of the request; no leeway is given at the end of a lifetime.
    pub now: Timestamp,
}

/// Verifies a token wholly, and reads its claims as `C`, whose non-optional fields are thereby required. `find` gives the
/// key that may have signed it, by its `kid`.
///
/// # Errors
/// The first check that fails (RFC 8725 section 3, RFC 9068 section 4).
pub fn verify<C: DeserializeOwned>(
    find: impl FnOnce(&str) -> Option<Arc<SigningKey>>,
    token: &str,
    expected: Expected<'_>,
) -> Result<C, Invalid> {
    let Parts { signed, header, payload, signature } = split(token)?;
    check_header(&header, expected.typ)?;
    let key = header.kid.as_deref().and_then(find).ok_or(Invalid::UnknownKey)?;
    // The key decides how the signature is checked; nothing else in the header (`jwk`, `jku`, `x5c`, `x5u`) is read.
    if !key.is_of(&header.alg) {
        return Err(Invalid::WrongType);
    }
    if !key.verifies(signed.as_bytes(), &signature) {
        return Err(Invalid::BadSignature);
    }
    let envelope: Envelope = serde_json::from_slice(&payload).map_err(|_| Invalid::MissingClaim)?;
    check_envelope(&envelope, expected)?;
    serde_json::from_slice(&payload).map_err(|_| Invalid::MissingClaim)
}

/// A token, taken apart and not yet believed.
struct Parts<'a> {
    /// What the signature covers.
    signed: &'a str,
    header: Header,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

fn split(token: &str) -> Result<Parts<'_>, Invalid> {
    if token.len() > MAX_BYTES {
        return Err(Invalid::Malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(Invalid::Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(Invalid::Malformed)?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Invalid::Malformed);
    let header = serde_json::from_slice(&decode(header)?).map_err(|_| Invalid::Malformed)?;
    Ok(Parts { signed, header, payload: decode(payload)?, signature: decode(signature)? })
}

fn check_header(header: &Header, typ: &str) -> Result<(), Invalid> {
    if header.crit.is_some() || header.b64.is_some() || header.zip.is_some() {
        return Err(Invalid::Malformed);
    }
    let given = header.typ.as_deref().unwrap_or_default().to_ascii_lowercase();
    if given.strip_prefix("application/").unwrap_or(&given) == typ { Ok(()) } else { Err(Invalid::WrongType) }
}

fn check_envelope(envelope: &Envelope, expected: Expected<'_>) -> Result<(), Invalid> {
    if envelope.iss != expected.issuer || envelope.aud != expected.audience {
        return Err(Invalid::WrongPlace);
    }
    if expected.now.seconds() >= envelope.exp {
        return Err(Invalid::Expired);
    }
    let latest = expected.now.plus(CLOCK_SKEW).seconds();
    if envelope.iat > latest || envelope.nbf.is_some_and(|nbf| nbf > latest) {
        return Err(Invalid::NotYetValid);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
