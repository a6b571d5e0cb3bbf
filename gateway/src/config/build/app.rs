//! `[apps.ID]`

use super::apps::Site;
use super::cors::cors;
use super::keys;
use super::limits;
use super::mcp::mcp;
use super::oauth::{OAuth, Profile};
use super::upstream::upstream;
use super::values::{HOUR, duration, unknown};
use crate::config::key::Key;
use crate::config::raw::{RawApp, RawChallenge, RawOAuth, RawPreset};
use crate::config::report::{Mistake, Report};
use crate::config::{App, Challenge, IdentityHeaders, Place};
use policy::{Action, Policies, Policy};
use std::sync::Arc;

/// Reads one app.
pub(crate) fn app(report: &mut Report<'_>, site: &Site<'_>, id: &str, raw: &RawApp) -> Option<App> {
    let key = Key::section("apps").field(id);
    let places: Vec<Place> = own_places(site, id).cloned().collect();
    let name = report.take(&key.field("name"), name(id, raw));
    let upstream = upstream(report, site, &key, raw);
    let policies = site.library.of_app(report, &key.field("policies"), &raw.policies);
    let default = site.auth.map_or(24 * HOUR, |auth| auth.session_duration);
    let session = key.field("session_duration");
    let session_duration = duration(report, &session, raw.session_duration.as_deref(), default);
    let allowed = allowed_identity_providers(report, &key, raw);
    let oauth = oauth(report, site, &key, raw.oauth.as_ref(), &places);
    let cors = raw.cors.as_ref().map(|raw| cors(report, &key.field("cors"), raw));
    let limits = limits::of_app(report, &key, raw.limits.as_ref());
    if let Some(policies) = &policies {
        check_certificates(report, site, &key, policies);
        warn_of_policies(report, &key, policies, raw);
    }
    let policies = policies.map(Policies::new);
    let mcp = mcp(report, &key.field("mcp"), raw.mcp.as_ref(), policies.as_ref());
    let (name, mut oauth, policies) = (name?, oauth?, policies?);
    let scope_rules = std::mem::take(&mut oauth.rules);
    let oauth = oauth.app(&Profile {
        id,
        name: &name,
        session_duration: session_duration?,
        auth_methods: policies.auth_methods().into_iter().map(str::to_owned).collect(),
        login: &site.auth?.origin,
        places: &places,
        others: &others(site, id),
    });
    Some(App {
        id: id.to_owned(),
        name,
        description: raw.description.clone(),
        places,
        upstream: upstream?,
        policies,
        challenge: challenge(raw.challenge),
        allowed_identity_providers: allowed?,
        cors: match cors {
            Some(cors) => Some(cors?),
            None => None,
        },
        identity_headers: identity_headers(raw.identity_headers.preset),
        assertion_algorithm: keys::algorithm(raw.identity_headers.signing_algorithm),
        pass_authorization: raw.pass_authorization,
        limits: limits?,
        scope_rules,
        mcp: mcp?,
        oauth: oauth?,
    })
}

fn name(id: &str, raw: &RawApp) -> Result<String, Mistake> {
    match raw.name.as_deref() {
        Some(name) if name.trim().is_empty() => Err(Mistake::new("must not be empty")),
        name => Ok(name.unwrap_or(id).to_owned()),
    }
}

fn own_places<'a>(site: &Site<'a>, id: &str) -> impl Iterator<Item = &'a Place> {
    site.places.get(id).into_iter().flatten().map(|(_, place)| place)
}

fn others<'a>(site: &Site<'a>, id: &str) -> Vec<&'a Place> {
    let others = site.places.iter().filter(|(other, _)| *other != id);
    others.flat_map(|(_, places)| places).map(|(_, place)| place).collect()
}

fn allowed_identity_providers(report: &mut Report<'_>, key: &Key, raw: &RawApp) -> Option<Vec<String>> {
    let document = report.document();
    let mut known: Vec<_> = document.names(&Key::section("identity_providers")).collect();
    if known.is_empty() {
        known.push("local");
    }
    // Who comes by an assertion was signed in by its issuer.
    known.extend(document.names(&Key::section("token_issuers")));
    let key = key.field("allowed_identity_providers");
    let mut complete = true;
    for (index, name) in raw.allowed_identity_providers.iter().enumerate() {
        if !known.contains(&name.as_str()) {
            let mistake = unknown("identity provider", name, known.iter().copied());
            report.error(&key.index(index), mistake);
            complete = false;
        }
    }
    complete.then(|| raw.allowed_identity_providers.clone())
}

fn oauth(
    report: &mut Report<'_>,
    site: &Site<'_>,
    key: &Key,
    raw: Option<&RawOAuth>,
    places: &[Place],
) -> Option<OAuth> {
    let Some(raw) = raw else {
        return Some(OAuth { managed: None, scopes: Vec::new(), rules: Vec::new() });
    };
    let key = key.field("oauth");
    let oauth = OAuth::build(report, &key, raw, site.token_issuers);
    if raw.enabled == Some(true) && places.iter().any(|place| !place.host.is_exact()) {
        let mistake = Mistake::new("managed OAuth needs a concrete host, but a URL has `*`");
        report.error(&key.field("enabled"), mistake);
        return None;
    }
    oauth
}

/// What asks for client certificates where none can be seen would never hold, or never exclude.
fn check_certificates(report: &mut Report<'_>, site: &Site<'_>, key: &Key, policies: &[Arc<Policy>]) {
    let asked = site.server.is_none_or(|server| server.client_certificates.is_some());
    for (index, policy) in policies.iter().enumerate() {
        if !asked && policy.speaks_of_certificates() {
            let help = "write `server.client_certificates`".to_owned();
            let mistake = Mistake::new("asks for client certificates, but no client is asked for one").help(help);
            report.error(&key.field("policies").index(index), mistake);
        }
    }
}

fn warn_of_policies(report: &mut Report<'_>, key: &Key, policies: &[Arc<Policy>], raw: &RawApp) {
    let key = key.field("policies");
    if policies.iter().all(|policy| policy.action() == Action::Block) {
        report.warn(&key, "nobody can pass");
    }
    let enabled = raw.oauth.as_ref().and_then(|oauth| oauth.enabled).unwrap_or_default();
    if enabled && policies.iter().any(|policy| policy.action() == Action::Bypass) {
        let message = "where `bypass` holds, a client is answered without a token and never starts OAuth";
        report.warn(&key, message);
    }
}

fn challenge(raw: RawChallenge) -> Challenge {
    match raw {
        RawChallenge::Auto => Challenge::Auto,
        RawChallenge::Redirect => Challenge::Redirect,
        RawChallenge::Unauthorized => Challenge::Unauthorized,
    }
}

fn identity_headers(raw: RawPreset) -> IdentityHeaders {
    match raw {
        RawPreset::Doorward => IdentityHeaders::Doorward,
        RawPreset::None => IdentityHeaders::None,
    }
}
