//! Grants without a credential: one for each permission, however often it is given.

use super::{HOUR, LIFETIME, SECOND, START, child, epoch, grant, is_live, ok, open};
use crate::client::ClientId;
use crate::store::{EndedBecause, Grant, GrantDetails, Store};
use std::sync::Arc;

super::cases!(
    a_permission_given_again_prolongs_its_grant,
    each_permission_has_a_grant_of_its_own,
    what_has_ended_is_not_prolonged,
    a_grant_does_not_outlive_its_parent,
    renewals_at_once_open_one_grant,
);

async fn a_permission_given_again_prolongs_its_grant(store: Arc<dyn Store>) {
    assert_eq!(ok(store.renew_grant(&grant("g"), START).await), Some(grant("g")));
    let before = epoch(&*store).await;
    let later = START.plus(HOUR);
    let again = Grant {
        scope: "read".to_owned(),
        created_at: later,
        authenticated_at: later,
        expires_at: later.plus(LIFETIME),
        ..grant("other id")
    };
    let expected = Grant { id: "g".to_owned(), created_at: START, ..again.clone() };
    assert_eq!(ok(store.renew_grant(&again, later).await), Some(expected.clone()));
    assert_eq!(ok(store.grant("g").await), Some(expected));
    assert_eq!(ok(store.grant("other id").await), None);
    assert_eq!(epoch(&*store).await, before, "nothing was taken away");
}

async fn each_permission_has_a_grant_of_its_own(store: Arc<dyn Store>) {
    open(&*store, &grant("session")).await;
    let others = [
        Grant { app: "mail".to_owned(), ..grant("app") },
        Grant { client: ClientId::new("other"), ..grant("client") },
        Grant { subject: "bob".to_owned(), ..grant("subject") },
        child("parent", "session"),
        Grant { details: GrantDetails::default(), ..grant("way") },
    ];
    for other in &others {
        assert_eq!(ok(store.renew_grant(other, START).await).as_ref(), Some(other));
    }
    for other in &others {
        let again = Grant { id: "again".to_owned(), ..other.clone() };
        assert_eq!(ok(store.renew_grant(&again, START).await).as_ref(), Some(other));
    }
}

async fn what_has_ended_is_not_prolonged(store: Arc<dyn Store>) {
    ok(store.renew_grant(&grant("revoked"), START).await);
    ok(store.revoke_grant("revoked", EndedBecause::RevokedByAdmin, START).await);
    let short = Grant { expires_at: START.plus(SECOND), ..grant("expired") };
    assert_eq!(ok(store.renew_grant(&short, START).await), Some(short));
    let later = START.plus(SECOND);
    assert_eq!(ok(store.renew_grant(&grant("new"), later).await), Some(grant("new")));
    assert!(!is_live(&*store, "revoked", later).await && !is_live(&*store, "expired", later).await);
}

async fn a_grant_does_not_outlive_its_parent(store: Arc<dyn Store>) {
    assert_eq!(ok(store.renew_grant(&child("orphan", "nobody"), START).await), None);
    open(&*store, &grant("session")).await;
    assert!(ok(store.renew_grant(&child("g", "session"), START).await).is_some());
    ok(store.revoke_grant("session", EndedBecause::SignedOut, START).await);
    assert!(!is_live(&*store, "g", START).await, "it ends with its parent");
    assert_eq!(ok(store.renew_grant(&child("late", "session"), START).await), None);
}

async fn renewals_at_once_open_one_grant(store: Arc<dyn Store>) {
    let renew = |task| {
        let store = Arc::clone(&store);
        async move { ok(store.renew_grant(&grant(&format!("g{task}")), START).await).map(|grant| grant.id) }
    };
    let ids = super::at_once(16, renew).await;
    assert!(ids.iter().all(|id| id.is_some() && *id == ids[0]), "{ids:?}");
}
