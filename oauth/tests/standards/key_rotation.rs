//! Keys that follow each other (KY-07), that are taken away (KY-08), and nodes that share them (KY-12, OP-06).

use crate::harness::*;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use oauth::jwt::Invalid;
use oauth::keys::{Change, HEED, KeyPlan, KeyState, Keyring};
use oauth::store::{KeyAlgorithm, KeyPurpose, Store, StoredKey};
use oauth::world::Timestamp;
use oauth::{Endpoint, Server};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);
const TOKENS: (KeyPurpose, KeyAlgorithm) = (KeyPurpose::AccessToken, KeyAlgorithm::Ed25519);

/// A second node on the store of a bench.
async fn another_node(bench: &Bench) -> Server {
    Server { keys: Arc::new(bench.keys_of_another_node().await), ..bench.server.clone() }
}

fn kid_of(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
}

fn holds(keys: &Keyring, bench: &Bench, token: &str) -> Result<(), Invalid> {
    oauth::token::verify(keys, &bench.wiki, token, bench.now).map(|_| ())
}

async fn published(bench: &Bench) -> Vec<String> {
    let set = bench.get(&bench.wiki, Endpoint::Jwks).await.json();
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// What the schedule and the heeding of others do on a node.
async fn tick(bench: &Bench, keys: &Keyring) -> Vec<Change> {
    let mut changes = keys.refresh(&*bench.store).await.unwrap();
    changes.extend(keys.keep_up(&*bench.store, &*bench.server.random, &key_plan(), bench.now).await.unwrap());
    changes
}

/// The next key of the access tokens, signing after `ahead`.
async fn next_key(bench: &Bench, ahead: Duration) -> StoredKey {
    let (plan, times) = (key_plan(), (bench.now, ahead));
    let added = bench.server.keys.add_next(&*bench.store, &*bench.server.random, (&plan, TOKENS), times).await;
    added.unwrap().expect("nobody else adds one")
}

#[tokio::test]
async fn ky_07_ky_12_through_a_year_no_cached_verifier_and_no_node_meets_an_unknown_key() {
    let mut bench = Bench::new().await;
    bench.wiki.managed.as_mut().unwrap().grant_duration = 400 * 24 * HOUR;
    let node = another_node(&bench).await;
    let client = bench.client().await;
    let mut tokens = bench.tokens(&client).await;
    let mut signed_by = vec![kid_of(&tokens.access)];
    // The worst verifier: it reads the set just before it changes, and keeps it as long as a key is published ahead.
    let mut caches = std::collections::VecDeque::new();
    let step = 8 * HOUR;
    for round in 0..(365 * 3) {
        let before = tokens.access.clone();
        caches.push_back(published(&bench).await);
        if caches.len() > 3 {
            caches.pop_front();
        }
        bench.later(step);
        // One node does what is due, and the other one hears of it later.
        let changed = tick(&bench, if round % 2 == 0 { &node.keys } else { &bench.server.keys }).await;
        assert!(changed.len() <= 3, "one key of each purpose");
        node.keys.refresh(&*bench.store).await.unwrap();
        bench.server.keys.refresh(&*bench.store).await.unwrap();
        tokens = bench.refresh(&client, &tokens.refresh).await.tokens();
        let kid = kid_of(&tokens.access);
        assert!(caches[0].contains(&kid), "round {round}: a verifier has not heard of `{kid}`");
        assert_eq!(
            (holds(&node.keys, &bench, &tokens.access), holds(&bench.server.keys, &bench, &tokens.access)),
            (Ok(()), Ok(()))
        );
        assert_eq!(holds(&node.keys, &bench, &before), Err(Invalid::Expired), "never an unknown key before");
        assert!(published(&bench).await.len() <= 2);
        if signed_by.last() != Some(&kid) {
            signed_by.push(kid);
        }
    }
    assert_eq!(signed_by.len(), 5, "a new key every 90 days");
}

#[tokio::test]
async fn ky_07_a_key_is_published_before_it_signs_and_kept_until_its_last_token_has_ended() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    let old = published(&bench).await;
    bench.later(key_plan().rotation_interval - key_plan().publish_ahead);
    tick(&bench, &bench.server.keys).await;
    let both = published(&bench).await;
    assert_eq!((both.len(), &both[0]), (2, &old[0]));
    bench.later(key_plan().publish_ahead - SECOND);
    let last_of_old = bench.tokens(&client).await.access;
    assert_eq!(kid_of(&last_of_old), old[0], "a second before, the old key signs");
    bench.later(SECOND);
    assert_eq!(kid_of(&bench.tokens(&client).await.access), both[1]);
    bench.later(ACCESS_TOKEN_LIFETIME - 2 * SECOND);
    assert_eq!(holds(&bench.server.keys, &bench, &last_of_old), Ok(()), "it holds to its end");
    assert_eq!(published(&bench).await, both);
    bench.later(HOUR);
    assert_eq!(published(&bench).await, both[1..], "then the old key is gone");
}

