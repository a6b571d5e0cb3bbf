//! How an external identity provider is reached: its URLs, its authorities, a proxy in between.

use super::values::write;
use crate::config::key::Key;
use crate::config::raw::{RawCallback, RawIdentityProvider};
use crate::config::report::{Mistake, Report};
use crate::config::secret::{self, Secret};
use crate::config::{Callback, Reached, is_safe};
use url::Url;

/// `callback`, `ca` and `proxy`.
pub(super) fn reached(report: &mut Report<'_>, key: &Key, raw: &RawIdentityProvider) -> Option<Reached> {
    let ca = raw.ca.as_deref().map(authorities).transpose();
    let ca = report.take(&key.field("ca"), ca);
    let proxy = raw.proxy.as_deref().map(proxy).transpose();
    let proxy = report.take(&key.field("proxy"), proxy);
    let callback = match raw.callback.unwrap_or_default() {
        RawCallback::Shared => Callback::Shared,
        RawCallback::Own => Callback::Own,
    };
    Some(Reached { callback, ca: ca?, proxy: proxy? })
}

/// An https URL, or an http one that does not leave this machine; without query and fragment.
pub(super) fn provider_url(text: &str, example: &str) -> Result<Url, Mistake> {
    let wrong = || Mistake::new("must be an https URL without user, query and fragment").help(write(example));
    let url = Url::parse(text).map_err(|_| wrong())?;
    let plain =
        url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    if plain && is_safe(&url) { Ok(url) } else { Err(wrong()) }
}

/// `client_id`
pub(super) fn client_id(report: &mut Report<'_>, key: &Key, raw: &RawIdentityProvider) -> Option<String> {
    let id = raw.client_id.as_deref().filter(|id| !id.is_empty()).map(str::to_owned);
    let missing =
        || Mistake::new("is missing").help("the provider shows it where the gateway is registered".to_owned());
    report.take(&key.field("client_id"), id.ok_or_else(missing))
}

/// `client_secret`; `Some(None)` if there is none.
pub(super) fn client_secret(
    report: &mut Report<'_>,
    key: &Key,
    raw: &RawIdentityProvider,
) -> Option<Option<Secret<String>>> {
    let Some(secret) = &raw.client_secret else { return Some(None) };
    let read = secret::read(secret).map(|text| Some(Secret::new(text.to_string())));
    report.take(&key.field("client_secret"), read)
}

fn authorities(path: &str) -> Result<Vec<u8>, Mistake> {
    let pem = std::fs::read(path).map_err(|error| Mistake::new(format!("the file cannot be read: {error}")))?;
    let read = reqwest::Certificate::from_pem_bundle(&pem).is_ok_and(|certificates| !certificates.is_empty());
    if read { Ok(pem) } else { Err(Mistake::new("the file has no PEM certificate in it")) }
}

fn proxy(text: &str) -> Result<Url, Mistake> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| Mistake::new("must be the URL of an HTTP proxy").help(write("http://proxy.example.com:3128")))
}
