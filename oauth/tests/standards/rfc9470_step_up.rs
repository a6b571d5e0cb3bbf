//! RFC 9470 and OpenID Connect Core section 3.1.2.1: `max_age` and `acr_values`, and policies that want a stronger sign-in.

use crate::harness::*;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use oauth::Reply;
use oauth::approval::StepUp;
use oauth::call::Person;
use std::time::Duration;

/// Ada after a sign-in at the time of the bench.
async fn signed_in_anew(bench: &Bench, session: &str, amr: &[&str]) -> Person {
    let amr = amr.iter().map(|method| (*method).to_owned()).collect();
    let ada = Person { session: session.to_owned(), amr, authenticated_at: bench.now, ..bench.ada.clone() };
    sign_in(&*bench.store, &ada).await;
    ada
}

/// What the person is asked for, and the query to come back with.
fn wanted(reply: Reply) -> (StepUp, String) {
    let Reply::LoginRequired { step_up: Some(step_up), query: Some(query), .. } = reply else { panic!("{reply:?}") };
    (step_up, query)
}

async fn back(bench: &Bench, person: &Person, query: &str) -> Reply {
    let request = request(http::Method::GET, &format!("/authorize?{query}"), bytes::Bytes::new());
    bench.authorization(&bench.wiki, Some(person), request).await
}

fn decoded(token: &str) -> serde_json::Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn step_up(amr: &[&str], max_age: Option<u64>) -> StepUp {
    StepUp { amr: amr.iter().map(|method| (*method).to_owned()).collect(), max_age: max_age.map(Duration::from_secs) }
}

#[tokio::test]
async fn an_older_sign_in_than_max_age_is_made_anew() {
    let mut bench = Bench::new().await;
    let query = authorization(&bench.client().await).and("max_age", "60");
    page_of(bench.ask(&query).await);
    bench.later(SECOND * 60);
    let (wanted, query) = wanted(bench.ask(&query).await);
    assert_eq!(wanted, step_up(&[], Some(60)));
    let ada = signed_in_anew(&bench, "anew", &["pwd"]).await;
    page_of(back(&bench, &ada, &query).await);
}

#[tokio::test]
async fn max_age_zero_asks_once_and_not_for_ever() {
    let mut bench = Bench::new().await;
    let query = authorization(&bench.client().await).and("max_age", "0");
    let (_, query) = wanted(bench.ask(&query).await);
    // Who comes back without having signed in is asked again.
    let (_, query) = wanted(back(&bench, &bench.ada, &query).await);
    let ada = signed_in_anew(&bench, "anew", &["pwd"]).await;
    bench.later(SECOND * 5);
    page_of(back(&bench, &ada, &query).await);
}

#[tokio::test]
async fn acr_values_are_methods_and_one_of_them_does() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let ask = |acr: &str| authorization(&client).and("acr_values", acr);
    let wanted = async |acr: &str| wanted(bench.ask(&ask(acr)).await).0;
    assert_eq!(wanted("mfa").await, step_up(&["mfa"], None));
    assert_eq!(wanted("mfa+hwk otp").await, step_up(&["mfa", "hwk"], None));
    assert_eq!(wanted("urn:x:gold badge").await, step_up(&["badge"], None), "what a policy speaks of is known");
    for acr in ["pwd", "mfa pwd", "urn:x:gold", "1", "MFA", ""] {
        page_of(bench.ask(&ask(acr)).await);
    }
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_told_at_once_what_is_wanted() {
    let bench = Bench::new().await;
    let query = authorization(&bench.client().await).and("acr_values", "mfa").and("max_age", "0");
    let (wanted, query) = wanted(bench.ask_as(&bench.wiki, None, &query).await);
    assert_eq!(wanted, step_up(&["mfa"], Some(0)));
    let ada = signed_in_anew(&bench, "anew", &["pwd", "otp", "mfa"]).await;
    page_of(back(&bench, &ada, &query).await);
}

#[tokio::test]
async fn a_sign_in_that_is_still_too_weak_ends_at_the_client_and_does_not_loop() {
    let mut bench = Bench::new().await;
    let query = authorization(&bench.client().await).and("acr_values", "mfa");
    let (_, query) = wanted(bench.ask(&query).await);
    bench.later(SECOND);
    let ada = signed_in_anew(&bench, "anew", &["pwd"]).await;
    let redirect = redirect_of(back(&bench, &ada, &query).await);
    assert_eq!(redirect.parameter("error").as_deref(), Some("unmet_authentication_requirements"));
    assert_eq!(redirect.parameter("iss").as_deref(), Some(WIKI));
    assert_eq!(redirect.parameter("code"), None);
}

