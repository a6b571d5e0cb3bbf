//! From raw settings to values of their final types. Each builder reports every mistake it finds, and returns `None`
//! exactly when there was one.

mod app;
mod apps;
mod brand;
mod consent;
mod cors;
mod documents;
mod github;
mod identity_providers;
mod keys;
mod limits;
mod mail;
mod mcp;
mod oauth;
mod oidc;
mod places;
mod policies;
mod reached;
mod redirect_uris;
mod scopes;
mod sections;
mod tls;
mod token_issuers;
mod upstream;
mod values;
mod web_url;

use super::key::Key;
use super::raw::RawConfig;
use super::report::{Mistake, Report};
use super::{Config, Server, Source};
use apps::Site;
use policies::Library;

/// Builds the configuration, without its warnings.
pub(crate) fn config(report: &mut Report<'_>, raw: &RawConfig) -> Option<Config> {
    let store = sections::store(report, &raw.store);
    let server = sections::server(report, &raw.server, store.as_ref());
    let auth = sections::auth(report, &raw.auth);
    let brand = brand::brand(report, &raw.brand);
    let keys = keys::schedule(report, &raw.keys);
    let mail = mail::mail(report, raw.mail.as_ref());
    let identity_providers =
        identity_providers::identity_providers(report, &raw.identity_providers, raw.mail.is_some());
    let token_issuers = token_issuers::token_issuers(report, raw);
    let library = Library::build(report, raw);
    let login = auth.as_ref().map(|auth| &auth.origin);
    let places = places::places(report, &raw.apps, login);
    let acme = tls::acme(report, raw, server.as_ref(), login, &places);
    if raw.server.certificates.is_empty() && raw.server.acme.is_none() {
        warn_of_https(report, login.is_some_and(|login| login.secure), &places);
    } else {
        refuse_http(report, login.is_some_and(|login| !login.secure), &places);
    }
    let site = Site {
        auth: auth.as_ref(),
        server: server.as_ref(),
        library: &library,
        places: &places,
        token_issuers: token_issuers.as_ref(),
    };
    let apps = apps::apps(report, &site, &raw.apps);
    let apps = apps?;
    // A mistake in one that no app names is a mistake too.
    token_issuers.as_ref()?;
    Some(Config {
        keys: keys?.plan(&apps),
        server: Server { acme: acme?, ..server? },
        auth: auth?,
        brand: brand?,
        store: store?,
        mail: mail?,
        identity_providers: identity_providers?,
        apps,
        warnings: Vec::new(),
        source: Source::default(),
    })
}

/// Where TLS is spoken, nobody reaches a public URL with http.
fn refuse_http(report: &mut Report<'_>, login: bool, places: &places::Places) {
    let login = login.then(|| Key::section("auth").field("url"));
    let plain = places.values().flatten().filter(|(_, place)| !place.secure).map(|(key, _)| key.clone());
    for key in login.into_iter().chain(plain) {
        report.error(&key, Mistake::new("is http, but `listen` speaks TLS").help("write https".to_owned()));
    }
}

/// One warning for all public URLs with https, which something else must serve.
fn warn_of_https(report: &mut Report<'_>, login: bool, places: &places::Places) {
    let login = login.then(|| Key::section("auth").field("url"));
    let mut secure = places.values().flatten().filter(|(_, place)| place.secure);
    let first = login.or_else(|| secure.next().map(|(key, _)| key.clone()));
    if let Some(key) = first {
        let message = "is https, but `listen` takes plain HTTP";
        let help = "something in front of it must end TLS, or write `server.certificates`".to_owned();
        report.warn(&key, Mistake::new(message).help(help));
    }
}
