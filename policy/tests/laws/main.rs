//! What holds for all policies and all facts, whatever they are.

mod compose;
mod given;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use policy::{
    Action, Decision, Groups, Identity, Kind, Policies, Policy, RawPolicy, RawValue, Reason, SelectorKey, StepUp,
};
use proptest::prelude::*;
use proptest::sample::Index;

use given::{Asker, asker, groups, one_path, policies, policy, selector};

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, max_global_rejects: 16_384, ..Default::default() })]

    #[test]
    fn the_order_of_include_entries_does_not_matter(
        (mut raw, shuffled, at) in policies(1).prop_flat_map(|raw| {
            let at = 0..raw.len();
            at.prop_flat_map(move |at| {
                let include = Just(raw[at].include.clone()).prop_shuffle();
                (Just(raw.clone()), include, Just(at))
            })
        }),
        asker in asker(),
    ) {
        let before = decide(&raw, &asker);
        raw[at].include = shuffled;
        prop_assert_eq!(before, decide(&raw, &asker));
    }

    #[test]
    fn p_09_an_exclude_more_never_widens(
        mut raw in policies(1),
        at in any::<Index>(),
        exclude in selector(false),
        asker in asker(),
    ) {
        let before = decide(&raw, &asker);
        let policy = at.get_mut(&mut raw);
        prop_assume!(policy.action != Action::Block);
        policy.exclude.push(exclude);
        prop_assert!(before.is_allowed() || !decide(&raw, &asker).is_allowed());
    }

    #[test]
    fn a_require_more_never_widens(
        mut raw in policies(1),
        at in any::<Index>(),
        require in selector(false),
        asker in asker(),
    ) {
        let before = decide(&raw, &asker);
        let policy = at.get_mut(&mut raw);
        prop_assume!(policy.action != Action::Block);
        policy.require.push(require);
        prop_assert!(before.is_allowed() || !decide(&raw, &asker).is_allowed());
    }

    #[test]
    fn a_policy_less_that_lets_pass_never_widens(
        mut raw in policies(1),
        at in any::<Index>(),
        asker in asker(),
    ) {
        let before = decide(&raw, &asker);
        let at = at.index(raw.len());
        prop_assume!(raw[at].action != Action::Block);
        raw.remove(at);
        prop_assert!(before.is_allowed() || !decide(&raw, &asker).is_allowed());
    }

    #[test]
    fn p_09_a_block_that_comes_first_and_matches_wins(
        block in policy(Just(Action::Block)),
        later in policies(0),
        asker in asker(),
    ) {
        let blocked = Decision::Deny { reason: Reason::Blocked, rule: Some("first".into()) };
        let first = RawPolicy { name: Some("first".into()), ..block };
        prop_assume!(decide(std::slice::from_ref(&first), &asker) == blocked);

        let mut raw = vec![first];
        raw.extend(later.into_iter().filter(|policy| policy.action != Action::Bypass));
        let decided = decide(&raw, &asker);
        match needs_more(&decided) {
            // It matches no more after that sign-in, and matched until then.
            Some(step_up) => {
                prop_assert_ne!(decide(&raw[..1], &asker.stepped_up(step_up)), blocked);
                let is_first = matches!(&decided, Decision::Deny { rule: Some(rule), .. } if &**rule == "first");
                prop_assert!(is_first);
            }
            None => prop_assert_eq!(decided, blocked),
        }
    }

    #[test]
    fn bypass_and_service_auth_come_before_allow_and_block(raw in policies(0), asker in asker()) {
        let (early, late): (Vec<_>, Vec<_>) = raw
            .iter()
            .cloned()
            .partition(|policy| matches!(policy.action, Action::Bypass | Action::ServiceAuth));
        let decided = decide(&raw, &asker);
        prop_assert_eq!(&decided, &decide(&[&*early, &*late].concat(), &asker));
        prop_assert_eq!(&decided, &decide(&[&*late, &*early].concat(), &asker));

        let alone = decide(&early, &asker);
        if alone.is_allowed() {
            prop_assert_eq!(decided, alone);
        }
    }

    #[test]
    fn only_users_are_allowed_and_blocked_and_only_services_pass_service_auth(
        raw in policies(1),
        asker in asker(),
    ) {
        let kind = asker.identity.as_ref().map(|identity| identity.kind);
        match decide(&raw, &asker) {
            Decision::Allow { action: Action::Allow, .. }
            | Decision::Deny { reason: Reason::Blocked | Reason::StrongerAuthenticationRequired { .. }, .. } => {
                prop_assert_eq!(kind, Some(Kind::User));
            }
            Decision::Allow { action: Action::ServiceAuth, .. } => {
                prop_assert_eq!(kind, Some(Kind::Service));
            }
            Decision::Allow { action, .. } => prop_assert_eq!(action, Action::Bypass),
            Decision::Deny { reason: Reason::LoginRequired, .. } => {
                prop_assert_eq!(kind, None);
                prop_assert!(raw.iter().any(|policy| policy.action == Action::Allow));
            }
            Decision::Deny { reason: Reason::NoRuleMatched, .. } => {
                let in_vain = raw.iter().all(|policy| policy.action != Action::Allow);
                prop_assert!(kind.is_some() || in_vain);
            }
        }
    }

    /// The outcomes of the selectors, put together here a second time, lead to the decision.
    #[test]
    fn an_explanation_explains_the_decision(raw in policies(0), asker in asker()) {
        let policies = parsed(&raw);
        let explanation = policies.explain(&asker.facts());
        prop_assert_eq!(&explanation.decision, &policies.decide(&asker.facts()));
        prop_assert_eq!(explanation.policies.len(), raw.len());
        compose::agrees(&explanation, &asker)?;
        prop_assert!(explanation.to_string().starts_with(&explanation.decision.to_string()));
    }

    #[test]
    fn deciding_is_total_and_repeatable(raw in policies(0), asker in given::stranger()) {
        let policies = parsed(&raw);
        let facts = asker.facts();
        prop_assert_eq!(policies.decide(&facts), policies.decide(&facts));
        prop_assert_eq!(policies.may_ever(&facts), policies.may_ever(&facts));
        prop_assert_eq!(policies.explain(&facts), policies.explain(&facts));
    }

    #[test]
    fn whoever_may_now_may_ever(raw in policies(1), asker in asker()) {
        let policies = parsed(&raw);
        if let Decision::Allow { action, .. } = policies.decide(&asker.facts()) {
            let ever = policies.may_ever(&asker.facts());
            prop_assert!(ever.is_allowed() || action == Action::Bypass && needs_more(&ever).is_some());
            prop_assert_eq!(ever, policies.may_ever(&asker.without_request().facts()));
        }
    }

    /// Whoever signs in anew exactly as the hint says passes.
    #[test]
    fn a_hint_is_given_only_where_what_it_asks_for_helps(raw in policies(1), asker in asker()) {
        let policies = parsed(&raw);
        let decided = policies.decide(&asker.facts());
        if let Some(step_up) = needs_more(&decided) {
            prop_assert!(policies.decide(&asker.stepped_up(step_up).facts()).is_allowed());
            prop_assert!(!step_up.auth_methods.is_empty() || step_up.max_age.is_some());
        }
        let ever = policies.may_ever(&asker.facts());
        if let Some(step_up) = needs_more(&ever) {
            prop_assert!(policies.may_ever(&asker.stepped_up(step_up).facts()).is_allowed());
        }
    }

    /// Where no rule speaks of methods or ages, no sign-in is stronger than another.
    #[test]
    fn without_rules_on_strength_there_is_no_hint(raw in policies(1), asker in asker()) {
        let speaks = |raw: &RawPolicy| {
            let mut selectors = [&raw.include, &raw.require, &raw.exclude].into_iter().flatten();
            raw.session_duration.is_some()
                || selectors.any(|one| matches!(one.key, SelectorKey::AuthMethod | SelectorKey::Group))
        };
        let raw: Vec<_> = raw.into_iter().filter(|raw| !speaks(raw)).collect();
        prop_assert!(needs_more(&decide(&raw, &asker)).is_none());
    }

    #[test]
    fn a_fresher_sign_in_never_narrows(raw in policies(1), asker in asker()) {
        let fresh = Asker { authenticated_for: Some(Duration::ZERO), ..asker.clone() };
        prop_assert!(!decide(&raw, &asker).is_allowed() || decide(&raw, &fresh).is_allowed());
    }

    #[test]
    fn what_may_ever_says_does_not_depend_on_the_request(raw in policies(1), asker in asker()) {
        let policies = parsed(&raw);
        prop_assert_eq!(
            policies.may_ever(&asker.facts()),
            policies.may_ever(&asker.without_request().facts())
        );
    }

    /// What is decided without a request holds for every request.
    #[test]
    fn whoever_may_without_a_request_may_with_any(raw in policies(1), asker in asker()) {
        let policies = parsed(&raw);
        if policies.decide(&asker.without_request().facts()).is_allowed() {
            prop_assert!(policies.decide(&asker.facts()).is_allowed());
        }
    }

    /// What is decided before a message is read holds for every message, and who may not yet may with none.
    #[test]
    fn whoever_may_before_a_message_is_read_may_with_any(raw in policies(1), asker in asker()) {
        let policies = parsed(&raw);
        let unread = asker.with_message_unread();
        if policies.decide(&unread.facts()).is_allowed() {
            prop_assert!(policies.decide(&asker.facts()).is_allowed());
        }
        if policies.decide(&asker.facts()).is_allowed() {
            prop_assert!(policies.may_yet(&unread.facts()).is_allowed());
        }
    }

    #[test]
    fn a_slash_more_changes_nothing(
        raw in policies(1),
        asker in asker(),
        at in any::<Index>(),
    ) {
        let Some((ip, method, path)) = &asker.request else { return Ok(()) };
        let slashes: Vec<_> = path.match_indices('/').map(|(at, _)| at).chain([path.len()]).collect();
        let mut doubled = path.clone();
        doubled.insert(*at.get(&slashes), '/');
        let variant = Asker { request: Some((*ip, method.clone(), doubled)), ..asker.clone() };
        prop_assert_eq!(decide(&raw, &asker), decide(&raw, &variant));
    }

    /// A rule is never compared in encoded form, which would let the other form slip past.
    #[test]
    fn a_percent_encoded_rule_is_refused(path in one_path().prop_filter("a sound rule", |path| !path.contains("//")), byte in any::<u8>(), at in any::<Index>()) {
        let mut text = path;
        let after_slashes: Vec<_> = text.match_indices('/').map(|(at, _)| at + 1).collect();
        text.insert_str(*at.get(&after_slashes), &format!("%{byte:02x}"));
        let raw = RawPolicy {
            include: vec![given::raw_selector(SelectorKey::Path, RawValue::Text(text))],
            ..block_of_everyone()
        };
        let errors = Policy::parse("block", &raw, &Groups::default());
        prop_assert!(errors.is_err_and(|errors| errors[0].message.contains("percent-encoded")));
    }

    #[test]
    fn the_case_of_an_email_address_does_not_matter(raw in policies(1), asker in asker()) {
        let Some(identity) = &asker.identity else { return Ok(()) };
        let email = identity.email.as_ref().map(|email| email.to_ascii_uppercase());
        let shouting = Asker {
            identity: Some(Identity { email, ..identity.clone() }),
            ..asker.clone()
        };
        prop_assert_eq!(decide(&raw, &asker), decide(&raw, &shouting));
    }

    #[test]
    fn an_ipv4_mapped_address_is_the_ipv4_address(raw in policies(1), asker in asker()) {
        let Some((IpAddr::V4(ip), method, path)) = &asker.request else { return Ok(()) };
        let mapped = ip.to_ipv6_mapped().into();
        let variant = Asker { request: Some((mapped, method.clone(), path.clone())), ..asker.clone() };
        prop_assert_eq!(decide(&raw, &asker), decide(&raw, &variant));
    }
}

