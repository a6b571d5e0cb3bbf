//! The vault: one value by name, held by one at a time.

use super::{Folder, HOUR, NOW, ok, open};
use crate::store::Vault;

#[tokio::test]
async fn a_value_is_kept_by_its_name() {
    let folder = Folder::new();
    let store = open(&folder.database());
    assert_eq!(ok(store.kept("a").await), None);
    ok(store.keep("a", b"one").await);
    ok(store.keep("a", b"two").await);
    assert_eq!(ok(store.kept("a").await).as_deref(), Some(&b"two"[..]));
    assert_eq!(ok(store.kept("b").await), None);
}

#[tokio::test]
async fn a_name_is_held_by_one_until_its_time() {
    let folder = Folder::new();
    let (one, other) = (open(&folder.database()), open(&folder.database()));
    let until = NOW.plus(HOUR);
    assert!(ok(one.claim("a", "one", until, NOW).await));
    assert!(ok(one.claim("a", "one", until, NOW).await), "again");
    assert!(!ok(other.claim("a", "other", until, NOW).await));
    assert!(ok(other.claim("b", "other", until, NOW).await), "another name");
    assert_eq!(ok(one.kept("a").await), None, "held, and empty");
    ok(other.release("a", "other").await);
    assert!(!ok(other.claim("a", "other", until, NOW).await), "only the holder gives it back");
    ok(one.release("a", "one").await);
    assert!(ok(other.claim("a", "other", until, NOW).await));
    assert!(ok(one.claim("a", "one", until.plus(HOUR), until).await), "its time is over");
}
