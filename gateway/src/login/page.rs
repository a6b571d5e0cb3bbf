//! The login page: the ways in that are offered for a purpose, and the page of whoever is signed in already.

use super::apps::launcher;
use super::email_code;
use super::external;
use super::form::Browser;
use super::local;
use super::purpose::{Purpose, StepUp};
use crate::config::IdentityProvider;
use crate::gateway::{Snapshot, World};
use crate::identify::session::person;
use crate::pages::{self, LoginNotice, LoginPage, LoginProblem, PasskeyOffer, ProviderButton, Ways};
use crate::request::Request;
use crate::respond::{Dress, Forms, html};
use crate::route::parameter;
use bytes::Bytes;
use http::{Response, StatusCode};
use oauth::store::StoreError;
use std::sync::Arc;

/// The purpose of the token in the page's forms.
pub(super) const PURPOSE: &str = "login form";

/// What the page says beyond its purpose.
#[derive(Debug, Default)]
pub(super) struct Said<'a> {
    pub(super) status: StatusCode,
    pub(super) username: &'a str,
    pub(super) problem: Option<LoginProblem>,
}

/// `GET /.doorward/login` at the login origin.
pub(crate) async fn page(world: &World, snapshot: &Snapshot, request: &Request) -> Result<Response<Bytes>, StoreError> {
    let origin = &snapshot.config.auth.origin;
    match person(world, origin, request).await? {
        Some(person) => launcher(world, snapshot, request, &person, true).await,
        None => ask(world, snapshot, request, Purpose::default()).await,
    }
}

/// Lets somebody sign in for `purpose`.
pub(crate) async fn ask(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    purpose: Purpose,
) -> Result<Response<Bytes>, StoreError> {
    match alone(&offered(snapshot, &purpose)) {
        Some(provider) if purpose.is_led_on() => {
            external::begin(world, snapshot, request, (provider, None), purpose).await
        }
        _ => Ok(show(world, snapshot, request, &purpose, Said::default())),
    }
}

/// The one provider that is offered, if people are sent there to sign in: nobody needs a page with a single button.
fn alone(offered: &[Arc<IdentityProvider>]) -> Option<&IdentityProvider> {
    let [provider] = offered else { return None };
    provider.is_external().then_some(&**provider)
}

/// The login page.
pub(super) fn show(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    purpose: &Purpose,
    said: Said<'_>,
) -> Response<Bytes> {
    let origin = &snapshot.config.auth.origin;
    let browser = Browser::of(world, origin, request);
    let token = browser.seal(world, PURPOSE, purpose, request.now);
    let app = purpose.app.as_ref().and_then(|id| snapshot.config.apps.get(id));
    let offered = offered(snapshot, purpose);
    let external = offered.iter().filter(|provider| provider.is_external());
    let buttons: Vec<_> =
        external.map(|provider| ProviderButton { name: &provider.name, label: &provider.label }).collect();
    let by_password = offered.iter().any(|provider| provider.is_local());
    let by_code = offered.iter().find(|provider| provider.is_email_code());
    let by_passkey = by_password && local::passkey::are_possible(origin);
    let passkey = PasskeyOffer { endpoint: local::passkey::PATH, token: &token };
    let page = LoginPage {
        app: app.map(|app| app.name.as_str()),
        client: purpose.client.as_deref(),
        action: "/.doorward/login",
        form_token: &token,
        username: said.username,
        ways: Ways {
            password: by_password,
            email_code: by_code.map(|provider| provider.name.as_str()),
            passkey: by_passkey.then_some(passkey),
            providers: &buttons,
            forgotten: local::invitation::forgotten_path(snapshot).filter(|_| by_password),
        },
        notice: purpose.step_up.as_ref().map(notice),
        problem: said.problem,
    };
    let script = by_passkey.then(|| local::passkey::script(origin));
    let dress = Dress { cookies: browser.cookies(origin), forms: Forms::Anywhere, script, ..Dress::default() };
    let look = snapshot.look(request);
    html(&look, said.status, pages::login(&look, &page), dress)
}

/// Why somebody who is signed in is asked once more.
fn notice(needed: &StepUp) -> LoginNotice {
    if needed.auth_methods.is_empty() { LoginNotice::Fresher } else { LoginNotice::Stronger }
}

/// `POST /.doorward/login`: one of the page's forms.
pub(crate) async fn answer(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    body: &[u8],
) -> Result<Response<Bytes>, StoreError> {
    let origin = &snapshot.config.auth.origin;
    let form = oauth::parameters::Parameters::parse(body);
    if request.target.query().is_some_and(|query| parameter(query, "step").is_some()) {
        return local::next_step(world, snapshot, request, &form).await;
    }
    let sealed = form.get("form").unwrap_or_default();
    let purpose = Browser::known(origin, request).and_then(|browser| browser.open(world, PURPOSE, sealed, request.now));
    let (Some(purpose), true) = (purpose, request.is_from(&origin.url())) else {
        let said = Said { status: StatusCode::FORBIDDEN, problem: Some(LoginProblem::FormExpired), ..Said::default() };
        return Ok(show(world, snapshot, request, &Purpose::default(), said));
    };
    let offered = offered(snapshot, &purpose);
    let chosen = form.get("provider").and_then(|name| offered.iter().find(|provider| provider.name == name));
    if let Some(provider) = chosen.filter(|provider| provider.is_external()) {
        return external::begin(world, snapshot, request, (provider, None), purpose).await;
    }
    if let Some(provider) = chosen.filter(|provider| provider.is_email_code()) {
        return email_code::begin(world, snapshot, request, provider, (purpose, &form)).await;
    }
    match offered.into_iter().find(|provider| provider.is_local()) {
        Some(local) => local::sign_in(world, snapshot, request, local, (purpose, &form)).await,
        None => ask(world, snapshot, request, purpose).await,
    }
}

/// The identity providers by which somebody can sign in for `purpose`, in the order of their names.
pub(super) fn offered(snapshot: &Snapshot, purpose: &Purpose) -> Vec<Arc<IdentityProvider>> {
    let app = purpose.app.as_ref().and_then(|id| snapshot.config.apps.get(id));
    let admits = |provider: &&Arc<IdentityProvider>| app.is_none_or(|app| app.admits_provider(&provider.name));
    snapshot.config.identity_providers.values().filter(admits).cloned().collect()
}
