//! Where apps are reached, and that no two of them are reached at the same place.

use super::values::missing;
use super::web_url::WebUrl;
use crate::config::key::Key;
use crate::config::raw::RawApp;
use crate::config::report::{Mistake, Report};
use crate::config::{HostPattern, Origin, Place};
use std::collections::BTreeMap;
use url::Host;

/// The places of each app, each with the key that says so.
pub(crate) type Places = BTreeMap<String, Vec<(Key, Place)>>;

/// Reads all public URLs of all apps.
pub(crate) fn places(report: &mut Report<'_>, apps: &BTreeMap<String, RawApp>, login: Option<&Origin>) -> Places {
    let mut all = Places::new();
    for (id, app) in apps {
        let places = of_app(report, &Key::section("apps").field(id), app);
        all.insert(id.clone(), places);
    }
    for (key, place) in all.values().flatten() {
        if let Some(login) = login {
            keep_off_login(report, key, place, login);
        }
    }
    refuse_twins(report, &all);
    all
}

fn of_app(report: &mut Report<'_>, key: &Key, app: &RawApp) -> Vec<(Key, Place)> {
    let (one, many) = (key.field("url"), key.field("urls"));
    let texts: Vec<_> = match (&app.url, &app.urls) {
        (Some(url), None) => vec![(one, url)],
        (None, Some(urls)) => {
            if urls.is_empty() {
                report.error(&many, "needs at least one URL");
            }
            urls.iter().enumerate().map(|(index, url)| (many.index(index), url)).collect()
        }
        (Some(url), Some(_)) => {
            let help = "keep one of them".to_owned();
            report.error(&many, Mistake::new("stands beside `url`").help(help));
            vec![(one, url)]
        }
        (None, None) => {
            if !report.document().contains(&many) {
                report.error(&one, missing(EXAMPLE));
            }
            Vec::new()
        }
    };
    let read = |(key, text): (Key, &String)| report.take(&key, place(text)).map(|place| (key, place));
    texts.into_iter().filter_map(read).collect()
}

fn place(text: &str) -> Result<Place, Mistake> {
    let url = WebUrl::parse(text, EXAMPLE)?;
    if matches!(url.path.split('/').nth(1), Some(".doorward" | ".well-known")) {
        return Err(Mistake::new("is below `/.doorward` or `/.well-known`, which are not an app's"));
    }
    let host = match &url.host {
        Host::Domain(name) if name.contains('*') => {
            let label = |label: &str| (label != "*").then(|| label.to_owned());
            HostPattern::Labels(name.split('.').map(label).collect())
        }
        host => HostPattern::Exact(host.to_string()),
    };
    Ok(Place { secure: url.secure, host, port: url.port, path: url.path })
}

fn keep_off_login(report: &mut Report<'_>, key: &Key, place: &Place, login: &Origin) {
    let help = "keep the login origin on its own host".to_owned();
    let apart =
        place.port != login.port && (place.port, login.port) != (443, 80) && (place.port, login.port) != (80, 443);
    if apart && place.host.matches(&login.host) {
        let message = "is on the host of the login origin, and cookies ignore ports";
        report.warn(key, Mistake::new(message).help(help));
    } else if place.host == HostPattern::Exact(login.host.clone()) {
        report.error(key, Mistake::new("is at the login origin").help(help));
    }
}

fn refuse_twins(report: &mut Report<'_>, all: &Places) {
    let mut seen: Vec<&(Key, Place)> = Vec::new();
    for here in all.values().flatten() {
        let (key, place) = here;
        let same = |(_, other): &&&(Key, Place)| {
            place.host == other.host && place.path == other.path && answers_alike(place, other)
        };
        let crosses = |(_, other): &&&(Key, Place)| {
            place.path == other.path && answers_alike(place, other) && place.host.crosses(&other.host)
        };
        if let Some((other, _)) = seen.iter().find(same) {
            report.error(key, format!("is the same place as `{other}`"));
        } else if let Some((other, _)) = seen.iter().find(crosses) {
            report.error(key, format!("is no more and no less specific than `{other}`, and both fit some hosts"));
        }
        seen.push(here);
    }
}

/// Whether a request can name both ports in the same words. A `Host` without port stands for either scheme's default, and
/// what ends TLS in front is not believed about the scheme.
fn answers_alike(one: &Place, other: &Place) -> bool {
    let default = |place: &Place| place.port == if place.secure { 443 } else { 80 };
    one.port == other.port || (default(one) && default(other))
}

const EXAMPLE: &str = "https://wiki.example.com";
