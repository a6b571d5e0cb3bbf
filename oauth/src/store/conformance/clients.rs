//! Clients: registration, and how much of it a store takes.

use super::{HOUR, SECOND, START, grant, hash, is_live, ok, open};
use crate::client::{Authentication, Client, ClientDetails, ClientId, PreviousSecret, RegisteredBy};
use crate::grant_type::GrantType;
use crate::store::{EndedBecause, Grant, Registered, RegistrationLimits, Store};
use crate::world::Timestamp;
use std::sync::Arc;

super::cases!(
    a_client_is_kept_as_it_registered,
    a_known_client_is_left_as_it_is,
    a_kept_client_is_what_it_says_now,
    a_kept_client_needs_no_room,
    a_client_is_unknown_at_other_apps,
    young_clients_make_no_room,
    the_oldest_unused_client_makes_room,
    a_client_with_a_live_grant_is_never_forgotten,
    a_client_whose_grants_have_ended_makes_room,
    an_administrators_client_neither_counts_nor_makes_room,
    a_client_is_replaced_only_where_it_is_known,
    a_removed_client_takes_its_grants_along,
    clients_are_listed_by_app_and_age,
);

const LIMITS: RegistrationLimits = RegistrationLimits { total: 2, unused_for: HOUR };

async fn a_client_is_kept_as_it_registered(store: Arc<dyn Store>) {
    let ways = [
        Authentication::None,
        Authentication::ClientSecretBasic { secret: hash("basic") },
        Authentication::ClientSecretPost { secret: hash("post") },
    ];
    for authentication in ways {
        let grant_types = GrantType::of_code_client(authentication == Authentication::None);
        let id = ClientId::new(authentication.as_str());
        let client = Client { id, authentication, grant_types, ..client("") };
        let limits = RegistrationLimits { total: 9, ..LIMITS };
        assert_eq!(ok(store.register_client(&client, limits, START).await), Registered::New);
        assert_eq!(ok(store.client("wiki", &client.id).await), Some(client), "a client is kept whole");
    }
    assert_eq!(ok(store.client("wiki", &ClientId::new("nobody")).await), None, "an unknown client is absent");
}

async fn a_known_client_is_left_as_it_is(store: Arc<dyn Store>) {
    register(&store, &client("a"), START).await;
    register(&store, &client("b"), START).await;
    let renamed = Client { name: "renamed".to_owned(), ..client("a") };
    let outcome = register(&store, &renamed, START.plus(SECOND)).await;
    assert_eq!(outcome, Registered::Known, "the same id is known, even when there is no room");
    assert_eq!(ok(store.client("wiki", &renamed.id).await), Some(client("a")), "a known client is not changed");
}

async fn a_kept_client_is_what_it_says_now(store: Arc<dyn Store>) {
    ok(store.keep_client(&client("a")).await);
    let elsewhere = Client { app: "mail".to_owned(), ..client("a") };
    ok(store.keep_client(&elsewhere).await);
    let now = Client {
        name: "renamed".to_owned(),
        redirect_uris: vec!["app:/other".to_owned()],
        grant_types: GrantType::ALL.into(),
        metadata: serde_json::Map::new(),
        registered_at: START.plus(HOUR),
        ..client("a")
    };
    ok(store.keep_client(&now).await);
    assert_eq!(ok(store.client("wiki", &now.id).await), Some(now.clone()), "the newest word counts");
    assert_eq!(ok(store.client("mail", &now.id).await), Some(elsewhere), "apps do not share clients");
    open(&*store, &grant_of("a")).await;
    ok(store.keep_client(&client("a")).await);
    assert!(ok(store.grant("a").await).is_some_and(|grant| grant.is_live(START)), "its grants stay");
}

async fn a_kept_client_needs_no_room(store: Arc<dyn Store>) {
    for id in ["a", "b", "c"] {
        ok(store.keep_client(&client(id)).await);
    }
    assert!(is_known(&store, "a").await && is_known(&store, "c").await);
    assert_eq!(register(&store, &client("d"), START).await, Registered::Full, "it takes room all the same");
    assert_eq!(register(&store, &client("d"), START.plus(HOUR * 2)).await, Registered::New, "and makes it when unused");
}

