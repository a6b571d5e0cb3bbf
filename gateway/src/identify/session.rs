//! Browser sessions. A session is a grant of the first-party browser client; its secret is the cookie's value.
//!
//! The one exception to "invalid ends the search" is here: a stale or unknown session cookie counts as absent, because
//! browsers keep cookies long after the session, and the person must be able to sign in again.

use crate::config::Origin;
use crate::gateway::World;
use crate::known::{Known, Place, Verified};
use crate::refusal::{At, Refusal};
use crate::request::Request;
use oauth::call::Person;
use oauth::secret::{Kind, Secret};
use oauth::store::{Grant, StoreError};
use oauth::world::Timestamp;
use policy::Via;
use std::sync::Arc;
use std::time::Duration;

/// Who the app's session cookie proves.
pub(crate) async fn identify(world: &World, at: &At, request: &Request) -> Result<Option<Arc<Known>>, Refusal> {
    let name = cookie_name(&at.origin, &at.app.id);
    let Some(secret) = request.cookie(&name).and_then(|value| Secret::parse(Kind::Session, value)) else {
        return Ok(None);
    };
    let place = Place::of("session", &at.app.id, secret.expose());
    let remembered = world.memory.find(&place, request.now);
    if remembered.as_ref().is_some_and(|known| !known.is_to_be_prolonged(request.now)) {
        return Ok(remembered);
    }
    let generation = world.memory.generation();
    let found = match find(world, &secret, &at.app.id, request.now).await {
        // It is remembered only as long as an outage of the store may be bridged.
        Err(_) if remembered.is_some() => return Ok(remembered),
        found => found?,
    };
    let Some((grant, expires_at)) = found else { return Ok(None) };
    let account = world.store.account_by_subject(&grant.subject).await?.filter(|account| !account.disabled);
    let Some(account) = account else { return Ok(None) };
    // Where the use could not be written, it is tried again soon, and not at each request.
    let again = |from: Timestamp| if from < request.now { request.now.plus(TRY_AGAIN) } else { from };
    let prolonged_from = grant.prolonged_from(expires_at).map(again);
    let verified = Verified {
        identity: account.identity(&grant.login_method, &grant.details.amr),
        via: Via::Browser,
        client: grant.client,
        client_name: None,
        grant: grant.id,
        scope: String::new(),
        linked_app: None,
        earlier: None,
        jkt: None,
        authenticated_at: Some(grant.authenticated_at),
        prolonged_from,
        expires_at,
    };
    Ok(Some(world.memory.keep(place, generation, verified)))
}

/// When a use that could not be written is tried to be written again.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// Who is signed in at the login origin.
pub(crate) async fn person(world: &World, origin: &Origin, request: &Request) -> Result<Option<Person>, StoreError> {
    let name = cookie_name(origin, oauth::app::LOGIN);
    let Some(secret) = request.cookie(&name).and_then(|value| Secret::parse(Kind::Session, value)) else {
        return Ok(None);
    };
    let Some((grant, _)) = find(world, &secret, oauth::app::LOGIN, request.now).await? else { return Ok(None) };
    let account = world.store.account_by_subject(&grant.subject).await?.filter(|account| !account.disabled);
    Ok(account.map(|account| Person {
        subject: account.subject,
        session: grant.id,
        login_method: grant.login_method,
        amr: grant.details.amr,
        authenticated_at: grant.authenticated_at,
    }))
}

/// The live session behind a cookie of `app`, and when it ends. Being asked for is a use: a session that ends when it lies
/// idle ends later then.
pub(crate) async fn find(
    world: &World,
    secret: &Secret,
    app: &str,
    now: Timestamp,
) -> Result<Option<(Grant, Timestamp)>, StoreError> {
    let found = world.store.credential(&secret.hash()).await?;
    let live = found.filter(|(credential, grant)| {
        grant.is_live(now) && now < credential.expires_at && grant.app == app && grant.client.is_browser()
    });
    let Some((credential, grant)) = live else { return Ok(None) };
    let mut expires_at = credential.expires_at.min(grant.expires_at);
    if let Some(later) = grant.prolonged(expires_at, now)
        && world.note(world.store.prolong_session(&credential.hash, later, now)).await
    {
        expires_at = later;
    }
    Ok(Some((grant, expires_at)))
}

/// The name of the session cookie of an app at an origin. Each app has its own, so that apps of one host never share a
/// session. `__Host-` needs https; plain-HTTP origins are for the machine itself and trusted networks.
pub(crate) fn cookie_name(origin: &Origin, app: &str) -> String {
    format!("{}doorward-{app}", if origin.secure { "__Host-" } else { "" })
}

/// A `Set-Cookie` value, for `lasting`; zero deletes the cookie.
pub(crate) fn set_cookie(origin: &Origin, name: &str, value: &str, lasting: Duration) -> String {
    let secure = if origin.secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}", lasting.as_secs())
}

/// Whether a cookie's name is one of ours, which no upstream may read or set.
pub(crate) fn is_ours(name: &str) -> bool {
    let name = name.trim();
    let bare =
        ["__Host-", "__Secure-"].iter().find_map(|prefix| strip_prefix_ignoring_case(name, prefix)).unwrap_or(name);
    strip_prefix_ignoring_case(bare, "doorward-").is_some() || strip_prefix_ignoring_case(bare, "doorward.").is_some()
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(secure: bool) -> Origin {
        Origin { secure, host: "app.ex".into(), port: 443 }
    }

    #[test]
    fn bs_01_cn_08_the_cookie_is_host_bound_http_only_and_lax() {
        let name = cookie_name(&origin(true), "wiki");
        let cookie = set_cookie(&origin(true), &name, "v", Duration::from_secs(60));
        assert_eq!(cookie, "__Host-doorward-wiki=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
    }

    #[test]
    fn a_session_cookie_has_at_most_100_bytes() {
        struct Zero;
        impl oauth::world::Random for Zero {
            fn fill(&self, bytes: &mut [u8]) {
                bytes.fill(0);
            }
        }
        let name = cookie_name(&origin(true), &"a".repeat(24));
        let value = Secret::generate(Kind::Session, &Zero);
        assert!(name.len() + 1 + value.expose().len() <= 100, "{name}={}", value.expose());
    }

    #[test]
    fn our_cookies_are_recognised_in_every_spelling() {
        for ours in [
            "__Host-doorward-wiki",
            "doorward-wiki",
            "__host-DOORWARD-x",
            "__Secure-doorward.state",
            "doorward.state",
            " doorward-x",
        ] {
            assert!(is_ours(ours), "{ours}");
        }
        for theirs in ["doorwar", "doorward", "session", "xdoorward-", "__Host-session", "ä"] {
            assert!(!is_ours(theirs), "{theirs}");
        }
    }
}
