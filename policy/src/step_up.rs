//! What a stronger or fresher sign-in would change (RFC 9470): found by deciding again with hopeful facts.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::{Decision, Facts, Identity, Kind, Policy, Reason};

/// What the sign-in in place of the present one must have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct StepUp {
    /// Authentication methods (RFC 8176) that it must be proven by, all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub auth_methods: Vec<String>,
    /// How old it may be at most; in seconds when written.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "seconds")]
    pub max_age: Option<Duration>,
}

impl StepUp {
    /// Replaces a denial by the hint what kind of sign-in would turn it into an allow, if one would.
    ///
    /// INVARIANT: nothing is guessed. A hint is given only if `decide` allows with exactly what it says in the facts, so a
    /// `block` that still holds then is not hidden behind one.
    pub(crate) fn or_denied(
        decision: Decision,
        policies: &[Arc<Policy>],
        facts: &Facts<'_>,
        decide: impl Fn(&Facts<'_>) -> Decision,
    ) -> Decision {
        let (Decision::Deny { rule, .. }, Some(identity)) = (&decision, facts.identity) else { return decision };
        if identity.kind != Kind::User {
            return decision;
        }
        match Search::new(policies, identity, facts, decide).find() {
            Some(step_up) => {
                let rule = rule.clone();
                Decision::Deny { reason: Reason::StrongerAuthenticationRequired { step_up }, rule }
            }
            None => decision,
        }
    }
}

impl fmt::Display for StepUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let methods = self.auth_methods.iter().map(|method| format!("`{method}`")).collect::<Vec<_>>().join(" and ");
        match (methods.is_empty(), self.max_age) {
            (false, None) => write!(f, "a sign-in with {methods}"),
            (false, Some(age)) => write!(f, "a sign-in with {methods}, not older than {}s", age.as_secs()),
            (true, Some(age)) => write!(f, "a sign-in not older than {}s", age.as_secs()),
            (true, None) => f.write_str("a sign-in"),
        }
    }
}

/// The search for the least that helps.
struct Search<'a, F> {
    identity: &'a Identity,
    facts: &'a Facts<'a>,
    decide: F,
    /// The methods that the policies speak of: no others matter.
    spoken_of: Vec<&'a str>,
    /// Those that the person has not used.
    missing: Vec<&'a str>,
    /// The ages that the policies speak of, from the longest.
    ages: Vec<Duration>,
}

/// More methods at once are not looked for: the number of tries grows with this power.
const MOST_METHODS: usize = 3;

impl<'a, F: Fn(&Facts<'_>) -> Decision> Search<'a, F> {
    fn new(policies: &'a [Arc<Policy>], identity: &'a Identity, facts: &'a Facts<'a>, decide: F) -> Self {
        let spoken_of = auth_methods(policies);
        let is_used = |method: &&str| identity.auth_methods.iter().any(|used| used == method);
        let missing = spoken_of.iter().copied().filter(|method| !is_used(method)).collect();
        let ages: BTreeSet<_> = policies.iter().filter_map(|policy| policy.session_duration).collect();
        Self { identity, facts, decide, spoken_of, missing, ages: ages.into_iter().rev().collect() }
    }

    /// Fewer methods come before more of them, and any age before a fresh one.
    fn find(&self) -> Option<StepUp> {
        let mut tries = vec![(0, Vec::new())];
        for _ in 0..=MOST_METHODS {
            if let Some(found) = tries.iter().find_map(|(_, methods)| self.with(methods)) {
                return Some(found);
            }
            tries = tries.iter().flat_map(|(from, methods)| self.one_more(*from, methods)).collect();
        }
        None
    }

    /// Each of the missing methods from a position on, added to `methods`, with the position after it.
    fn one_more<'b>(&'b self, from: usize, methods: &'b [&'a str]) -> impl Iterator<Item = (usize, Vec<&'a str>)> {
        let rest = self.missing.iter().enumerate().skip(from);
        rest.map(move |(at, method)| (at + 1, [methods, &[*method]].concat()))
    }

    /// The hint, if these methods besides those that were used help. A new sign-in takes the place of the present one, so
    /// the hint names those of the used methods too without which it would not do.
    fn with(&self, added: &[&'a str]) -> Option<StepUp> {
        let used = self.identity.auth_methods.iter().map(String::as_str);
        let used: Vec<_> = used.filter(|method| self.spoken_of.contains(method)).collect();
        let mut methods = [added, &used].concat();
        let max_age = self.age_with(&methods)?;
        for method in used {
            let fewer: Vec<_> = methods.iter().copied().filter(|one| *one != method).collect();
            if self.age_with(&fewer) == Some(max_age) {
                methods = fewer;
            }
        }
        Some(StepUp { auth_methods: methods.into_iter().map(str::to_owned).collect(), max_age })
    }

    /// The age that a sign-in with these methods alone may have at most to help; `Some(None)` if that of now does.
    fn age_with(&self, methods: &[&str]) -> Option<Option<Duration>> {
        let auth_methods = methods.iter().map(|method| (*method).to_owned()).collect();
        let identity = Identity { auth_methods, ..self.identity.clone() };
        let allows = |age| {
            let facts = Facts { identity: Some(&identity), authenticated_for: age, ..*self.facts };
            (self.decide)(&facts).is_allowed()
        };
        if allows(self.facts.authenticated_for) {
            return Some(None);
        }
        self.ages.iter().copied().find(|age| allows(Some(*age))).map(Some)
    }
}

/// The methods that policies speak of, each once: `mfa`, which leaves people the choice, and then by name, so that no order of
/// writing changes a hint.
pub(crate) fn auth_methods(policies: &[Arc<Policy>]) -> Vec<&str> {
    let mut found = Vec::new();
    for policy in policies {
        policy.rules.auth_methods(&mut found);
    }
    found.sort_by_key(|method| (*method != "mfa", *method));
    found.dedup();
    found
}

fn seconds<S: Serializer>(age: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    age.map(|age| age.as_secs()).serialize(serializer)
}
