//! What a provider tells of a person, read from claims by the administrator's mapping (OpenID Connect Core section 5).

use super::Trouble;
use crate::config::{Mapping, Oidc};
use oauth::jose::Claims;
use oauth::world::Timestamp;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Most groups, and most values of a claim, that are kept.
const MAX_VALUES: usize = 1000;

/// Longest value that is kept, in bytes.
const MAX_BYTES: usize = 1024;

/// What is told of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// `sub`
    pub(crate) sub: String,
    /// The address, if it counts as the person's.
    pub(crate) email: Option<String>,
    /// What the person is called.
    pub(crate) name: Option<String>,
    /// Groups.
    pub(crate) groups: Vec<String>,
    /// Other claims that are kept.
    pub(crate) claims: BTreeMap<String, Vec<String>>,
    /// How the person was proven (RFC 8176), with `mfa` if `acr` stands for that.
    pub(crate) amr: Vec<String>,
    /// When the person was proven.
    pub(crate) auth_time: Option<Timestamp>,
    /// The session at the provider.
    pub(crate) sid: Option<String>,
}

/// Claims of an ID token, and of userinfo, where there are such.
pub(super) struct Sources<'a> {
    pub(super) id_token: Option<&'a Claims>,
    pub(super) userinfo: Option<&'a Map<String, Value>>,
}

impl Sources<'_> {
    /// A claim: the signed word of the ID token goes before that of userinfo.
    fn get(&self, name: &str) -> Option<&Value> {
        let signed = self.id_token.and_then(|claims| claims.get(name));
        signed.or_else(|| self.userinfo?.get(name)).filter(|value| !value.is_null())
    }

    /// A claim of this name, or the one that a dotted path leads to.
    fn find(&self, path: &str) -> Option<&Value> {
        let whole = self.get(path);
        whole.or_else(|| {
            let mut steps = path.split('.');
            let first = self.get(steps.next()?)?;
            steps.try_fold(first, |value, step| value.get(step))
        })
    }

    fn text(&self, path: &str) -> Option<&str> {
        self.find(path)?.as_str().filter(|text| !text.is_empty() && text.len() <= MAX_BYTES)
    }

    /// Whether the address or the groups are missing, and userinfo could have them.
    pub(super) fn lack(&self, mapping: &Mapping) -> bool {
        let verified = mapping.email_verified.is_none_or(|claim| self.get(claim).is_some());
        self.find(&mapping.email).is_none() || !verified || self.find(&mapping.groups).is_none()
    }
}

/// Reads the claims.
pub(super) fn read(oidc: &Oidc, sources: &Sources<'_>) -> Result<Told, Trouble> {
    let mapping = &oidc.mapping;
    let signed = |name: &'static str| sources.id_token.map_or(Ok(None), |claims| claims.text(name));
    let proven = sources.id_token.map_or(Ok(None), |claims| claims.moment("auth_time"));
    let others = mapping.others.iter().filter_map(|name| Some((name.clone(), values(sources.find(name)?))));
    Ok(Told {
        sub: sources.text("sub").unwrap_or_default().to_owned(),
        email: email(mapping, sources),
        name: sources.text(&mapping.name).map(str::to_owned),
        groups: groups(mapping, sources)?,
        claims: others.collect(),
        amr: amr(oidc, sources),
        auth_time: proven.map_err(Trouble::unbelievable)?,
        sid: signed("sid").map_err(Trouble::unbelievable)?.map(str::to_owned),
    })
}

/// The address if it is one, and verified: what is not verified is dropped, so that no policy can admit by it.
fn email(mapping: &Mapping, sources: &Sources<'_>) -> Option<String> {
    let verified = mapping.email_verified.is_none_or(|claim| sources.get(claim).is_some_and(is_true));
    sources.text(&mapping.email).filter(|email| verified && is_address(email)).map(str::to_owned)
}

/// Exactly one `@`, with something on both sides: `a@corp.example@evil.example` has two domains, and readers differ.
pub(super) fn is_address(text: &str) -> bool {
    let mut parts = text.split('@');
    let both = parts.next().zip(parts.next()).is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    let plain = text.chars().all(|c| !c.is_whitespace() && !c.is_control());
    both && parts.next().is_none() && plain && text.len() <= 254
}

/// Entra writes 1, some write a string.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(said) => *said,
        Value::Number(number) => number.as_u64() == Some(1),
        Value::String(text) => matches!(text.as_str(), "true" | "1"),
        _ => false,
    }
}

/// None is none; left out because there are too many is an error, since nobody could say what was left out (section 5.6.2).
fn groups(mapping: &Mapping, sources: &Sources<'_>) -> Result<Vec<String>, Trouble> {
    if let Some(value) = sources.find(&mapping.groups) {
        return Ok(values(value));
    }
    let first = mapping.groups.split('.').next().unwrap_or_default();
    let elsewhere = sources
        .get("_claim_names")
        .is_some_and(|names| [mapping.groups.as_str(), first].iter().any(|name| names.get(name).is_some()));
    // What Entra sends in place of the groups where it sends no `_claim_names`.
    let flagged = mapping.groups == "groups" && sources.get("hasgroups").is_some_and(is_true);
    if elsewhere || flagged { Err(Trouble::TooManyGroups) } else { Ok(Vec::new()) }
}

/// A string is one value, a list has those of its strings and numbers, an object those of its keys.
fn values(value: &Value) -> Vec<String> {
    let one = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(said) => Some(said.to_string()),
        _ => None,
    };
    let mut all: Vec<String> = match value {
        Value::Array(list) => list.iter().filter_map(one).collect(),
        Value::Object(members) => members.keys().cloned().collect(),
        single => one(single).into_iter().collect(),
    };
    all.retain(|text| !text.is_empty() && text.len() <= MAX_BYTES);
    all.truncate(MAX_VALUES);
    all
}

fn amr(oidc: &Oidc, sources: &Sources<'_>) -> Vec<String> {
    let signed = |name| sources.id_token.and_then(|claims| claims.get(name));
    let mut amr = signed("amr").map(values).unwrap_or_default();
    let acr = signed("acr").and_then(Value::as_str);
    let strong = acr.is_some_and(|acr| oidc.step_up_acr_values.iter().any(|value| value == acr));
    if strong && !amr.iter().any(|method| method == "mfa") {
        amr.push("mfa".to_owned());
    }
    amr.truncate(16);
    amr
}
