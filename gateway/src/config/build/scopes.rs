//! The scopes of an app, and which requests need them.

use super::values::{missing, unknown};
use crate::config::ScopeRule;
use crate::config::key::Key;
use crate::config::raw::{RawRequires, RawScope};
use crate::config::report::{Mistake, Report};
use oauth::scope::{ACCESS, OFFLINE_ACCESS, Scope, is_scope_token};
use policy::PathPattern;
use std::collections::BTreeSet;

/// Reads `[[apps.ID.oauth.scopes]]`.
pub(crate) fn scopes(report: &mut Report<'_>, key: &Key, raw: &[RawScope]) -> Option<(Vec<Scope>, Vec<ScopeRule>)> {
    let (mut scopes, mut rules, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    let mut complete = check_includes(report, key, raw);
    for (index, raw) in raw.iter().enumerate() {
        let key = key.index(index);
        let name = report.take(&key.field("name"), name(raw.name.as_deref(), &mut seen));
        let rule = match &raw.requires {
            Some(requires) => rule(report, &key.field("requires"), requires).map(Some),
            None => Some(None),
        };
        let (Some(name), Some(rule)) = (name, rule) else {
            complete = false;
            continue;
        };
        rules.extend(rule.map(|rule| ScopeRule { scope: name.clone(), ..rule }));
        let description = raw.description.clone().unwrap_or_else(|| name.clone());
        scopes.push(Scope { name, description, includes: raw.includes.clone(), optional: raw.optional });
    }
    complete.then_some((scopes, rules))
}

fn name<'a>(raw: Option<&'a str>, seen: &mut BTreeSet<&'a str>) -> Result<String, Mistake> {
    let name = raw.ok_or_else(|| missing("wiki:write"))?;
    if !is_scope_token(name) {
        let message = "not a scope: printable ASCII without spaces, quotes and backslashes";
        return Err(Mistake::new(message));
    }
    if [ACCESS, OFFLINE_ACCESS].contains(&name) {
        return Err(Mistake::new("is a scope that every app has"));
    }
    if !seen.insert(name) {
        return Err(Mistake::new("is the name of an earlier scope"));
    }
    Ok(name.to_owned())
}

/// Whether each scope includes known ones, and none itself.
fn check_includes(report: &mut Report<'_>, key: &Key, raw: &[RawScope]) -> bool {
    let mut complete = true;
    for (index, scope) in raw.iter().enumerate() {
        let key = key.index(index).field("includes");
        for (index, included) in scope.includes.iter().enumerate() {
            complete &= report.take(&key.index(index), include(raw, scope, included)).is_some();
        }
    }
    complete
}

fn include(all: &[RawScope], scope: &RawScope, included: &str) -> Result<(), Mistake> {
    if included == ACCESS {
        return Err(Mistake::new("is included in every scope").help("leave it out".to_owned()));
    }
    let names = || all.iter().filter_map(|scope| scope.name.as_deref());
    if !names().any(|name| name == included) {
        return Err(unknown("scope", included, names()));
    }
    let (mut seen, mut waiting) = (BTreeSet::new(), vec![included]);
    while let Some(name) = waiting.pop() {
        if scope.name.as_deref() == Some(name) {
            return Err(Mistake::new("leads back to the scope itself"));
        }
        if seen.insert(name) {
            let of_name = all.iter().filter(|scope| scope.name.as_deref() == Some(name));
            waiting.extend(of_name.flat_map(|scope| scope.includes.iter().map(String::as_str)));
        }
    }
    Ok(())
}

/// The rule, whose scope is still to be named.
fn rule(report: &mut Report<'_>, key: &Key, raw: &RawRequires) -> Option<ScopeRule> {
    let mut complete = true;
    for (index, method) in raw.methods.iter().enumerate() {
        if !is_method(method) {
            let mistake = Mistake::new("not a method in upper case").help(r#"write "POST""#.to_owned());
            report.error(&key.field("methods").index(index), mistake);
            complete = false;
        }
    }
    let mut paths = Vec::new();
    for (index, path) in raw.paths.iter().enumerate() {
        let key = key.field("paths").index(index);
        match PathPattern::parse(path) {
            Ok(path) => paths.push(path),
            Err(message) => report.error_in_rule(&key, &message),
        }
    }
    complete &= paths.len() == raw.paths.len();
    let methods = raw.methods.clone();
    complete.then_some(ScopeRule { scope: String::new(), methods, paths })
}

/// The methods that are in use are upper-case letters and dashes (RFC 9110 section 16.1.1).
fn is_method(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-')
}
