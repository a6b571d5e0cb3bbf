//! Accounts: what is kept, and what a change takes away.

use super::{Folder, HOUR, NOW, credential, grant, ok, open};
use crate::store::sqlite::Sqlite;
use crate::store::{Account, Accounts, Added, Profile};
use oauth::approval::ForeignIdentity;
use oauth::store::Store;

#[tokio::test]
async fn an_account_is_kept_whole() {
    let folder = Folder::new();
    let store = open(&folder.database());
    let bare = Account { name: None, groups: Vec::new(), password: None, disabled: true, ..account("bob") };
    for account in [account("ada"), bare] {
        assert_eq!(ok(store.add_account(&account).await), Added::Added);
        assert!(ok(store.account_by_username(&account.username).await) == Some(account.clone()));
        assert!(ok(store.account_by_subject(&account.subject).await) == Some(account));
    }
    assert_eq!(ok(store.account_by_username("eve@example.com").await), None);
    assert_eq!(ok(store.account_by_subject("nobody").await), None);
}

#[tokio::test]
async fn user_names_are_the_same_in_any_case() {
    let folder = Folder::new();
    let store = open(&folder.database());
    let shouted = Account { username: "ADA@Example.com".to_owned(), ..account("ada") };
    assert_eq!(ok(store.add_account(&shouted).await), Added::Added);
    let found = ok(store.account_by_username("Ada@example.COM").await);
    assert_eq!(found, Some(account("ada")), "kept in lower case, found in any");
    assert!(ok(store.set_groups("ADA@example.com", &[]).await));
}

#[tokio::test]
async fn a_taken_user_name_or_subject_is_not_taken_again() {
    let folder = Folder::new();
    let store = open(&folder.database());
    ok(store.add_account(&account("ada")).await);
    let same_name = Account { subject: "other".to_owned(), name: None, ..account("ada") };
    let same_subject = Account { username: "other@example.com".to_owned(), ..account("ada") };
    for second in [same_name, same_subject] {
        assert_eq!(ok(store.add_account(&second).await), Added::Exists);
    }
    assert_eq!(ok(store.accounts().await), [account("ada")], "nothing has changed");
}

#[tokio::test]
async fn accounts_come_in_the_order_of_their_names() {
    let folder = Folder::new();
    let store = open(&folder.database());
    for name in ["cleo", "ada", "bob"] {
        ok(store.add_account(&account(name)).await);
    }
    assert_eq!(ok(store.accounts().await), [account("ada"), account("bob"), account("cleo")]);
}

#[tokio::test]
async fn a_new_password_or_group_ends_nothing_but_is_noticed() {
    let folder = Folder::new();
    let store = with_ada_signed_in(&folder).await;
    let before = ok(store.epoch().await);
    assert!(ok(store.set_password(ADA, "$argon2id$new", NOW).await));
    let between = ok(store.epoch().await);
    assert!(ok(store.set_groups(ADA, &["staff".to_owned()]).await));
    assert!(before < between && between < ok(store.epoch().await));
    let changed = ok(store.account_by_username(ADA).await);
    let expected = Account { groups: vec!["staff".to_owned()], ..account("ada") };
    assert_eq!(changed.as_ref().and_then(|account| account.password.as_deref()), Some("$argon2id$new"));
    assert_eq!(changed.map(|changed| changed.groups), Some(expected.groups));
    assert!(ada_is_signed_in(&store).await);
}

#[tokio::test]
async fn a_disabled_account_loses_its_grants_and_does_not_get_them_back() {
    let folder = Folder::new();
    let store = with_ada_signed_in(&folder).await;
    let before = ok(store.epoch().await);
    assert!(ok(store.set_disabled(ADA, true, NOW).await));
    assert!(!ada_is_signed_in(&store).await);
    assert!(ok(store.epoch().await) > before);
    assert_eq!(ok(store.account_by_username(ADA).await).map(|account| account.disabled), Some(true));
    assert!(ok(store.set_disabled(ADA, false, NOW).await));
    assert_eq!(ok(store.account_by_username(ADA).await).map(|account| account.disabled), Some(false));
    assert!(!ada_is_signed_in(&store).await);
}

#[tokio::test]
async fn a_removed_account_loses_its_grants() {
    let folder = Folder::new();
    let store = with_ada_signed_in(&folder).await;
    let before = ok(store.epoch().await);
    assert!(ok(store.remove_account(ADA, NOW).await));
    assert!(!ada_is_signed_in(&store).await);
    assert!(ok(store.epoch().await) > before);
    assert_eq!(ok(store.account_by_username(ADA).await), None);
    assert!(!ok(store.remove_account(ADA, NOW).await), "there is nothing left to remove");
}

#[tokio::test]
async fn a_change_of_nobody_changes_nothing() {
    let folder = Folder::new();
    let store = with_ada_signed_in(&folder).await;
    let before = ok(store.epoch().await);
    let nobody = "nobody@example.com";
    assert!(!ok(store.set_password(nobody, "$argon2id$new", NOW).await));
    assert!(!ok(store.set_disabled(nobody, true, NOW).await));
    assert!(!ok(store.remove_account(nobody, NOW).await));
    assert!(!ok(store.set_groups(nobody, &[]).await));
    assert_eq!(ok(store.epoch().await), before);
    assert!(ada_is_signed_in(&store).await);
}

#[test]
fn a_printed_account_does_not_show_its_password() {
    assert!(!format!("{:?}", account("ada")).contains("argon2"));
}

const ADA: &str = "ada@example.com";

