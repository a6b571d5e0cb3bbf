//! Lists of grants: only what is live, of whom and where it was asked for, in the order of opening.

use super::{HOUR, LIFETIME, SECOND, START, child, epoch, grant, ok, open};
use crate::client::{Authentication, Client, ClientDetails, ClientId, RegisteredBy};
use crate::grant_type::GrantType;
use crate::store::{EndedBecause, Grant, GrantDetails, GrantFilter, GrantState, Listed, RegistrationLimits, Store};
use crate::world::Timestamp;
use std::sync::Arc;

super::cases!(
    a_list_is_of_whom_and_where_it_was_asked_for,
    what_has_ended_is_on_no_list,
    a_list_is_in_the_order_of_opening,
    a_listed_grant_is_whole_and_names_its_client,
    a_list_takes_nothing_away,
);

async fn a_list_is_of_whom_and_where_it_was_asked_for(store: Arc<dyn Store>) {
    open(&*store, &grant("a")).await;
    open(&*store, &Grant { app: "mail".to_owned(), ..grant("b") }).await;
    open(&*store, &Grant { subject: "bob".to_owned(), ..grant("c") }).await;
    for (subject, app, expected) in [
        (None, None, ["a", "b", "c"].as_slice()),
        (Some("ada"), None, &["a", "b"]),
        (None, Some("wiki"), &["a", "c"]),
        (Some("ada"), Some("mail"), &["b"]),
        (Some("bob"), Some("mail"), &[]),
        (Some("nobody"), None, &[]),
        (None, Some("nowhere"), &[]),
        (Some(""), Some(""), &[]),
    ] {
        assert_eq!(listed(&*store, (subject, app), START).await, expected, "of {subject:?} at {app:?}");
    }
    open(&*store, &Grant { client: ClientId::new("other"), ..grant("d") }).await;
    let of_client = GrantFilter { client: Some("other".to_owned()), ..GrantFilter::default() };
    assert_eq!(named(&*store, &of_client, START).await, ["d"]);
    let but_one = GrantFilter { except: Some("a".to_owned()), ..GrantFilter::of("ada") };
    assert_eq!(named(&*store, &but_one, START).await, ["b", "d"]);
    let details = GrantDetails { session: Some("s".to_owned()), ..GrantDetails::default() };
    open(&*store, &Grant { details, ..grant("e") }).await;
    open(&*store, &Grant { login_method: "company".to_owned(), ..grant("f") }).await;
    let of_session = GrantFilter { session: Some("s".to_owned()), ..GrantFilter::default() };
    assert_eq!(named(&*store, &of_session, START).await, ["e"]);
    let by_provider = GrantFilter { login_method: Some("company".to_owned()), ..GrantFilter::of("ada") };
    assert_eq!(named(&*store, &by_provider, START).await, ["f"]);
    ok(store.revoke_grants(&of_session, EndedBecause::EndedByProvider, START).await);
    assert_eq!(named(&*store, &GrantFilter::of("ada"), START).await, ["a", "b", "d", "f"], "no other one has ended");
}

async fn what_has_ended_is_on_no_list(store: Arc<dyn Store>) {
    open(&*store, &grant("session")).await;
    open(&*store, &child("child", "session")).await;
    open(&*store, &Grant { expires_at: START.plus(HOUR), ..grant("short") }).await;
    open(&*store, &grant("long")).await;
    ok(store.revoke_grant("session", EndedBecause::RevokedByPerson, START).await);
    let last = START.plus(HOUR).minus(SECOND);
    assert_eq!(listed(&*store, (Some("ada"), None), last).await, ["long", "short"]);
    assert_eq!(listed(&*store, (Some("ada"), None), START.plus(HOUR)).await, ["long"], "`expires_at` is the end");
    assert!(listed(&*store, (None, None), START.plus(LIFETIME)).await.is_empty());
    let ended = GrantFilter { state: GrantState::Ended, ..GrantFilter::of("ada") };
    assert_eq!(named(&*store, &ended, last).await, ["child", "session"], "asked for, they are listed");
    assert_eq!(named(&*store, &ended, START.plus(HOUR)).await, ["child", "session", "short"]);
}

async fn a_list_is_in_the_order_of_opening(store: Arc<dyn Store>) {
    for (id, created_at) in [("b", START), ("c", START.minus(SECOND)), ("a", START)] {
        open(&*store, &Grant { created_at, ..grant(id) }).await;
    }
    assert_eq!(listed(&*store, (None, None), START).await, ["c", "a", "b"], "by time, then by id");
}

async fn a_listed_grant_is_whole_and_names_its_client(store: Arc<dyn Store>) {
    let client = Client {
        app: "wiki".to_owned(),
        id: ClientId::new("client"),
        name: "A client".to_owned(),
        redirect_uris: vec!["http://127.0.0.1/callback".to_owned()],
        authentication: Authentication::None,
        grant_types: GrantType::of_code_client(true),
        metadata: serde_json::Map::new(),
        registered_at: START,
        registered_by: RegisteredBy::Itself,
        details: ClientDetails::default(),
    };
    let limits = RegistrationLimits { total: 9, unused_for: HOUR };
    ok(store.register_client(&client, limits, START).await);
    let elsewhere = Grant { app: "mail".to_owned(), ..grant("b") };
    let browser = Grant { client: ClientId::browser(), ..child("c", "b") };
    for grant in [&grant("a"), &elsewhere, &browser] {
        open(&*store, grant).await;
    }
    let expected = [
        Listed { grant: grant("a"), client: Some(client) },
        Listed { grant: elsewhere, client: None },
        Listed { grant: browser, client: None },
    ];
    assert_eq!(
        ok(store.grants(&GrantFilter::default(), START).await),
        expected,
        "a client is known at its own app only"
    );
}

async fn a_list_takes_nothing_away(store: Arc<dyn Store>) {
    open(&*store, &grant("a")).await;
    let before = epoch(&*store).await;
    listed(&*store, (None, None), START).await;
    assert_eq!(epoch(&*store).await, before);
}

async fn listed(store: &dyn Store, (subject, app): (Option<&str>, Option<&str>), now: Timestamp) -> Vec<String> {
    let filter =
        GrantFilter { subject: subject.map(str::to_owned), app: app.map(str::to_owned), ..GrantFilter::default() };
    named(store, &filter, now).await
}

async fn named(store: &dyn Store, filter: &GrantFilter, now: Timestamp) -> Vec<String> {
    ok(store.grants(filter, now).await).into_iter().map(|listed| listed.grant.id).collect()
}
