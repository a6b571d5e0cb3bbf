//! RFC 8628: a device asks for a grant, and a person gives it somewhere else. What the person sees is in `page`.

mod page;

use crate::harness::*;
use http::{Method, StatusCode, header};
use oauth::Endpoint;
use oauth::app::{App, DeviceRules};
use oauth::endpoint::device_authorization::MAX_WAITING;
use oauth::endpoint::device_verification::Decided;
use oauth::grant_type::GrantType;
use oauth::store::{EndedBecause, Store};
use oauth::user_code::UserCode;
use page::{find, press, ticked};
use serde_json::{Value, json};
use std::time::Duration;

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const LIFETIME: Duration = Duration::from_secs(300);
const INTERVAL: Duration = Duration::from_secs(5);

/// A bench whose apps let devices in.
async fn bench() -> Bench {
    let mut bench = Bench::new().await;
    for app in [&mut bench.wiki, &mut bench.mail] {
        let rules = DeviceRules { lifetime: LIFETIME, interval: INTERVAL };
        app.managed.as_mut().unwrap().device = Some(rules);
    }
    bench
}

/// What a device without a browser registers, as mcp-remote does.
fn headless(name: &str) -> Value {
    json!({
        "client_name": name,
        "redirect_uris": [],
        "grant_types": [DEVICE_CODE, "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    })
}

async fn device_client(bench: &Bench) -> String {
    id(&bench.registered(&headless("Headless")).await)
}

async fn ask(bench: &Bench, app: &App, form: &Fields) -> Answer {
    bench.call(app, Endpoint::DeviceAuthorization, form.post()).await
}

/// The answer of the device authorization endpoint to a client of the wiki.
async fn asked(bench: &Bench, client: &str) -> Value {
    let answer = ask(bench, &bench.wiki, &fields([("client_id", client)])).await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
    answer.json()
}

fn polling(client: &str, asked: &Value) -> Fields {
    fields([("grant_type", DEVICE_CODE), ("client_id", client), ("device_code", text(asked, "device_code"))])
}

async fn poll(bench: &Bench, client: &str, asked: &Value) -> Answer {
    bench.token(&bench.wiki, &polling(client, asked)).await
}

/// What Ada says of a request, on the page.
async fn decide(bench: &Bench, asked: &Value, allowed: bool) {
    let page = find(bench, &bench.ada, asked).await.unwrap();
    let said = press(bench, &bench.ada, &ticked(&page, if allowed { "allow" } else { "deny" })).await;
    assert_eq!(said.unwrap(), if allowed { Decided::Allowed } else { Decided::Denied });
}

fn text<'a>(json: &'a Value, member: &str) -> &'a str {
    json[member].as_str().unwrap_or_else(|| panic!("no `{member}` in {json}"))
}

#[tokio::test]
async fn dv_01_dv_03_a_device_gets_two_codes() {
    let bench = bench().await;
    let client = device_client(&bench).await;
    let answer = ask(&bench, &bench.wiki, &fields([("client_id", client.as_str())])).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
    let asked = answer.json();
    let (device_code, user_code) = (text(&asked, "device_code"), text(&asked, "user_code"));
    assert!(device_code.starts_with("dw_dc_") && device_code.len() > 40);
    assert_eq!(UserCode::parse(user_code).unwrap().to_string(), user_code);
    assert_eq!(text(&asked, "verification_uri"), "https://auth.ex/.doorward/device");
    let complete = format!("https://auth.ex/.doorward/device?user_code={user_code}");
    assert_eq!(text(&asked, "verification_uri_complete"), complete);
    assert_eq!((&asked["expires_in"], &asked["interval"]), (&json!(300), &json!(5)));
    let kept = bench.store.dump();
    for secret in [device_code, user_code, &user_code.replace('-', "")] {
        assert!(!kept.contains(secret), "{secret} is kept in clear");
    }
}

#[tokio::test]
async fn dv_01_the_client_authenticates_as_at_the_token_endpoint() {
    let bench = bench().await;
    for wrong in [fields([]), fields([("client_id", "nobody")]), fields([("client_id", "doorward-browser")])] {
        ask(&bench, &bench.wiki, &wrong).await.assert_error(401, "invalid_client");
    }
    let mut confidential = headless("With a secret");
    confidential["token_endpoint_auth_method"] = json!("client_secret_post");
    let client = bench.registered(&confidential).await;
    let form = fields([("client_id", text(&client, "client_id"))]);
    ask(&bench, &bench.wiki, &form).await.assert_error(401, "invalid_client");
    let form = form.and("client_secret", text(&client, "client_secret"));
    assert_eq!(ask(&bench, &bench.wiki, &form).await.status, StatusCode::OK);
    ask(&bench, &bench.mail, &form).await.assert_error(401, "invalid_client");
    let get = bench.get(&bench.wiki, Endpoint::DeviceAuthorization).await;
    assert_eq!((get.status, get.header(header::ALLOW)), (StatusCode::METHOD_NOT_ALLOWED, "POST, OPTIONS"));
    let preflight = request(Method::OPTIONS, "/", bytes::Bytes::new());
    let preflight = bench.call(&bench.wiki, Endpoint::DeviceAuthorization, preflight).await;
    assert_eq!(
        (preflight.status, preflight.header(header::ACCESS_CONTROL_ALLOW_ORIGIN)),
        (StatusCode::NO_CONTENT, "*")
    );
    ask(&bench, &bench.wiki, &form.and("scope", "access").and("scope", "x")).await.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn dv_05_an_app_lets_devices_in_only_where_it_says_so() {
    let bench = Bench::new().await;
    bench.register(&bench.wiki, &headless("Headless")).await.assert_error(400, "invalid_client_metadata");
    let code_too = json!({
        "redirect_uris": [REDIRECT],
        "grant_types": ["authorization_code", "refresh_token", DEVICE_CODE],
    });
    let client = bench.registered(&code_too).await;
    assert_eq!(
        client["grant_types"],
        json!(["authorization_code", "refresh_token"]),
        "what is not offered is left out"
    );
    let form = fields([("client_id", text(&client, "client_id"))]);
    ask(&bench, &bench.wiki, &form).await.assert_error(404, "not_found");
    let form = form.and("grant_type", DEVICE_CODE).and("device_code", "dw_dc_x");
    bench.token(&bench.wiki, &form).await.assert_error(400, "unsupported_grant_type");
}

#[tokio::test]
async fn dv_05_asm_20_the_metadata_says_so_exactly_where_it_is_on() {
    let (on, off) = (bench().await, Bench::new().await);
    for (bench, expected) in [(&on, Some("https://wiki.ex/.doorward/device_authorization")), (&off, None)] {
        let metadata = bench.get(&bench.wiki, Endpoint::AuthorizationServer).await.json();
        assert_eq!(metadata["device_authorization_endpoint"].as_str(), expected);
        let grant_types = metadata["grant_types_supported"].as_array().unwrap();
        assert_eq!(grant_types.contains(&json!(DEVICE_CODE)), expected.is_some());
    }
}

#[tokio::test]
async fn dv_05_a_client_asks_only_if_it_registered_the_grant() {
    let bench = bench().await;
    let client = bench.client().await;
    ask(&bench, &bench.wiki, &fields([("client_id", client.as_str())])).await.assert_error(400, "unauthorized_client");
    let device = device_client(&bench).await;
    let registered = bench.registered(&headless("Headless")).await;
    assert_eq!(registered["grant_types"], json!(["refresh_token", DEVICE_CODE]));
    assert_eq!(registered["redirect_uris"], json!([]));
    assert!(registered.get("response_types").is_none());
    let query = authorization(&device).without("redirect_uri");
    assert_eq!(error_page(bench.ask(&query).await), 400, "it has no codes");
    let mut with_uri = headless("With a redirect URI");
    with_uri["redirect_uris"] = json!([REDIRECT]);
    let registered = id(&bench.registered(&with_uri).await);
    assert_eq!(error_page(bench.ask(&authorization(&registered)).await), 400, "it did not register for codes");
    let both = json!({ "redirect_uris": [REDIRECT], "grant_types": ["authorization_code", DEVICE_CODE] });
    let both = id(&bench.registered(&both).await);
    assert!(bench.code(&both).await.starts_with("dw_ac_"));
    asked(&bench, &both).await;
}

#[tokio::test]
async fn dv_02_a_device_is_told_to_wait_and_to_slow_down() {
    let mut bench = bench().await;
    let client = device_client(&bench).await;
    let request = asked(&bench, &client).await;
    poll(&bench, &client, &request).await.assert_error(400, "authorization_pending");
    bench.later(SECOND);
    poll(&bench, &client, &request).await.assert_error(400, "slow_down");
    bench.later(INTERVAL);
    poll(&bench, &client, &request).await.assert_error(400, "slow_down");
    bench.later(INTERVAL * 3);
    poll(&bench, &client, &request).await.assert_error(400, "authorization_pending");
    decide(&bench, &request, true).await;
    assert_eq!(poll(&bench, &client, &request).await.status, StatusCode::OK, "an answer is not waited for");
}

#[tokio::test]
async fn dv_02_a_device_is_told_no_and_too_late() {
    let mut bench = bench().await;
    let client = device_client(&bench).await;
    let [denied, expired, unfetched] =
        [asked(&bench, &client).await, asked(&bench, &client).await, asked(&bench, &client).await];
    decide(&bench, &denied, false).await;
    decide(&bench, &unfetched, true).await;
    for _ in 0..2 {
        poll(&bench, &client, &denied).await.assert_error(400, "access_denied");
    }
    bench.later(LIFETIME);
    poll(&bench, &client, &expired).await.assert_error(400, "expired_token");
    poll(&bench, &client, &unfetched).await.assert_error(400, "expired_token");
    for (form, error) in [
        (polling(&client, &denied).without("device_code"), "invalid_request"),
        (polling(&client, &denied).with("device_code", "x"), "invalid_grant"),
        (polling(&client, &denied).with("device_code", text(&denied, "user_code")), "invalid_grant"),
    ] {
        bench.token(&bench.wiki, &form).await.assert_error(400, error);
    }
}

#[tokio::test]
async fn dv_02_the_tokens_are_those_of_any_grant() {
    let bench = bench().await;
    let client = device_client(&bench).await;
    let request = asked(&bench, &client).await;
    decide(&bench, &request, true).await;
    let tokens = poll(&bench, &client, &request).await.tokens();
    let token = bench.present(&bench.wiki, &tokens.access).await.unwrap();
    assert_eq!((token.sub.as_str(), token.client_id.as_str()), ("ada", client.as_str()));
    let grant = bench.store.grant(&token.grant).await.unwrap().unwrap();
    assert_eq!(grant.details.opened_by, Some(GrantType::DeviceCode));
    assert_eq!((grant.parent, grant.expires_at), (None, bench.now.plus(GRANT_DURATION)));
    assert_eq!(bench.refresh(&client, &tokens.refresh).await.tokens().scope, tokens.scope);
    let mut metadata = headless("No refresh");
    metadata["grant_types"] = json!([DEVICE_CODE]);
    let client = id(&bench.registered(&metadata).await);
    let request = asked(&bench, &client).await;
    decide(&bench, &request, true).await;
    assert!(poll(&bench, &client, &request).await.json().get("refresh_token").is_none());
}

#[tokio::test]
async fn dv_03_a_device_code_is_redeemed_once() {
    let bench = bench().await;
    let client = device_client(&bench).await;
    let request = asked(&bench, &client).await;
    decide(&bench, &request, true).await;
    let tokens = poll(&bench, &client, &request).await.tokens();
    poll(&bench, &client, &request).await.assert_error(400, "invalid_grant");
    assert!(
        bench.present(&bench.wiki, &tokens.access).await.is_err(),
        "somebody else may have it: its grant has ended"
    );
    bench.refresh(&client, &tokens.refresh).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn dv_03_only_the_client_that_asked_gets_the_answer() {
    let bench = bench().await;
    let client = device_client(&bench).await;
    let other = id(&bench.registered(&headless("Other")).await);
    let request = asked(&bench, &client).await;
    for _ in 0..3 {
        poll(&bench, &other, &request).await.assert_error(400, "invalid_grant");
    }
    poll(&bench, &client, &request).await.assert_error(400, "authorization_pending");
    decide(&bench, &request, true).await;
    poll(&bench, &other, &request).await.assert_error(400, "invalid_grant");
    let elsewhere = id(&bench.register(&bench.mail, &headless("Headless")).await.json());
    let elsewhere = bench.token(&bench.mail, &polling(&elsewhere, &request)).await;
    elsewhere.assert_error(400, "invalid_grant");
    assert_eq!(poll(&bench, &client, &request).await.status, StatusCode::OK, "their questions used nothing up");
}

#[tokio::test]
async fn dv_06_resource_and_scope_are_bound_as_with_a_code() {
    let bench = bench().await;
    let client = device_client(&bench).await;
    let form = fields([("client_id", client.as_str())]);
    for (resource, good) in [(WIKI, true), ("https://wiki.ex/", true), (MAIL, false), ("urn:x", false)] {
        let answer = ask(&bench, &bench.wiki, &form.clone().and("resource", resource)).await;
        match good {
            true => assert_eq!(answer.status, StatusCode::OK, "{resource}"),
            false => answer.assert_error(400, "invalid_target"),
        }
    }
    ask(&bench, &bench.wiki, &form.clone().and("scope", "bogus")).await.assert_error(400, "invalid_scope");
    let request = ask(&bench, &bench.wiki, &form.and("scope", "wiki:write bogus")).await.json();
    decide(&bench, &request, true).await;
    let wrong = polling(&client, &request).and("resource", MAIL);
    bench.token(&bench.wiki, &wrong).await.assert_error(400, "invalid_target");
    let right = polling(&client, &request).and("resource", WIKI).and("scope", "access wiki:write");
    let tokens = bench.token(&bench.wiki, &right).await.tokens();
    assert_eq!(tokens.scope, "wiki:write", "the device gets what was shown, whatever it asks for later");
    assert!(bench.verify(&bench.wiki, &tokens.access).is_ok());
    assert!(bench.verify(&bench.mail, &tokens.access).is_err());
}

#[tokio::test]
async fn dv_02_the_policy_is_asked_again_and_a_broken_store_uses_nothing_up() {
    let bench = bench().await;
    let client = device_client(&bench).await;
    let request = asked(&bench, &client).await;
    decide(&bench, &request, true).await;
    for (mood, status, error) in
        [(Mood::Refuses, 400, "invalid_grant"), (Mood::Unavailable, 503, "temporarily_unavailable")]
    {
        bench.policy.set(mood);
        poll(&bench, &client, &request).await.assert_error(status, error);
    }
    bench.policy.set(Mood::Approves);
    for act in 0..3 {
        bench.store.set(Fault::Nth(act));
        poll(&bench, &client, &request).await.assert_error(503, "temporarily_unavailable");
        assert!(!bench.store.is_armed());
    }
    assert_eq!(poll(&bench, &client, &request).await.status, StatusCode::OK);
}

#[tokio::test]
async fn dv_02_who_has_signed_out_since_gives_nothing() {
    let bench = bench().await;
    let client = device_client(&bench).await;
    let request = asked(&bench, &client).await;
    decide(&bench, &request, true).await;
    bench.store.revoke_grant(&bench.ada.session, EndedBecause::SignedOut, bench.now).await.unwrap();
    poll(&bench, &client, &request).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn dv_03_only_so_many_devices_wait() {
    let mut bench = bench().await;
    let client = device_client(&bench).await;
    for _ in 0..MAX_WAITING {
        asked(&bench, &client).await;
    }
    let refused = ask(&bench, &bench.wiki, &fields([("client_id", client.as_str())])).await;
    refused.assert_error(429, "temporarily_unavailable");
    assert_eq!(refused.header(header::RETRY_AFTER), "60");
    bench.later(LIFETIME);
    asked(&bench, &client).await;
}