#[tokio::test]
async fn a_mark_of_somebody_elses_making_changes_nothing() {
    let bench = Bench::new().await;
    let query = authorization(&bench.client().await).and("acr_values", "mfa").and("asked_to_step_up", "x");
    wanted(bench.ask(&query).await);
}

#[tokio::test]
async fn prompt_none_never_asks_for_a_stronger_sign_in() {
    let bench = Bench::new().await;
    let query = authorization(&bench.client().await).and("acr_values", "mfa").and("prompt", "none");
    let redirect = redirect_of(bench.ask(&query).await);
    assert_eq!(redirect.parameter("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn max_age_must_be_a_number() {
    let bench = Bench::new().await;
    for bad in ["-1", "1h", "18446744073709551616"] {
        let redirect = redirect_of(bench.ask(&authorization(&bench.client().await).and("max_age", bad)).await);
        assert_eq!(redirect.parameter("error").as_deref(), Some("invalid_request"), "{bad}");
    }
    page_of(bench.ask(&authorization(&bench.client().await).and("max_age", "18446744073709551615")).await);
}

#[tokio::test]
async fn consent_for_an_app_that_wants_a_second_factor_asks_for_it_first() {
    let mut bench = Bench::new().await;
    bench.policy.set(Mood::WantsMfa);
    let query = authorization(&bench.client().await);
    let (wanted, marked) = wanted(bench.ask(&query).await);
    assert_eq!(wanted, step_up(&["mfa"], None));
    bench.later(SECOND);

    let weak = signed_in_anew(&bench, "weak", &["pwd"]).await;
    let refused = back(&bench, &weak, &marked).await;
    let Reply::Refused { reason, rule, step_up: Some(missing) } = refused else { panic!("{refused:?}") };
    assert_eq!((reason, rule.as_deref()), ("insufficient_user_authentication", Some("mfa")));
    assert_eq!(missing, wanted);

    let strong = signed_in_anew(&bench, "strong", &["pwd", "otp", "mfa"]).await;
    page_of(back(&bench, &strong, &marked).await);
}

#[tokio::test]
async fn a_pushed_request_steps_up_too() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    let pushed = bench
        .call(
            &bench.wiki,
            oauth::Endpoint::PushedAuthorizationRequest,
            authorization(&client).and("acr_values", "mfa").post(),
        )
        .await
        .json();
    let query = fields([("client_id", client.as_str()), ("request_uri", pushed["request_uri"].as_str().unwrap())]);
    let (wanted, query) = wanted(bench.ask(&query).await);
    assert_eq!(wanted, step_up(&["mfa"], None));
    bench.later(SECOND * 120);
    let ada = signed_in_anew(&bench, "anew", &["mfa"]).await;
    page_of(back(&bench, &ada, &query).await);
}

#[tokio::test]
async fn tokens_say_how_and_when_the_person_signed_in() {
    let mut bench = Bench::new().await;
    bench.ada.amr = vec!["pwd".to_owned(), "otp".to_owned(), "mfa".to_owned()];
    let client = bench.client().await;
    let tokens = bench.tokens(&client).await;
    bench.later(SECOND * 90);
    let refreshed = bench.refresh(&client, &tokens.refresh).await.tokens();
    for access in [tokens.access, refreshed.access] {
        let claims = decoded(&access);
        assert_eq!(claims["auth_time"], bench.ada.authenticated_at.seconds());
        assert_eq!(claims["acr"], "mfa");
        assert_eq!(claims["amr"], serde_json::json!(["pwd", "otp", "mfa"]));
    }
}

#[tokio::test]
async fn a_grant_whose_sign_in_does_no_longer_do_is_not_refreshed() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let tokens = bench.tokens(&client).await;
    bench.policy.set(Mood::WantsMfa);
    let answer = bench.refresh(&client, &tokens.refresh).await;
    answer.assert_error(400, "invalid_grant");
    assert!(answer.json()["error_description"].as_str().unwrap().contains("too old or too weak"));
    bench.policy.set(Mood::Approves);
    bench.refresh(&client, &tokens.refresh).await.tokens();
}
