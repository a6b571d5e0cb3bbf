//! `[identity_providers]`

use super::values::{missing, unknown};
use super::{github, oidc};
use crate::config::key::Key;
use crate::config::raw::{RawArgon2, RawIdentityProvider, RawProviderType};
use crate::config::report::{Mistake, Report};
use crate::config::{IdentityProvider, PasswordCost, ProviderKind};
use std::collections::BTreeMap;
use std::sync::Arc;

/// All of them, by name.
pub(crate) type IdentityProviders = BTreeMap<String, Arc<IdentityProvider>>;

/// Reads `[identity_providers]`; without any there is `local`.
pub(crate) fn identity_providers(
    report: &mut Report<'_>,
    raw: &BTreeMap<String, RawIdentityProvider>,
    has_mail: bool,
) -> Option<IdentityProviders> {
    if raw.is_empty() {
        let kind = ProviderKind::Local(PasswordCost::default());
        let local = IdentityProvider { name: LOCAL.to_owned(), label: LOCAL.to_owned(), kind };
        return Some(BTreeMap::from([(LOCAL.to_owned(), Arc::new(local))]));
    }
    let read = raw.iter().map(|(name, raw)| {
        let key = Key::section("identity_providers").field(name);
        let provider = provider(report, &key, (name, raw), has_mail)?;
        Some((name.clone(), Arc::new(provider)))
    });
    // All of them first, so that every mistake is told.
    let read: Option<IdentityProviders> = read.collect::<Vec<_>>().into_iter().collect();
    warn_of_shared_callback(report, read.as_ref());
    read
}

fn provider(
    report: &mut Report<'_>,
    key: &Key,
    (name, raw): (&str, &RawIdentityProvider),
    has_mail: bool,
) -> Option<IdentityProvider> {
    let label = match raw.name.as_deref() {
        Some(label) if label.trim().is_empty() => Err(Mistake::new("must not be empty")),
        label => Ok(label.unwrap_or(name).to_owned()),
    };
    let label = report.take(&key.field("name"), label);
    let Some(of) = raw.r#type else {
        report.error(&key.field("type"), missing(LOCAL));
        return None;
    };
    let named = check_name(report, key, name, of);
    let own = check_keys(report, key, of);
    let kind = match of {
        RawProviderType::Local => {
            report.take(&key.field("argon2"), password_cost(raw.argon2.as_ref())).map(ProviderKind::Local)
        }
        RawProviderType::EmailCode if !has_mail => {
            let help = "add a section `[mail]`: it says who sends the codes".to_owned();
            report.take(&key.field("type"), Err(Mistake::new("needs `[mail]`").help(help)))
        }
        RawProviderType::EmailCode => Some(ProviderKind::EmailCode),
        RawProviderType::Oidc => oidc::oidc(report, key, raw).map(|oidc| ProviderKind::Oidc(Box::new(oidc))),
        RawProviderType::Github => {
            github::github(report, key, raw).map(|github| ProviderKind::Github(Box::new(github)))
        }
    };
    (named && own).then_some(())?;
    Some(IdentityProvider { name: name.to_owned(), label: label?, kind: kind? })
}

/// The name of an external provider becomes part of user names and of its callback.
fn check_name(report: &mut Report<'_>, key: &Key, name: &str, of: RawProviderType) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    let ours = matches!(of, RawProviderType::Local | RawProviderType::EmailCode);
    let good = ours || (name.bytes().all(plain) && (1..=MAX_NAME).contains(&name.len()));
    if !good {
        report.bad_name(key, Mistake::new("must be at most 32 lower-case letters, digits, `-` and `_`"));
    }
    good
}

/// A key of another type would do nothing: whoever wrote it expects something.
fn check_keys(report: &mut Report<'_>, key: &Key, of: RawProviderType) -> bool {
    let known = keys_of(of);
    let document = report.document();
    let strange: Vec<_> = document.names(key).filter(|name| !known.contains(name) && is_key(name)).collect();
    for name in &strange {
        let mistake = unknown(&format!("key of this type, {}", written(of)), name, known.iter().copied());
        report.error(&key.field(name), mistake);
    }
    strange.is_empty()
}

/// Whether some type has it; others have been reported already.
fn is_key(name: &str) -> bool {
    [RawProviderType::Local, RawProviderType::Oidc, RawProviderType::Github, RawProviderType::EmailCode]
        .iter()
        .any(|of| keys_of(*of).contains(&name))
}

fn keys_of(of: RawProviderType) -> &'static [&'static str] {
    match of {
        RawProviderType::Local => &["type", "name", "argon2"],
        RawProviderType::EmailCode => &["type", "name"],
        RawProviderType::Oidc => oidc::KEYS,
        RawProviderType::Github => github::KEYS,
    }
}

fn written(of: RawProviderType) -> &'static str {
    match of {
        RawProviderType::Local => "`local`",
        RawProviderType::Oidc => "`oidc`",
        RawProviderType::Github => "`github`",
        RawProviderType::EmailCode => "`email_code`",
    }
}

/// OAuth 2.1 section 2.3.4: with several providers, a redirect URI for each keeps a bad one from passing for another.
fn warn_of_shared_callback(report: &mut Report<'_>, providers: Option<&IdentityProviders>) {
    let shared = |provider: &&Arc<IdentityProvider>| provider.callback().as_deref() == Some(crate::config::CALLBACK);
    let shared: Vec<_> = providers.into_iter().flat_map(|all| all.values()).filter(shared).collect();
    for provider in shared.iter().skip(1) {
        let key = Key::section("identity_providers").field(&provider.name).field("callback");
        let message = "is shared with another identity provider";
        let help =
            "write \"own\", and tell the provider the redirect URI that `doorward check --print` shows".to_owned();
        report.warn(&key, Mistake::new(message).help(help));
    }
}

/// The type of the built-in accounts, and their name where nobody gave another.
const LOCAL: &str = "local";

const MAX_NAME: usize = 32;

/// OWASP's minimum for Argon2id: so much memory in KiB with so many iterations.
const LEAST: [(u32, u32); 5] = [(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5)];

/// More would be a way to exhaust the machine by wrong passwords.
const MOST_MEMORY: u32 = 1024 * 1024;
const MOST_ITERATIONS: u32 = 64;
const MOST_LANES: u32 = 16;

fn password_cost(raw: Option<&RawArgon2>) -> Result<PasswordCost, Mistake> {
    let usual = PasswordCost::default();
    let Some(raw) = raw else { return Ok(usual) };
    let cost = PasswordCost {
        memory: raw.memory_kib.unwrap_or(usual.memory),
        iterations: raw.iterations.unwrap_or(usual.iterations),
        parallelism: raw.parallelism.unwrap_or(usual.parallelism),
    };
    if !LEAST.iter().any(|(memory, iterations)| cost.memory >= *memory && cost.iterations >= *iterations) {
        let help = "write `{ memory_kib = 19456, iterations = 2 }`; with less memory more iterations are needed: 12288 \
                    with 3, 9216 with 4, 7168 with 5";
        return Err(Mistake::new("costs too little for whoever guesses passwords").help(help.to_owned()));
    }
    let bounded = cost.memory <= MOST_MEMORY && cost.iterations <= MOST_ITERATIONS;
    if !bounded || !(1..=MOST_LANES).contains(&cost.parallelism) {
        return Err(Mistake::new(format!(
            "costs the gateway too much; at most {MOST_MEMORY} KiB, {MOST_ITERATIONS} iterations and {MOST_LANES} lanes"
        )));
    }
    Ok(cost)
}
