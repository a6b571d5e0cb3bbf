//! Revocation, and the epoch that tells of everything taken away.

use super::{
    CODE_LIFETIME, GRACE, HOUR, SECOND, START, child, code, ended, epoch, grant, hash, is_live, ok, open, redeem,
    rotate,
};
use crate::client::ClientId;
use crate::store::{EndedBecause, Grant, GrantFilter, Store};
use std::sync::Arc;

super::cases!(
    a_grant_is_revoked_once,
    a_revocation_ends_all_that_came_from_the_grant,
    an_expired_parent_still_ends_its_children,
    a_filter_says_what_ends,
    the_reason_of_an_end_is_remembered,
    nothing_given_moves_the_epoch,
    everything_taken_moves_the_epoch,
);

async fn a_grant_is_revoked_once(store: Arc<dyn Store>) {
    open(&*store, &grant("g")).await;
    open(&*store, &grant("other")).await;
    assert!(ok(store.revoke_grant("g", EndedBecause::RevokedByPerson, START).await), "a live grant is ended");
    let ended = Some(ended(grant("g"), EndedBecause::RevokedByPerson, START));
    assert_eq!(ok(store.grant("g").await), ended, "an ended grant stays readable");
    let through_credential = ok(store.credential(&hash("g")).await).map(|(_, grant)| grant);
    assert_eq!(through_credential, ended, "its credential shows that it has ended");
    assert!(
        !ok(store.revoke_grant("g", EndedBecause::RevokedByAdmin, START.plus(SECOND)).await),
        "there is nothing left to end"
    );
    assert_eq!(ok(store.grant("g").await), ended, "neither time nor reason of the end move");
    assert!(
        !ok(store.revoke_grant("nobody", EndedBecause::RevokedByPerson, START).await),
        "an unknown grant is nothing to end"
    );
    assert!(is_live(&*store, "other", START).await, "other grants are left alone");
}

async fn a_revocation_ends_all_that_came_from_the_grant(store: Arc<dyn Store>) {
    open(&*store, &grant("session")).await;
    for (id, parent) in [("a", "session"), ("b", "session"), ("a's child", "a")] {
        open(&*store, &child(id, parent)).await;
    }
    open(&*store, &grant("other")).await;
    assert!(ok(store.revoke_grant("a", EndedBecause::RevokedByPerson, START).await));
    assert!(!is_live(&*store, "a's child", START).await, "a child ends with its parent");
    assert!(is_live(&*store, "session", START).await, "a parent outlives its child");
    assert!(is_live(&*store, "b", START).await, "a sibling is left alone");

    open(&*store, &child("a's late child", "a")).await;
    assert!(ok(store.revoke_grant("session", EndedBecause::RevokedByPerson, START).await));
    for id in ["session", "b", "a's late child"] {
        assert!(!is_live(&*store, id, START).await, "`{id}` ends, be it below one that had ended before");
    }
    assert!(is_live(&*store, "other", START).await, "what came from elsewhere is left alone");
}

async fn an_expired_parent_still_ends_its_children(store: Arc<dyn Store>) {
    open(&*store, &Grant { expires_at: START.plus(SECOND), ..grant("session") }).await;
    open(&*store, &child("g", "session")).await;
    let before = epoch(&*store).await;
    assert!(
        ok(store.revoke_grant("session", EndedBecause::RevokedByPerson, START.plus(HOUR)).await),
        "its child was live"
    );
    assert!(!is_live(&*store, "g", START.plus(HOUR)).await);
    assert!(epoch(&*store).await > before);
    let parent = ok(store.grant("session").await);
    assert_eq!(parent.and_then(|grant| grant.revoked_at), None, "what had expired was not revoked");
}

async fn a_filter_says_what_ends(store: Arc<dyn Store>) {
    let login = || Grant { app: "login".to_owned(), client: ClientId::browser(), ..grant("session") };
    open(&*store, &login()).await;
    open(&*store, &Grant { id: "other session".to_owned(), ..login() }).await;
    open(&*store, &child("child", "session")).await;
    open(&*store, &grant("g")).await;
    open(&*store, &Grant { app: "mail".to_owned(), ..grant("at mail") }).await;
    open(&*store, &Grant { expires_at: START, ..grant("expired") }).await;
    open(&*store, &grant("revoked")).await;
    ok(store.revoke_grant("revoked", EndedBecause::RevokedByPerson, START).await);
    open(&*store, &Grant { subject: "bob".to_owned(), ..grant("bob's") }).await;
    let own = GrantFilter::of("ada");
    let some = |text: &str| Some(text.to_owned());
    let nowhere = GrantFilter { app: some("nowhere"), ..own.clone() };
    let others = GrantFilter { app: some("login"), except: some("session"), ..own.clone() };
    let at_mail = GrantFilter { app: some("mail"), client: some("client"), ..GrantFilter::default() };
    let sessions = GrantFilter { client: some(ClientId::browser().as_str()), ..own.clone() };
    for (filter, expected) in [
        (nowhere, [].as_slice()),
        (others, &["other session"]),
        (at_mail, &["at mail"]),
        (sessions, &["session"]),
        (own.clone(), &["g"]),
        (own, &[]),
    ] {
        let ended = ok(store.revoke_grants(&filter, EndedBecause::RevokedByAdmin, START).await);
        let ended: Vec<_> = ended.into_iter().map(|grant| grant.id).collect();
        assert_eq!(ended, expected, "of {filter:?}");
    }
    assert!(!is_live(&*store, "child", START).await, "a child ends with its parent");
    assert!(is_live(&*store, "bob's", START).await, "other subjects are left alone");
}

