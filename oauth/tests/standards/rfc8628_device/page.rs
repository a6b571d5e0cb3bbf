//! RFC 8628 section 3.3 and RFC 10027: what the person sees and decides, and what cannot be done in their name.

use super::{DEVICE_CODE, INTERVAL, LIFETIME, bench, decide, device_client, poll, text};
use super::{ask as ask_for_codes, asked};
use crate::harness::*;
use oauth::app::CONSENT_LIFETIME;
use oauth::call::{Consent, Person, VouchedBy};
use oauth::client::Client;
use oauth::consent::TICK;
use oauth::endpoint::device_verification::Decided;
use oauth::grant_type::GrantType;
use oauth::parameters::Parameters;
use oauth::store::Store;
use oauth::user_code::UserCode;
use oauth::{Call, Endpoint, Reply};
use serde_json::{Value, json};

fn call<'a>(bench: &'a Bench, person: &'a Person) -> Call<'a> {
    Call { app: &bench.wiki, endpoint: &Endpoint::DeviceAuthorization, person: Some(person), ip: HERE, now: bench.now }
}

fn user_code(asked: &Value) -> UserCode {
    UserCode::parse(text(asked, "user_code")).unwrap()
}

/// The page that a person sees who enters the code; `None` if nothing can be decided.
pub(super) async fn find(bench: &Bench, person: &Person, asked: &Value) -> Option<Consent> {
    let code = user_code(asked);
    let device = bench.server.find_device(&code, bench.now).await.unwrap()?;
    bench.server.ask_about_device(call(bench, person), person, (&device, &code)).await.unwrap()
}

pub(super) async fn press(bench: &Bench, person: &Person, form: &Fields) -> Result<Decided, Reply> {
    let form = Parameters::parse(form.encode().as_bytes());
    bench.server.decide_device(call(bench, person), person, &form).await
}

/// The form as a page that was left as it is sends it.
pub(super) fn ticked(page: &Consent, decision: &str) -> Fields {
    let names = page.scopes.iter().map(|scope| scope.name.as_str()).chain(["offline_access"]);
    let empty = fields([("consent", page.token.as_str()), ("decision", decision)]);
    names.fold(empty, |form, name| form.and(&format!("{TICK}{name}"), "on"))
}

/// The status of the page that an answer is refused with.
#[track_caller]
fn refused(answer: Result<Decided, Reply>) -> u16 {
    error_page(answer.expect_err("it was decided"))
}

#[tokio::test]
async fn dv_04_dv_05_the_page_says_who_asks_for_what_and_from_where() {
    let mut bench = bench().await;
    let client = device_client(&bench).await;
    let form = fields([("client_id", client.as_str()), ("scope", "wiki:write")]);
    let request = ask_for_codes(&bench, &bench.wiki, &form).await.json();
    bench.later(SECOND * 90);
    let page = find(&bench, &bench.ada, &request).await.unwrap();
    assert_eq!((page.client_name.as_str(), page.client_id.as_str()), ("Headless", client.as_str()));
    assert_eq!((page.resource.as_str(), page.lifetime), (WIKI, GRANT_DURATION));
    assert_eq!((&page.redirect_host, page.loopback, &page.form_target), (&None, false, &None));
    assert_eq!(page.scopes.iter().map(|scope| scope.name.as_str()).collect::<Vec<_>>(), ["wiki:write"]);
    let device = page.device.unwrap();
    assert_eq!(device.user_code.to_string(), text(&request, "user_code"));
    assert_eq!((device.asked_from, bench.now.since(device.asked_at)), (HERE, SECOND * 90));
    poll(&bench, &client, &request).await.assert_error(400, "authorization_pending");
}

#[tokio::test]
async fn dv_04_every_request_is_asked_about() {
    let bench = bench().await;
    let client = device_client(&bench).await;
    for _ in 0..2 {
        let request = asked(&bench, &client).await;
        poll(&bench, &client, &request).await.assert_error(400, "authorization_pending");
        decide(&bench, &request, true).await;
        assert_eq!(poll(&bench, &client, &request).await.status, 200);
    }
}

#[tokio::test]
async fn dv_04_only_who_was_asked_can_answer_in_the_same_browser_and_in_time() {
    let mut bench = bench().await;
    let client = device_client(&bench).await;
    let request = asked(&bench, &client).await;
    let page = find(&bench, &bench.ada, &request).await.unwrap();
    let form = ticked(&page, "allow");
    for other in [person("ada", "elsewhere"), person("eve", "sso-of-eve"), person("eve", "sso-of-ada")] {
        assert_eq!(refused(press(&bench, &other, &form).await), 403);
    }
    let sealed = |value: &str| form.clone().with("consent", value);
    let of_a_code = page_of(bench.ask(&authorization(&bench.client().await)).await).token;
    for forged in ["", "x", &page.token[1..], &of_a_code] {
        assert_eq!(refused(press(&bench, &bench.ada, &sealed(forged)).await), 403);
    }
    assert_eq!(refused(press(&bench, &bench.ada, &form.clone().and("decision", "deny")).await), 403);
    assert_eq!(refused(press(&bench, &bench.ada, &form.clone().with("decision", "yes")).await), 400);
    let mail = Call { app: &bench.mail, ..call(&bench, &bench.ada) };
    let elsewhere = Parameters::parse(form.encode().as_bytes());
    assert_eq!(refused(bench.server.decide_device(mail, &bench.ada, &elsewhere).await), 403);
    poll(&bench, &client, &request).await.assert_error(400, "authorization_pending");
    let now = bench.now;
    bench.later(CONSENT_LIFETIME);
    assert_eq!(refused(press(&bench, &bench.ada, &form).await), 403);
    bench.now = now;
    assert_eq!(press(&bench, &bench.ada, &form).await.unwrap(), Decided::Allowed);
    assert_eq!(press(&bench, &bench.ada, &form).await.unwrap(), Decided::Gone, "what was said is said");
    // A consent page of a code is none of a device, and the other way round.
    assert_eq!(error_page(bench.press_as(&bench.wiki, Some(&bench.ada), "allow", &page.token).await), 403);
}

