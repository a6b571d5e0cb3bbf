//! The launcher: the apps that the person may open, by the policies of now.

use super::{Purpose, ask};
use crate::config::{App, HostPattern};
use crate::gateway::{Snapshot, World};
use crate::identify::session::person;
use crate::pages::{self, AppTile, AppsPage};
use crate::request::Request;
use crate::respond::{Dress, html, see_other};
use crate::route::Site;
use bytes::Bytes;
use http::{Response, StatusCode};
use oauth::call::Person;
use oauth::store::StoreError;
use policy::{Action, Decision, Facts, Identity, Reason, Via};
use std::time::Duration;

const PATH: &str = "/.doorward/apps";

/// `GET /.doorward/apps`: an app's host leads on to the login origin's.
pub(crate) async fn apps(
    world: &World,
    snapshot: &Snapshot,
    site: &Site,
    request: &Request,
) -> Result<Response<Bytes>, StoreError> {
    let origin = &snapshot.config.auth.origin;
    if matches!(site, Site::App(..)) {
        return Ok(see_other(StatusCode::FOUND, &format!("{}{PATH}", origin.url()), &[]));
    }
    match person(world, origin, request).await? {
        Some(person) => launcher(world, snapshot, request, &person, false).await,
        None => ask(world, snapshot, request, Purpose { go_on: Some(PATH.to_owned()), ..Purpose::default() }).await,
    }
}

/// The page of whoever is signed in; `arrived` if they were on the way to no app.
pub(super) async fn launcher(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    person: &Person,
    arrived: bool,
) -> Result<Response<Bytes>, StoreError> {
    let account = world.store.account_by_subject(&person.subject).await?;
    let identity = account.as_ref().map(|account| account.identity(&person.login_method, &person.amr));
    let name = account.as_ref().map(|account| account.shown()).unwrap_or_default();
    let may_open = |app: &&App| {
        identity.as_ref().is_some_and(|identity| may_open(app, identity, request.now.since(person.authenticated_at)))
    };
    let apps = snapshot.config.apps.values().map(AsRef::as_ref).filter(may_open);
    let apps: Vec<_> = apps
        .map(|app| AppTile { name: &app.name, url: &app.oauth.issuer, description: app.description.as_deref() })
        .collect();
    let look = snapshot.look(request);
    let page = AppsPage { person: name, apps: &apps, arrived };
    Ok(html(&look, StatusCode::OK, pages::apps(&look, &page), Dress::default()))
}

/// Whether some request of this person could pass, if need be after a stronger sign-in, and there is one address to begin at.
pub(super) fn may_open(app: &App, identity: &Identity, authenticated_for: Duration) -> bool {
    let facts = Facts {
        identity: Some(identity),
        via: Via::Browser,
        client_id: None,
        linked_app: None,
        authenticated_for: Some(authenticated_for),
        request: None,
    };
    let has_address = app.places.first().is_some_and(|place| matches!(place.host, HostPattern::Exact(_)));
    let may = match app.policies.may_ever(&facts) {
        // A bypass lets everybody in somewhere; it makes an app nobody's own.
        Decision::Allow { action, .. } => action != Action::Bypass,
        Decision::Deny { reason, .. } => matches!(reason, Reason::StrongerAuthenticationRequired { .. }),
    };
    has_address && app.admits_way(identity) && may
}
