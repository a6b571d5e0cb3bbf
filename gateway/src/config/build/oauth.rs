//! `[apps.ID.oauth]`, and the app as the authorization server knows it.

use super::token_issuers::{TokenIssuers, accepted};
use super::values::{HOUR, MINUTE, duration, unknown};
use super::{consent, documents, keys, redirect_uris, scopes};
use crate::config::key::Key;
use crate::config::raw::{RawAssertions, RawDevice, RawDpop, RawGrant, RawOAuth, RawRegistration};
use crate::config::report::{Mistake, Report};
use crate::config::{Origin, Place, ScopeRule, presets};
use oauth::app::{App, AssertionRules, ConsentRules, DeviceRules, Dpop, Endpoints, Managed, Registration};
use oauth::redirect_uri::RedirectRules;
use oauth::resource::Resource;
use oauth::scope::{Scope, Scopes};
use oauth::store::RegistrationLimits;
use std::ops::RangeInclusive;
use std::time::Duration;
use url::Url;

/// What `[apps.ID.oauth]` says.
pub(crate) struct OAuth {
    pub(crate) managed: Option<Managed>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) rules: Vec<ScopeRule>,
}

/// Who an app is to the authorization server.
pub(crate) struct Profile<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) session_duration: Duration,
    pub(crate) auth_methods: Vec<String>,
    pub(crate) login: &'a Origin,
    /// Its own places; not empty.
    pub(crate) places: &'a [Place],
    /// Those of all other apps.
    pub(crate) others: &'a [&'a Place],
}

impl OAuth {
    /// Reads the section. All of it is checked, also when it is not enabled.
    pub(crate) fn build(
        report: &mut Report<'_>,
        key: &Key,
        raw: &RawOAuth,
        issuers: Option<&TokenIssuers>,
    ) -> Option<Self> {
        let enabled = raw.enabled.unwrap_or_default();
        if raw.enabled.is_none() {
            let help = "write `enabled = true`".to_owned();
            report.warn(key, Mistake::new("has no effect while it is not enabled").help(help));
        }
        let managed = grant(report, &key.field("grant"), &raw.grant, enabled);
        let registration_key = key.field("dynamic_client_registration");
        let registration = registration(report, &registration_key, &raw.dynamic_client_registration);
        let documents_key = key.field("client_id_metadata_documents");
        let client_documents = documents::rules(report, &documents_key, &raw.client_id_metadata_documents);
        let consent = consent::rules(report, &key.field("consent"), &raw.consent);
        let device = device(report, &key.field("device"), &raw.device);
        let scopes = scopes::scopes(report, &key.field("scopes"), &raw.scopes);
        let issuers_key = key.field("accept_assertions_from");
        let token_issuers = accepted(report, &issuers_key, &raw.accept_assertions_from, issuers);
        let (managed, registration, client_documents) = (managed?, registration?, client_documents?);
        let (consent, device, (scopes, rules), token_issuers) = (consent?, device?, scopes?, token_issuers?);
        let client_assertions = assertions(&raw.client_assertions);
        let managed = enabled.then_some(Managed {
            registration,
            client_documents,
            client_assertions,
            consent,
            token_issuers,
            device,
            require_pushed_authorization_requests: raw.require_pushed_authorization_requests.unwrap_or_default(),
            dpop: match raw.dpop {
                RawDpop::Off => Dpop::Off,
                RawDpop::Optional => Dpop::Optional,
                RawDpop::Required => Dpop::Required,
            },
            dpop_nonce: raw.dpop_nonce.unwrap_or_default(),
            ..managed
        });
        Some(Self { managed, scopes, rules })
    }

