//! Why a decision is what it is, for people and for programs.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::rule::{Entry, Rules};
use crate::selector::Selector;
use crate::{Action, Decision, Facts, Policy, Truth};

/// A decision with everything that led to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// What was decided.
    pub decision: Decision,
    /// Every policy in evaluation order, also those after the one that decided.
    pub policies: Vec<PolicyTrace>,
}

impl Explanation {
    pub(crate) fn new(
        decision: Decision,
        policies: &[Arc<Policy>],
        deciding: Option<usize>,
        facts: &Facts<'_>,
    ) -> Self {
        let trace = |(index, policy): (usize, &Arc<Policy>)| PolicyTrace {
            name: policy.name.to_string(),
            action: policy.action,
            applies: policy.applies_to(facts),
            outcome: policy.test(facts),
            decides: deciding == Some(index),
            session_duration: FreshnessTrace::new(policy, facts),
            rules: RulesTrace::new(&policy.rules, facts),
        };
        Self { decision, policies: policies.iter().enumerate().map(trace).collect() }
    }
}

/// What became of one policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PolicyTrace {
    /// Its name.
    pub name: String,
    /// What it does when it matches.
    pub action: Action,
    /// Whether its action is about whoever is asking; if not, it does not match.
    pub applies: bool,
    /// Whether it matches.
    pub outcome: Truth,
    /// Whether the decision is this policy's.
    pub decides: bool,
    /// Whether the person signed in recently enough, if it asks for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_duration: Option<FreshnessTrace>,
    /// The outcome of its rules.
    #[serde(flatten)]
    pub rules: RulesTrace,
}

/// Whether a sign-in is recent enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FreshnessTrace {
    /// How long ago it may have been, such as `15m`.
    pub longest: String,
    /// Whether it is.
    pub outcome: Truth,
}

impl FreshnessTrace {
    fn new(policy: &Policy, facts: &Facts<'_>) -> Option<Self> {
        let longest = humantime::format_duration(policy.session_duration?).to_string();
        Some(Self { longest, outcome: policy.is_fresh(facts)? })
    }
}

/// What became of the rules of a policy or group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RulesTrace {
    /// One of these must hold.
    pub include: Vec<EntryTrace>,
    /// All of these must hold.
    pub require: Vec<EntryTrace>,
    /// None of these may hold.
    pub exclude: Vec<EntryTrace>,
}

impl RulesTrace {
    fn new(rules: &Rules, facts: &Facts<'_>) -> Self {
        let section = |entries: &[Entry]| {
            let traces = entries.iter().map(|entry| EntryTrace::new(entry, facts));
            traces.collect()
        };
        Self { include: section(&rules.include), require: section(&rules.require), exclude: section(&rules.exclude) }
    }
}

/// What became of one selector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EntryTrace {
    /// The selector as in TOML, such as `email = "ann@example.com"`.
    pub selector: String,
    /// Whether it holds.
    pub outcome: Truth,
    /// The values one by one, if it has a list of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<EntryTrace>,
    /// The rules inside, if it is a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<RulesTrace>,
}

impl EntryTrace {
    fn new(entry: &Entry, facts: &Facts<'_>) -> Self {
        if let [only] = &*entry.alternatives {
            return Self::of_one(only, facts);
        }
        let values: Vec<_> = entry.alternatives.iter().map(Selector::to_string).collect();
        let traces = entry.alternatives.iter().map(|one| Self::of_one(one, facts));
        Self {
            selector: format!("{} = [{}]", entry.key, values.join(", ")),
            outcome: entry.test(facts),
            any_of: traces.collect(),
            group: None,
        }
    }

    fn of_one(selector: &Selector, facts: &Facts<'_>) -> Self {
        let group = match selector {
            Selector::Group(group) => Some(RulesTrace::new(&group.rules, facts)),
            _ => None,
        };
        Self {
            selector: format!("{} = {selector}", selector.key()),
            outcome: selector.test(facts),
            any_of: Vec::new(),
            group,
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.decision)?;
        for (index, policy) in self.policies.iter().enumerate() {
            write!(f, "{}. {policy}", index + 1)?;
        }
        Ok(())
    }
}

impl fmt::Display for PolicyTrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`: {}", self.action, self.name, self.outcome)?;
        match (self.action, self.applies) {
            (_, true) | (Action::Bypass, _) => {}
            (Action::Allow | Action::Block, false) => f.write_str(", is only about users")?,
            (Action::ServiceAuth, false) => f.write_str(", is only about services")?,
        }
        f.write_str(if self.decides { ", decides\n" } else { "\n" })?;
        if let Some(freshness) = &self.session_duration {
            writeln!(f, "   session_duration = \"{}\": {}", freshness.longest, freshness.outcome)?;
        }
        write_rules(f, &self.rules, 1)
    }
}

fn write_rules(f: &mut fmt::Formatter<'_>, rules: &RulesTrace, depth: usize) -> fmt::Result {
    let sections = [("include", &rules.include), ("require", &rules.require), ("exclude", &rules.exclude)];
    for (name, entries) in sections {
        for entry in entries {
            write_entry(f, name, entry, depth)?;
        }
    }
    Ok(())
}

fn write_entry(f: &mut fmt::Formatter<'_>, label: &str, entry: &EntryTrace, depth: usize) -> fmt::Result {
    let indent = depth * 3;
    writeln!(f, "{:indent$}{label} {}: {}", "", entry.selector, entry.outcome)?;
    for one in &entry.any_of {
        write_entry(f, "any of", one, depth + 1)?;
    }
    match &entry.group {
        Some(rules) => write_rules(f, rules, depth + 1),
        None => Ok(()),
    }
}
