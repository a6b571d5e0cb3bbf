//! OAuth 2.1 section 4.1.1 and 4.1.2: the authorization endpoint.

use crate::harness::*;
use http::{Method, StatusCode, header};
use oauth::{Reply, pkce};

const BROWSER: &str = "doorward-browser";
const EVIL: &str = "https://evil.ex/cb";

#[tokio::test]
async fn az_01_the_page_is_opened_and_its_form_is_sent_and_nothing_else() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    page_of(bench.ask(&authorization(&client)).await);
    for method in [Method::PUT, Method::DELETE, Method::OPTIONS, Method::PATCH] {
        let uri = format!("/?{}", authorization(&client).encode());
        let reply = bench.authorization(&bench.wiki, Some(&bench.ada), request(method, &uri, Default::default())).await;
        assert_eq!(error_page(reply), 405);
    }
    // A form that is an authorization request, not the answer to a consent page.
    let reply = bench.authorization(&bench.wiki, Some(&bench.ada), authorization(&client).post()).await;
    assert_eq!(error_page(reply), 403);
}

#[tokio::test]
async fn az_02_an_unknown_client_gets_a_page_and_no_redirect() {
    let bench = Bench::new().await;
    let elsewhere = bench.register(&bench.mail, &serde_json::json!({ "redirect_uris": [REDIRECT] })).await;
    let long = "x".repeat(600);
    for client in ["nobody", &id(&elsewhere.json()), &long, "'; DROP TABLE clients", "dw_c_\u{0}"] {
        for person in [None, Some(&bench.ada)] {
            let query = authorization(client).with("redirect_uri", EVIL);
            assert_eq!(error_page(bench.ask_as(&bench.wiki, person, &query).await), 400);
        }
    }
    assert_eq!(error_page(bench.ask(&authorization("x").without("client_id")).await), 400);
    assert_eq!(error_page(bench.ask(&authorization("")).await), 400);
}

#[tokio::test]
async fn az_02_cm_off_a_client_id_that_is_a_url_is_refused_and_not_fetched() {
    let bench = Bench::new().await;
    let reply = bench.ask(&authorization("https://claude.ai/oauth/client.json")).await;
    let Reply::Page(error) = reply else { panic!("{reply:?}") };
    assert!(error.description.contains("must register"));
    assert!(bench.published.asked().is_empty());
}

#[tokio::test]
async fn az_03_a_foreign_redirect_uri_gets_a_page_and_no_redirect() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    for person in [None, Some(&bench.ada)] {
        for query in [
            authorization(&client).with("redirect_uri", EVIL),
            authorization(&client).with("redirect_uri", EVIL).with("scope", "bogus"),
            authorization(&client).with("redirect_uri", EVIL).without("response_type"),
        ] {
            assert_eq!(error_page(bench.ask_as(&bench.wiki, person, &query).await), 400);
        }
    }
}

#[tokio::test]
async fn az_04_az_05_az_12_az_23_asm_19_other_errors_go_to_the_client_with_state_and_iss() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    for (name, value, error) in [
        ("response_type", "", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "id_token", "unsupported_response_type"),
        ("response_type", "code token", "unsupported_response_type"),
        ("response_mode", "fragment", "invalid_request"),
        ("response_mode", "form_post", "invalid_request"),
        ("scope", "bogus", "invalid_scope"),
        ("scope", "access \"", "invalid_scope"),
        ("resource", "https://evil.ex", "invalid_target"),
        ("request", "eyJhbGciOiJub25lIn0..", "request_not_supported"),
        ("request_uri", "http://169.254.169.254/", "request_uri_not_supported"),
    ] {
        let redirect = redirect_of(bench.ask(&authorization(&client).with(name, value)).await);
        redirect.assert_error(error);
        let description = redirect.parameter("error_description").unwrap();
        let allowed = |b: u8| matches!(b, 0x20..=0x7e) && !matches!(b, b'"' | b'\\');
        assert!(description.bytes().all(allowed), "{description}");
        assert_eq!(redirect.status, StatusCode::FOUND);
    }
    let query = authorization(&client).without("response_type");
    redirect_of(bench.ask(&query).await).assert_error("invalid_request");
}

#[tokio::test]
async fn az_06_repeated_parameters_are_an_error_and_those_that_decide_the_target_a_page() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    for (name, value) in [
        ("client_id", client.as_str()),
        ("client_id", "x"),
        ("redirect_uri", REDIRECT),
        ("redirect_uri", EVIL),
        ("redirect_uri", ""),
    ] {
        assert_eq!(error_page(bench.ask(&authorization(&client).and(name, value)).await), 400, "{name}");
    }
    for (name, value) in [
        ("state", "xyz"),
        ("scope", "access"),
        ("response_type", "code"),
        ("code_challenge", &pkce::challenge("other")),
        ("code_challenge_method", "S256"),
    ] {
        let query = authorization(&client).with("scope", "access").and(name, value);
        redirect_of(bench.ask(&query).await).assert_error("invalid_request");
    }
}

