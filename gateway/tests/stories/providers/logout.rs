//! Signing out of the provider, and hearing of it from there (RP-Initiated Logout 1.0, Back-Channel Logout 1.0).

use super::{let_in, stream, succeeds};
use crate::harness::{Browser, Provider, Request, Response, Site, eventually, query, send};
use serde_json::{Value, json};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

fn tell(site: &Site, token: &str) -> Response {
    send(&Request::post(&site.login("/.doorward/backchannel_logout")).form(&[("logout_token", token)]))
}

fn good(more: &Value) -> Value {
    let mut claims = json!({ "aud": "doorward", "events": { EVENT: {} }, "sub": "ada-1" });
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    claims
}

fn is_signed_in(site: &Site, browser: &mut Browser) -> bool {
    browser.send(Request::get(&site.main("/")).html()).status == 200
}

/// Presses the button of the sign-out page; where that leads.
#[track_caller]
fn sign_out(site: &Site, browser: &mut Browser) -> Response {
    let page = browser.open(&site.login("/.doorward/logout?everywhere")).expect(200);
    browser.submit(&page, &[("everywhere", "on")])
}

#[test]
fn lo_02_lo_03_signing_out_leads_to_the_provider_and_back_to_one_page() {
    let provider = Provider::start();
    let site = provider.site("");
    let mut browser = succeeds(&provider, &site);
    let there = sign_out(&site, &mut browser).expect(303);
    let url = there.location();
    assert!(url.starts_with(&format!("{}/endsession?", provider.issuer())), "{url}");
    assert_eq!(query(url, "client_id").as_deref(), Some("doorward"));
    assert_eq!(query(url, "post_logout_redirect_uri"), Some(site.login("/.doorward/signed-out")));
    let hint = crate::harness::Jwt::read(&query(url, "id_token_hint").unwrap());
    assert_eq!(hint.claims["sub"], "ada-1");
    assert!(!is_signed_in(&site, &mut browser), "signed out here before the provider answers");
    let back = send(&Request::get(url).html()).expect(302).location().to_owned();
    let page = browser.open(&back).expect(200);
    assert!(page.text().contains("You are signed out"), "{}", page.text());
    // The state is used once, and nothing in the URL leads elsewhere.
    for url in [
        back.clone(),
        site.login("/.doorward/signed-out"),
        site.login("/.doorward/signed-out?state=x&post_logout_redirect_uri=https://evil.example"),
    ] {
        let there = browser.send(Request::get(&url).html()).expect(302);
        assert_eq!(there.location(), site.login("/.doorward/logout"));
    }
}

#[test]
fn lo_02_a_provider_that_is_not_to_be_signed_out_of_is_left_alone() {
    let provider = Provider::start();
    let site = provider.site("logout = false");
    let mut browser = succeeds(&provider, &site);
    assert!(sign_out(&site, &mut browser).expect(200).text().contains("You are signed out"));
}

