//! What the documentation of coming versions speaks of and this version cannot do yet: better said so than "unknown".

use super::document::Document;
use super::key::Key;
use super::report::{Mistake, Report};

/// Reports what is not supported and takes it out of `rest`.
pub(crate) fn remove(rest: &mut Document<'_>, report: &mut Report<'_>) {
    // From the end, so that list elements keep their positions.
    for key in report.document().keys().into_iter().rev() {
        let Some(culprit) = unsupported(report.document(), &key) else { continue };
        report.unread(culprit, Mistake::new(MESSAGE));
        rest.remove(&key);
    }
}

/// Whether a selector belongs to a coming version.
pub(crate) fn is_selector(name: &str) -> bool {
    SELECTORS.contains(&name)
}

pub(crate) const MESSAGE: &str = "not supported in this version";

/// The key to blame if what is at `key` cannot be done yet.
fn unsupported(document: &Document<'_>, key: &Key) -> Option<Key> {
    if KEYS.iter().any(|pattern| key.is_like(pattern)) {
        return Some(key.clone());
    }
    let says = |(pattern, inner, values): &(&str, &str, &[&str])| {
        let value = key.field(inner);
        let text = key.is_like(pattern).then(|| document.text(&value)).flatten()?;
        values.contains(&text).then_some(value)
    };
    VALUES.iter().find_map(says)
}

const KEYS: &[&str] = &["geoip", "policies.*.mode", "apps.*.policies.*.mode"];

/// A table that is left out as a whole because of what one of its values says.
const VALUES: &[(&str, &str, &[&str])] = &[("apps.*.identity_headers", "preset", &["cloudflare", "oauth2-proxy"])];

const SELECTORS: &[&str] = &["country", "external_evaluation", "client_domain", "scope", "time"];
