//! A stronger or fresher sign-in, where a policy asks for it (OpenID Connect Core sections 3.1.2.1 and 5.5.1.1).

use crate::harness::{Provider, Site, query};
use serde_json::{Value, json};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What needs a second factor, and what needs a fresh sign-in.
fn site(provider: &Provider) -> Site {
    Site::with(|config| {
        let policies = r#"[policies.no_secrets_by_password]
action = "block"
include = [{ path = "/secrets/*" }]
exclude = [{ auth_method = "mfa" }]

[policies.fresh]
action = "allow"
include = [{ email_domain = "example.com" }]
require = [{ path = "/pay/*" }]
session_duration = "2s"

[policies.stale]
action = "block"
include = [{ path = "/pay/*" }]

[policies.people]
"#;
        let names = "policies = [\"no_secrets_by_password\", \"fresh\", \"stale\", \"people\"]";
        let config = config.replacen("[policies.people]\n", policies, 1);
        config.replacen("policies = [\"people\"]", names, 1) + &provider.table("step_up_acr_values = ['urn:two']")
    })
}

#[test]
fn rp_15_the_provider_is_asked_for_a_stronger_sign_in_and_must_say_that_it_was() {
    let provider = Provider::start();
    let site = site(&provider);
    let mut browser = site.browser();
    provider.sign_in(&mut browser, &site.main("/other")).expect(200);
    let there = browser.open(&site.main("/secrets/1"));
    assert_eq!(query(there.location(), "acr_values").as_deref(), Some("urn:two"));
    for weak in [json!({}), json!({ "acr": "urn:one" }), json!({ "acr": ["urn:two"] }), json!({ "amr": ["pwd"] })] {
        provider.claim(weak.clone());
        let refused = provider.sign_in(&mut browser, &site.main("/secrets/1"));
        assert_eq!(refused.status, 403, "{weak}: {}", refused.text());
        assert!(refused.text().contains("stronger"), "{}", refused.text());
    }
    for strong in [json!({ "acr": "urn:two" }), json!({ "amr": ["pwd", "mfa"] })] {
        provider.claim(strong);
        let mut browser = site.browser();
        provider.sign_in(&mut browser, &site.main("/other")).expect(200);
        browser.open(&site.main("/secrets/1")).expect(200);
    }
    provider.claim(json!({ "acr": "urn:two", "amr": null }));
    provider.sign_in(&mut browser, &site.main("/secrets/1")).expect(200);
}

#[test]
fn rp_15_a_fresh_sign_in_is_asked_for_and_auth_time_must_say_so() {
    let provider = Provider::start();
    let site = site(&provider);
    let now = || i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let mut browser = site.browser();
    provider.claim(json!({ "auth_time": now() - 3600 }));
    provider.sign_in(&mut browser, &site.main("/other")).expect(200);
    let there = browser.open(&site.main("/pay/1"));
    assert_eq!(query(there.location(), "max_age").as_deref(), Some("2"), "an hour is too long ago");
    for stale in [json!(now() - 3600), Value::Null, json!("now")] {
        provider.claim(json!({ "auth_time": stale }));
        let refused = provider.sign_in(&mut browser, &site.main("/pay/1"));
        assert!([403, 502].contains(&refused.status), "{stale}: {}", refused.text());
    }
    provider.claim(json!({ "auth_time": now() }));
    provider.sign_in(&mut browser, &site.main("/pay/1")).expect(200);
    sleep(Duration::from_secs(3));
    assert!(browser.open(&site.main("/pay/1")).header("location").is_some(), "it ages");
}
