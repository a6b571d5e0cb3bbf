//! A second, plain reading of an explanation, to hold against the decision.

use policy::{Action, Decision, EntryTrace, Explanation, Kind, RulesTrace, Truth};
use proptest::prelude::*;

use crate::given::Asker;

/// Composes an explanation anew from its leaves, by the rules as the documentation words them.
pub(crate) fn agrees(explanation: &Explanation, asker: &Asker) -> Result<(), TestCaseError> {
    let kind = asker.identity.as_ref().map(|identity| identity.kind);
    let mut deciding = None;
    for policy in &explanation.policies {
        let applies = match policy.action {
            Action::Allow | Action::Block => kind == Some(Kind::User),
            Action::ServiceAuth => kind == Some(Kind::Service),
            Action::Bypass => true,
        };
        let is_stale = policy.session_duration.as_ref().is_some_and(|longest| longest.outcome != Truth::Yes);
        let rules = of_rules(&policy.rules)?;
        let outcome = if applies && !is_stale { rules } else { Truth::No };
        prop_assert_eq!(policy.applies, applies);
        prop_assert_eq!(policy.outcome, outcome);

        let matches = outcome == Truth::Yes || outcome == Truth::Unknown && policy.action == Action::Block;
        let decides = matches && deciding.is_none();
        prop_assert_eq!(policy.decides, decides);
        if decides {
            deciding = Some(policy);
        }
    }
    let (rule, passes) = match &explanation.decision {
        Decision::Allow { rule, .. } => (Some(rule), true),
        Decision::Deny { rule, .. } => (rule.as_ref(), false),
    };
    prop_assert_eq!(rule.map(|rule| &**rule), deciding.map(|policy| &*policy.name));
    prop_assert_eq!(passes, deciding.is_some_and(|policy| policy.action != Action::Block));
    Ok(())
}

fn of_rules(rules: &RulesTrace) -> Result<Truth, TestCaseError> {
    let outcomes = |entries: &[EntryTrace]| entries.iter().map(of_entry).collect::<Result<Vec<_>, _>>();
    let include = outcomes(&rules.include)?;
    let require = outcomes(&rules.require)?;
    let exclude = outcomes(&rules.exclude)?;
    let surely = include.contains(&Truth::Yes)
        && require.iter().all(|outcome| *outcome == Truth::Yes)
        && exclude.iter().all(|outcome| *outcome == Truth::No);
    let possibly = include.iter().any(|outcome| *outcome != Truth::No)
        && require.iter().all(|outcome| *outcome != Truth::No)
        && exclude.iter().all(|outcome| *outcome != Truth::Yes);
    Ok(between(surely, possibly))
}

fn of_entry(entry: &EntryTrace) -> Result<Truth, TestCaseError> {
    let outcome = match (&entry.group, &*entry.any_of) {
        (Some(rules), _) => of_rules(rules)?,
        (None, []) => entry.outcome,
        (None, values) => {
            let values = values.iter().map(of_entry).collect::<Result<Vec<_>, _>>()?;
            let possibly = values.iter().any(|outcome| *outcome != Truth::No);
            between(values.contains(&Truth::Yes), possibly)
        }
    };
    prop_assert_eq!(entry.outcome, outcome, "{}", &entry.selector);
    Ok(outcome)
}

fn between(surely: bool, possibly: bool) -> Truth {
    match (surely, possibly) {
        (true, _) => Truth::Yes,
        (false, true) => Truth::Unknown,
        (false, false) => Truth::No,
    }
}