/// A store with the accounts of Ada and Bob, each with a grant.
async fn with_ada_signed_in(folder: &Folder) -> Sqlite {
    let store = open(&folder.database());
    for name in ["ada", "bob"] {
        ok(store.add_account(&account(name)).await);
        let grant = oauth::store::Grant { subject: account(name).subject, ..grant(name) };
        ok(store.open_grant(&grant, &credential(name, name)).await);
    }
    store
}

/// Whether Ada's grant is live; Bob's is, whatever happens to her.
async fn ada_is_signed_in(store: &Sqlite) -> bool {
    let mut live = Vec::new();
    for id in ["ada", "bob"] {
        live.push(ok(store.grant(id).await).is_some_and(|grant| grant.is_live(NOW.plus(HOUR))));
    }
    assert!(live[1], "others keep their grants");
    live[0]
}

fn account(name: &str) -> Account {
    Account {
        subject: format!("subject of {name}"),
        username: format!("{name}@example.com"),
        name: Some(name.to_owned()),
        groups: vec!["staff".to_owned(), "on \"call\"".to_owned()],
        password: Some("$argon2id$v=19$old".to_owned()),
        disabled: false,
        created_at: NOW,
        external: false,
        profiles: Vec::new(),
    }
}

fn profile(sub: &str) -> Profile {
    Profile {
        provider: "company".to_owned(),
        issuer: "https://id.example".to_owned(),
        sub: sub.to_owned(),
        email: Some("ada@example.com".to_owned()),
        name: Some("Ada".to_owned()),
        groups: vec!["staff".to_owned()],
        claims: [("department".to_owned(), vec!["engines".to_owned()])].into(),
    }
}

#[tokio::test]
async fn rp_20_who_comes_by_a_provider_is_issuer_and_sub_and_never_an_address() {
    let folder = Folder::new();
    let store = open(&folder.database());
    ok(store.add_account(&account("ada")).await);
    let came = ok(store.welcome(&profile("1"), "u_new", NOW).await);
    assert_eq!((came.subject.as_str(), came.username.as_str(), came.external), ("u_new", "company:1", true));
    assert_eq!(came.profiles, [profile("1")]);
    assert_eq!(
        ok(store.account_by_username("ada@example.com").await),
        Some(account("ada")),
        "whose address is the same"
    );
    let again = ok(store.welcome(&profile("1"), "u_other", NOW).await);
    assert_eq!(again, came);
    for (other, subject) in [
        (Profile { issuer: "https://evil.example".to_owned(), ..profile("1") }, "u_2"),
        (Profile { issuer: "https://id.example/".to_owned(), ..profile("1") }, "u_3"),
        (profile("A"), "u_4"),
        (profile("a"), "u_5"),
    ] {
        assert_eq!(ok(store.welcome(&other, subject, NOW).await).subject, subject, "{other:?}");
    }
}

#[tokio::test]
async fn rp_20_a_link_that_an_administrator_made_opens_the_local_account() {
    let folder = Folder::new();
    let store = open(&folder.database());
    ok(store.add_account(&account("ada")).await);
    let identity = ForeignIdentity { issuer: "https://id.example", tenant: None, subject: "1" };
    assert!(ok(store.link(&account("ada").username, identity).await));
    let came = ok(store.welcome(&profile("1"), "u_new", NOW).await);
    assert_eq!((came.subject, came.profiles), (account("ada").subject, vec![profile("1")]));
}

#[tokio::test]
async fn a_changed_profile_moves_the_epoch_and_the_same_one_does_not() {
    let folder = Folder::new();
    let store = open(&folder.database());
    ok(store.welcome(&profile("1"), "u_new", NOW).await);
    let before = ok(store.epoch().await);
    ok(store.welcome(&profile("1"), "u_new", NOW).await);
    assert!(ok(store.keep_profile(&profile("1")).await));
    assert_eq!(ok(store.epoch().await), before);
    let moved = Profile { groups: vec![], ..profile("1") };
    assert!(ok(store.keep_profile(&moved).await));
    assert!(ok(store.epoch().await) > before);
    assert_eq!(ok(store.account_by_subject("u_new").await).map(|account| account.profiles), Some(vec![moved]));
    assert!(!ok(store.keep_profile(&profile("2")).await), "nobody is known by it");
}

#[tokio::test]
async fn tx_15_an_identity_is_issuer_tenant_and_subject() {
    let folder = Folder::new();
    let store = open(&folder.database());
    ok(store.add_account(&account("ada")).await);
    ok(store.add_account(&account("bob")).await);
    let plain = ForeignIdentity { issuer: "https://a.example", tenant: None, subject: "1" };
    let north = ForeignIdentity { tenant: Some("north"), ..plain };
    assert!(ok(store.link(&account("ada").username, plain).await));
    assert!(ok(store.link(&account("bob").username, north).await));
    assert!(!ok(store.link("nobody@example.com", plain).await));
    assert_eq!(ok(store.linked_subject(plain).await), Some(account("ada").subject));
    assert_eq!(ok(store.linked_subject(north).await), Some(account("bob").subject));
    for other in [
        ForeignIdentity { issuer: "https://b.example", ..plain },
        ForeignIdentity { subject: "2", ..plain },
        ForeignIdentity { tenant: Some("south"), ..plain },
    ] {
        assert_eq!(ok(store.linked_subject(other).await), None);
    }
    assert!(!ok(store.unlink(&account("bob").username, plain).await), "it is not his");
    assert!(ok(store.link(&account("bob").username, plain).await));
    assert_eq!(ok(store.linked_subject(plain).await), Some(account("bob").subject), "one identity has one account");
    assert!(ok(store.unlink(&account("bob").username, plain).await));
    assert_eq!(ok(store.linked_subject(plain).await), None);
    ok(store.remove_account(&account("bob").username, NOW).await);
    assert_eq!(ok(store.linked_subject(north).await), None, "a link goes with its account");
}
