//! What a database file must be, and which files are refused.

use super::{Folder, NOW, credential, grant, ok, open};
use crate::store::sqlite::Sqlite;
use oauth::secret::{Kind, Secret};
use oauth::store::{KeyAlgorithm, KeyPurpose, Store, StoreError, StoredKey};
use oauth::world::Random;
use rusqlite::Connection;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

#[tokio::test]
async fn only_the_owner_may_read_a_new_database() {
    let folder = Folder::new();
    let store = open(&folder.database());
    ok(store.open_grant(&grant("g"), &credential("token", "g")).await);
    assert_eq!(modes(&folder), [("doorward.db", 0o600), ("doorward.db-shm", 0o600), ("doorward.db-wal", 0o600)]);
}

#[tokio::test]
async fn a_database_that_others_may_read_is_taken_from_them() {
    let folder = Folder::new();
    let running = open(&folder.database());
    ok(running.open_grant(&grant("g"), &credential("token", "g")).await);
    for (name, _) in modes(&folder) {
        fs::set_permissions(folder.0.join(name), fs::Permissions::from_mode(0o664)).unwrap();
    }
    open(&folder.database());
    assert_eq!(modes(&folder), [("doorward.db", 0o600), ("doorward.db-shm", 0o600), ("doorward.db-wal", 0o600)]);
}

#[tokio::test]
async fn no_file_holds_a_secret_in_clear() {
    let folder = Folder::new();
    let store = open(&folder.database());
    let secret = Secret::generate(Kind::Refresh, &Sevens);
    ok(store.open_grant(&grant("g"), &credential(secret.expose(), "g")).await);
    let mut bytes = Vec::new();
    for (name, _) in modes(&folder) {
        bytes.extend(fs::read(folder.0.join(name)).unwrap());
    }
    let holds = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    assert!(holds(secret.hash().as_bytes()), "the hash must be there, or this test looks in the wrong place");
    assert!(!holds(secret.expose().as_bytes()), "the secret must not be there");
    assert!(!holds(&secret.expose().as_bytes()[6..30]), "nor a part of it");
}

#[tokio::test]
async fn an_act_is_answered_when_it_is_on_the_disk() {
    let folder = Folder::new();
    let store = open(&folder.database());
    for pool in [&store.writer, &store.readers] {
        let pragmas = pool.run(|connection| {
            let synchronous: i64 = connection.query_row("PRAGMA synchronous", [], |row| row.get(0))?;
            let journal: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
            let foreign_keys: bool = connection.query_row("PRAGMA foreign_keys", [], |row| row.get(0))?;
            Ok((synchronous, journal, foreign_keys))
        });
        let full = 2;
        assert_eq!(ok(pragmas.await), (full, "wal".to_owned(), true));
    }
}

#[tokio::test]
async fn what_was_kept_is_there_after_a_restart() {
    let folder = Folder::new();
    let key = StoredKey {
        id: "k".to_owned(),
        purpose: KeyPurpose::Sealing,
        algorithm: KeyAlgorithm::XChaCha20Poly1305,
        sealed: vec![1; 72],
        created_at: NOW,
        signs_from: NOW,
        verifies_until: None,
        revoked_at: None,
    };
    ok(open(&folder.database()).add_key(&key, None).await);
    assert_eq!(ok(open(&folder.database()).keys().await), [key]);
}

#[test]
fn many_may_open_a_new_file_at_once() {
    for _ in 0..10 {
        let folder = Folder::new();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| open(&folder.database()));
            }
        });
    }
}

#[test]
fn a_file_that_is_no_database_is_refused_by_name_and_left_alone() {
    let folder = Folder::new();
    let garbage = b"this is no database\n".repeat(100);
    fs::write(folder.database(), &garbage).unwrap();
    fs::set_permissions(folder.database(), fs::Permissions::from_mode(0o644)).unwrap();
    let why = refusal(&folder.database());
    assert!(why.contains("not a database"), "{why}");
    assert_eq!(fs::read(folder.database()).unwrap(), garbage);
    assert_eq!(modes(&folder), [("doorward.db", 0o644)]);
}

#[test]
fn what_is_not_ours_to_open_is_refused_by_name() {
    let folder = Folder::new();
    refusal(&folder.0);
    refusal(&folder.0.join("missing folder/doorward.db"));

    let foreign = Connection::open(folder.0.join("foreign.db")).unwrap();
    foreign.execute_batch("CREATE TABLE theirs (id INTEGER)").unwrap();
    let why = refusal(&folder.0.join("foreign.db"));
    assert!(why.contains("another program"), "{why}");

    open(&folder.database());
    Connection::open(folder.database()).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let why = refusal(&folder.database());
    assert!(why.contains("newer doorward"), "{why}");
}

#[track_caller]
fn refusal(path: &Path) -> String {
    let Err(StoreError(why)) = Sqlite::open(path) else { panic!("`{}` must not open", path.display()) };
    assert!(why.contains(&path.display().to_string()), "the path is not named in: {why}");
    why
}

/// The files of the folder, by name, with their modes.
fn modes(folder: &Folder) -> Vec<(&'static str, u32)> {
    let names = ["doorward.db", "doorward.db-shm", "doorward.db-wal"];
    let mode = |name| fs::metadata(folder.0.join(name)).map(|file| (name, file.permissions().mode() & 0o777));
    names.into_iter().filter_map(|name| mode(name).ok()).collect()
}

struct Sevens;

impl Random for Sevens {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}
