//! Values that may be used once.

use super::{HOUR, SECOND, START, at_once, ok};
use crate::store::Store;
use std::sync::Arc;

super::cases!(
    a_value_is_taken_once,
    a_value_belongs_to_its_namespace,
    one_of_many_at_once_takes_it,
    a_value_is_remembered_until_its_end,
);

async fn a_value_is_taken_once(store: Arc<dyn Store>) {
    assert!(ok(store.use_once("signer", "a", START.plus(HOUR)).await));
    assert!(!ok(store.use_once("signer", "a", START.plus(HOUR)).await));
    assert!(!ok(store.use_once("signer", "a", START.plus(HOUR * 2)).await), "whenever it ends");
    assert!(ok(store.use_once("signer", "b", START.plus(HOUR)).await));
}

async fn a_value_belongs_to_its_namespace(store: Arc<dyn Store>) {
    for (namespace, value) in [("signer", "value"), ("other", "value"), ("signerv", "alue"), ("", "signervalue")] {
        assert!(ok(store.use_once(namespace, value, START.plus(HOUR)).await), "{namespace} {value}");
    }
}

async fn one_of_many_at_once_takes_it(store: Arc<dyn Store>) {
    let taken = at_once(20, |_| {
        let store = Arc::clone(&store);
        async move { ok(store.use_once("signer", "a", START.plus(HOUR)).await) }
    })
    .await;
    assert_eq!(taken.into_iter().filter(|taken| *taken).count(), 1);
}

async fn a_value_is_remembered_until_its_end(store: Arc<dyn Store>) {
    let until = START.plus(HOUR);
    ok(store.use_once("signer", "a", until).await);
    assert_eq!(ok(store.collect_garbage(until).await), 0);
    assert!(!ok(store.use_once("signer", "a", until).await));
    assert_eq!(ok(store.collect_garbage(until.plus(SECOND)).await), 1);
    assert!(ok(store.use_once("signer", "a", until.plus(HOUR)).await));
}
