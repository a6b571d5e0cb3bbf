//! RFC 6749 section 3.3 and OAuth 2.1 section 3.2.3: a person can allow less than was asked for, and the answer says so.

use crate::harness::*;
use oauth::app::App;
use oauth::scope::{Scope, Scopes};
use oauth::store::{GrantFilter, Store};

/// `wiki:write` includes `wiki:read`; both can be left out.
async fn bench() -> Bench {
    let mut bench = Bench::new().await;
    let scope = |name: &str, includes: &[&str]| Scope {
        name: name.to_owned(),
        description: "Do it".to_owned(),
        includes: includes.iter().map(|name| (*name).to_owned()).collect(),
        optional: true,
    };
    bench.wiki =
        App { scopes: Scopes::new(vec![scope("wiki:read", &[]), scope("wiki:write", &["wiki:read"])]), ..bench.wiki };
    bench
}

/// What comes of the request when these scopes alone are ticked.
async fn tokens(bench: &Bench, client: &str, asked: Option<&str>, ticks: &[&str]) -> Tokens {
    let query = authorization(client);
    let query = asked.iter().fold(query, |query, scope| query.with("scope", scope));
    let consent = page_of(bench.ask(&query).await);
    let reply = bench.press_with(&bench.wiki, Some(&bench.ada), ("allow", &consent.token), ticks).await;
    let code = redirect_of(reply).parameter("code").unwrap();
    bench.token(&bench.wiki, &redemption(client, &code)).await.tokens()
}

#[tokio::test]
async fn sc_06_the_answer_says_what_was_allowed_and_the_token_holds_no_more() {
    let bench = bench().await;
    let client = bench.client().await;
    for (asked, ticks, scope) in [
        (Some("access wiki:read wiki:write"), &["access", "wiki:read", "offline_access"][..], "access wiki:read"),
        (Some("wiki:write wiki:read"), &["wiki:write", "offline_access"], "wiki:write"),
        (None, &["access", "offline_access"], "access"),
        (Some("access offline_access"), &["access", "offline_access"], "access offline_access"),
    ] {
        let tokens = tokens(&bench, &client, asked, ticks).await;
        assert_eq!(tokens.scope, scope, "{asked:?}");
        assert_eq!(bench.present(&bench.wiki, &tokens.access).await.unwrap().scope, scope);
        let next = bench.refresh(&client, &tokens.refresh).await.tokens();
        assert_eq!(next.scope, scope, "a refresh brings nothing back");
        let wider = refreshing(&client, &next.refresh).with("scope", "access wiki:read wiki:write offline_access");
        let next = bench.token(&bench.wiki, &wider).await.tokens();
        assert!(next.scope.split(' ').all(|name| bench.wiki.scopes.covers(scope, name)), "{} of {scope}", next.scope);
    }
}

#[tokio::test]
async fn cn_04_sc_06_what_is_ticked_and_was_not_asked_for_is_not_given() {
    let bench = bench().await;
    let client = bench.client().await;
    let all = ["access", "wiki:read", "wiki:write", "offline_access", "mail:write", "*", ""];
    assert_eq!(tokens(&bench, &client, Some("wiki:read"), &all).await.scope, "wiki:read");
    assert_eq!(tokens(&bench, &client, Some("access"), &all).await.scope, "access");
}

#[tokio::test]
async fn sc_06_with_nothing_ticked_the_page_comes_back_and_can_be_answered() {
    let bench = bench().await;
    let client = bench.client().await;
    let consent = page_of(bench.ask(&authorization(&client).with("scope", "wiki:read offline_access")).await);
    assert!(!consent.nothing_ticked);
    for ticks in [&[][..], &["offline_access"], &["wiki:write"]] {
        let reply = bench.press_with(&bench.wiki, Some(&bench.ada), ("allow", &consent.token), ticks).await;
        let again = page_of(reply);
        assert!(again.nothing_ticked && again.scopes.len() == 1);
        let reply = bench.press_with(&bench.wiki, Some(&bench.ada), ("allow", &again.token), &["wiki:read"]).await;
        assert!(redirect_of(reply).parameter("code").is_some());
    }
    let denied = bench.press_with(&bench.wiki, Some(&bench.ada), ("deny", &consent.token), &[]).await;
    redirect_of(denied).assert_error("access_denied");
}

#[tokio::test]
async fn sc_06_without_offline_access_there_is_no_refresh_token_and_the_grant_ends_with_its_token() {
    let mut bench = bench().await;
    let client = bench.client().await;
    for asked in ["access offline_access", "access"] {
        let tokens = tokens(&bench, &client, Some(asked), &["access"]).await;
        assert_eq!((tokens.refresh.as_str(), tokens.scope.as_str()), ("", "access"), "{asked}");
        assert!(bench.present(&bench.wiki, &tokens.access).await.is_ok());
    }
    bench.later(ACCESS_TOKEN_LIFETIME);
    let filter = GrantFilter { app: Some("wiki".to_owned()), ..GrantFilter::of("ada") };
    assert!(bench.store.grants(&filter, bench.now).await.unwrap().is_empty());
    // Who is not asked by name still gets them, as long as the person lets the client stay.
    assert_ne!(tokens(&bench, &client, Some("access"), &["access", "offline_access"]).await.refresh, "");
}

#[tokio::test]
async fn cn_02_a_client_without_refresh_tokens_is_shown_with_the_time_of_one_token() {
    let bench = bench().await;
    let metadata = serde_json::json!({ "redirect_uris": [REDIRECT], "grant_types": ["authorization_code"] });
    let client = id(&bench.registered(&metadata).await);
    let consent = page_of(bench.ask(&authorization(&client).with("scope", "access offline_access")).await);
    assert_eq!((consent.lifetime, consent.without_refresh), (ACCESS_TOKEN_LIFETIME, None));
    let tokens = tokens(&bench, &client, Some("access offline_access"), &["access", "offline_access"]).await;
    assert_eq!((tokens.refresh.as_str(), tokens.scope.as_str()), ("", "access"));
}

#[tokio::test]
async fn sc_04_tk_20_a_refresh_asks_for_what_is_included() {
    let bench = bench().await;
    let client = bench.client().await;
    let first = tokens(&bench, &client, Some("wiki:write"), &["wiki:write", "offline_access"]).await;
    let narrow = refreshing(&client, &first.refresh).with("scope", "wiki:read");
    let next = bench.token(&bench.wiki, &narrow).await.tokens();
    assert_eq!(next.scope, "wiki:read");
    let whole = bench.refresh(&client, &next.refresh).await.tokens();
    assert_eq!(whole.scope, "wiki:write", "the grant itself is as wide as it was");
}
