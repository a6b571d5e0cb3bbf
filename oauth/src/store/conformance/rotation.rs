//! Refresh tokens: rotation, the grace for lost answers, and reuse.

use super::{
    GRACE, HOUR, LIFETIME, SECOND, START, at_once, child, credential, epoch, grant, hash, is_live, ok, open, rotate,
    sealed, successor,
};
use crate::store::{Credential, EndedBecause, Grant, GrantDetails, Rotation, Store, Successor};
use std::sync::Arc;

super::cases!(
    a_current_token_is_replaced,
    a_grant_ends_with_its_newest_token,
    the_grace_answers_with_the_first_response,
    the_grace_outlasts_the_next_rotation,
    a_reuse_ends_the_grant,
    a_reuse_is_noticed_after_the_expiry,
    an_unknown_or_expired_token_is_not_rotated,
    a_token_of_an_ended_grant_is_not_rotated,
    one_of_many_rotators_rotates,
);

async fn a_current_token_is_replaced(store: Arc<dyn Store>) {
    open(&*store, &grant("g")).await;
    assert_eq!(rotate(&*store, "g", "next", "g", START).await, Rotation::Rotated);
    let rotated = Credential { rotated_at: Some(START), ..credential("g", "g") };
    assert_eq!(ok(store.credential(&hash("g")).await), Some((rotated, grant("g"))), "the predecessor is marked");
    let current = Some((credential("next", "g"), grant("g")));
    assert_eq!(ok(store.credential(&hash("next")).await), current, "the successor is current");
    assert_eq!(rotate(&*store, "next", "third", "g", START.plus(HOUR)).await, Rotation::Rotated, "and rotates in turn");
}

async fn a_grant_ends_with_its_newest_token(store: Arc<dyn Store>) {
    let latest_end = Some(START.plus(LIFETIME));
    let details = GrantDetails { latest_end, ..GrantDetails::default() };
    let idle = Grant { expires_at: START.plus(HOUR), details, ..grant("g") };
    open(&*store, &idle).await;
    let next = credential("next", "g");
    let next = Credential { expires_at: START.plus(HOUR * 2), ..next };
    let successor = Successor { credential: next, sealed_response: sealed("next") };
    assert_eq!(ok(store.rotate(&hash("g"), &successor, GRACE, START).await), Rotation::Rotated);
    let moved = Some(Grant { expires_at: START.plus(HOUR * 2), ..idle });
    assert_eq!(ok(store.grant("g").await), moved);
    rotate(&*store, "g", "other", "g", START.plus(GRACE)).await;
    assert_eq!(ok(store.grant("g").await), moved, "a replay moves nothing");
    assert_eq!(rotate(&*store, "next", "third", "g", START.plus(HOUR * 2)).await, Rotation::Unknown);
    let ended = moved.and_then(|grant| grant.ended(START.plus(HOUR * 2)));
    assert_eq!(ended, Some((START.plus(HOUR * 2), EndedBecause::Idle)));
}

async fn the_grace_answers_with_the_first_response(store: Arc<dyn Store>) {
    open(&*store, &grant("g")).await;
    rotate(&*store, "g", "first", "g", START).await;
    let expected = Rotation::Replay { sealed_response: sealed("first") };
    for (name, now) in [("second", START), ("third", START.plus(GRACE))] {
        assert_eq!(rotate(&*store, "g", name, "g", now).await, expected, "the grace includes its last second");
        assert_eq!(ok(store.credential(&hash(name)).await), None, "a replay keeps no other successor");
    }
    assert!(is_live(&*store, "g", START.plus(GRACE)).await, "a replay within the grace ends nothing");
}

async fn the_grace_outlasts_the_next_rotation(store: Arc<dyn Store>) {
    open(&*store, &grant("g")).await;
    rotate(&*store, "g", "first", "g", START).await;
    rotate(&*store, "first", "second", "g", START.plus(SECOND)).await;
    let again = rotate(&*store, "g", "third", "g", START.plus(GRACE)).await;
    assert_eq!(again, Rotation::Replay { sealed_response: sealed("first") });
}

