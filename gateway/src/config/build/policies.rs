//! Rule groups and policies, for all apps and of one app.

use super::values::unknown;
use crate::config::key::Key;
use crate::config::raw::{RawConfig, RawPolicyEntry};
use crate::config::report::{Mistake, Report};
use policy::{Groups, ParseError, Policy, RawGroup, RawPolicy, RawSelector, RawValue, SelectorKey};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What has a name and can be used by apps.
pub(crate) struct Library {
    groups: Groups,
    policies: BTreeMap<String, Arc<Policy>>,
}

impl Library {
    /// Reads all groups and policies.
    pub(crate) fn build(report: &mut Report<'_>, raw: &RawConfig) -> Self {
        let groups = groups(report, &raw.groups);
        let mut policies = BTreeMap::new();
        for (name, policy) in &raw.policies {
            let key = Key::section("policies").field(name);
            if let Some(policy) = parse(report, &key, name, policy, &groups) {
                policies.insert(name.clone(), policy);
            }
        }
        warn_of_unused(report, raw);
        Self { groups, policies }
    }

    /// Reads `policies` of an app.
    pub(crate) fn of_app(
        &self,
        report: &mut Report<'_>,
        key: &Key,
        raw: &[RawPolicyEntry],
    ) -> Option<Vec<Arc<Policy>>> {
        let entries = raw.iter().enumerate().map(|(index, entry)| {
            let key = key.index(index);
            match entry {
                RawPolicyEntry::Named(name) => self.find(report, &key, name),
                RawPolicyEntry::Inline(raw) => {
                    let name = format!("inline #{}", index + 1);
                    parse(report, &key, &name, raw, &self.groups)
                }
            }
        });
        let entries: Vec<_> = entries.collect();
        entries.into_iter().collect()
    }

    fn find(&self, report: &mut Report<'_>, key: &Key, name: &str) -> Option<Arc<Policy>> {
        let section = Key::section("policies");
        // One that is written but wrong has been reported where it is.
        if !report.document().contains(&section.field(name)) {
            let mistake = unknown("policy", name, report.document().names(&section));
            report.error(key, mistake);
        }
        self.policies.get(name).cloned()
    }
}

/// Reads all groups. Wrong ones are replaced by harmless ones, so that what uses them is not reported as well.
fn groups(report: &mut Report<'_>, raw: &BTreeMap<String, RawGroup>) -> Groups {
    let section = Key::section("groups");
    let mut raw = raw.clone();
    for name in report.document().names(&section) {
        raw.entry(name.to_owned()).or_insert_with(stand_in);
    }
    for _ in 0..=raw.len() {
        let errors = match Groups::parse(&raw) {
            Ok(groups) => return groups,
            Err(errors) => errors,
        };
        for error in errors {
            let Some(name) = name_in(&error, &raw) else { continue };
            let inside = error.at.get(name.len()..).unwrap_or_default();
            report.error_in_rule(&section.field(&name).at(inside), &error.message);
            raw.insert(name, stand_in());
        }
    }
    Groups::default()
}

fn parse(report: &mut Report<'_>, key: &Key, name: &str, raw: &RawPolicy, groups: &Groups) -> Option<Arc<Policy>> {
    match Policy::parse(name, raw, groups) {
        Ok(policy) => Some(Arc::new(policy)),
        Err(errors) => {
            for error in errors {
                report.error_in_rule(&key.at(&error.at), &error.message);
            }
            None
        }
    }
}

fn stand_in() -> RawGroup {
    let everyone = RawSelector { key: SelectorKey::Everyone, value: RawValue::Flag(true) };
    RawGroup { include: vec![everyone], require: Vec::new(), exclude: Vec::new() }
}

/// The group that an error is about: names may have dots, so the longest that fits.
fn name_in(error: &ParseError, raw: &BTreeMap<String, RawGroup>) -> Option<String> {
    let fits = |name: &&String| {
        let rest = error.at.strip_prefix(name.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    raw.keys().filter(fits).max_by_key(|name| name.len()).cloned()
}

fn warn_of_unused(report: &mut Report<'_>, raw: &RawConfig) {
    let entries = || raw.apps.values().flat_map(|app| &app.policies);
    let named: BTreeSet<_> = entries()
        .filter_map(|entry| match entry {
            RawPolicyEntry::Named(name) => Some(name),
            RawPolicyEntry::Inline(_) => None,
        })
        .collect();
    let inline = entries().filter_map(|entry| match entry {
        RawPolicyEntry::Named(_) => None,
        RawPolicyEntry::Inline(policy) => Some(policy),
    });
    let in_policies = raw.policies.values().chain(inline);
    let grouped: BTreeSet<_> = in_policies
        .map(|policy| [&policy.include, &policy.require, &policy.exclude])
        .chain(raw.groups.values().map(|group| [&group.include, &group.require, &group.exclude]))
        .flat_map(|lists| lists.into_iter().flatten())
        .filter(|selector| selector.key == SelectorKey::Group)
        .flat_map(|selector| texts(&selector.value))
        .collect();
    for name in raw.policies.keys().filter(|name| !named.contains(name)) {
        let key = Key::section("policies").field(name);
        report.warn(&key, Mistake::new("is used by no app"));
    }
    for name in raw.groups.keys().filter(|name| !grouped.contains(name)) {
        let key = Key::section("groups").field(name);
        report.warn(&key, Mistake::new("is used by no policy"));
    }
}

fn texts(value: &RawValue) -> &[String] {
    match value {
        RawValue::Flag(_) | RawValue::Claim(_) => &[],
        RawValue::Text(text) => std::slice::from_ref(text),
        RawValue::List(texts) => texts,
    }
}