/// The laws above say something only if the policies and facts made up for them meet.
#[test]
fn the_policies_and_facts_made_up_here_reach_every_outcome() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let mut seen = std::collections::BTreeMap::<String, u32>::new();
    for _ in 0..1000 {
        let raw = policies(0).new_tree(&mut runner).expect("policies").current();
        let asker = asker().new_tree(&mut runner).expect("facts").current();
        let decision = decide(&raw, &asker);
        let outcome = match &decision {
            Decision::Allow { action, .. } => action.as_str(),
            Decision::Deny { reason, .. } => reason.as_str(),
        };
        *seen.entry(outcome.to_owned()).or_default() += 1;
    }
    for outcome in [
        "allow",
        "bypass",
        "service_auth",
        "blocked",
        "login_required",
        "no_rule_matched",
        "insufficient_user_authentication",
    ] {
        assert!(seen.get(outcome).is_some_and(|times| *times >= 20), "{outcome} in {seen:?}");
    }
}

fn needs_more(decision: &Decision) -> Option<&StepUp> {
    match decision {
        Decision::Deny { reason: Reason::StrongerAuthenticationRequired { step_up }, .. } => Some(step_up),
        _ => None,
    }
}

fn decide(raw: &[RawPolicy], asker: &Asker) -> Decision {
    parsed(raw).decide(&asker.facts())
}

fn parsed(raw: &[RawPolicy]) -> Policies {
    let policies = raw.iter().map(|raw| {
        let policy = Policy::parse("unnamed", raw, groups());
        Arc::new(policy.expect("a sound policy"))
    });
    Policies::new(policies.collect())
}

fn block_of_everyone() -> RawPolicy {
    RawPolicy {
        name: None,
        action: Action::Block,
        include: vec![given::raw_selector(SelectorKey::Everyone, RawValue::Flag(true))],
        require: Vec::new(),
        exclude: Vec::new(),
        session_duration: None,
    }
}