#[tokio::test]
async fn az_07_az_21_an_empty_parameter_is_an_absent_one() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let query = authorization(&client).and("scope", "").and("resource", "").and("response_mode", "").and("request", "");
    let code = bench.code_for(&query).await;
    let tokens = bench.token(&bench.wiki, &redemption(&client, &code)).await.tokens();
    assert_eq!(tokens.scope, "access wiki:write");
    let consent = page_of(bench.ask(&authorization(&client).with("state", "")).await);
    let redirect = redirect_of(bench.press("allow", &consent).await);
    assert_eq!(redirect.parameter("state"), None);
}

#[tokio::test]
async fn az_08_unknown_parameters_are_ignored() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let query = authorization(&client)
        .and("prompt", "consent")
        .and("audience", "https://other.ex")
        .and("nonce", "n")
        .and("access_type", "offline")
        .and("login_hint", "eve")
        .and("response_mode", "query");
    page_of(bench.ask(&query).await);
}

#[tokio::test]
async fn az_09_az_25_the_state_comes_back_as_it_was_sent() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let code = "vscode://dynamicauthprovider/did-authenticate?nonce=a%2Bb+c&windowId=1#x".repeat(60);
    for state in
        [code.as_str(), "ä ö+%20%&=?#/\\\"'<>;:@", "日本語🦀", "a b", " ", "+", "%", "\u{0}\r\nSet-Cookie: x=y"]
    {
        let query = authorization(&client).with("state", state);
        let consent = page_of(bench.ask(&query).await);
        let allowed = redirect_of(bench.press("allow", &consent).await);
        assert_eq!(allowed.parameter("state").as_deref(), Some(state));
        let refused = redirect_of(bench.ask(&query.with("scope", "bogus")).await);
        assert_eq!(refused.parameter("state").as_deref(), Some(state));
    }
}

#[tokio::test]
async fn az_10_the_query_of_the_redirect_uri_is_kept() {
    let bench = Bench::new().await;
    let uri = "http://127.0.0.1:7777/callback?tenant=a%20b&x";
    let client = id(&bench.registered(&serde_json::json!({ "redirect_uris": [uri] })).await);
    let consent = page_of(bench.ask(&authorization(&client).with("redirect_uri", uri)).await);
    let redirect = redirect_of(bench.press("allow", &consent).await);
    assert!(redirect.location.starts_with(&format!("{uri}&code=")), "{}", redirect.location);
}

#[tokio::test]
async fn az_11_tk_28_codes_are_long_random_and_url_safe() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let mut seen = std::collections::HashSet::new();
    for _ in 0..50 {
        let code = bench.code(&client).await;
        assert!(code.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)));
        assert!(code.starts_with("dw_ac_") && code.len() >= "dw_ac_".len() + 32);
        assert!(seen.insert(code));
    }
}

#[tokio::test]
async fn az_12_asm_09_iss_is_in_every_redirect_and_equals_the_metadata() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let issuer = bench.get(&bench.wiki, oauth::Endpoint::AuthorizationServer).await.text("issuer");
    for decision in ["allow", "deny"] {
        let consent = page_of(bench.ask(&authorization(&client)).await);
        let redirect = redirect_of(bench.press(decision, &consent).await);
        assert_eq!(redirect.parameter("iss"), Some(issuer.clone()), "{decision}");
    }
    let redirect = redirect_of(
        bench.ask(&authorization(BROWSER).with("redirect_uri", "https://wiki.ex/.doorward/callback")).await,
    );
    assert_eq!(redirect.parameter("iss"), Some(issuer));
}

#[tokio::test]
async fn az_13_a_code_lives_a_minute() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    let (young, old) = (bench.code(&client).await, bench.code(&client).await);
    bench.later(SECOND * 59);
    assert_eq!(bench.token(&bench.wiki, &redemption(&client, &young)).await.status, StatusCode::OK);
    bench.later(SECOND);
    bench.token(&bench.wiki, &redemption(&client, &old)).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn az_14_nobody_is_sent_on_before_they_sign_in() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let good = authorization(&client);
    let bad = [
        good.clone().with("scope", "bogus"),
        good.clone().without("response_type"),
        good.clone().with("resource", "x:y"),
    ];
    for query in bad.into_iter().chain([good]) {
        let reply = bench.ask_as(&bench.wiki, None, &query).await;
        let Reply::LoginRequired { client, .. } = reply else { panic!("{reply:?}") };
        assert_eq!(client.as_deref(), Some("Test"), "the login page can say who sent the person");
    }
}