async fn the_reason_of_an_end_is_remembered(store: Arc<dyn Store>) {
    let because = async |id: &str| {
        let grant = ok(store.grant(id).await).unwrap_or_else(|| panic!("`{id}` is remembered"));
        grant.ended(START.plus(HOUR)).map(|(_, because)| because)
    };
    open(&*store, &grant("revoked")).await;
    open(&*store, &child("child", "revoked")).await;
    ok(store.revoke_grant("revoked", EndedBecause::SignedOut, START).await);
    ok(store.revoke_grants(&GrantFilter::default(), EndedBecause::RevokedByAdmin, START).await);
    assert_eq!(because("revoked").await, Some(EndedBecause::SignedOut));
    assert_eq!(because("child").await, Some(EndedBecause::SignedOut), "a child ends for the reason of its parent");

    ok(store.issue_code(&code("a")).await);
    redeem(&*store, "a", &grant("replayed"), START).await;
    redeem(&*store, "a", &grant("h"), START).await;
    assert_eq!(because("replayed").await, Some(EndedBecause::CodeReplayed));

    open(&*store, &grant("reused")).await;
    rotate(&*store, "reused", "next", "reused", START).await;
    rotate(&*store, "reused", "other", "reused", START.plus(HOUR)).await;
    assert_eq!(because("reused").await, Some(EndedBecause::RefreshReused));

    open(&*store, &Grant { expires_at: START, ..grant("expired") }).await;
    assert_eq!(because("expired").await, Some(EndedBecause::Expired));
    open(&*store, &grant("live")).await;
    assert_eq!(because("live").await, None);
}

async fn nothing_given_moves_the_epoch(store: Arc<dyn Store>) {
    let before = epoch(&*store).await;
    open(&*store, &grant("session")).await;
    ok(store.issue_code(&code("a")).await);
    redeem(&*store, "a", &grant("g"), START).await;
    rotate(&*store, "g", "next", "g", START).await;
    rotate(&*store, "g", "lost", "g", START.plus(GRACE)).await;
    rotate(&*store, "nobody", "lost", "g", START).await;
    redeem(&*store, "nobody", &grant("h"), START).await;
    ok(store.credential(&hash("next")).await);
    ok(store.grant("g").await);
    ok(store.code(&hash("a")).await);
    ok(store.collect_garbage(START.plus(CODE_LIFETIME)).await);
    assert!(!ok(store.revoke_grant("nobody", EndedBecause::RevokedByPerson, START).await));
    let nobody = GrantFilter::of("nobody");
    assert!(ok(store.revoke_grants(&nobody, EndedBecause::RevokedByAdmin, START).await).is_empty());
    assert_eq!(epoch(&*store).await, before, "logins, rotations and reads take nothing away");
}

async fn everything_taken_moves_the_epoch(store: Arc<dyn Store>) {
    let mut seen = vec![epoch(&*store).await];
    open(&*store, &grant("revoked")).await;
    ok(store.revoke_grant("revoked", EndedBecause::RevokedByPerson, START).await);
    seen.push(epoch(&*store).await);

    ok(store.issue_code(&code("replayed")).await);
    redeem(&*store, "replayed", &grant("g"), START).await;
    redeem(&*store, "replayed", &grant("h"), START).await;
    seen.push(epoch(&*store).await);

    open(&*store, &grant("reused")).await;
    rotate(&*store, "reused", "next", "reused", START).await;
    rotate(&*store, "reused", "other", "reused", START.plus(HOUR)).await;
    seen.push(epoch(&*store).await);

    open(&*store, &grant("last")).await;
    ok(store.revoke_grants(&GrantFilter::of("ada"), EndedBecause::RevokedByAdmin, START).await);
    seen.push(epoch(&*store).await);
    assert!(seen.is_sorted_by(|a, b| a < b), "revocation, replay, reuse, a filter: each moves the epoch, got {seen:?}");
}
