//! `[token_issuers.NAME]`, and which of them an app accepts.

use super::values::{missing, unknown};
use crate::config::key::Key;
use crate::config::raw::{RawConfig, RawTokenIssuer};
use crate::config::report::{Mistake, Report};
use oauth::app::TokenIssuer;
use oauth::foreign_keys::is_key_url;
use oauth::jose::Algorithm;
use std::collections::BTreeMap;
use url::Url;

/// All of them, by name.
pub(crate) type TokenIssuers = BTreeMap<String, TokenIssuer>;

/// Reads `[token_issuers]`.
pub(crate) fn token_issuers(report: &mut Report<'_>, raw: &RawConfig) -> Option<TokenIssuers> {
    let mut all = Vec::new();
    for (name, issuer) in &raw.token_issuers {
        let key = Key::section("token_issuers").field(name);
        let is_provider = name == "local" || raw.identity_providers.contains_key(name);
        if is_provider {
            // Policies could not tell who vouched for a person.
            report.bad_name(&key, Mistake::new("is the name of an identity provider"));
        }
        let issuer = token_issuer(report, &key, name, issuer).filter(|_| !is_provider);
        all.push(issuer.map(|issuer| (name.clone(), issuer)));
    }
    all.into_iter().collect()
}

/// Those that an app names.
pub(crate) fn accepted(
    report: &mut Report<'_>,
    key: &Key,
    names: &[String],
    issuers: Option<&TokenIssuers>,
) -> Option<Vec<TokenIssuer>> {
    let document = report.document();
    let known: Vec<_> = document.names(&Key::section("token_issuers")).collect();
    let mut accepted = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let checked = if known.contains(&name.as_str()) {
            Ok(())
        } else {
            Err(unknown("token issuer", name, known.iter().copied()))
        };
        let checked = report.take(&key.index(index), checked);
        accepted.push(checked.and_then(|()| issuers?.get(name).cloned()));
    }
    accepted.into_iter().collect()
}

fn token_issuer(report: &mut Report<'_>, key: &Key, name: &str, raw: &RawTokenIssuer) -> Option<TokenIssuer> {
    let issuer = raw.issuer.as_deref().ok_or_else(|| missing("https://idp.example.com")).and_then(issuer);
    let issuer = report.take(&key.field("issuer"), issuer);
    let jwks_uri = raw.jwks_uri.as_deref().ok_or_else(|| missing("https://idp.example.com/jwks")).and_then(jwks_uri);
    let jwks_uri = report.take(&key.field("jwks_uri"), jwks_uri);
    let mut complete = true;
    let mut algorithms = Vec::new();
    for (index, name) in raw.algorithms.iter().flatten().enumerate() {
        let named = Algorithm::named(name).ok_or_else(|| unknown("algorithm", name, Algorithm::NAMES));
        let algorithm = report.take(&key.field("algorithms").index(index), named);
        complete &= algorithm.is_some();
        algorithms.extend(algorithm);
    }
    if raw.algorithms.as_ref().is_some_and(Vec::is_empty) {
        report.error(&key.field("algorithms"), "must not be empty");
        return None;
    }
    let algorithms = if raw.algorithms.is_some() { algorithms } else { Algorithm::ALL.to_vec() };
    let (issuer, jwks_uri) = (issuer?, jwks_uri?);
    complete.then(|| TokenIssuer { name: name.to_owned(), issuer, jwks_uri, algorithms })
}

fn issuer(text: &str) -> Result<String, Mistake> {
    let url = Url::parse(text).ok().filter(|url| url.scheme() == "https");
    match url.filter(|url| url.query().is_none() && url.fragment().is_none()) {
        Some(_) => Ok(text.to_owned()),
        None => Err(Mistake::new("must be an https URL without query and fragment")),
    }
}

fn jwks_uri(text: &str) -> Result<Url, Mistake> {
    let url = Url::parse(text).ok().filter(|_| is_key_url(text));
    url.ok_or_else(|| Mistake::new("must be an https URL with a public host name"))
}
