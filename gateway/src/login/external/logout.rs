//! Signing out of the provider too (OpenID Connect RP-Initiated Logout 1.0), and the page to which it sends people back.

use super::{Held, unguessable};
use crate::config::SIGNED_OUT;
use crate::gateway::{Snapshot, World};
use crate::pages::{self, SignedOutPage};
use crate::request::Request;
use crate::respond::{Dress, html, see_other};
use crate::route::parameter;
use crate::store::Attempt;
use bytes::Bytes;
use http::{Response, StatusCode};
use oauth::secret::SecretHash;
use oauth::store::StoreError;
use std::time::Duration;
use url::Url;

const PURPOSE: &str = "sign-out at a provider";

/// How long the provider may ask the person whether they mean it.
const LIFETIME: Duration = Duration::from_secs(600);

/// Where the browser goes to sign out of the provider that opened a session; `None` if there is no such place.
pub(in crate::login) async fn provider_logout(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    session: &str,
) -> Result<Option<Url>, StoreError> {
    let Some(kept) = world.store.provider_session(session).await? else { return Ok(None) };
    let (Some(openid), Some(held)) = (snapshot.providers.openid(&kept.provider), Held::open(world, &kept.sealed))
    else {
        return Ok(None);
    };
    let state = unguessable(world);
    let back = format!("{}{SIGNED_OUT}", snapshot.config.auth.origin.url());
    let Some(url) = openid.logout_url((&held.id_token, &state), &back, request.now).await else { return Ok(None) };
    let attempt = Attempt {
        hash: SecretHash::of(&state),
        purpose: PURPOSE.to_owned(),
        content: String::new(),
        tries: 0,
        expires_at: request.now.plus(LIFETIME),
    };
    world.store.begin(&attempt).await?;
    Ok(Some(url))
}

/// `GET /.doorward/signed-out` (section 3): the state must be one of ours, and leads nowhere but to this page.
pub(crate) async fn signed_out(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
) -> Result<Response<Bytes>, StoreError> {
    let state = request.target.query().and_then(|query| parameter(query, "state")).unwrap_or_default();
    if world.store.take(&SecretHash::of(&state), PURPOSE, request.now).await?.is_none() {
        // Nobody here signed out: that page knows how things are.
        let logout = format!("{}/.doorward/logout", snapshot.config.auth.origin.url());
        return Ok(see_other(StatusCode::FOUND, &logout, &[]));
    }
    let page = SignedOutPage { app: None, back: Some("/.doorward/login"), everywhere: true };
    let look = snapshot.look(request);
    Ok(html(&look, StatusCode::OK, pages::signed_out(&look, &page), Dress::default()))
}
