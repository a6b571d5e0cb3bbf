//! `[identity_providers]`

use super::values::missing;
use crate::config::key::Key;
use crate::config::raw::{RawIdentityProvider, RawProviderType};
use crate::config::report::{Mistake, Report};
use crate::config::{IdentityProvider, ProviderKind};
use std::collections::BTreeMap;
use std::sync::Arc;

/// All of them, by name.
pub(crate) type IdentityProviders = BTreeMap<String, Arc<IdentityProvider>>;

/// Reads `[identity_providers]`; without any there is `local`.
pub(crate) fn identity_providers(
    report: &mut Report<'_>,
    raw: &BTreeMap<String, RawIdentityProvider>,
) -> Option<IdentityProviders> {
    if raw.is_empty() {
        let local = IdentityProvider { name: LOCAL.to_owned(), label: LOCAL.to_owned(), kind: ProviderKind::Local };
        return Some(BTreeMap::from([(LOCAL.to_owned(), Arc::new(local))]));
    }
    let read = raw.iter().map(|(name, raw)| {
        let key = Key::section("identity_providers").field(name);
        let provider = provider(report, &key, name, raw)?;
        Some((name.clone(), Arc::new(provider)))
    });
    // All of them first, so that every mistake is told.
    read.collect::<Vec<_>>().into_iter().collect()
}

fn provider(report: &mut Report<'_>, key: &Key, name: &str, raw: &RawIdentityProvider) -> Option<IdentityProvider> {
    let label = match raw.name.as_deref() {
        Some(label) if label.trim().is_empty() => Err(Mistake::new("must not be empty")),
        label => Ok(label.unwrap_or(name).to_owned()),
    };
    let label = report.take(&key.field("name"), label);
    let kind = match raw.r#type {
        None => report.take(&key.field("type"), Err(missing(LOCAL))),
        Some(RawProviderType::Local) => Some(ProviderKind::Local),
    };
    Some(IdentityProvider { name: name.to_owned(), label: label?, kind: kind? })
}

/// The type of the built-in accounts, and their name where nobody gave another.
const LOCAL: &str = "local";