    /// The app, with the URLs that follow from where it is.
    pub(crate) fn app(self, profile: &Profile<'_>) -> Option<App> {
        let exact: Vec<_> = profile.places.iter().filter(|place| place.host.is_exact()).collect();
        let main = exact.first().copied().or(profile.places.first())?;
        let mut callbacks = Vec::new();
        for place in profile.places {
            let callback = format!("{}/.doorward/callback", place.origin().url());
            if !callbacks.contains(&callback) {
                callbacks.push(callback);
            }
        }
        Some(App {
            id: profile.id.to_owned(),
            name: profile.name.to_owned(),
            issuer: main.url(),
            resource: resource(main, profile),
            scopes: Scopes::new(self.scopes),
            endpoints: endpoints(main, profile),
            browser_redirect_uris: callbacks,
            session_duration: profile.session_duration,
            auth_methods: profile.auth_methods.clone(),
            managed: self.managed,
        })
    }
}

fn grant(report: &mut Report<'_>, key: &Key, raw: &RawGrant, enabled: bool) -> Option<Managed> {
    let lifetime_key = key.field("access_token_lifetime");
    let lifetime = duration(report, &lifetime_key, raw.access_token_lifetime.as_deref(), 15 * MINUTE);
    let session_key = key.field("session_duration");
    let session = duration(report, &session_key, raw.session_duration.as_deref(), 336 * HOUR);
    let grace = key.field("refresh_grace");
    let grace = duration(report, &grace, raw.refresh_grace.as_deref(), MINUTE);
    let (access_token_lifetime, grant_duration, refresh_grace) = (lifetime?, session?, grace?);
    if access_token_lifetime > grant_duration {
        let blamed = if raw.access_token_lifetime.is_some() { lifetime_key } else { session_key };
        report.error(&blamed, "access tokens would outlive the grant");
        return None;
    }
    let idle_timeout = idle_timeout(report, &key.field("idle_timeout"), raw, access_token_lifetime..=grant_duration)?;
    if enabled && access_token_lifetime < 10 * MINUTE {
        let message = "is short: clients refresh before each request when five minutes are left";
        report.warn(&lifetime_key, Mistake::new(message));
    }
    Some(Managed {
        signing_algorithm: keys::algorithm(raw.signing_algorithm),
        access_token_lifetime,
        grant_duration,
        idle_timeout,
        refresh_grace,
        registration: None,
        client_documents: None,
        client_assertions: None,
        require_pushed_authorization_requests: false,
        consent: ConsentRules::default(),
        token_issuers: Vec::new(),
        device: None,
        dpop: Dpop::Optional,
        dpop_nonce: false,
    })
}

/// A grant that ended before its first access token, or after its session, would not be what the key says.
fn idle_timeout(
    report: &mut Report<'_>,
    key: &Key,
    raw: &RawGrant,
    sensible: RangeInclusive<Duration>,
) -> Option<Option<Duration>> {
    let Some(text) = raw.idle_timeout.as_deref() else { return Some(None) };
    let idle = duration(report, key, Some(text), MINUTE)?;
    if sensible.contains(&idle) {
        return Some(Some(idle));
    }
    let is_long = idle > *sensible.end();
    let message = if is_long { "is longer than `session_duration`" } else { "is shorter than `access_token_lifetime`" };
    let help =
        if is_long { "leave it out: the grant ends with `session_duration` anyway" } else { "write at least that" };
    report.error(key, Mistake::new(message).help(help.to_owned()));
    None
}

fn assertions(raw: &RawAssertions) -> Option<AssertionRules> {
    let token_endpoint_audience = raw.accept_token_endpoint_audience.unwrap_or_default();
    raw.enabled.unwrap_or(true).then_some(AssertionRules { token_endpoint_audience })
}

fn device(report: &mut Report<'_>, key: &Key, raw: &RawDevice) -> Option<Option<DeviceRules>> {
    let lifetime_key = key.field("lifetime");
    let lifetime = duration(report, &lifetime_key, raw.lifetime.as_deref(), 5 * MINUTE);
    let interval = duration(report, &key.field("interval"), raw.interval.as_deref(), Duration::from_secs(5));
    let (lifetime, interval) = (lifetime?, interval?);
    if !(MINUTE..=30 * MINUTE).contains(&lifetime) {
        let help = r#"write "5m""#.to_owned();
        report.error(&lifetime_key, Mistake::new("must be between one minute and thirty").help(help));
        return None;
    }
    if interval > MINUTE {
        report.error(&key.field("interval"), Mistake::new("must be at most one minute"));
        return None;
    }
    Some(raw.enabled.unwrap_or_default().then_some(DeviceRules { lifetime, interval }))
}