async fn a_client_is_unknown_at_other_apps(store: Arc<dyn Store>) {
    register(&store, &client("a"), START).await;
    assert_eq!(ok(store.client("mail", &ClientId::new("a")).await), None, "a client is known at its own app only");
    let elsewhere = Client { app: "mail".to_owned(), name: "other".to_owned(), ..client("a") };
    assert_eq!(register(&store, &elsewhere, START).await, Registered::New, "apps do not share client ids");
    assert_eq!(ok(store.client("wiki", &elsewhere.id).await), Some(client("a")));
    assert_eq!(ok(store.client("mail", &elsewhere.id).await), Some(elsewhere));
}

async fn young_clients_make_no_room(store: Arc<dyn Store>) {
    register(&store, &client("a"), START).await;
    register(&store, &client("b"), START).await;
    let outcome = register(&store, &client("c"), START.plus(HOUR)).await;
    assert_eq!(outcome, Registered::Full, "a client is kept for the whole of `unused_for`");
    assert!(is_known(&store, "a").await && is_known(&store, "b").await, "a refused registration forgets nobody");
    assert!(!is_known(&store, "c").await, "a refused registration keeps nothing");
    let elsewhere = Client { app: "mail".to_owned(), ..client("d") };
    assert_eq!(register(&store, &elsewhere, START).await, Registered::New, "each app has its own limit");
}

async fn the_oldest_unused_client_makes_room(store: Arc<dyn Store>) {
    register(&store, &Client { registered_at: START.plus(SECOND), ..client("younger") }, START).await;
    register(&store, &client("older"), START).await;
    let outcome = register(&store, &client("new"), START.plus(HOUR * 2)).await;
    assert_eq!(outcome, Registered::New, "an unused client makes room");
    assert!(!is_known(&store, "older").await, "the oldest makes room first");
    assert!(is_known(&store, "younger").await, "no more are forgotten than need be");
    assert!(is_known(&store, "new").await);
}

async fn a_client_with_a_live_grant_is_never_forgotten(store: Arc<dyn Store>) {
    for id in ["a", "b"] {
        register(&store, &client(id), START).await;
        open(&*store, &grant_of(id)).await;
    }
    let outcome = register(&store, &client("c"), START.plus(HOUR * 2)).await;
    assert_eq!(outcome, Registered::Full, "clients with live grants make no room");
    assert!(is_known(&store, "a").await && is_known(&store, "b").await, "clients with live grants stay");
}

async fn a_client_whose_grants_have_ended_makes_room(store: Arc<dyn Store>) {
    let expired = Grant { expires_at: START.plus(HOUR), ..grant_of("expired") };
    for grant in [grant_of("revoked"), expired] {
        register(&store, &client(&grant.id), START).await;
        open(&*store, &grant).await;
    }
    let elsewhere = Grant { id: "elsewhere".to_owned(), app: "mail".to_owned(), ..grant_of("revoked") };
    open(&*store, &elsewhere).await;
    ok(store.revoke_grant("revoked", EndedBecause::RevokedByPerson, START).await);
    for id in ["c", "d"] {
        let young = Client { registered_at: START.plus(HOUR * 2), ..client(id) };
        let outcome = register(&store, &young, START.plus(HOUR * 2)).await;
        assert_eq!(outcome, Registered::New, "a client without a live grant at its app makes room");
    }
    assert!(!is_known(&store, "revoked").await && !is_known(&store, "expired").await);
}

async fn an_administrators_client_neither_counts_nor_makes_room(store: Arc<dyn Store>) {
    let details = ClientDetails {
        registration_token: Some(hash("registration")),
        scope: Some("read".to_owned()),
        acts_for: ["mail".to_owned()].into(),
        previous_secret: Some(PreviousSecret { hash: hash("old"), until: START.plus(HOUR) }),
    };
    for id in ["a", "b"] {
        let theirs = Client { registered_by: RegisteredBy::Administrator, details: details.clone(), ..client(id) };
        ok(store.keep_client(&theirs).await);
        assert_eq!(ok(store.client("wiki", &theirs.id).await), Some(theirs), "it is kept whole");
    }
    for (id, outcome) in [("c", Registered::New), ("d", Registered::New), ("e", Registered::Full)] {
        let young = Client { registered_at: START.plus(HOUR * 2), ..client(id) };
        assert_eq!(register(&store, &young, START.plus(HOUR * 2)).await, outcome, "`{id}`");
    }
    assert!(is_known(&store, "a").await && is_known(&store, "b").await);
}