async fn a_reuse_ends_the_grant(store: Arc<dyn Store>) {
    open(&*store, &grant("g")).await;
    open(&*store, &child("child", "g")).await;
    open(&*store, &grant("other")).await;
    rotate(&*store, "g", "first", "g", START).await;
    let late = START.plus(GRACE + SECOND);
    rotate(&*store, "first", "second", "g", late).await;
    assert_eq!(rotate(&*store, "g", "third", "g", late).await, Rotation::Reused);
    let ended = ok(store.grant("g").await).and_then(|grant| grant.revoked_at);
    assert_eq!(ended, Some(late), "a reuse ends the grant");
    assert!(!is_live(&*store, "child", late).await, "a reuse ends what came from the grant");
    assert!(is_live(&*store, "other", late).await, "a reuse leaves other grants alone");
    assert_eq!(ok(store.credential(&hash("third")).await), None, "a reuse keeps no successor");
    for token in ["g", "first", "second"] {
        let outcome = rotate(&*store, token, "fourth", "g", late).await;
        assert_eq!(outcome, Rotation::Unknown, "no token of the ended grant rotates, not `{token}`");
    }
}

async fn a_reuse_is_noticed_after_the_expiry(store: Arc<dyn Store>) {
    let short = Credential { expires_at: START.plus(HOUR), ..credential("short", "g") };
    ok(store.open_grant(&grant("g"), &short).await);
    rotate(&*store, "short", "first", "g", START).await;
    let outcome = rotate(&*store, "short", "second", "g", START.plus(HOUR)).await;
    assert_eq!(outcome, Rotation::Reused, "a rotated token betrays a thief even when it has expired");
}

async fn an_unknown_or_expired_token_is_not_rotated(store: Arc<dyn Store>) {
    let short = Credential { expires_at: START.plus(HOUR), ..credential("short", "g") };
    ok(store.open_grant(&grant("g"), &short).await);
    for (token, now) in [("nobody", START), ("short", START.plus(HOUR))] {
        assert_eq!(rotate(&*store, token, "next", "g", now).await, Rotation::Unknown, "token `{token}`");
        assert_eq!(ok(store.credential(&hash("next")).await), None, "token `{token}` must have no successor");
    }
    assert!(is_live(&*store, "g", START.plus(HOUR)).await, "an expired token does not end its grant");
    let in_time = START.plus(HOUR - SECOND);
    assert_eq!(rotate(&*store, "short", "next", "g", in_time).await, Rotation::Rotated, "a refusal used nothing up");
}

async fn a_token_of_an_ended_grant_is_not_rotated(store: Arc<dyn Store>) {
    open(&*store, &grant("revoked")).await;
    ok(store.revoke_grant("revoked", EndedBecause::RevokedByPerson, START).await);
    assert_eq!(rotate(&*store, "revoked", "next", "revoked", START).await, Rotation::Unknown);

    let expired = Grant { expires_at: START.plus(HOUR), ..grant("expired") };
    open(&*store, &expired).await;
    assert_eq!(rotate(&*store, "expired", "next", "expired", START.plus(HOUR)).await, Rotation::Unknown);

    open(&*store, &grant("replayed")).await;
    rotate(&*store, "replayed", "next", "replayed", START).await;
    ok(store.revoke_grant("replayed", EndedBecause::RevokedByPerson, START).await);
    let outcome = rotate(&*store, "replayed", "other", "replayed", START).await;
    assert_eq!(outcome, Rotation::Unknown, "the grace ends with the grant");
    let later = START.plus(LIFETIME);
    assert_eq!(rotate(&*store, "replayed", "other", "replayed", later).await, Rotation::Unknown);
}

async fn one_of_many_rotators_rotates(store: Arc<dyn Store>) {
    open(&*store, &grant("g")).await;
    let before = epoch(&*store).await;
    let outcomes = at_once(50, |task| {
        let store = Arc::clone(&store);
        async move {
            let next = successor(&format!("next {task}"), "g");
            let rotation = ok(store.rotate(&hash("g"), &next, GRACE, START).await);
            (rotation, next.sealed_response)
        }
    })
    .await;
    let (rotated, replayed): (Vec<_>, Vec<_>) =
        outcomes.into_iter().partition(|(rotation, _)| *rotation == Rotation::Rotated);
    assert_eq!(rotated.len(), 1, "exactly one of 50 rotates");
    let expected = Rotation::Replay { sealed_response: rotated[0].1.clone() };
    assert!(replayed.iter().all(|(rotation, _)| *rotation == expected), "the others get its very response");
    assert_eq!(epoch(&*store).await, before, "a rotation takes nothing away");
}
