//! `[apps.ID.oauth.consent]`

use super::values::unknown;
use crate::config::key::Key;
use crate::config::raw::{RawConsent, RawRemember};
use crate::config::report::{Mistake, Report};
use oauth::app::{ConsentRules, Remember};
use oauth::client::ClientId;
use oauth::client_document::{Document, DocumentUrl, pinned, pinned_urls};
use oauth::redirect_uri::is_assured;

/// The rules.
pub(crate) fn rules(report: &mut Report<'_>, key: &Key, raw: &RawConsent) -> Option<ConsentRules> {
    let mut complete = true;
    for (index, client) in raw.preapproved.iter().enumerate() {
        complete &= report.take(&key.field("preapproved").index(index), check(client)).is_some();
    }
    let remember = match raw.remember {
        RawRemember::Assured => Remember::Assured,
        RawRemember::Never => Remember::Never,
        RawRemember::Always => Remember::Always,
    };
    complete.then(|| ConsentRules { remember, preapproved: raw.preapproved.clone() })
}

/// Of a client that an administrator registered, the store knows more, and the server looks there each time.
fn check(client: &str) -> Result<(), Mistake> {
    let id = ClientId::new(client);
    if client.is_empty() || client.len() > ClientId::MAX_CHARS || id.is_browser() {
        return Err(Mistake::new("not the id of a client"));
    }
    if !id.is_url() {
        return Ok(());
    }
    let Some(document) = document(client) else {
        let good = pinned_urls().filter(|url| document(url).is_some_and(|known| is_on_the_web(&known)));
        return Err(unknown("client document", client, good));
    };
    if is_on_the_web(&document) {
        return Ok(());
    }
    let help = "people are asked for these each time, or once with `remember = \"always\"`".to_owned();
    Err(Mistake::new("runs on people's own computers, where any program can pretend to be it").help(help))
}

fn document(client: &str) -> Option<Document> {
    DocumentUrl::parse(client).ok().and_then(|url| pinned(&url))
}

fn is_on_the_web(document: &Document) -> bool {
    document.redirect_uris.iter().any(|uri| is_assured(uri))
}
