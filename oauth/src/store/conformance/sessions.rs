//! Sessions that are used do not lie idle.

use super::{HOUR, LIFETIME, SECOND, START, child, grant, hash, ok};
use crate::store::{Credential, EndedBecause, Grant, Store};
use crate::world::Timestamp;
use std::sync::Arc;

super::cases!(
    a_session_in_use_is_prolonged_with_the_one_it_came_from,
    a_session_is_never_made_shorter_nor_longer_than_its_grant,
    what_has_ended_is_not_prolonged,
);

async fn keep(store: &dyn Store, grant: &Grant) {
    let credential =
        Credential { hash: hash(&grant.id), grant: grant.id.clone(), expires_at: START.plus(HOUR), rotated_at: None };
    ok(store.open_grant(grant, &credential).await);
}

async fn end(store: &dyn Store, id: &str) -> Timestamp {
    ok(store.credential(&hash(id)).await).expect("a session").0.expires_at
}

async fn a_session_in_use_is_prolonged_with_the_one_it_came_from(store: Arc<dyn Store>) {
    for grant in [&grant("sso"), &child("app", "sso"), &child("other app", "sso")] {
        keep(&*store, grant).await;
    }
    let until = START.plus(HOUR).plus(SECOND);
    ok(store.prolong_session(&hash("app"), until, START.plus(SECOND)).await);
    assert_eq!((end(&*store, "app").await, end(&*store, "sso").await), (until, until));
    assert_eq!(end(&*store, "other app").await, START.plus(HOUR), "it was not used");
}

async fn a_session_is_never_made_shorter_nor_longer_than_its_grant(store: Arc<dyn Store>) {
    keep(&*store, &grant("sso")).await;
    ok(store.prolong_session(&hash("sso"), START.plus(SECOND), START).await);
    assert_eq!(end(&*store, "sso").await, START.plus(HOUR));
    ok(store.prolong_session(&hash("sso"), START.plus(LIFETIME).plus(HOUR), START).await);
    assert_eq!(end(&*store, "sso").await, START.plus(LIFETIME));
    ok(store.prolong_session(&hash("nobody's"), START.plus(HOUR), START).await);
}

async fn what_has_ended_is_not_prolonged(store: Arc<dyn Store>) {
    for id in ["idle", "revoked"] {
        keep(&*store, &grant(id)).await;
    }
    ok(store.revoke_grant("revoked", EndedBecause::SignedOut, START).await);
    let late = START.plus(HOUR);
    for id in ["idle", "revoked"] {
        ok(store.prolong_session(&hash(id), late.plus(SECOND), late).await);
        assert_eq!(end(&*store, id).await, START.plus(HOUR), "{id}");
    }
}