#[tokio::test]
async fn ky_07_a_token_never_outlives_its_key() {
    let mut bench = Bench::new().await;
    // The lifetime has grown since the successor was made.
    bench.wiki.managed.as_mut().unwrap().access_token_lifetime = 10 * HOUR;
    let client = bench.client().await;
    let until = next_key(&bench, HOUR).await.signs_from.plus(ACCESS_TOKEN_LIFETIME + Duration::from_secs(300));
    let code = bench.code(&client).await;
    let answer = bench.token(&bench.wiki, &redemption(&client, &code)).await.json();
    let token = bench.verify(&bench.wiki, answer["access_token"].as_str().unwrap()).unwrap();
    assert_eq!((token.exp, &answer["expires_in"]), (until, &serde_json::json!(until.since(bench.now).as_secs())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ky_12_nodes_that_rotate_at_once_make_one_key() {
    let mut bench = Bench::new().await;
    let mut nodes = Vec::new();
    for _ in 0..8 {
        nodes.push(another_node(&bench).await.keys);
    }
    bench.later(key_plan().rotation_interval);
    let bench = Arc::new(bench);
    let mut set = tokio::task::JoinSet::new();
    for node in nodes {
        let bench = Arc::clone(&bench);
        set.spawn(async move {
            tick(&bench, &node).await;
            node.refresh(&*bench.store).await.unwrap();
            node.stored()
        });
    }
    let seen = set.join_all().await;
    assert_eq!(seen[0].len(), 6, "each of three has one successor");
    assert!(seen.iter().all(|stored| *stored == seen[0]));
}

#[tokio::test]
async fn ky_08_what_a_revoked_key_signed_or_sealed_is_worth_nothing_anywhere() {
    let mut bench = Bench::new().await;
    let node = another_node(&bench).await;
    let client = bench.client().await;
    let (access, stored) = (bench.tokens(&client).await.access, bench.server.keys.stored());
    let sealed = bench.server.keys.sealer(bench.now).seal("x", &1, &*bench.server.random);
    let next = next_key(&bench, HEED).await;
    assert_eq!(kid_of(&bench.tokens(&client).await.access), stored[0].id, "nobody signs with what others do not know");
    bench.later(HEED);
    let plan = key_plan();
    let sealing = (KeyPurpose::Sealing, KeyAlgorithm::XChaCha20Poly1305);
    let add = bench.server.keys.add_next(&*bench.store, &*bench.server.random, (&plan, sealing), (bench.now, HEED));
    add.await.unwrap().unwrap();
    for key in [&stored[0], &stored[2]] {
        assert!(bench.store.revoke_key(&key.id, bench.now).await.unwrap());
    }
    for keys in [&bench.server.keys, &node.keys] {
        let changes = keys.refresh(&*bench.store).await.unwrap();
        let revoked = changes.iter().filter(|change| matches!(change, Change::Revoked(_))).count();
        assert_eq!(revoked, 2);
        assert_eq!(holds(keys, &bench, &access), Err(Invalid::UnknownKey));
        assert_eq!(keys.sealer(bench.now).open::<i32>("x", &sealed), None);
    }
    assert_eq!(published(&bench).await, std::slice::from_ref(&next.id));
    let (id, secret) = bench.confidential("client_secret_post").await;
    let form = fields([("token", access.as_str()), ("client_id", &id), ("client_secret", &secret)]);
    let asked = bench.call(&bench.wiki, Endpoint::Introspection, form.post()).await.json();
    assert_eq!(asked, serde_json::json!({ "active": false }));
    let fresh = bench.tokens(&client).await.access;
    assert_eq!((kid_of(&fresh), holds(&node.keys, &bench, &fresh)), (next.id, Ok(())));
    let again = bench.server.keys.sealer(bench.now).seal("x", &2, &*bench.server.random);
    assert_eq!(node.keys.sealer(bench.now).open::<i32>("x", &again), Some(2));
}

#[tokio::test]
async fn ky_08_an_emergency_before_a_planned_change_takes_its_place() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    let planned = next_key(&bench, 24 * HOUR).await;
    let emergency = next_key(&bench, HEED).await;
    bench.later(HEED);
    let states = |bench: &Bench| {
        let stored = bench.server.keys.stored();
        let tokens = stored.iter().filter(|key| key.purpose == KeyPurpose::AccessToken);
        tokens.map(|key| KeyState::of(key, &stored, bench.now)).collect::<Vec<_>>()
    };
    assert_eq!(states(&bench), [KeyState::Verifying, KeyState::Verifying, KeyState::Signing]);
    assert_eq!(kid_of(&bench.tokens(&client).await.access), emergency.id);
    bench.later(48 * HOUR);
    assert_eq!(kid_of(&bench.tokens(&client).await.access), emergency.id, "not `{}`", planned.id);
    assert_eq!(states(&bench), [KeyState::Ended, KeyState::Ended, KeyState::Signing]);
    bench.store.revoke_key(&emergency.id, bench.now).await.unwrap();
    tick(&bench, &bench.server.keys).await;
    assert_eq!(states(&bench)[2..], [KeyState::Revoked, KeyState::Published], "a line never ends");
}

#[tokio::test]
async fn ky_07_a_planned_key_that_is_revoked_is_replaced_before_its_predecessor_ends() {
    let mut bench = Bench::new().await;
    let planned = next_key(&bench, 24 * HOUR).await;
    bench.store.revoke_key(&planned.id, bench.now).await.unwrap();
    bench.later(SECOND);
    tick(&bench, &bench.server.keys).await;
    let stored = bench.server.keys.stored();
    let (first, last) = (&stored[0], stored.last().unwrap());
    assert_eq!((last.purpose, KeyState::of(last, &stored, bench.now)), (KeyPurpose::AccessToken, KeyState::Published));
    assert!(first.verifies_until.unwrap() > last.signs_from);
}

#[tokio::test]
async fn op_06_nodes_whose_clocks_are_a_minute_apart_believe_each_other_and_ten_are_too_many() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let at = |seconds: i64| Timestamp::from_seconds(bench.now.seconds() + seconds);
    let issued_at = async |now: Timestamp| {
        let ahead = Bench { server: bench.server.clone(), store: bench.store.clone(), now, ..Bench::new().await };
        ahead.tokens(&client).await.access
    };
    for (ours, theirs, expected) in [
        (0, 60, Ok(())),
        (60, 0, Ok(())),
        (0, 45, Ok(())),
        (0, 61, Err(Invalid::NotYetValid)),
        (0, 600, Err(Invalid::NotYetValid)),
    ] {
        let access = issued_at(at(theirs)).await;
        let verified = oauth::token::verify(&bench.server.keys, &bench.wiki, &access, at(ours)).map(|_| ());
        assert_eq!(verified, expected, "issued at {theirs}, presented at {ours}");
    }
    // A key that begins in what is the future here, while its predecessor is revoked.
    let (old, next) = (bench.server.keys.stored()[0].clone(), next_key(&bench, HEED).await);
    bench.store.revoke_key(&old.id, bench.now).await.unwrap();
    bench.server.keys.refresh(&*bench.store).await.unwrap();
    let access = issued_at(at(-60)).await;
    assert_eq!(kid_of(&access), next.id);
    assert!(oauth::token::verify(&bench.server.keys, &bench.wiki, &access, at(0)).is_ok());
}

#[tokio::test]
async fn a_broken_store_changes_no_key() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    bench.later(key_plan().rotation_interval);
    let (keys, plan) = (&bench.server.keys, key_plan());
    for act in 0..4 {
        bench.store.set(Fault::Nth(act));
        assert!(keys.keep_up(&*bench.store, &*bench.server.random, &plan, bench.now).await.is_err(), "act {act}");
        bench.store.set(Fault::Never);
        assert!(!bench.tokens(&client).await.access.is_empty(), "the old one signs on");
    }
    tick(&bench, keys).await;
    assert_eq!(keys.stored().len(), 6, "what was due is done, once");
}

#[test]
fn ky_09_verifiers_are_told_to_look_again_before_a_new_key_signs() {
    let plan = |seconds| KeyPlan { publish_ahead: Duration::from_secs(seconds), ..key_plan() };
    assert_eq!(plan(24 * 3600).max_age(), Duration::from_secs(300));
    assert_eq!(plan(4).max_age(), Duration::from_secs(2));
}
