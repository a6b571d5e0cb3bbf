//! Keys: the first writer wins.

use super::{SECOND, START, at_once, ok};
use crate::store::{KeyPurpose, Store, StoredKey};
use std::sync::Arc;

super::cases!(each_purpose_keeps_its_first_key, all_of_many_writers_get_one_key);

async fn each_purpose_keeps_its_first_key(store: Arc<dyn Store>) {
    let first = ok(store.ensure_key(key(KeyPurpose::AccessToken, 1)).await);
    assert_eq!(secrets(&first), [(KeyPurpose::AccessToken, 1)], "a first key is kept");
    assert_eq!(first[0].created_at, START, "a key keeps the time it was made");

    let later = StoredKey { created_at: START.plus(SECOND), ..key(KeyPurpose::AccessToken, 2) };
    let again = ok(store.ensure_key(later).await);
    assert_eq!(secrets(&again), [(KeyPurpose::AccessToken, 1)], "a second key of a purpose is not kept");
    assert_eq!(again[0].created_at, START, "a second key of a purpose changes nothing of the first");

    ok(store.ensure_key(key(KeyPurpose::Assertion, 3)).await);
    let all = secrets(&ok(store.ensure_key(key(KeyPurpose::Sealing, 4)).await));
    let expected = [(KeyPurpose::AccessToken, 1), (KeyPurpose::Assertion, 3), (KeyPurpose::Sealing, 4)];
    assert_eq!(all, expected, "all keys are returned, one for each purpose");
}

async fn all_of_many_writers_get_one_key(store: Arc<dyn Store>) {
    let seen = at_once(16, |task| {
        let store = Arc::clone(&store);
        let byte = u8::try_from(task).unwrap_or(u8::MAX);
        async move { secrets(&ok(store.ensure_key(key(KeyPurpose::Assertion, byte)).await)) }
    })
    .await;
    assert!(seen.iter().all(|keys| *keys == seen[0]), "every writer must get the same key, got {seen:?}");
}

fn key(purpose: KeyPurpose, byte: u8) -> StoredKey {
    StoredKey { purpose, sealed: vec![byte; 72], created_at: START }
}

/// Purposes and the byte that their secret consists of, in the order of the purposes' names.
fn secrets(keys: &[StoredKey]) -> Vec<(KeyPurpose, u8)> {
    let mut secrets: Vec<_> = keys.iter().map(|key| (key.purpose, key.sealed[0])).collect();
    secrets.sort_by_key(|(purpose, _)| purpose.as_str());
    secrets
}
