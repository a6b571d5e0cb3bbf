//! Service tokens: what is kept, and what a change takes away.

use super::{Folder, HOUR, NOW, ok, open};
use crate::store::{ServiceToken, ServiceTokens};
use oauth::client::PreviousSecret;
use oauth::secret::SecretHash;
use oauth::store::Store;

fn token(name: &str) -> ServiceToken {
    ServiceToken {
        id: format!("st_{name}"),
        name: name.to_owned(),
        secret: SecretHash::of(name),
        previous: Some(PreviousSecret { hash: SecretHash::of(&format!("old {name}")), until: NOW.plus(HOUR) }),
        created_at: NOW,
        expires_at: NOW.plus(HOUR * 2),
        last_used_at: None,
    }
}

#[tokio::test]
async fn a_service_token_is_kept_whole_and_found_by_both_secrets() {
    let folder = Folder::new();
    let store = open(&folder.database());
    let bare = ServiceToken { previous: None, last_used_at: Some(NOW), ..token("b") };
    for kept in [&bare, &token("a")] {
        assert!(ok(store.add_service_token(kept).await));
        assert_eq!(ok(store.service_token(&kept.id).await).as_ref(), Some(kept));
        assert_eq!(ok(store.service_token_by_secret(&kept.secret).await).as_ref(), Some(kept));
    }
    assert_eq!(ok(store.service_token_by_secret(&SecretHash::of("old a")).await), Some(token("a")));
    assert_eq!(ok(store.service_token_by_secret(&SecretHash::of("old b")).await), None);
    assert_eq!(ok(store.service_tokens().await), [token("a"), bare]);
    assert!(!ok(store.add_service_token(&ServiceToken { id: "st_c".into(), ..token("a") }).await), "the name is taken");
}

#[tokio::test]
async fn jw_10_who_takes_a_service_token_away_moves_the_epoch() {
    let folder = Folder::new();
    let store = open(&folder.database());
    ok(store.add_service_token(&token("a")).await);
    let before = ok(store.epoch().await);
    ok(store.service_token_used("st_a", NOW).await);
    assert_eq!(ok(store.epoch().await), before, "a use takes nothing away");
    let rotated = ServiceToken { secret: SecretHash::of("new"), previous: None, ..token("a") };
    assert!(ok(store.replace_service_token(&token("a"), &rotated).await), "that it was used does not matter");
    let after = ok(store.epoch().await);
    assert!(after > before);
    assert!(!ok(store.replace_service_token(&token("a"), &token("a")).await), "somebody was faster");
    assert_eq!(ok(store.service_token("st_a").await), Some(rotated));
    assert!(ok(store.remove_service_token("st_a").await) && !ok(store.remove_service_token("st_a").await));
    assert!(ok(store.epoch().await) > after);
}

#[test]
fn ca_13_a_secret_does_until_its_own_end() {
    let token = token("a");
    let accepts = |secret: &str, after| token.accepts(&SecretHash::of(secret), NOW.plus(after));
    assert_eq!(accepts("a", HOUR), Some(NOW.plus(HOUR * 2)));
    assert_eq!(accepts("a", HOUR * 2), None, "it has expired");
    assert_eq!(accepts("old a", HOUR / 2), Some(NOW.plus(HOUR)));
    assert_eq!(accepts("old a", HOUR), None, "the overlap is over");
    assert_eq!(accepts("other", HOUR / 2), None);
}