#[tokio::test]
async fn dv_03_nothing_can_be_decided_twice_or_too_late() {
    let mut bench = bench().await;
    let client = device_client(&bench).await;
    let [denied, expired] = [asked(&bench, &client).await, asked(&bench, &client).await];
    let stale = find(&bench, &bench.ada, &expired).await.unwrap();
    decide(&bench, &denied, false).await;
    assert!(find(&bench, &bench.ada, &denied).await.is_none());
    bench.later(LIFETIME);
    assert!(find(&bench, &bench.ada, &expired).await.is_none());
    assert_eq!(press(&bench, &bench.ada, &ticked(&stale, "allow")).await.unwrap(), Decided::Gone);
    poll(&bench, &client, &expired).await.assert_error(400, "expired_token");
}

#[tokio::test]
async fn dv_06_sc_06_the_person_leaves_out_what_is_optional() {
    let mut bench = bench().await;
    let client = device_client(&bench).await;
    let request = asked(&bench, &client).await;
    let page = find(&bench, &bench.ada, &request).await.unwrap();
    let nothing = fields([("consent", page.token.as_str()), ("decision", "allow")]);
    let Err(Reply::Consent(again)) = press(&bench, &bench.ada, &nothing).await else { panic!("nothing was allowed") };
    assert!(again.nothing_ticked && again.device.is_some());
    let some =
        ticked(&again, "allow").without("scope:wiki:write").without("scope:offline_access").and("scope:evil", "on");
    assert_eq!(press(&bench, &bench.ada, &some).await.unwrap(), Decided::Allowed);
    let answer = poll(&bench, &client, &request).await;
    assert_eq!(answer.text("scope"), "access");
    assert!(answer.json().get("refresh_token").is_none());
    let token = bench.present(&bench.wiki, &answer.text("access_token")).await.unwrap();
    bench.later(ACCESS_TOKEN_LIFETIME);
    let grant = oauth::store::Store::grant(&*bench.store, &token.grant).await.unwrap().unwrap();
    assert!(!grant.is_live(bench.now), "it ends with its only token");
}

#[tokio::test]
async fn dv_04_the_policy_is_asked_before_the_question_and_after_the_answer() {
    let bench = bench().await;
    let client = device_client(&bench).await;
    let request = asked(&bench, &client).await;
    let page = find(&bench, &bench.ada, &request).await.unwrap();
    bench.policy.set(Mood::Refuses);
    let code = user_code(&request);
    let device = bench.server.find_device(&code, bench.now).await.unwrap().unwrap();
    let shown = bench.server.ask_about_device(call(&bench, &bench.ada), &bench.ada, (&device, &code)).await;
    assert!(matches!(shown, Err(Reply::Refused { .. })));
    assert!(matches!(press(&bench, &bench.ada, &ticked(&page, "allow")).await, Err(Reply::Refused { .. })));
    poll(&bench, &client, &request).await.assert_error(400, "authorization_pending");
    assert_eq!(press(&bench, &bench.ada, &ticked(&page, "deny")).await.unwrap(), Decided::Denied, "no needs no leave");
}

#[tokio::test]
async fn dv_05_what_was_turned_off_since_lets_nobody_in() {
    let mut bench = bench().await;
    let client = device_client(&bench).await;
    let request = asked(&bench, &client).await;
    let page = find(&bench, &bench.ada, &request).await.unwrap();
    bench.wiki.managed.as_mut().unwrap().device = None;
    assert!(find(&bench, &bench.ada, &request).await.is_none());
    assert_eq!(press(&bench, &bench.ada, &ticked(&page, "allow")).await.unwrap(), Decided::Gone);
    poll(&bench, &client, &request).await.assert_error(400, "unsupported_grant_type");
}

#[tokio::test]
async fn dv_02_a_broken_store_decides_nothing() {
    let mut bench = bench().await;
    let client = device_client(&bench).await;
    let request = asked(&bench, &client).await;
    let page = find(&bench, &bench.ada, &request).await.unwrap();
    for act in 0..3 {
        bench.store.set(Fault::Nth(act));
        assert_eq!(refused(press(&bench, &bench.ada, &ticked(&page, "allow")).await), 503);
        assert!(!bench.store.is_armed());
    }
    bench.later(INTERVAL);
    poll(&bench, &client, &request).await.assert_error(400, "authorization_pending");
    assert_eq!(press(&bench, &bench.ada, &ticked(&page, "allow")).await.unwrap(), Decided::Allowed);
    let metadata = json!({ "redirect_uris": [], "grant_types": [DEVICE_CODE] });
    assert!(!id(&bench.registered(&metadata).await).is_empty());
}

#[tokio::test]
async fn dv_05_sc_04_a_client_of_an_administrator_is_shown_so_and_has_no_more_than_it_was_given() {
    let bench = bench().await;
    let mut client = Client::by_administrator("wiki", "Build box", &*bench.server.random, bench.now);
    client.grant_types = [GrantType::DeviceCode].into();
    client.details.scope = Some("access".to_owned());
    bench.store.keep_client(&client).await.unwrap();
    let request = asked(&bench, client.id.as_str()).await;
    let page = find(&bench, &bench.ada, &request).await.unwrap();
    assert_eq!((page.vouched_by, page.scopes.len()), (VouchedBy::Administrator, 1));
}
