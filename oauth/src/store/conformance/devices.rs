//! Requests of devices: decided once, asked for at a pace, and redeemed once.

use super::{HOUR, SECOND, START, YEAR, at_once, credential, grant, hash, is_live, ok, open};
use crate::client::ClientId;
use crate::store::{
    DeviceAuthorization, DeviceDecision, DeviceKept, DeviceLimits, EndedBecause, Grant, Polled, Redeemed, Store,
    UNREDEEMED_KEPT,
};
use crate::world::Timestamp;
use std::sync::Arc;
use std::time::Duration;

super::cases!(
    a_request_is_kept_as_it_was_made,
    a_user_code_is_given_once,
    an_app_has_so_many_that_wait,
    a_decision_is_kept_once_and_in_time,
    one_of_many_deciders_decides,
    a_question_that_comes_too_early_makes_the_interval_longer,
    only_its_own_client_asks,
    an_allowed_request_opens_its_grant,
    a_second_redemption_ends_the_grant,
    what_is_not_allowed_opens_nothing,
    one_of_many_redeemers_opens_a_grant,
    requests_long_expired_are_forgotten,
);

const LIFETIME: Duration = Duration::from_secs(300);
const LIMITS: DeviceLimits = DeviceLimits { total: 10, interval: Duration::from_secs(5) };

/// The request with the device code `name` and the user code `NAME`.
fn device(name: &str) -> DeviceAuthorization {
    DeviceAuthorization {
        device_code: hash(name),
        user_code: hash(&name.to_uppercase()),
        app: "wiki".to_owned(),
        client: ClientId::new("client"),
        scope: "read write".to_owned(),
        asked_from: "2001:db8::7".parse().unwrap_or_else(|_| unreachable!()),
        asked_at: START,
        expires_at: START.plus(LIFETIME),
        decision: None,
    }
}

fn allowed() -> DeviceDecision {
    DeviceDecision::Allowed {
        subject: "ada".to_owned(),
        login_method: "local".to_owned(),
        amr: vec!["hwk".to_owned()],
        authenticated_at: START.minus(HOUR),
        session: "session".to_owned(),
        scope: "read".to_owned(),
        refreshes: true,
    }
}

async fn keep(store: &dyn Store, device: &DeviceAuthorization) -> DeviceKept {
    ok(store.keep_device(device, LIMITS, START).await)
}

async fn decide(store: &dyn Store, name: &str, decision: &DeviceDecision, now: Timestamp) -> bool {
    ok(store.decide_device(&hash(&name.to_uppercase()), decision, now).await)
}

/// A request that somebody who is signed in has allowed.
async fn allow(store: &dyn Store, name: &str) {
    open(store, &grant("session")).await;
    keep(store, &device(name)).await;
    assert!(decide(store, name, &allowed(), START).await);
}

async fn poll(store: &dyn Store, name: &str, seconds: u64) -> Option<Polled> {
    let client = ClientId::new("client");
    ok(store
        .poll_device(&hash(name), ("wiki", &client), START.plus(SECOND * u32::try_from(seconds).unwrap_or(0)))
        .await)
}

async fn redeem(store: &dyn Store, name: &str, grant: &Grant, now: Timestamp) -> Redeemed {
    ok(store.redeem_device(&hash(name), grant, &credential(&grant.id, &grant.id), now).await)
}

fn replayed() -> Redeemed {
    Redeemed::Replayed { grant: "g".to_owned() }
}

async fn a_request_is_kept_as_it_was_made(store: Arc<dyn Store>) {
    let other = DeviceAuthorization { decision: Some(DeviceDecision::Denied), ..device("b") };
    let mut third = device("c");
    third.asked_from = [192, 0, 2, 1].into();
    for device in [device("a"), other, third] {
        assert_eq!(keep(&*store, &device).await, DeviceKept::New);
        assert_eq!(ok(store.device(&device.user_code).await), Some(device), "a request is kept whole");
    }
    assert_eq!(ok(store.device(&hash("a")).await), None, "a device code is no user code");
}

async fn a_user_code_is_given_once(store: Arc<dyn Store>) {
    keep(&*store, &device("a")).await;
    let second =
        DeviceAuthorization { user_code: device("a").user_code, client: ClientId::new("other"), ..device("b") };
    assert_eq!(keep(&*store, &second).await, DeviceKept::Taken);
    assert_eq!(ok(store.device(&second.user_code).await), Some(device("a")), "the first one has it");
    assert_eq!(poll(&*store, "b", 0).await, None, "the second is not kept");
}

async fn an_app_has_so_many_that_wait(store: Arc<dyn Store>) {
    for name in 0..LIMITS.total {
        assert_eq!(keep(&*store, &device(&format!("d{name}"))).await, DeviceKept::New);
    }
    assert_eq!(keep(&*store, &device("more")).await, DeviceKept::Full);
    let elsewhere = DeviceAuthorization { app: "mail".to_owned(), ..device("elsewhere") };
    assert_eq!(keep(&*store, &elsewhere).await, DeviceKept::New, "each app has its own room");
    let later = ok(store.keep_device(&device("later"), LIMITS, START.plus(LIFETIME)).await);
    assert_eq!(later, DeviceKept::New, "those that have expired do not count");
}

async fn a_decision_is_kept_once_and_in_time(store: Arc<dyn Store>) {
    for name in ["a", "b", "c"] {
        keep(&*store, &device(name)).await;
    }
    let in_time = START.plus(LIFETIME - SECOND);
    assert!(decide(&*store, "a", &allowed(), in_time).await);
    assert!(!decide(&*store, "a", &DeviceDecision::Denied, in_time).await, "what was said is said");
    assert_eq!(poll(&*store, "a", 0).await.and_then(|polled| polled.device.decision), Some(allowed()), "kept whole");
    assert!(!decide(&*store, "b", &allowed(), START.plus(LIFETIME)).await, "it has expired");
    assert!(decide(&*store, "c", &DeviceDecision::Denied, START).await);
    assert!(!decide(&*store, "c", &allowed(), START).await, "no stays no");
    assert!(!decide(&*store, "unknown", &allowed(), START).await);
}

