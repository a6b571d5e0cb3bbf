//! Signing in again, stronger or fresher, where a policy asks for it (RFC 9470).

use crate::harness::{Browser, Request, Site, query};
use std::thread::sleep;
use std::time::Duration;

/// Two more rules of the main app: what needs a second factor, and what needs a fresh sign-in.
fn site() -> Site {
    Site::with(|config| {
        config
            .replacen(
                "[policies.people]\n",
                r#"[policies.no_secrets_by_password]
action = "block"
include = [{ path = "/secrets/*" }]
exclude = [{ auth_method = "mfa" }]

[policies.stale]
action = "block"
include = [{ path = "/pay/*" }]

[policies.fresh]
action = "allow"
include = [{ email_domain = "example.com" }]
require = [{ path = "/pay/*" }]
session_duration = "2s"

[policies.people]
"#,
                1,
            )
            .replacen(
                "policies = [\"people\"]",
                "policies = [\"no_secrets_by_password\", \"fresh\", \"stale\", \"people\"]",
                1,
            )
    })
}

/// Where the browser is sent on from one answer to the next, until somebody must do something.
fn hops(site: &Site, browser: &mut Browser, target: &str) -> Vec<String> {
    let mut hops = vec![site.main(target)];
    loop {
        let answer = browser.send(Request::get(hops.last().unwrap()).html());
        if !(300..400).contains(&answer.status) {
            return hops;
        }
        hops.push(answer.location().to_owned());
        assert!(hops.len() <= 10, "more than ten redirects: {hops:?}");
    }
}

#[test]
fn a_sign_in_that_is_too_old_is_made_anew_and_leads_back() {
    let site = site();
    let mut browser = site.signed_in(&site.ada());
    browser.open(&site.main("/pay/1")).expect(200);
    sleep(Duration::from_secs(3));
    browser.open(&site.main("/other")).expect(200);
    let hops = hops(&site, &mut browser, "/pay/1");
    assert!(hops[1].starts_with(&site.login("/.doorward/")) && hops[1].contains("max_age=2"), "{hops:?}");
    let before = browser.cookie("127.0.0.1", "doorward-main").map(str::to_owned);
    let page = browser.sign_in(&site.main("/pay/1"), &site.ada()).expect(200);
    assert_eq!(page.url, site.main("/pay/1"));
    assert_ne!(browser.cookie("127.0.0.1", "doorward-main").map(str::to_owned), before);
}

#[test]
fn bs_03_a_stronger_sign_in_gets_new_ids_and_ends_the_old_session() {
    let site = site();
    let mut browser = site.signed_in(&site.ada());
    let old = browser.clone();
    sleep(Duration::from_secs(3));
    browser.sign_in(&site.main("/pay/1"), &site.ada()).expect(200);
    for (host, name) in [("localhost", "doorward-login"), ("127.0.0.1", "doorward-main")] {
        assert_ne!(browser.cookie(host, name), old.cookie(host, name), "{name}");
    }
    let mut old = old;
    assert_eq!(old.send(Request::get(&site.main("/other")).html()).status, 302, "the planted id opens nothing");
}

#[test]
fn a_sign_in_that_stays_too_weak_ends_at_a_page_that_says_what_is_missing() {
    let site = site();
    let mut browser = site.signed_in(&site.ada());
    let first = hops(&site, &mut browser, "/secrets/1");
    assert!(query(&first[1], "acr_values").as_deref() == Some("mfa"), "{first:?}");
    let refused = browser.sign_in(&site.main("/secrets/1"), &site.ada()).expect(403);
    assert!(refused.is_html() && refused.text().contains("by a second step"), "{}", refused.text());
    assert!(refused.url.starts_with(&site.login("/")), "{}", refused.url);
    browser.open(&site.main("/other")).expect(200);
}

#[test]
fn a_program_is_told_what_the_sign_in_must_be() {
    let site = site();
    let agent = site.agent(&site.main("/"));
    let token = agent.authorize(&mut site.browser(), &site.ada()).access;
    let refused = crate::harness::send(&Request::get(&site.main("/secrets/1")).bearer(&token)).expect(401);
    let challenge = refused.challenge();
    assert!(challenge.starts_with("Bearer "), "{challenge}");
    for part in ["error=\"insufficient_user_authentication\"", "acr_values=\"mfa\"", "resource_metadata=\""] {
        assert!(challenge.contains(part), "{part} in {challenge}");
    }
    let body = refused.json();
    assert_eq!(body["error"], "insufficient_user_authentication");
    assert!(body["login_url"].as_str().unwrap().contains("acr_values=mfa"));
    // A page's script, with the cookie.
    let mut browser = site.signed_in(&site.ada());
    let refused = browser.send(Request::get(&site.main("/secrets/1")).header("Accept", "application/json")).expect(401);
    assert_eq!(refused.json()["acr_values"], "mfa");
    // The metadata says what can be asked for.
    let metadata = crate::harness::send(&Request::get(&site.main("/.well-known/oauth-authorization-server"))).json();
    assert_eq!(metadata["acr_values_supported"], serde_json::json!(["mfa"]));
    let decision = site.cli_ok(&["explain", body["decision_id"].as_str().unwrap()]);
    assert!(decision.contains("insufficient_user_authentication") && decision.contains("`mfa`"), "{decision}");
}

#[test]
fn explain_says_what_another_sign_in_would_change() {
    let site = site();
    let explain = |more: &[&str]| {
        let ask = ["explain", "--app", "main", "--email", "ada@example.com", "--path"];
        String::from_utf8(site.cli(&[&ask[..], more].concat()).stdout).unwrap()
    };
    let denied = explain(&["/secrets/1", "--auth-method", "pwd"]);
    assert!(denied.starts_with("denied: insufficient_user_authentication by `no_secrets_by_password`"), "{denied}");
    assert!(explain(&["/secrets/1", "--auth-method", "pwd", "--auth-method", "mfa"]).starts_with("allowed"));
    let stale = explain(&["/pay/1", "--signed-in-for", "10m"]);
    assert!(stale.contains("not older than 2s") && stale.contains("session_duration = \"2s\": no"), "{stale}");
}
