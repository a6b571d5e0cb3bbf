//! The way to the provider: state, nonce and PKCE verifier are kept in the store, sealed for this browser; the URL has what
//! the provider needs to know and nothing else.

use super::super::form::Browser;
use super::super::purpose::Purpose;
use super::trouble::{self, Failed};
use super::{PURPOSE, Pending, redirect_uri, unguessable};
use crate::config::{IdentityProvider, ProviderKind};
use crate::gateway::{Snapshot, World};
use crate::relying_party::{Ask, Trouble};
use crate::request::Request;
use crate::respond::see_other;
use crate::store::Attempt;
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use oauth::secret::SecretHash;
use oauth::store::StoreError;
use std::time::Duration;
use url::Url;

/// How long a sign-in can take.
const LIFETIME: Duration = Duration::from_secs(3600);

/// Sends the person to the provider.
pub(in crate::login) async fn begin(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    (provider, login_hint): (&IdentityProvider, Option<&str>),
    purpose: Purpose,
) -> Result<Response<Bytes>, StoreError> {
    let origin = &snapshot.config.auth.origin;
    let browser = Browser::of(world, origin, request);
    let state = unguessable(world);
    let pending =
        Pending { provider: provider.name.clone(), nonce: unguessable(world), verifier: unguessable(world), purpose };
    let url = match url(snapshot, request, provider, (&state, &pending, login_hint)).await {
        Ok(url) => url,
        Err(trouble) => {
            let failed = Failed { provider: Some(provider), purpose: Some(&pending.purpose), why: trouble.into() };
            return Ok(trouble::page(snapshot, request, &failed));
        }
    };
    let content = browser.seal(world, PURPOSE, &pending, request.now);
    let (hash, expires_at) = (SecretHash::of(&state), request.now.plus(LIFETIME));
    world.store.begin(&Attempt { hash, purpose: PURPOSE.to_owned(), content, tries: 0, expires_at }).await?;
    // After a form, 303 keeps the browser from sending its fields along.
    let status = if request.method == Method::POST { StatusCode::SEE_OTHER } else { StatusCode::FOUND };
    Ok(see_other(status, url.as_str(), &browser.cookies(origin)))
}

async fn url(
    snapshot: &Snapshot,
    request: &Request,
    provider: &IdentityProvider,
    (state, pending, login_hint): (&str, &Pending, Option<&str>),
) -> Result<Url, Trouble> {
    let redirect_uri = redirect_uri(snapshot, provider);
    match &provider.kind {
        ProviderKind::Oidc(_) => {
            let openid = snapshot.providers.openid(&provider.name).ok_or_else(gone)?;
            let ask = Ask { login_hint, ..ask(&redirect_uri, state, pending) };
            openid.authorization_url(ask, request.now).await
        }
        _ => {
            let github = snapshot.providers.github(&provider.name).ok_or_else(gone)?;
            github.authorization_url(&redirect_uri, state, &pending.verifier)
        }
    }
}

/// What is asked of the provider, on the way there and when its answer is read.
pub(super) fn ask<'a>(redirect_uri: &'a str, state: &'a str, pending: &'a Pending) -> Ask<'a> {
    let step_up = pending.purpose.step_up.as_ref();
    Ask {
        redirect_uri,
        state,
        nonce: &pending.nonce,
        verifier: &pending.verifier,
        login_hint: None,
        max_age: step_up.and_then(|step_up| step_up.max_age),
        stronger: step_up.is_some_and(|step_up| !step_up.auth_methods.is_empty()),
    }
}

/// The configuration has changed in between.
pub(super) fn gone() -> Trouble {
    Trouble::unbelievable("the provider is no longer in the configuration")
}