async fn a_client_is_replaced_only_where_it_is_known(store: Arc<dyn Store>) {
    ok(store.keep_client(&client("a")).await);
    let renamed = Client { name: "renamed".to_owned(), ..client("a") };
    let again = Client { name: "again".to_owned(), ..client("a") };
    assert!(ok(store.replace_client(&client("a"), &renamed).await));
    assert!(!ok(store.replace_client(&client("a"), &again).await), "somebody was faster");
    assert_eq!(ok(store.client("wiki", &renamed.id).await), Some(renamed));
    assert!(!ok(store.replace_client(&client("b"), &client("b")).await), "what is not there is not replaced");
    assert!(!is_known(&store, "b").await);
}

async fn a_removed_client_takes_its_grants_along(store: Arc<dyn Store>) {
    let elsewhere = Client { app: "mail".to_owned(), ..client("a") };
    for kept in [client("a"), client("b"), elsewhere.clone()] {
        ok(store.keep_client(&kept).await);
    }
    open(&*store, &grant_of("a")).await;
    open(&*store, &Grant { parent: Some("a".to_owned()), ..grant("came from it") }).await;
    open(&*store, &grant_of("b")).await;
    open(&*store, &Grant { id: "there".to_owned(), app: "mail".to_owned(), ..grant_of("a") }).await;
    let before = ok(store.epoch().await);
    assert!(ok(store.remove_client("wiki", &ClientId::new("a"), START).await));
    assert!(ok(store.epoch().await) > before, "who remembers its tokens forgets them");
    assert!(!is_known(&store, "a").await && is_known(&store, "b").await);
    assert_eq!(ok(store.client("mail", &elsewhere.id).await), Some(elsewhere), "that of another app stays");
    for (id, lives) in [("a", false), ("came from it", false), ("b", true), ("there", true)] {
        assert_eq!(is_live(&*store, id, START).await, lives, "`{id}`");
    }
    assert!(!ok(store.remove_client("wiki", &ClientId::new("a"), START).await), "it is gone");
}

async fn clients_are_listed_by_app_and_age(store: Arc<dyn Store>) {
    let younger = Client { registered_at: START.plus(SECOND), ..client("a") };
    let elsewhere = Client { app: "mail".to_owned(), ..client("c") };
    for kept in [&younger, &client("b"), &elsewhere] {
        ok(store.keep_client(kept).await);
    }
    assert_eq!(ok(store.clients(None).await), [elsewhere, client("b"), younger.clone()]);
    assert_eq!(ok(store.clients(Some("wiki")).await), [client("b"), younger]);
    assert_eq!(ok(store.clients(Some("nowhere")).await), []);
}

fn client(id: &str) -> Client {
    let mut metadata = serde_json::Map::new();
    metadata.insert("client_uri".to_owned(), "https://client.example/ü".into());
    Client {
        app: "wiki".to_owned(),
        id: ClientId::new(id),
        name: "A client with a \"name\"".to_owned(),
        redirect_uris: vec!["http://127.0.0.1/callback".to_owned(), "app:/callback".to_owned()],
        authentication: Authentication::None,
        grant_types: GrantType::of_code_client(true),
        metadata,
        registered_at: START,
        registered_by: RegisteredBy::Itself,
        details: ClientDetails::default(),
    }
}

fn grant_of(client: &str) -> Grant {
    Grant { client: ClientId::new(client), ..grant(client) }
}

async fn register(store: &Arc<dyn Store>, client: &Client, now: Timestamp) -> Registered {
    ok(store.register_client(client, LIMITS, now).await)
}

async fn is_known(store: &Arc<dyn Store>, id: &str) -> bool {
    ok(store.client("wiki", &ClientId::new(id)).await).is_some()
}
