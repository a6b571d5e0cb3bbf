//! Keys: a line for each purpose and algorithm, in which the first writer wins.

use super::{HOUR, SECOND, START, YEAR, at_once, epoch, ok};
use crate::store::{KeyAlgorithm, KeyPurpose, Store, StoredKey};
use crate::world::Timestamp;
use std::sync::Arc;

super::cases!(
    a_key_is_kept_as_it_was_given,
    lines_are_apart,
    only_the_last_of_a_line_gets_a_successor,
    one_of_many_writers_wins,
    a_revoked_key_is_out_of_the_line,
    keys_long_ended_are_forgotten,
);

async fn a_key_is_kept_as_it_was_given(store: Arc<dyn Store>) {
    let before = epoch(&*store).await;
    let given = StoredKey { signs_from: START.plus(HOUR), ..key("a") };
    assert!(ok(store.add_key(&given, None).await), "a first key is added");
    assert_eq!(ok(store.keys().await), std::slice::from_ref(&given));
    assert!(epoch(&*store).await > before, "a new key moves the epoch");
    let before = epoch(&*store).await;
    assert!(!ok(store.add_key(&key("b"), None).await), "a line has one first key");
    assert_eq!((ok(store.keys().await), epoch(&*store).await), (vec![given], before), "nothing has changed");
}

async fn lines_are_apart(store: Arc<dyn Store>) {
    let lines = [
        (KeyPurpose::AccessToken, KeyAlgorithm::Ed25519),
        (KeyPurpose::AccessToken, KeyAlgorithm::P256),
        (KeyPurpose::Assertion, KeyAlgorithm::Ed25519),
        (KeyPurpose::Sealing, KeyAlgorithm::XChaCha20Poly1305),
    ];
    for (number, (purpose, algorithm)) in lines.into_iter().enumerate() {
        let first = StoredKey { purpose, algorithm, ..key(&number.to_string()) };
        assert!(ok(store.add_key(&first, None).await), "each line begins for itself");
    }
    let kept: Vec<_> = ok(store.keys().await).into_iter().map(|key| (key.purpose, key.algorithm)).collect();
    assert_eq!(kept, lines, "in the order in which they were added");
}

async fn only_the_last_of_a_line_gets_a_successor(store: Arc<dyn Store>) {
    let until = START.plus(HOUR);
    ok(store.add_key(&key("a"), None).await);
    assert!(!ok(store.add_key(&key("b"), Some(("x", until))).await), "the predecessor must be there");
    assert!(ok(store.add_key(&key("b"), Some(("a", until))).await));
    assert!(!ok(store.add_key(&key("c"), Some(("a", until))).await), "it has a successor already");
    assert!(ok(store.add_key(&key("c"), Some(("b", until.plus(SECOND)))).await));
    assert_eq!(
        ends(&*store).await,
        [("a".to_owned(), Some(until)), ("b".to_owned(), Some(until.plus(SECOND))), ("c".to_owned(), None)],
        "each but the last holds as long as its successor's writer said"
    );
}

async fn one_of_many_writers_wins(store: Arc<dyn Store>) {
    ok(store.add_key(&key("first"), None).await);
    let won = at_once(16, |task| {
        let store = Arc::clone(&store);
        async move { ok(store.add_key(&key(&task.to_string()), Some(("first", START.plus(HOUR)))).await) }
    })
    .await;
    assert_eq!(won.into_iter().filter(|won| *won).count(), 1, "one successor");
    assert_eq!(ok(store.keys().await).len(), 2);
}

async fn a_revoked_key_is_out_of_the_line(store: Arc<dyn Store>) {
    let until = START.plus(HOUR);
    ok(store.add_key(&key("a"), None).await);
    ok(store.add_key(&key("b"), Some(("a", until))).await);
    let before = epoch(&*store).await;
    assert!(ok(store.revoke_key("b", START).await));
    assert!(epoch(&*store).await > before, "a revoked key moves the epoch");
    assert!(!ok(store.revoke_key("b", START.plus(SECOND)).await), "it is revoked once");
    assert!(!ok(store.revoke_key("x", START).await), "nor is one that is not there");
    let kept = ok(store.keys().await);
    assert_eq!((kept[1].revoked_at, kept[1].sealed.len()), (Some(START), 0), "its secret bytes are forgotten");
    assert_eq!((kept[0].revoked_at, kept[0].sealed.len()), (None, 72));
    let later = until.plus(HOUR);
    assert!(!ok(store.add_key(&key("c"), Some(("b", later))).await), "a revoked key is nobody's predecessor");
    assert!(ok(store.add_key(&key("c"), Some(("a", later))).await), "the one before it is the last again");
    assert_eq!(ends(&*store).await[0], ("a".to_owned(), Some(later)));
    ok(store.revoke_key("a", START).await);
    ok(store.revoke_key("c", START).await);
    assert!(ok(store.add_key(&key("d"), None).await), "a line without live keys begins anew");
}

async fn keys_long_ended_are_forgotten(store: Arc<dyn Store>) {
    ok(store.add_key(&key("retired"), None).await);
    ok(store.add_key(&key("revoked"), Some(("retired", START.plus(HOUR)))).await);
    ok(store.revoke_key("revoked", START).await);
    ok(store.add_key(&key("current"), Some(("retired", START.plus(HOUR)))).await);
    ok(store.collect_garbage(START.plus(HOUR)).await);
    assert_eq!(ok(store.keys().await).len(), 3, "what has just ended is still there");
    assert_eq!(ok(store.collect_garbage(START.plus(YEAR)).await), 2);
    assert_eq!(ends(&*store).await, [("current".to_owned(), None)], "what signs stays, however old");
}

fn key(id: &str) -> StoredKey {
    StoredKey {
        id: id.to_owned(),
        purpose: KeyPurpose::AccessToken,
        algorithm: KeyAlgorithm::Ed25519,
        sealed: vec![7; 72],
        created_at: START,
        signs_from: START,
        verifies_until: None,
        revoked_at: None,
    }
}

async fn ends(store: &dyn Store) -> Vec<(String, Option<Timestamp>)> {
    ok(store.keys().await).into_iter().map(|key| (key.id, key.verifies_until)).collect()
}
