//! All apps: their ids, and each one among the others.

use super::app;
use super::places::Places;
use super::policies::Library;
use super::token_issuers::TokenIssuers;
use crate::config::key::Key;
use crate::config::raw::RawApp;
use crate::config::report::{Mistake, Report};
use crate::config::{App, Auth, Server};
use oauth::app::LOGIN;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an app is built in.
pub(crate) struct Site<'a> {
    pub(crate) auth: Option<&'a Auth>,
    pub(crate) server: Option<&'a Server>,
    pub(crate) library: &'a Library,
    pub(crate) places: &'a Places,
    pub(crate) token_issuers: Option<&'a TokenIssuers>,
}

/// Reads `[apps]`.
pub(crate) fn apps(
    report: &mut Report<'_>,
    site: &Site<'_>,
    raw: &BTreeMap<String, RawApp>,
) -> Option<BTreeMap<String, Arc<App>>> {
    let section = Key::section("apps");
    if raw.is_empty() {
        report.warn(&section, "there is none, so every request is answered 404");
    }
    let mut apps = Vec::new();
    for (id, raw) in raw {
        if let Err(mistake) = check_id(id) {
            report.bad_name(&section.field(id), mistake);
        }
        let app = app::app(report, site, id, raw);
        apps.push(app.map(|app| (id.clone(), Arc::new(app))));
    }
    apps.into_iter().collect()
}

fn check_id(id: &str) -> Result<(), Mistake> {
    if [LOGIN, "doorward"].contains(&id) {
        return Err(Mistake::new("this id is reserved"));
    }
    let first = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let later = |byte: &u8| first(byte) || matches!(byte, b'-' | b'_');
    let bytes = id.as_bytes();
    if bytes.len() > 24 || !bytes.first().is_some_and(first) || !bytes.iter().all(later) {
        let help = "use up to 24 of `a-z`, `0-9`, `-` and `_`, the first one a letter or digit";
        return Err(Mistake::new("cannot be an id").help(help.to_owned()));
    }
    Ok(())
}
