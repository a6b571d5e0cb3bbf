//! What a broken store or policy costs: a retry, and nothing else (TK-14).

use crate::harness::*;
use http::{StatusCode, header};
use oauth::Reply;
use oauth::keys::Keyring;
use serde_json::json;

/// Checks that a client is told to come back.
#[track_caller]
fn assert_unavailable(answer: &Answer) {
    answer.assert_error(503, "temporarily_unavailable");
    assert!(answer.header(header::RETRY_AFTER).parse::<u32>().is_ok());
    assert!(!answer.text("error_description").contains("bees"), "the cause is for the log alone");
    assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
}

/// Breaks the store's acts one after another, until a request is answered that no fault has hit.
async fn at_each_act<F: Future<Output = Answer>>(bench: &Bench, ask: impl Fn() -> F) -> Answer {
    for act in 0..10 {
        bench.store.set(Fault::Nth(act));
        let answer = ask().await;
        if bench.store.is_armed() {
            assert!(act > 0, "the request asks the store");
            bench.store.set(Fault::Never);
            return answer;
        }
        assert_unavailable(&answer);
    }
    panic!("a request of more than ten acts")
}

#[tokio::test]
async fn tk_14_a_refresh_survives_a_fault_at_every_act() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    let tokens = bench.tokens(&client).await;
    bench.store.set(Fault::Always);
    for _ in 0..12 {
        bench.later(GRACE);
        assert_unavailable(&bench.refresh(&client, &tokens.refresh).await);
    }
    let next = at_each_act(&bench, || bench.refresh(&client, &tokens.refresh)).await.tokens();
    assert!(bench.present(&bench.wiki, &next.access).await.is_ok());
    assert_eq!(bench.refresh(&client, &next.refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn tk_14_tk_27_a_refresh_whose_answer_was_lost_gets_it_on_the_second_try() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let tokens = bench.tokens(&client).await;
    for act in 0..3 {
        bench.store.set(Fault::LostAnswerOfNth(act));
        assert_unavailable(&bench.refresh(&client, &tokens.refresh).await);
    }
    let next = bench.refresh(&client, &tokens.refresh).await.tokens();
    assert!(bench.present(&bench.wiki, &next.access).await.is_ok());
    assert_eq!(bench.refresh(&client, &next.refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn tk_14_a_code_survives_a_fault_at_every_act() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let form = redemption(&client, &bench.code(&client).await);
    let tokens = at_each_act(&bench, || bench.token(&bench.wiki, &form)).await.tokens();
    assert!(bench.present(&bench.wiki, &tokens.access).await.is_ok());
}

#[tokio::test]
async fn tk_14_a_registration_survives_a_fault_at_every_act() {
    let bench = Bench::new().await;
    let metadata = json!({ "redirect_uris": [REDIRECT] });
    for _ in 0..2 {
        let answer = at_each_act(&bench, || bench.register(&bench.wiki, &metadata)).await;
        assert_eq!(answer.status, StatusCode::CREATED);
    }
}

#[tokio::test]
async fn tk_14_az_04_the_authorization_endpoint_shows_a_page_and_the_consent_stays_good() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    bench.store.set(Fault::Always);
    for person in [None, Some(&bench.ada)] {
        let reply = bench.ask_as(&bench.wiki, person, &authorization(&client)).await;
        assert_eq!(error_page(reply), 503, "not a redirect: nobody knows the client");
    }
    bench.store.set(Fault::Never);
    let consent = page_of(bench.ask(&authorization(&client)).await);
    bench.store.set(Fault::Always);
    assert_eq!(error_page(bench.press("allow", &consent).await), 503);
    bench.store.set(Fault::Never);
    assert!(redirect_of(bench.press("allow", &consent).await).parameter("code").is_some());
}

#[tokio::test]
async fn tk_14_a_page_for_a_fault_says_when_to_come_back() {
    let bench = Bench::new().await;
    bench.store.set(Fault::Always);
    let reply = bench.ask(&authorization("x")).await;
    let Reply::Page(error) = reply else { panic!("{reply:?}") };
    assert!(error.log.contains("bees") && !error.description.contains("bees"));
    assert!(error.into_response().headers().contains_key(header::RETRY_AFTER));
}

#[tokio::test]
async fn tk_14_metadata_needs_no_store() {
    let bench = Bench::new().await;
    bench.store.set(Fault::Always);
    let resource = oauth::Endpoint::ProtectedResource { resource: WIKI.to_owned() };
    for endpoint in [resource, oauth::Endpoint::AuthorizationServer, oauth::Endpoint::Jwks] {
        assert_eq!(bench.get(&bench.wiki, endpoint).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn tk_14_a_policy_that_cannot_answer_uses_no_refresh_token_up() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    let tokens = bench.tokens(&client).await;
    bench.policy.set(Mood::Unavailable);
    for _ in 0..3 {
        bench.later(GRACE);
        assert_unavailable(&bench.refresh(&client, &tokens.refresh).await);
    }
    bench.policy.set(Mood::Approves);
    assert_eq!(bench.refresh(&client, &tokens.refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn tk_14_a_browser_code_survives_a_fault() {
    let mut bench = Bench::new().await;
    let callback = "https://wiki.ex/.doorward/callback";
    let query = authorization("doorward-browser").with("redirect_uri", callback);
    let code = redirect_of(bench.ask(&query).await).parameter("code").unwrap();
    bench.store.set(Fault::Always);
    let broken = bench.server.redeem_browser_code(&bench.wiki, (&code, VERIFIER, callback), bench.now).await;
    assert_eq!(broken.unwrap_err().code, oauth::error::Code::TemporarilyUnavailable);
    bench.later(SECOND);
    bench.store.set(Fault::Never);
    bench.server.redeem_browser_code(&bench.wiki, (&code, VERIFIER, callback), bench.now).await.unwrap();
}

#[tokio::test]
async fn no_keys_are_made_up_when_the_store_is_broken() {
    let random = Seeded::default();
    for act in 0..5 {
        let store = TestStore::default();
        store.set(Fault::Nth(act));
        assert!(Keyring::load(&store, &at_rest(), &random, &key_plan(), START).await.is_err(), "act {act}");
        let keys = Keyring::load(&store, &at_rest(), &random, &key_plan(), START).await.unwrap();
        assert_eq!(keys.stored().len(), 3, "each of them once, after all");
    }
}
