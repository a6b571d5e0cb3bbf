//! A sign-in that begins elsewhere, at the provider's list of apps (OpenID Connect Core section 4): it only starts a sign-in
//! of our own, and leads on to an app of ours or to none.

use super::super::purpose::Purpose;
use super::begin::begin;
use super::trouble::{self, Failed, Why};
use crate::config::IdentityProvider;
use crate::gateway::{Snapshot, World};
use crate::identify::session::person;
use crate::request::Request;
use crate::respond::see_other;
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use oauth::parameters::Parameters;
use oauth::store::StoreError;
use std::sync::Arc;
use url::Url;

const PATH: &str = "/.doorward/initiate";

/// Longer hints are no address or name.
const MAX_HINT: usize = 254;

/// `GET` and `POST /.doorward/initiate`.
pub(crate) async fn initiate(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    body: &[u8],
) -> Result<Response<Bytes>, StoreError> {
    let query = request.target.query().unwrap_or_default().as_bytes();
    let sent = Parameters::parse(if request.method == Method::POST { body } else { query });
    let Some(provider) = sent.get("iss").and_then(|issuer| of_issuer(snapshot, issuer)) else {
        return Ok(trouble::page(snapshot, request, &Failed { provider: None, purpose: None, why: Why::NotBegun }));
    };
    let target = sent.get("target_link_uri").and_then(|uri| snapshot.routes.app_url(uri));
    let origin = &snapshot.config.auth.origin;
    // Whoever is signed in by the provider is not asked again: this is also where the sign-in goes on.
    if person(world, origin, request).await?.is_some_and(|person| person.login_method == provider.name) {
        let on = target.unwrap_or_else(|| format!("{}/.doorward/login", origin.url()));
        return Ok(see_other(StatusCode::SEE_OTHER, &on, &[]));
    }
    let purpose = Purpose { go_on: Some(go_on(sent.get("iss"), target.as_deref())), ..Purpose::default() };
    let hint = sent.get("login_hint").filter(|hint| hint.len() <= MAX_HINT);
    begin(world, snapshot, request, (&provider, hint), purpose).await
}

fn of_issuer(snapshot: &Snapshot, issuer: &str) -> Option<Arc<IdentityProvider>> {
    let (name, _) = snapshot.providers.all_openid().find(|(_, openid)| openid.settings().issuer == issuer)?;
    snapshot.config.identity_providers.get(name).cloned()
}

fn go_on(issuer: Option<&str>, target: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("iss", issuer.unwrap_or_default());
    if let Some(target) = target.filter(|target| Url::parse(target).is_ok()) {
        query.append_pair("target_link_uri", target);
    }
    format!("{PATH}?{}", query.finish())
}