async fn one_of_many_deciders_decides(store: Arc<dyn Store>) {
    keep(&*store, &device("a")).await;
    let outcomes = at_once(32, |task| {
        let store = Arc::clone(&store);
        let decision = if task % 2 == 0 { allowed() } else { DeviceDecision::Denied };
        async move { decide(&*store, "a", &decision, START).await }
    })
    .await;
    assert_eq!(outcomes.iter().filter(|decided| **decided).count(), 1, "one decision counts");
}

async fn a_question_that_comes_too_early_makes_the_interval_longer(store: Arc<dyn Store>) {
    open(&*store, &grant("session")).await;
    keep(&*store, &device("a")).await;
    // The second at which it asks, and whether that is too early: after 5 seconds, then 10, then 15.
    for (second, too_early) in [(0, false), (5, false), (9, false), (10, true), (19, false), (20, true), (34, false)] {
        let polled = poll(&*store, "a", second).await;
        assert_eq!(polled.map(|polled| polled.too_early), Some(too_early), "at second {second}");
    }
    assert!(decide(&*store, "a", &allowed(), START).await);
    assert_eq!(poll(&*store, "a", 34).await.map(|polled| polled.too_early), Some(false), "an answer is there");
}

async fn only_its_own_client_asks(store: Arc<dyn Store>) {
    keep(&*store, &device("a")).await;
    for (app, client) in [("wiki", "other"), ("mail", "client")] {
        let asked = ok(store.poll_device(&hash("a"), (app, &ClientId::new(client)), START).await);
        assert_eq!(asked, None, "{client} at {app}");
    }
    assert_eq!(poll(&*store, "a", 0).await.map(|polled| polled.too_early), Some(false), "nobody asked before");
}

async fn an_allowed_request_opens_its_grant(store: Arc<dyn Store>) {
    allow(&*store, "a").await;
    assert_eq!(redeem(&*store, "a", &grant("g"), START).await, Redeemed::Opened);
    assert_eq!(ok(store.grant("g").await), Some(grant("g")), "the grant is kept whole");
    let kept = ok(store.credential(&hash("g")).await);
    assert_eq!(kept, Some((credential("g", "g"), grant("g"))), "the credential is kept with its grant");
}

async fn a_second_redemption_ends_the_grant(store: Arc<dyn Store>) {
    allow(&*store, "a").await;
    redeem(&*store, "a", &grant("g"), START).await;
    let expired = START.plus(LIFETIME + HOUR);
    assert_eq!(redeem(&*store, "a", &grant("second"), expired).await, replayed());
    assert!(!is_live(&*store, "g", expired).await, "whoever has it, two have");
    assert_eq!(ok(store.grant("second").await), None);
    assert_eq!(redeem(&*store, "a", &grant("third"), expired).await, replayed(), "and again");
}

async fn what_is_not_allowed_opens_nothing(store: Arc<dyn Store>) {
    open(&*store, &grant("session")).await;
    for name in ["pending", "denied", "late", "signed-out"] {
        keep(&*store, &device(name)).await;
    }
    assert!(decide(&*store, "denied", &DeviceDecision::Denied, START).await);
    assert!(decide(&*store, "late", &allowed(), START).await);
    assert!(decide(&*store, "signed-out", &allowed(), START).await);
    for (name, now) in [("pending", START), ("denied", START), ("late", START.plus(LIFETIME)), ("unknown", START)] {
        assert_eq!(redeem(&*store, name, &grant("g"), now).await, Redeemed::Unknown, "{name}");
    }
    ok(store.revoke_grant("session", EndedBecause::SignedOut, START).await);
    assert_eq!(redeem(&*store, "signed-out", &grant("g"), START).await, Redeemed::Unknown);
    assert_eq!(ok(store.grant("g").await), None);
}

async fn one_of_many_redeemers_opens_a_grant(store: Arc<dyn Store>) {
    allow(&*store, "a").await;
    let outcomes = at_once(32, |task| {
        let store = Arc::clone(&store);
        async move { redeem(&*store, "a", &grant(&task.to_string()), START).await }
    })
    .await;
    let count = |outcome| outcomes.iter().filter(|one| **one == outcome).count();
    assert_eq!(
        (count(Redeemed::Opened), outcomes.iter().filter(|one| matches!(one, Redeemed::Replayed { .. })).count()),
        (1, 31),
        "got {outcomes:?}"
    );
}

async fn requests_long_expired_are_forgotten(store: Arc<dyn Store>) {
    allow(&*store, "redeemed").await;
    redeem(&*store, "redeemed", &grant("g"), START).await;
    keep(&*store, &device("waits")).await;
    let ended = START.plus(LIFETIME);
    ok(store.collect_garbage(ended.plus(UNREDEEMED_KEPT)).await);
    assert!(poll(&*store, "waits", 0).await.is_some(), "the device is told that it has expired");
    ok(store.collect_garbage(ended.plus(UNREDEEMED_KEPT + SECOND)).await);
    assert!(poll(&*store, "waits", 0).await.is_none());
    assert_eq!(redeem(&*store, "redeemed", &grant("h"), ended.plus(HOUR)).await, replayed());
    ok(store.collect_garbage(ended.plus(YEAR)).await);
    assert!(poll(&*store, "redeemed", 0).await.is_none());
}
