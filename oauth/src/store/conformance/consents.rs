//! Consents: found by person, client and app, ended with the permission, and known for a while after.

use super::{HOUR, LIFETIME, SECOND, START, YEAR, grant, ok, open};
use crate::client::ClientId;
use crate::store::{ConsentRecord, EndedBecause, Grant, GrantFilter, Store};
use std::sync::Arc;

super::cases!(
    a_consent_is_kept_whole_and_found_by_its_three,
    the_latest_consent_for_a_redirect_uri_counts_and_the_first_is_known,
    ending_a_grant_ends_its_consents_alone,
    ending_the_grants_of_a_subject_ends_all_theirs,
    a_consent_is_known_long_after_its_end,
);

const BECAUSE: EndedBecause = EndedBecause::RevokedByPerson;

fn consent(client: &str, redirect_uri: &str) -> ConsentRecord {
    ConsentRecord {
        app: "wiki".to_owned(),
        client: ClientId::new(client),
        subject: "ada".to_owned(),
        redirect_uri: redirect_uri.to_owned(),
        scope: "read offline_access".to_owned(),
        fingerprint: "print".to_owned(),
        first_at: START,
        expires_at: START.plus(LIFETIME),
    }
}

async fn of(store: &dyn Store, client: &str) -> Vec<ConsentRecord> {
    ok(store.consents("wiki", &ClientId::new(client), "ada").await)
}

async fn a_consent_is_kept_whole_and_found_by_its_three(store: Arc<dyn Store>) {
    let own = consent("client", "https://c.ex/cb");
    let others = [
        ConsentRecord { app: "mail".to_owned(), ..own.clone() },
        ConsentRecord { client: ClientId::new("other"), ..own.clone() },
        ConsentRecord { subject: "eve".to_owned(), ..own.clone() },
    ];
    for one in others.iter().chain([&own, &consent("client", "https://c.ex/a")]) {
        ok(store.keep_consent(one).await);
    }
    let found = of(&*store, "client").await;
    assert_eq!(found, [consent("client", "https://c.ex/a"), own], "by redirect URI, and nobody else's");
    assert!(of(&*store, "nobody").await.is_empty());
}

async fn the_latest_consent_for_a_redirect_uri_counts_and_the_first_is_known(store: Arc<dyn Store>) {
    let first = consent("client", "https://c.ex/cb");
    let later = ConsentRecord {
        scope: "write".to_owned(),
        fingerprint: "other".to_owned(),
        first_at: START.plus(HOUR),
        expires_at: START.plus(LIFETIME + HOUR),
        ..first.clone()
    };
    ok(store.keep_consent(&first).await);
    ok(store.keep_consent(&later).await);
    assert_eq!(of(&*store, "client").await, [ConsentRecord { first_at: START, ..later }]);
}

async fn ending_a_grant_ends_its_consents_alone(store: Arc<dyn Store>) {
    for (client, uri) in [("client", "https://c.ex/cb"), ("client", "https://c.ex/other"), ("other", "https://c.ex/cb")]
    {
        ok(store.keep_consent(&consent(client, uri)).await);
    }
    let elsewhere = ConsentRecord { app: "mail".to_owned(), ..consent("client", "https://c.ex/cb") };
    let eves = ConsentRecord { subject: "eve".to_owned(), ..consent("client", "https://c.ex/cb") };
    ok(store.keep_consent(&elsewhere).await);
    ok(store.keep_consent(&eves).await);
    open(&*store, &grant("g")).await;
    let now = START.plus(SECOND);
    ok(store.revoke_grant("unknown", BECAUSE, now).await);
    assert!(of(&*store, "client").await.iter().all(|kept| kept.expires_at > now));
    ok(store.revoke_grant("g", BECAUSE, now).await);
    let ended = of(&*store, "client").await;
    assert_eq!(ended.len(), 2, "it stays known");
    assert!(ended.iter().all(|kept| kept.expires_at == now && kept.first_at == START), "all of the client's, at once");
    assert_eq!(of(&*store, "other").await, [consent("other", "https://c.ex/cb")]);
    assert_eq!(ok(store.consents("mail", &ClientId::new("client"), "ada").await), [elsewhere]);
    assert_eq!(ok(store.consents("wiki", &ClientId::new("client"), "eve").await), [eves]);
}

async fn ending_the_grants_of_a_subject_ends_all_theirs(store: Arc<dyn Store>) {
    ok(store.keep_consent(&consent("client", "https://c.ex/cb")).await);
    let eves = ConsentRecord { subject: "eve".to_owned(), ..consent("client", "https://c.ex/cb") };
    ok(store.keep_consent(&eves).await);
    let other = Grant { client: ClientId::new("another"), ..grant("g") };
    open(&*store, &other).await;
    let now = START.plus(SECOND);
    ok(store.revoke_grants(&GrantFilter::of("ada"), BECAUSE, now).await);
    assert_eq!(of(&*store, "client").await[0].expires_at, now, "also where no grant is left");
    assert_eq!(ok(store.consents("wiki", &ClientId::new("client"), "eve").await), [eves]);
    // What ended once does not end again later.
    ok(store.revoke_grants(&GrantFilter::of("ada"), BECAUSE, now.plus(HOUR)).await);
    assert_eq!(of(&*store, "client").await[0].expires_at, now);
}

async fn a_consent_is_known_long_after_its_end(store: Arc<dyn Store>) {
    let kept = consent("client", "https://c.ex/cb");
    ok(store.keep_consent(&kept).await);
    ok(store.collect_garbage(kept.expires_at.plus(YEAR)).await);
    assert_eq!(of(&*store, "client").await.len(), 1);
    assert_eq!(ok(store.collect_garbage(kept.expires_at.plus(YEAR + SECOND)).await), 1);
    assert!(of(&*store, "client").await.is_empty());
}