#[test]
fn lo_04_lo_05_a_logout_token_must_be_right_in_everything() {
    let provider = Provider::start();
    let site = provider.site("");
    let mut browser = succeeds(&provider, &site);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let mut wrong = vec![
        json!({ "claims": good(&json!({ "iss": "https://evil.example" })) }),
        json!({ "claims": good(&json!({ "iss": format!("{}/", provider.issuer()) })) }),
        json!({ "claims": good(&json!({ "iss": null })) }),
        json!({ "claims": good(&json!({ "aud": "another" })) }),
        json!({ "claims": good(&json!({ "aud": null })) }),
        json!({ "claims": good(&json!({ "aud": ["doorward", "another"] })) }),
        json!({ "claims": good(&json!({ "iat": null })) }),
        json!({ "claims": good(&json!({ "iat": now - 700 })) }),
        json!({ "claims": good(&json!({ "iat": now + 120 })) }),
        json!({ "claims": good(&json!({ "exp": null })) }),
        json!({ "claims": good(&json!({ "exp": now - 90 })) }),
        json!({ "claims": good(&json!({ "events": null })) }),
        json!({ "claims": good(&json!({ "events": {} })) }),
        json!({ "claims": good(&json!({ "events": { EVENT: true } })) }),
        json!({ "claims": good(&json!({ "events": EVENT })) }),
        json!({ "claims": good(&json!({ "nonce": "n" })) }),
        json!({ "claims": good(&json!({ "sub": null })) }),
        json!({ "claims": good(&json!({ "sub": 7 })) }),
        json!({ "claims": good(&json!({ "jti": null })) }),
        json!({ "claims": good(&json!({ "jti": "" })) }),
        json!({ "claims": good(&json!({})), "header": { "typ": "at+jwt" } }),
    ];
    for forge in ["none", "hs256", "strange_key", "wrong_key"] {
        wrong.push(json!({ "claims": good(&json!({})), "forge": forge }));
    }
    for what in wrong {
        let refused = tell(&site, &provider.sign(&what));
        assert_eq!(refused.status, 400, "{what}: {}", refused.text());
        assert_eq!(refused.json()["error"], "invalid_request");
        assert!(refused.header("cache-control").unwrap().contains("no-store"));
    }
    assert_eq!(tell(&site, "").status, 400);
    assert_eq!(send(&Request::get(&site.login("/.doorward/backchannel_logout"))).status, 405);
    assert!(is_signed_in(&site, &mut browser), "nothing of this was believed");
    let token = provider.sign(&json!({ "claims": good(&json!({})) }));
    let heard = tell(&site, &token).expect(200);
    assert!(heard.header("cache-control").unwrap().contains("no-store") && heard.all("set-cookie").is_empty());
    assert!(!is_signed_in(&site, &mut browser));
    assert_eq!(tell(&site, &token).status, 400, "a `jti` is used once");
    // Providers from before the type was registered.
    for typ in [json!("JWT"), Value::Null] {
        let token = provider.sign(&json!({ "claims": good(&json!({})), "header": { "typ": typ } }));
        tell(&site, &token).expect(200);
    }
}

#[test]
fn lo_06_lo_07_lo_08_what_is_named_ends_with_its_agents_and_streams_and_nothing_else() {
    let provider = Provider::start();
    let site = provider.site("");
    provider.claim(json!({ "sid": "first" }));
    let mut first = succeeds(&provider, &site);
    let (agent, tokens) = let_in(&site, &mut first);
    provider.claim(json!({ "sid": "second" }));
    let mut second = succeeds(&provider, &site);
    let (other, others) = let_in(&site, &mut second);
    provider.claim(json!({ "sub": "bob-1", "sid": "third", "email": "bob@example.com" }));
    let mut bob = succeeds(&provider, &site);
    let mut streaming = stream(&site, &first);
    let begun = Instant::now();
    let token = provider.sign(&json!({ "claims": good(&json!({ "sid": "first" })) }));
    tell(&site, &token).expect(200);
    eventually("the stream ends", || streaming.chunk().is_none());
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert!(!is_signed_in(&site, &mut first));
    assert_eq!(agent.refresh(&tokens.refresh).expect(400).json()["error"], "invalid_grant");
    assert_eq!(send(&Request::get(&site.main("/mcp")).bearer(&tokens.access)).status, 401);
    assert!(is_signed_in(&site, &mut second) && is_signed_in(&site, &mut bob), "other sessions are left alone");
    // A session of somebody else is not ended by this name.
    let foreign = provider.sign(&json!({ "claims": good(&json!({ "sub": "eve-1", "sid": "second" })) }));
    tell(&site, &foreign).expect(200);
    assert!(is_signed_in(&site, &mut second));
    // The person, whatever the session.
    let all = provider.sign(&json!({ "claims": good(&json!({})) }));
    tell(&site, &all).expect(200);
    assert!(!is_signed_in(&site, &mut second) && is_signed_in(&site, &mut bob));
    assert_eq!(other.refresh(&others.refresh).expect(400).json()["error"], "invalid_grant");
}

#[test]
fn lo_07_agents_stay_where_only_sessions_are_to_end() {
    let provider = Provider::start();
    let site = provider.site("logout_ends = 'sessions'");
    let mut browser = succeeds(&provider, &site);
    let (agent, tokens) = let_in(&site, &mut browser);
    tell(&site, &provider.sign(&json!({ "claims": good(&json!({})) }))).expect(200);
    assert!(!is_signed_in(&site, &mut browser));
    agent.refresh(&tokens.refresh).expect(200);
}
