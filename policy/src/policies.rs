//! The policies of one app, in the order in which they decide.

use std::sync::Arc;

use crate::step_up;
use crate::{Action, Decision, Explanation, Facts, Policy, Reason, StepUp, Truth};

/// The policies of one app. Without any it denies everything.
#[derive(Clone, Debug)]
pub struct Policies {
    /// INVARIANT: in evaluation order, `bypass` and `service_auth` before `allow` and `block`.
    ordered: Box<[Arc<Policy>]>,
}

impl Policies {
    /// Takes the policies in configuration order.
    pub fn new(policies: Vec<Arc<Policy>>) -> Self {
        let mut ordered = policies;
        ordered.sort_by_key(|policy| !policy.action.goes_first());
        Self { ordered: ordered.into() }
    }

    /// Whether this request may pass. The first policy that matches decides, and without one
    /// nobody passes.
    ///
    /// Without a request, what depends on it never lets anybody pass: an `allow` (or `bypass` or
    /// `service_auth`) that might match does not, and a `block` that might match does.
    ///
    /// A denial that a stronger or fresher sign-in would turn into an allow says what is missing
    /// ([`Reason::StrongerAuthenticationRequired`]).
    pub fn decide(&self, facts: &Facts<'_>) -> Decision {
        let decide = |facts: &Facts<'_>| self.conclude(facts, self.deciding(facts));
        StepUp::or_denied(decide(facts), &self.ordered, facts, decide)
    }

    /// Whether any request of this identity through this client could pass; what is known of the
    /// present one is set aside.
    ///
    /// This is the hopeful twin of [`Policies::decide`]: an `allow` (or `bypass` or
    /// `service_auth`) that might match does, and a `block` that might match does not. So it
    /// denies only those whom `decide` would deny whatever they asked for. A `bypass` is named
    /// only where nothing else lets them pass, or would after a stronger sign-in: [`Action::Bypass`]
    /// says that they may have what is anybody's, and no more.
    pub fn may_ever(&self, facts: &Facts<'_>) -> Decision {
        let facts = Facts { request: None, ..*facts };
        let first = |bypass: bool, facts: &Facts<'_>| {
            self.ordered
                .iter()
                .position(|policy| (policy.action == Action::Bypass) == bypass && might_decide(policy, facts))
        };
        let own = |facts: &Facts<'_>| self.conclude(facts, first(false, facts));
        match StepUp::or_denied(own(&facts), &self.ordered, &facts, own) {
            own @ Decision::Deny { reason: Reason::StrongerAuthenticationRequired { .. }, .. } => own,
            own if own.is_allowed() => own,
            own => match first(true, &facts) {
                Some(public) => self.conclude(&facts, Some(public)),
                None => own,
            },
        }
    }

    /// Whether this request might pass once all of it is known: of one whose MCP message is not read yet. It denies only
    /// what [`Policies::decide`] denies whatever the message says.
    pub fn may_yet(&self, facts: &Facts<'_>) -> Decision {
        let decide = |facts: &Facts<'_>| {
            let first = self.ordered.iter().position(|policy| might_decide(policy, facts));
            self.conclude(facts, first)
        };
        StepUp::or_denied(decide(facts), &self.ordered, facts, decide)
    }

    /// The decision of [`Policies::decide`], with the outcome of every selector of every policy.
    pub fn explain(&self, facts: &Facts<'_>) -> Explanation {
        let deciding = self.deciding(facts);
        let decision = self.decide(facts);
        Explanation::new(decision, &self.ordered, deciding, facts)
    }

    /// The authentication methods (RFC 8176) that the policies speak of.
    pub fn auth_methods(&self) -> Vec<&str> {
        step_up::auth_methods(&self.ordered)
    }

    /// Whether a decision can depend on the MCP message in a request's body.
    pub fn need_messages(&self) -> bool {
        self.ordered.iter().any(|policy| policy.rules.need_messages())
    }

    /// Whether any of them looks at client certificates.
    pub fn speak_of_certificates(&self) -> bool {
        self.ordered.iter().any(|policy| policy.speaks_of_certificates())
    }

    /// Whether any of them lets in who shows nothing but a client certificate.
    pub fn take_certificates_alone(&self) -> bool {
        self.ordered.iter().any(|policy| policy.takes_certificates_alone())
    }

    /// The position of the policy that decides.
    fn deciding(&self, facts: &Facts<'_>) -> Option<usize> {
        self.ordered.iter().position(|policy| decides(policy, facts))
    }

    fn conclude(&self, facts: &Facts<'_>, deciding: Option<usize>) -> Decision {
        match deciding.and_then(|index| self.ordered.get(index)) {
            Some(policy) if policy.action == Action::Block => {
                Decision::Deny { reason: Reason::Blocked, rule: Some(Arc::clone(&policy.name)) }
            }
            Some(policy) => Decision::Allow { rule: Arc::clone(&policy.name), action: policy.action },
            None if facts.identity.is_none() && self.welcome_users() => {
                Decision::Deny { reason: Reason::LoginRequired, rule: None }
            }
            None => Decision::Deny { reason: Reason::NoRuleMatched, rule: None },
        }
    }

    fn welcome_users(&self) -> bool {
        self.ordered.iter().any(|policy| policy.action == Action::Allow)
    }
}

/// Whether a policy decides if what is not known yet must not let anybody pass.
fn decides(policy: &Policy, facts: &Facts<'_>) -> bool {
    match policy.test(facts) {
        Truth::Yes => true,
        Truth::No => false,
        Truth::Unknown => policy.action == Action::Block,
    }
}

/// Whether a policy decides if what is not known yet must not stop anybody.
fn might_decide(policy: &Policy, facts: &Facts<'_>) -> bool {
    match policy.test(facts) {
        Truth::Yes => true,
        Truth::No => false,
        Truth::Unknown => policy.action != Action::Block,
    }
}