fn registration(report: &mut Report<'_>, key: &Key, raw: &RawRegistration) -> Option<Option<Registration>> {
    let allowed = allowed(report, key, raw);
    let unused_for = key.field("unused_for");
    let unused_for = duration(report, &unused_for, raw.unused_for.as_deref(), 15 * MINUTE);
    let total = match raw.max_clients.unwrap_or(10_000) {
        0 => Err(Mistake::new("must be at least 1").help("write `enabled = false`".to_owned())),
        total => Ok(total),
    };
    let total = report.take(&key.field("max_clients"), total);
    let redirect_rules = RedirectRules {
        any_on_localhost: raw.allow_any_on_localhost.unwrap_or(true),
        any_on_loopback: raw.allow_any_on_loopback.unwrap_or(true),
        allowed: allowed?,
    };
    let limits = RegistrationLimits { total: total?, unused_for: unused_for? };
    let enabled = raw.enabled.unwrap_or(true);
    Some(enabled.then_some(Registration { redirect_rules, limits }))
}

/// The redirect URIs of `allowed_uris` and of the presets.
fn allowed(report: &mut Report<'_>, key: &Key, raw: &RawRegistration) -> Option<Vec<String>> {
    let mut complete = true;
    for (index, uri) in raw.allowed_uris.iter().enumerate() {
        let key = key.field("allowed_uris").index(index);
        complete &= report.take(&key, redirect_uris::check(uri)).is_some();
    }
    let mut all = raw.allowed_uris.clone();
    let every: Vec<_> = presets::names().map(str::to_owned).collect();
    for (index, name) in raw.presets.as_ref().unwrap_or(&every).iter().enumerate() {
        let uris = presets::find(name).ok_or_else(|| unknown("preset", name, presets::names()));
        let uris = report.take(&key.field("presets").index(index), uris);
        complete &= uris.is_some();
        all.extend(uris.into_iter().flatten().map(|uri| (*uri).to_owned()));
    }
    complete.then_some(all)
}

fn resource(main: &Place, profile: &Profile<'_>) -> Resource {
    let url = |place: &Place| Url::parse(&place.url()).ok();
    // The first one is the audience, and that is the issuer.
    let own = profile.places.iter().filter(|place| *place != main);
    let own: Vec<_> = std::iter::once(main).chain(own).filter_map(url).collect();
    let is_near = |other: &&&Place| profile.places.iter().any(|own| own.origin() == other.origin());
    let others = profile.others.iter().filter(is_near).filter_map(|other| url(other));
    Resource::new(&own, &others.collect::<Vec<_>>())
}

fn endpoints(main: &Place, profile: &Profile<'_>) -> Endpoints {
    let (login, app, id) = (profile.login.url(), main.origin().url(), profile.id);
    Endpoints {
        authorization: format!("{login}/.doorward/oauth/{id}/authorize"),
        pushed_authorization_request: format!("{app}/.doorward/oauth/{id}/par"),
        token: format!("{app}/.doorward/oauth/{id}/token"),
        device_authorization: format!("{app}/.doorward/oauth/{id}/device_authorization"),
        device_verification: format!("{login}/.doorward/device"),
        registration: format!("{app}/.doorward/oauth/{id}/register"),
        revocation: format!("{app}/.doorward/oauth/{id}/revoke"),
        introspection: format!("{app}/.doorward/oauth/{id}/introspect"),
        jwks: format!("{app}/.doorward/oauth/{id}/jwks"),
    }
}
