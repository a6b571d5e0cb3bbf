//! SQLite as a store: the conformance suite, and what only a file that several processes share must do.

mod accounts;
mod attempts;
mod decisions;
mod factors;
mod files;
mod service_tokens;
mod vault;

use super::Sqlite;
use oauth::client::ClientId;
use oauth::secret::SecretHash;
use oauth::store::{
    Credential, EndedBecause, Grant, GrantDetails, Rotation, Store, StoreError, Successor, conformance,
};
use oauth::world::Timestamp;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_is_a_store() {
    let folder = Folder::new();
    let next = AtomicU64::new(0);
    let new = async || {
        let name = format!("{}.db", next.fetch_add(1, Ordering::Relaxed));
        Arc::new(open(&folder.0.join(name))) as Arc<dyn Store>
    };
    conformance::run(new).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_openers_of_one_file_rotate_a_token_once() {
    let folder = Folder::new();
    let stores = [Arc::new(open(&folder.database())), Arc::new(open(&folder.database()))];
    ok(stores[0].open_grant(&grant("g"), &credential("token", "g")).await);
    let mut set = JoinSet::new();
    for task in 0..50 {
        let store = Arc::clone(&stores[task % 2]);
        set.spawn(async move {
            let sealed_response = format!("response {task}").into_bytes();
            let next = Successor { credential: credential(&format!("next {task}"), "g"), sealed_response };
            let rotation = ok(store.rotate(&SecretHash::of("token"), &next, HOUR, NOW).await);
            (rotation, next.sealed_response)
        });
    }
    let (rotated, replayed): (Vec<_>, Vec<_>) =
        set.join_all().await.into_iter().partition(|(rotation, _)| *rotation == Rotation::Rotated);
    assert_eq!((rotated.len(), replayed.len()), (1, 49));
    let expected = Rotation::Replay { sealed_response: rotated[0].1.clone() };
    assert!(replayed.iter().all(|(rotation, _)| *rotation == expected), "all get the first response");
}

#[tokio::test]
async fn what_one_opener_takes_away_the_other_sees_at_once() {
    let folder = Folder::new();
    let (gateway, command) = (open(&folder.database()), open(&folder.database()));
    ok(gateway.open_grant(&grant("g"), &credential("token", "g")).await);
    let before = ok(gateway.epoch().await);
    assert!(ok(command.revoke_grant("g", EndedBecause::RevokedByAdmin, NOW).await));
    assert!(ok(gateway.epoch().await) > before);
    assert_eq!(ok(gateway.grant("g").await).and_then(|grant| grant.revoked_at), Some(NOW));
}

#[tokio::test]
async fn responses_are_forgotten_when_their_grace_is_over() {
    let folder = Folder::new();
    let store = open(&folder.database());
    ok(store.open_grant(&grant("g"), &credential("0", "g")).await);
    for number in 0..4_u32 {
        let next = Successor { credential: credential(&(number + 1).to_string(), "g"), sealed_response: vec![1] };
        let now = NOW.plus(HOUR * number);
        assert_eq!(ok(store.rotate(&SecretHash::of(&number.to_string()), &next, HOUR, now).await), Rotation::Rotated);
    }
    let count = "SELECT count(*) FROM credentials WHERE sealed_response IS NOT NULL";
    let kept = ok(store.read(move |db| super::sql::count(db, count, [])).await);
    assert_eq!(kept, 2, "the last one, and the one whose grace ends now");
}

#[tokio::test]
async fn a_failed_act_leaves_nothing_behind() {
    let folder = Folder::new();
    let store = open(&folder.database());
    let stray = credential("token", "another grant");
    assert!(store.open_grant(&grant("g"), &stray).await.is_err(), "a credential needs its grant");
    assert_eq!(ok(store.grant("g").await), None, "the grant is not kept without its credential");
    ok(store.open_grant(&grant("g"), &credential("token", "g")).await);
}

/// A folder that goes when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("doorward-store-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn database(&self) -> PathBuf {
        self.0.join("doorward.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[track_caller]
fn open(path: &Path) -> Sqlite {
    ok(Sqlite::open(path))
}

#[track_caller]
fn ok<T>(result: Result<T, StoreError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}

fn grant(id: &str) -> Grant {
    Grant {
        id: id.to_owned(),
        app: "wiki".to_owned(),
        client: ClientId::new("client"),
        subject: "subject of ada".to_owned(),
        scope: String::new(),
        login_method: "local".to_owned(),
        authenticated_at: NOW,
        created_at: NOW,
        expires_at: NOW.plus(HOUR * 24),
        parent: None,
        revoked_at: None,
        details: GrantDetails::default(),
    }
}

fn credential(secret: &str, grant: &str) -> Credential {
    let expires_at = NOW.plus(HOUR * 24);
    Credential { hash: SecretHash::of(secret), grant: grant.to_owned(), expires_at, rotated_at: None }
}