#[tokio::test]
async fn az_15_az_16_az_18_redirects_carry_no_cors_and_are_kept_by_nobody() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let consent = page_of(bench.ask(&authorization(&client)).await);
    let error = redirect_of(bench.ask(&authorization(&client).with("scope", "bogus")).await);
    let deny = redirect_of(bench.press("deny", &consent).await);
    let allow = redirect_of(bench.press("allow", &consent).await);
    for redirect in [&error, &allow, &deny] {
        assert!(redirect.headers.keys().all(|name| !name.as_str().starts_with("access-control-")));
        assert_eq!(redirect.headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(redirect.headers[header::REFERRER_POLICY], "no-referrer");
        assert!(!redirect.headers.contains_key(header::SET_COOKIE));
    }
    assert_eq!(
        (error.status, allow.status, deny.status),
        (StatusCode::FOUND, StatusCode::SEE_OTHER, StatusCode::SEE_OTHER)
    );
}

#[tokio::test]
async fn az_22_sc_06_unknown_scopes_are_dropped_and_the_answer_says_what_was_given() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    for (asked, given) in [
        ("access bogus openid profile", "access"),
        ("wiki:write access", "access wiki:write"),
        ("access offline_access", "access offline_access"),
        ("access access", "access"),
    ] {
        let code = bench.code_for(&authorization(&client).with("scope", asked)).await;
        let tokens = bench.token(&bench.wiki, &redemption(&client, &code)).await.tokens();
        assert_eq!(tokens.scope, given);
        assert_eq!(bench.verify(&bench.wiki, &tokens.access).unwrap().scope, given);
    }
}

#[tokio::test]
async fn sc_07_scopes_match_by_case() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    for bad in ["Access", "ACCESS", "wiki", "wiki:write2", "access\t", "access\n", "acc\"ess", "acc\\ess", "\u{e4}"] {
        redirect_of(bench.ask(&authorization(&client).with("scope", bad)).await).assert_error("invalid_scope");
    }
}

/// The pending request travels in the form itself, so tabs cannot disturb each other.
#[tokio::test]
async fn az_24_two_requests_in_one_browser_both_finish_with_their_own_state() {
    let bench = Bench::new().await;
    let (one, two) = (bench.client().await, bench.other_client().await);
    let first = page_of(bench.ask(&authorization(&one).with("state", "first")).await);
    let second = page_of(bench.ask(&authorization(&two).with("state", "second")).await);
    let second = redirect_of(bench.press("allow", &second).await);
    let first = redirect_of(bench.press("allow", &first).await);
    for (redirect, state, client, other) in [(first, "first", &one, &two), (second, "second", &two, &one)] {
        assert_eq!(redirect.parameter("state").as_deref(), Some(state));
        let code = redirect.parameter("code").unwrap();
        bench.token(&bench.wiki, &redemption(other, &code)).await.assert_error(400, "invalid_grant");
        assert_eq!(bench.token(&bench.wiki, &redemption(client, &code)).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn the_browser_client_needs_no_consent_and_no_managed_oauth() {
    let mut bench = Bench::new().await;
    bench.wiki.managed = None;
    let callback = "https://wiki.ex/.doorward/callback";
    let query = authorization(BROWSER).with("redirect_uri", callback);
    let reply = bench.ask_as(&bench.wiki, None, &query).await;
    assert!(matches!(reply, Reply::LoginRequired { client: None, .. }), "{reply:?}");
    let code = redirect_of(bench.ask(&query).await).parameter("code").unwrap();
    let wrong = bench.server.redeem_browser_code(&bench.wiki, (&code, &"x".repeat(43), callback), bench.now).await;
    assert!(wrong.is_err());
    let elsewhere = bench.server.redeem_browser_code(&bench.mail, (&code, VERIFIER, callback), bench.now).await;
    assert!(elsewhere.is_err());
    let session = bench.server.redeem_browser_code(&bench.wiki, (&code, VERIFIER, callback), bench.now).await.unwrap();
    assert_eq!((session.grant.subject.as_str(), session.grant.parent.as_deref()), ("ada", Some("sso-of-ada")));
}

#[tokio::test]
async fn the_policy_is_asked_before_a_code_is_given() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let consent = page_of(bench.ask(&authorization(&client)).await);
    bench.policy.set(Mood::Refuses);
    assert!(matches!(bench.press("allow", &consent).await, Reply::Refused { reason: "no_rule_matched", .. }));
    assert!(matches!(bench.ask(&authorization(&client)).await, Reply::Refused { .. }));
    let browser = authorization(BROWSER).with("redirect_uri", "https://wiki.ex/.doorward/callback");
    assert!(matches!(bench.ask(&browser).await, Reply::Refused { .. }));
    bench.policy.set(Mood::Unavailable);
    assert_eq!(error_page(bench.press("allow", &consent).await), 503);
    assert_eq!(error_page(bench.ask(&authorization(&client)).await), 503);
    bench.policy.set(Mood::Approves);
    assert!(redirect_of(bench.press("allow", &consent).await).parameter("code").is_some(), "nothing was used up");
}
