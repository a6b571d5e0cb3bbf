//! `type = "github"`

use super::reached::{client_id, client_secret, provider_url, reached};
use crate::config::Github;
use crate::config::key::Key;
use crate::config::raw::RawIdentityProvider;
use crate::config::report::{Mistake, Report};
use url::Url;

/// The keys of this type.
pub(super) const KEYS: &[&str] =
    &["type", "name", "client_id", "client_secret", "callback", "ca", "proxy", "url", "api_url", "organisations"];

/// Reads the table.
pub(super) fn github(report: &mut Report<'_>, key: &Key, raw: &RawIdentityProvider) -> Option<Github> {
    let url = report.take(&key.field("url"), provider_url(raw.url.as_deref().unwrap_or(GITHUB), GITHUB));
    let api_url = match raw.api_url.as_deref() {
        Some(written) => report.take(&key.field("api_url"), provider_url(written, API)),
        None => url.as_ref().and_then(|_| api(raw.url.as_deref())),
    };
    let client_id = client_id(report, key, raw);
    let secret = client_secret(report, key, raw);
    let missing = Mistake::new("is missing").help(r#"write { env = "GITHUB_CLIENT_SECRET" }"#.to_owned());
    let secret = secret.and_then(|secret| report.take(&key.field("client_secret"), secret.ok_or(missing)));
    let organisations = organisations(report, &key.field("organisations"), &raw.organisations);
    let reached = reached(report, key, raw);
    Some(Github {
        url: url?,
        api_url: api_url?,
        client_id: client_id?,
        client_secret: secret?,
        organisations: organisations?,
        reached: reached?,
    })
}

fn api(url: Option<&str>) -> Option<Url> {
    let api = url.map_or_else(|| API.to_owned(), |url| format!("{}/api/v3", url.trim_end_matches('/')));
    Url::parse(&api).ok()
}

fn organisations(report: &mut Report<'_>, key: &Key, raw: &[String]) -> Option<Vec<String>> {
    let mut complete = true;
    for (index, name) in raw.iter().enumerate() {
        let good = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !good {
            report.error(&key.index(index), "is no name of an organisation, as it stands in its URL");
            complete = false;
        }
    }
    complete.then(|| raw.iter().map(|name| name.to_ascii_lowercase()).collect())
}

const GITHUB: &str = "https://github.com";
const API: &str = "https://api.github.com";
