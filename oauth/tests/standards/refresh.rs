//! OAuth 2.1 section 4.3 and RFC 9700 section 4.14: refresh tokens, rotation, and what a thief gets of it.

use crate::harness::*;
use http::StatusCode;
use oauth::client::{Client, ClientId};
use oauth::store::{EndedBecause, GrantFilter, Store};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn tk_18_every_refresh_rotates() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    let mut tokens = bench.tokens(&client).await;
    let mut seen = HashSet::from([tokens.refresh.clone()]);
    let grant = bench.verify(&bench.wiki, &tokens.access).unwrap().grant;
    for _ in 0..5 {
        bench.later(GRACE + SECOND);
        tokens = bench.refresh(&client, &tokens.refresh).await.tokens();
        assert!(seen.insert(tokens.refresh.clone()));
        assert_eq!(bench.present(&bench.wiki, &tokens.access).await.unwrap().grant, grant, "one grant, one family");
    }
}

#[tokio::test]
async fn tk_19_a_used_refresh_token_ends_the_family() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    let first = bench.tokens(&client).await;
    let second = bench.refresh(&client, &first.refresh).await.tokens();
    bench.later(GRACE);
    let third = bench.refresh(&client, &second.refresh).await.tokens();
    bench.later(SECOND);
    bench.refresh(&client, &first.refresh).await.assert_error(400, "invalid_grant");
    for tokens in [&first, &second, &third] {
        bench.refresh(&client, &tokens.refresh).await.assert_error(400, "invalid_grant");
        assert!(bench.present(&bench.wiki, &tokens.access).await.is_err());
    }
}

