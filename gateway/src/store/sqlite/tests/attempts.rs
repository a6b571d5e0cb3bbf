//! Attempts: taken once, tried so often, over in time.

use super::{Folder, HOUR, NOW, ok, open};
use crate::store::{Attempt, Attempts};
use oauth::secret::SecretHash;

fn attempt() -> Attempt {
    Attempt {
        hash: SecretHash::of("x"),
        purpose: "state".to_owned(),
        content: "{}".to_owned(),
        tries: 0,
        expires_at: NOW.plus(HOUR),
    }
}

#[tokio::test]
async fn rp_03_an_attempt_is_taken_once_and_by_its_purpose_alone() {
    let folder = Folder::new();
    let store = open(&folder.database());
    ok(store.begin(&attempt()).await);
    assert_eq!(ok(store.take(&SecretHash::of("x"), "another", NOW).await), None);
    assert_eq!(ok(store.take(&SecretHash::of("y"), "state", NOW).await), None);
    assert_eq!(ok(store.take(&SecretHash::of("x"), "state", NOW).await), Some(attempt()));
    assert_eq!(ok(store.take(&SecretHash::of("x"), "state", NOW).await), None);
}

#[tokio::test]
async fn an_attempt_that_is_over_is_not_found() {
    let folder = Folder::new();
    let store = open(&folder.database());
    ok(store.begin(&attempt()).await);
    let over = NOW.plus(HOUR);
    assert_eq!(ok(store.try_attempt(&SecretHash::of("x"), ("state", 5), over).await), None);
    assert_eq!(ok(store.take(&SecretHash::of("x"), "state", over).await), None);
}

#[tokio::test]
async fn an_attempt_is_tried_so_often_even_by_many_at_once() {
    let folder = Folder::new();
    let store = std::sync::Arc::new(open(&folder.database()));
    ok(store.begin(&attempt()).await);
    let tries = (0..20).map(|_| {
        let store = std::sync::Arc::clone(&store);
        tokio::spawn(async move { ok(store.try_attempt(&SecretHash::of("x"), ("state", 3), NOW).await).is_some() })
    });
    let mut allowed = 0;
    for tried in tries.collect::<Vec<_>>() {
        allowed += usize::from(tried.await.expect("a try"));
    }
    assert_eq!(allowed, 3);
}
