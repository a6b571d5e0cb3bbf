//! Garbage collection: what lives stays, what ended lately stays, and the rest goes.

use super::{
    CODE_LIFETIME, GRACE, HOUR, LIFETIME, START, YEAR, child, code, credential, grant, hash, is_live, ok, open, redeem,
    replayed, rotate, sealed,
};
use crate::store::{Code, Credential, EndedBecause, Grant, Issued, Redeemed, Rotation, Store};
use std::sync::Arc;

super::cases!(
    what_lives_is_kept,
    what_ended_lately_is_remembered,
    what_ended_long_ago_is_deleted,
    a_parent_is_kept_for_its_children,
);

async fn what_lives_is_kept(store: Arc<dyn Store>) {
    ok(store.issue_code(&code("a")).await);
    open(&*store, &grant("g")).await;
    rotate(&*store, "g", "next", "g", START).await;
    assert_eq!(ok(store.collect_garbage(START.plus(GRACE)).await), 0, "there is nothing to delete");
    let replay = rotate(&*store, "g", "other", "g", START.plus(GRACE)).await;
    assert_eq!(replay, Rotation::Replay { sealed_response: sealed("next") }, "the grace is kept");
    assert_eq!(ok(store.credential(&hash("next")).await), Some((credential("next", "g"), grant("g"))));
    assert_eq!(redeem(&*store, "a", &grant("h"), START.plus(GRACE)).await, Redeemed::Opened, "the code is kept");
}

async fn what_ended_lately_is_remembered(store: Arc<dyn Store>) {
    ok(store.issue_code(&code("a")).await);
    redeem(&*store, "a", &grant("g"), START).await;
    open(&*store, &grant("revoked")).await;
    ok(store.revoke_grant("revoked", EndedBecause::RevokedByPerson, START).await);
    let later = START.plus(CODE_LIFETIME + HOUR);
    ok(store.collect_garbage(later).await);
    assert!(ok(store.grant("revoked").await).is_some(), "a grant that ended lately can be looked up");
    let again = Code { consent: code("a").consent, ..code("b") };
    assert_eq!(ok(store.issue_code(&again).await), Issued::ConsentUsed, "a used consent is remembered");
    assert_eq!(redeem(&*store, "a", &grant("h"), later).await, replayed("g"), "a replay is still noticed");
    assert!(!is_live(&*store, "g", later).await);
}

async fn what_ended_long_ago_is_deleted(store: Arc<dyn Store>) {
    ok(store.issue_code(&code("a")).await);
    redeem(&*store, "a", &grant("expired"), START).await;
    let long = Grant { expires_at: START.plus(YEAR * 3), ..grant("long") };
    let lasting = Credential { expires_at: long.expires_at, ..credential("lasting", "long") };
    ok(store.open_grant(&long, &credential("short", "long")).await);
    let revoked = Grant { id: "revoked".to_owned(), ..long.clone() };
    ok(store.open_grant(&revoked, &Credential { grant: revoked.id.clone(), ..lasting.clone() }).await);
    ok(store.revoke_grant("revoked", EndedBecause::RevokedByPerson, START).await);

    let now = START.plus(LIFETIME + YEAR);
    assert!(ok(store.collect_garbage(now).await) > 0, "there was something to delete");
    assert_eq!(ok(store.code(&hash("a")).await), None, "codes long expired go");
    for id in ["expired", "revoked"] {
        assert_eq!(ok(store.grant(id).await), None, "the grant `{id}` ended long ago");
        assert_eq!(ok(store.credential(&hash(id)).await), None, "its credential goes with it");
    }
    assert_eq!(ok(store.credential(&hash("lasting")).await), None, "a lasting credential goes with its grant");
    assert_eq!(ok(store.credential(&hash("short")).await), None, "credentials long expired go");
    assert!(is_live(&*store, "long", now).await, "a live grant stays");
    assert_eq!(ok(store.collect_garbage(now).await), 0, "there is nothing left to delete");
}

async fn a_parent_is_kept_for_its_children(store: Arc<dyn Store>) {
    open(&*store, &grant("session")).await;
    open(&*store, &child("between", "session")).await;
    let lasting = Grant { expires_at: START.plus(YEAR * 3), ..child("g", "between") };
    open(&*store, &lasting).await;
    let now = START.plus(YEAR);
    for _ in 0..3 {
        ok(store.collect_garbage(now).await);
    }
    assert!(
        ok(store.revoke_grant("session", EndedBecause::RevokedByPerson, now).await),
        "the first parent can still be revoked"
    );
    assert!(!is_live(&*store, "g", now).await, "and ends its child's child");
}
