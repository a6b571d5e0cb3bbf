//! `[apps.ID.oauth.client_id_metadata_documents]`

use crate::config::key::Key;
use crate::config::raw::RawDocuments;
use crate::config::report::{Mistake, Report};
use oauth::app::DocumentRules;

/// The rules; `Some(None)` when no client comes with a document.
pub(crate) fn rules(report: &mut Report<'_>, key: &Key, raw: &RawDocuments) -> Option<Option<DocumentRules>> {
    let mut complete = true;
    for (index, domain) in raw.allowed_domains.iter().enumerate() {
        let key = key.field("allowed_domains").index(index);
        complete &= report.take(&key, check(domain)).is_some();
    }
    let rules = DocumentRules {
        allowed_domains: raw.allowed_domains.clone(),
        implicit_none: raw.implicit_none.unwrap_or(true),
    };
    complete.then_some(raw.enabled.unwrap_or(true).then_some(rules))
}

/// A host as it is compared: lower case and ASCII, two labels at least, `*` for whole labels but the last two.
fn check(domain: &str) -> Result<(), Mistake> {
    let labels: Vec<_> = domain.split('.').collect();
    let is_plain = |label: &&str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let (open, owned) = labels.split_at(labels.len().saturating_sub(2));
    let good = owned.len() == 2 && owned.iter().all(is_plain) && open.iter().all(|l| *l == "*" || is_plain(l));
    if good {
        return Ok(());
    }
    let help = r#"write "example.com" or "*.example.com""#.to_owned();
    Err(Mistake::new("must be a host in lower case, without scheme, port and path").help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cm_18_hosts_and_whole_labels() {
        for good in ["claude.ai", "a.b.ex", "*.corp.ex", "*.*.corp.ex", "a.*.corp.ex", "xn--bcher-kva.ex"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "*",
            "ex",
            "*.ex",
            "corp.*",
            "a*.corp.ex",
            "**.corp.ex",
            "Corp.ex",
            "https://corp.ex",
            "corp.ex/",
            "corp.ex:1",
            "corp.ex.",
            ".corp.ex",
            "a@corp.ex",
            "bücher.ex",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
