//! Authorization codes: one from each consent, and each redeemed once.

use super::{
    CODE_LIFETIME, SECOND, START, at_once, child, code, credential, grant, hash, is_live, ok, open, redeem, replayed,
};
use crate::store::{Code, EndedBecause, Issued, Redeemed, Store};
use std::sync::Arc;

super::cases!(
    a_code_is_kept_as_issued,
    a_consent_gives_one_code,
    a_redeemed_code_opens_its_grant,
    a_replay_ends_the_grant_that_the_code_opened,
    a_replay_is_noticed_after_the_expiry,
    an_expired_or_unknown_code_opens_nothing,
    a_code_ends_with_the_session_that_its_grant_would_belong_to,
    one_of_many_redeemers_opens_a_grant,
);

async fn a_code_is_kept_as_issued(store: Arc<dyn Store>) {
    let with_session = code("a");
    let without = Code { session: None, refreshes: false, dpop_jkt: Some("key".to_owned()), ..code("b") };
    for code in [with_session, without] {
        assert_eq!(ok(store.issue_code(&code).await), Issued::New);
        assert_eq!(ok(store.code(&code.hash).await), Some(code), "a code is kept whole");
    }
    assert_eq!(ok(store.code(&hash("c")).await), None, "an unknown code is absent");
}

async fn a_consent_gives_one_code(store: Arc<dyn Store>) {
    assert!(!ok(store.is_consent_used(&code("a").consent).await), "before its code");
    ok(store.issue_code(&code("a")).await);
    assert!(ok(store.is_consent_used(&code("a").consent).await), "with its code");
    assert!(!ok(store.is_consent_used(&code("b").consent).await), "another consent");
    let second = Code { consent: code("a").consent, ..code("b") };
    assert_eq!(ok(store.issue_code(&second).await), Issued::ConsentUsed, "a consent is used once");
    assert_eq!(ok(store.code(&second.hash).await), None, "a refused code is not kept");
    redeem(&*store, "a", &grant("g"), START).await;
    assert!(ok(store.is_consent_used(&code("a").consent).await), "after its code was redeemed");
    let third = Code { consent: code("a").consent, ..code("c") };
    assert_eq!(ok(store.issue_code(&third).await), Issued::ConsentUsed, "a redemption does not free the consent");
}

async fn a_redeemed_code_opens_its_grant(store: Arc<dyn Store>) {
    ok(store.issue_code(&code("a")).await);
    assert_eq!(redeem(&*store, "a", &grant("g"), START).await, Redeemed::Opened);
    assert_eq!(ok(store.grant("g").await), Some(grant("g")), "the grant is kept whole");
    let kept = ok(store.credential(&hash("g")).await);
    assert_eq!(kept, Some((credential("g", "g"), grant("g"))), "the credential is kept with its grant");
    assert_eq!(ok(store.code(&hash("a")).await), Some(code("a")), "a redeemed code is still there to be checked");
    assert_eq!(ok(store.grant("h").await), None, "an unknown grant is absent");
    assert_eq!(ok(store.credential(&hash("h")).await), None, "an unknown credential is absent");
}

async fn a_replay_ends_the_grant_that_the_code_opened(store: Arc<dyn Store>) {
    for name in ["a", "b"] {
        ok(store.issue_code(&code(name)).await);
        redeem(&*store, name, &grant(name), START).await;
    }
    let later = START.plus(SECOND);
    assert_eq!(redeem(&*store, "a", &grant("second"), later).await, replayed("a"));
    let ended = ok(store.grant("a").await).and_then(|grant| grant.revoked_at);
    assert_eq!(ended, Some(later), "a replay ends the grant of the first redemption");
    assert!(is_live(&*store, "b", later).await, "a replay leaves other grants alone");
    assert_eq!(ok(store.grant("second").await), None, "a replay opens no grant");
    assert_eq!(ok(store.credential(&hash("second")).await), None, "a replay keeps no credential");
    assert_eq!(redeem(&*store, "a", &grant("third"), later).await, replayed("a"), "and again");
}

async fn a_replay_is_noticed_after_the_expiry(store: Arc<dyn Store>) {
    ok(store.issue_code(&code("a")).await);
    redeem(&*store, "a", &grant("g"), START).await;
    let expired = START.plus(CODE_LIFETIME);
    assert_eq!(redeem(&*store, "a", &grant("second"), expired).await, replayed("g"));
    assert!(!is_live(&*store, "g", expired).await, "a late replay ends the grant as well");
}

async fn an_expired_or_unknown_code_opens_nothing(store: Arc<dyn Store>) {
    ok(store.issue_code(&code("a")).await);
    for (name, now) in [("a", START.plus(CODE_LIFETIME)), ("b", START)] {
        assert_eq!(redeem(&*store, name, &grant("g"), now).await, Redeemed::Unknown, "code {name}");
        assert_eq!(ok(store.grant("g").await), None, "code {name} must open no grant");
    }
    let in_time = START.plus(CODE_LIFETIME - SECOND);
    assert_eq!(redeem(&*store, "a", &grant("g"), in_time).await, Redeemed::Opened, "a refusal used nothing up");
}

async fn a_code_ends_with_the_session_that_its_grant_would_belong_to(store: Arc<dyn Store>) {
    open(&*store, &grant("session")).await;
    for name in ["a", "b"] {
        ok(store.issue_code(&code(name)).await);
    }
    assert_eq!(redeem(&*store, "a", &child("g", "session"), START).await, Redeemed::Opened);
    ok(store.revoke_grant("session", EndedBecause::RevokedByPerson, START).await);
    let outcome = redeem(&*store, "b", &child("h", "session"), START).await;
    assert_eq!(outcome, Redeemed::Unknown, "who has logged out gets no grant that outlives the logout");
    assert_eq!(ok(store.grant("h").await), None);
}

async fn one_of_many_redeemers_opens_a_grant(store: Arc<dyn Store>) {
    ok(store.issue_code(&code("a")).await);
    let outcomes = at_once(32, |task| {
        let store = Arc::clone(&store);
        async move { redeem(&*store, "a", &grant(&task.to_string()), START).await }
    })
    .await;
    let opened = outcomes.iter().filter(|one| **one == Redeemed::Opened).count();
    let counts = (opened, outcomes.iter().filter(|one| matches!(one, Redeemed::Replayed { .. })).count());
    assert_eq!(counts, (1, 31), "one of 32 opens a grant and 31 are replays, got {outcomes:?}");
    let mut kept = Vec::new();
    for task in 0..32 {
        kept.extend(ok(store.grant(&task.to_string()).await));
    }
    assert_eq!(kept.len(), 1, "one grant came of it");
    assert!(!kept[0].is_live(START), "the replays ended it");
}
