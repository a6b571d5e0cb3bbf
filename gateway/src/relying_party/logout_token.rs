//! Logout tokens (OpenID Connect Back-Channel Logout 1.0 sections 2.4 and 2.6). The signature is verified by
//! [`oauth::jose`] first.

use super::id_token::check_times;
use crate::config::Oidc;
use oauth::jose::{Claims, Jws};
use oauth::world::Timestamp;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Who signed out at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LoggedOut {
    /// `sub`
    pub(crate) sub: Option<String>,
    /// `sid`: this session alone.
    pub(crate) sid: Option<String>,
    /// `jti`, which is used once.
    pub(crate) jti: String,
}

/// Checks the claims of a verified token; `Err` says what is wrong.
pub(super) fn check(oidc: &Oidc, token: &Jws<'_>, claims: &Claims, now: Timestamp) -> Result<LoggedOut, String> {
    let text = |name| claims.text(name).map_err(|wrong| wrong.to_string());
    // Providers from before the type was registered send `JWT`, or none.
    if !matches!(token.typ().as_str(), "" | "jwt" | "logout+jwt") {
        return Err("its `typ` is of something else".to_owned());
    }
    if text("iss")? != Some(oidc.issuer.as_str()) {
        return Err("its `iss` is not the issuer".to_owned());
    }
    let audience = claims.audience().map_err(|wrong| wrong.to_string())?;
    if audience != [oidc.client_id.as_str()] {
        return Err("its `aud` is not the gateway alone".to_owned());
    }
    check_times(oidc, claims, now).map_err(|wrong| wrong.to_string())?;
    let event = claims.get("events").and_then(|events| events.get(EVENT));
    if !event.is_some_and(serde_json::Value::is_object) {
        return Err("its `events` does not say that it is about a logout".to_owned());
    }
    if claims.get("nonce").is_some() {
        return Err("it has a `nonce`, as only ID tokens do".to_owned());
    }
    let (sub, sid) = (text("sub")?.map(str::to_owned), text("sid")?.map(str::to_owned));
    if sub.is_none() && sid.is_none() {
        return Err("it has neither `sub` nor `sid`".to_owned());
    }
    let jti = text("jti")?.filter(|jti| !jti.is_empty()).ok_or("it has no `jti`")?;
    Ok(LoggedOut { sub, sid, jti: jti.to_owned() })
}
