//! Factors: a step of time, a recovery code and a passkey's counter are each used once; places are forgotten.

use super::{Folder, NOW, ok, open};
use crate::store::sqlite::Sqlite;
use crate::store::{Account, Accounts, Factors, Passkey, Totp};
use oauth::secret::SecretHash;
use oauth::store::Store;
use std::time::Duration;

async fn with_ada(folder: &Folder) -> Sqlite {
    let store = open(&folder.database());
    let ada = Account {
        subject: "u_ada".into(),
        username: "ada@example.com".into(),
        name: None,
        groups: Vec::new(),
        password: Some("old".into()),
        disabled: false,
        created_at: NOW,
        external: false,
        profiles: Vec::new(),
    };
    ok(store.add_account(&ada).await);
    store
}

fn passkey(id: u8) -> Passkey {
    Passkey {
        id: vec![id],
        subject: "u_ada".into(),
        name: "Phone".into(),
        credential: "{}".into(),
        created_at: NOW,
        last_used_at: None,
    }
}

#[tokio::test]
async fn a_step_of_time_is_used_once_and_never_an_earlier_one() {
    let folder = Folder::new();
    let store = with_ada(&folder).await;
    assert!(!ok(store.use_totp_step("u_ada", 9).await), "nobody has codes yet");
    ok(store.keep_totp("u_ada", &Totp { sealed: vec![1], last_step: 7, created_at: NOW }).await);
    for (step, expected) in [(7, false), (8, true), (8, false), (6, false), (10, true), (9, false)] {
        assert_eq!(ok(store.use_totp_step("u_ada", step).await), expected, "step {step}");
    }
}

#[tokio::test]
async fn a_recovery_code_is_used_once_and_goes_with_the_last_factor() {
    let folder = Folder::new();
    let store = with_ada(&folder).await;
    let codes = [SecretHash::of("a"), SecretHash::of("b")];
    ok(store.keep_totp("u_ada", &Totp { sealed: vec![1], last_step: 0, created_at: NOW }).await);
    assert!(ok(store.add_passkey(&passkey(1)).await) && !ok(store.add_passkey(&passkey(1)).await));
    ok(store.keep_recovery_codes("u_ada", &codes).await);
    assert!(ok(store.use_recovery_code("u_ada", &codes[0]).await));
    assert!(!ok(store.use_recovery_code("u_ada", &codes[0]).await));
    assert!(ok(store.remove_totp("u_ada").await));
    assert_eq!(ok(store.factors("u_ada").await).recovery_codes, 1, "a passkey is left");
    assert!(!ok(store.remove_passkey("u_bob", &[1]).await) && ok(store.remove_passkey("u_ada", &[1]).await));
    let left = ok(store.factors("u_ada").await);
    assert!(!left.any() && left.recovery_codes == 0);
}

#[tokio::test]
async fn of_two_uses_of_one_counter_one_counts() {
    let folder = Folder::new();
    let store = with_ada(&folder).await;
    ok(store.add_passkey(&passkey(1)).await);
    let known = ok(store.passkey(&[1]).await).unwrap();
    assert!(ok(store.use_passkey(&known, "{\"counter\":1}", NOW).await));
    assert!(!ok(store.use_passkey(&known, "{\"counter\":1}", NOW).await));
    assert_eq!(ok(store.passkey(&[1]).await).unwrap().last_used_at, Some(NOW));
}

#[tokio::test]
async fn places_are_an_accounts_own_and_are_forgotten() {
    let folder = Folder::new();
    let store = with_ada(&folder).await;
    let place = |n: u32| SecretHash::of(&n.to_string());
    for n in 0..70 {
        ok(store.remember_place("u_ada", &place(n), NOW.plus(Duration::from_secs(n.into()))).await);
    }
    assert!(ok(store.is_familiar("u_ada", &place(69)).await) && !ok(store.is_familiar("u_bob", &place(69)).await));
    assert!(!ok(store.is_familiar("u_ada", &place(0)).await), "so many are kept and no more");
    ok(store.collect_garbage(NOW.plus(Duration::from_secs(181 * 24 * 3600))).await);
    assert!(!ok(store.is_familiar("u_ada", &place(69)).await));
}

#[tokio::test]
async fn a_hash_is_replaced_only_if_the_password_is_still_the_same() {
    let folder = Folder::new();
    let store = with_ada(&folder).await;
    assert!(ok(store.replace_hash("u_ada", "old", "costlier").await));
    assert!(!ok(store.replace_hash("u_ada", "old", "another").await));
    assert_eq!(ok(store.account_by_subject("u_ada").await).unwrap().password.as_deref(), Some("costlier"));
}

#[tokio::test]
async fn what_an_account_had_goes_with_it() {
    let folder = Folder::new();
    let store = with_ada(&folder).await;
    ok(store.add_passkey(&passkey(1)).await);
    ok(store.remember_place("u_ada", &SecretHash::of("x"), NOW).await);
    ok(store.remove_account("ada@example.com", NOW).await);
    assert_eq!(ok(store.passkey(&[1]).await), None);
    assert!(!ok(store.is_familiar("u_ada", &SecretHash::of("x")).await));
}