#[tokio::test]
async fn tk_19_the_end_of_one_family_is_not_the_end_of_another() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    let (one, two) = (bench.tokens(&client).await, bench.tokens(&client).await);
    bench.refresh(&client, &one.refresh).await.tokens();
    bench.later(GRACE + SECOND);
    bench.refresh(&client, &one.refresh).await.assert_error(400, "invalid_grant");
    assert_eq!(bench.refresh(&client, &two.refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn tk_21_tk_27_within_the_grace_the_predecessor_gets_the_same_answer() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    let first = bench.tokens(&client).await;
    let answer = bench.refresh(&client, &first.refresh).await;
    bench.later(GRACE);
    let again = bench.refresh(&client, &first.refresh).await;
    assert_eq!((again.status, &again.body, &again.headers), (answer.status, &answer.body, &answer.headers));
    assert_eq!(bench.refresh(&client, &answer.tokens().refresh).await.status, StatusCode::OK);
    bench.later(SECOND);
    bench.refresh(&client, &first.refresh).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn tk_21_the_same_answer_on_another_node() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let first = bench.tokens(&client).await;
    let answer = bench.refresh(&client, &first.refresh).await;
    let keys = bench.keys_of_another_node().await;
    let node = oauth::Server { keys: Arc::new(keys), ..bench.server.clone() };
    let call =
        oauth::Call { app: &bench.wiki, endpoint: &oauth::Endpoint::Token, person: None, ip: HERE, now: bench.now };
    let reply = node.answer(call, &refreshing(&client, &first.refresh).post()).await;
    let oauth::Reply::Response(again) = reply else { panic!("{reply:?}") };
    assert_eq!(again.body(), &answer.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tk_21_fifty_refreshes_at_once_are_one_rotation_and_one_answer() {
    let bench = Arc::new(Bench::new().await);
    let client = bench.client().await;
    let tokens = bench.tokens(&client).await;
    let mut set = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (bench, form) = (bench.clone(), refreshing(&client, &tokens.refresh));
        set.spawn(async move { bench.token(&bench.wiki, &form).await });
    }
    let answers = set.join_all().await;
    assert_eq!(answers.len(), 50);
    let next = answers[0].tokens();
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    // One successor, not fifty: it rotates again, and the family lives.
    assert!(bench.present(&bench.wiki, &next.access).await.is_ok());
    assert_eq!(bench.refresh(&client, &next.refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn tk_21_the_grace_is_only_for_the_client_itself() {
    let bench = Bench::new().await;
    let (client, other) = (bench.client().await, bench.other_client().await);
    let first = bench.tokens(&client).await;
    let second = bench.refresh(&client, &first.refresh).await.tokens();
    bench.refresh(&other, &first.refresh).await.assert_error(400, "invalid_grant");
    assert_eq!(bench.refresh(&client, &second.refresh).await.status, StatusCode::OK, "and nothing has ended");
}

#[tokio::test]
async fn tk_20_tk_24_a_refresh_narrows_for_once_and_never_widens() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    let code = bench.code_for(&authorization(&client).with("scope", "access wiki:write")).await;
    let mut refresh = bench.token(&bench.wiki, &redemption(&client, &code)).await.tokens().refresh;
    for (asked, given) in [
        (Some("access wiki:write offline_access"), "access wiki:write"),
        (Some("access openid mail:write"), "access"),
        (Some("wiki:write"), "wiki:write"),
        (None, "access wiki:write"),
        (Some(""), "access wiki:write"),
    ] {
        bench.later(GRACE + SECOND);
        let form = refreshing(&client, &refresh);
        let form = asked.into_iter().fold(form, |form, scope| form.with("scope", scope));
        let tokens = bench.token(&bench.wiki, &form).await.tokens();
        assert_eq!(tokens.scope, given, "{asked:?}");
        assert_eq!(bench.verify(&bench.wiki, &tokens.access).unwrap().scope, given);
        refresh = tokens.refresh;
    }
}

#[tokio::test]
async fn tk_20_a_scope_that_was_never_granted_is_refused_and_uses_nothing_up() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let code = bench.code_for(&authorization(&client).with("scope", "access")).await;
    let refresh = bench.token(&bench.wiki, &redemption(&client, &code)).await.tokens().refresh;
    for scope in ["wiki:write", "offline_access", "Access", "\"", "admin"] {
        let form = refreshing(&client, &refresh).with("scope", scope);
        bench.token(&bench.wiki, &form).await.assert_error(400, "invalid_scope");
    }
    assert_eq!(bench.refresh(&client, &refresh).await.tokens().scope, "access");
}

#[tokio::test]
async fn tk_22_a_refresh_token_is_for_its_client_and_its_app() {
    let mut bench = Bench::new().await;
    let (client, other) = (bench.client().await, bench.other_client().await);
    let tokens = bench.tokens(&client).await;
    bench.refresh(&other, &tokens.refresh).await.assert_error(400, "invalid_grant");
    let mut twin = bench.wiki.clone();
    twin.id = "twin".to_owned();
    let known = bench.store.client("wiki", &ClientId::new(&client)).await.unwrap().unwrap();
    let limits = bench.wiki.managed.as_ref().unwrap().registration.as_ref().unwrap().limits;
    bench.store.register_client(&Client { app: "twin".to_owned(), ..known }, limits, START).await.unwrap();
    bench.token(&twin, &refreshing(&client, &tokens.refresh)).await.assert_error(400, "invalid_grant");
    bench.later(GRACE + SECOND);
    assert_eq!(bench.refresh(&client, &tokens.refresh).await.status, StatusCode::OK, "a thief ends nothing");
}

#[tokio::test]
async fn tk_13_what_is_no_refresh_token_is_an_invalid_grant() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let tokens = bench.tokens(&client).await;
    let code = bench.code(&client).await;
    for bad in
        ["x", "dw_rt_", &tokens.access, &code, &tokens.refresh.to_ascii_lowercase(), &format!("{}x", tokens.refresh)]
    {
        bench.refresh(&client, bad).await.assert_error(400, "invalid_grant");
    }
    bench.refresh(&client, "").await.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn tk_13_a_session_cookie_is_no_refresh_token() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let session = oauth::secret::Secret::generate(oauth::secret::Kind::Session, &*bench.server.random);
    bench.refresh(&client, session.expose()).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn tk_23_a_grant_ends_on_its_day_however_often_it_was_refreshed() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    let mut tokens = bench.tokens(&client).await;
    for _ in 0..13 {
        bench.later(GRANT_DURATION / 14);
        tokens = bench.refresh(&client, &tokens.refresh).await.tokens();
    }
    bench.later(GRANT_DURATION / 14);
    bench.refresh(&client, &tokens.refresh).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn tk_25_cn_11_a_revoked_grant_refreshes_no_more() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let (one, two) = (bench.tokens(&client).await, bench.tokens(&client).await);
    let used = bench.refresh(&client, &one.refresh).await.tokens();
    let grant = bench.verify(&bench.wiki, &one.access).unwrap().grant;
    assert!(bench.store.revoke_grant(&grant, EndedBecause::RevokedByPerson, bench.now).await.unwrap());
    for refresh in [&one.refresh, &used.refresh] {
        bench.refresh(&client, refresh).await.assert_error(400, "invalid_grant");
    }
    assert_eq!(bench.refresh(&client, &two.refresh).await.status, StatusCode::OK);
    assert!(
        !bench
            .store
            .revoke_grants(&GrantFilter::of("ada"), EndedBecause::RevokedByAdmin, bench.now)
            .await
            .unwrap()
            .is_empty()
    );
    bench.refresh(&client, &two.refresh).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn tk_26_whoever_lost_access_gets_no_token_until_it_returns() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    let tokens = bench.tokens(&client).await;
    bench.policy.set(Mood::Refuses);
    bench.refresh(&client, &tokens.refresh).await.assert_error(400, "invalid_grant");
    bench.later(GRACE * 10);
    bench.policy.set(Mood::Approves);
    assert_eq!(bench.refresh(&client, &tokens.refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn dr_11_tk_31_a_client_without_the_refresh_grant_has_nothing_to_refresh() {
    let bench = Bench::new().await;
    let metadata = serde_json::json!({ "redirect_uris": [REDIRECT], "grant_types": ["authorization_code"] });
    let client = id(&bench.registered(&metadata).await);
    let other = bench.client().await;
    let stolen = bench.tokens(&other).await.refresh;
    bench.refresh(&client, &stolen).await.assert_error(400, "unauthorized_client");
}

#[tokio::test]
async fn tk_25_a_code_is_worth_nothing_once_the_person_lost_access() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let code = bench.code(&client).await;
    bench.policy.set(Mood::Refuses);
    bench.token(&bench.wiki, &redemption(&client, &code)).await.assert_error(400, "invalid_grant");
    bench.policy.set(Mood::Approves);
    assert_eq!(
        bench.token(&bench.wiki, &redemption(&client, &code)).await.status,
        StatusCode::OK,
        "and it was not used up"
    );
}

#[tokio::test]
async fn tk_25_a_code_is_worth_nothing_once_the_person_signed_out_everywhere() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let code = bench.code(&client).await;
    bench.store.revoke_grant(&bench.ada.session, EndedBecause::SignedOut, bench.now).await.unwrap();
    bench.token(&bench.wiki, &redemption(&client, &code)).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn tk_23_a_grant_ends_that_is_not_refreshed_for_too_long() {
    const IDLE: Duration = Duration::from_secs(3 * 24 * 3600);
    let mut bench = Bench::new().await;
    bench.wiki.managed.as_mut().unwrap().idle_timeout = Some(IDLE);
    let client = bench.client().await;
    let (mut used, left) = (bench.tokens(&client).await, bench.tokens(&client).await);
    for _ in 0..4 {
        bench.later(IDLE - SECOND);
        used = bench.refresh(&client, &used.refresh).await.tokens();
        assert!(bench.present(&bench.wiki, &used.access).await.is_ok());
    }
    let refused = bench.refresh(&client, &left.refresh).await;
    refused.assert_error(400, "invalid_grant");
    let why = refused.json()["error_description"].as_str().unwrap().to_owned();
    assert!(why.contains("not refreshed for too long"), "{why}");
    // Refreshed or not, it has its absolute end.
    bench.later(IDLE - SECOND);
    let last = bench.refresh(&client, &used.refresh).await;
    assert_eq!(last.status, StatusCode::BAD_REQUEST, "14 days are over");
    assert!(last.json()["error_description"].as_str().unwrap().contains("the time of the grant is over"));
}

#[tokio::test]
async fn tk_23_an_idle_end_set_or_lifted_later_counts_from_the_next_refresh() {
    const IDLE: Duration = Duration::from_secs(24 * 3600);
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    let first = bench.tokens(&client).await;
    bench.wiki.managed.as_mut().unwrap().idle_timeout = Some(IDLE);
    bench.later(IDLE * 2);
    let second = bench.refresh(&client, &first.refresh).await.tokens();
    let grant = bench.verify(&bench.wiki, &second.access).unwrap().grant;
    let (now, store) = (bench.now, bench.store.clone());
    let ends = async || store.grant(&grant).await.unwrap().unwrap().expires_at;
    assert_eq!(ends().await, now.plus(IDLE));
    bench.wiki.managed.as_mut().unwrap().idle_timeout = None;
    bench.later(GRACE + SECOND);
    bench.refresh(&client, &second.refresh).await.tokens();
    assert_eq!(ends().await, START.plus(GRANT_DURATION));
}
