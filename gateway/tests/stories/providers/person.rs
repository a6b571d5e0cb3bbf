//! Who came: never by address, and with no more groups than the provider said.

use super::{attempt, fails, succeeds};
use crate::harness::{Provider, Site};
use serde_json::{Value, json};

#[test]
fn rp_20_only_a_verified_address_counts_and_an_odd_one_never() {
    let provider = Provider::start();
    let site = provider.site("");
    for claims in [
        json!({ "email_verified": false }),
        json!({ "email_verified": null }),
        json!({ "email_verified": "no" }),
        json!({ "email": "a@corp.example@example.com" }),
        json!({ "email": "a@example.com@evil.example" }),
        json!({ "email": "@example.com" }),
        json!({ "email": "a b@example.com" }),
        json!({ "email": ["ada@example.com"] }),
        json!({ "email": null }),
    ] {
        provider.claim(claims.clone());
        let (_, page) = attempt(&provider, &site);
        assert_eq!(page.status, 403, "the policy is about the address: {claims}: {}", page.text());
    }
    for verified in [json!(true), json!("true")] {
        provider.claim(json!({ "email_verified": verified }));
        succeeds(&provider, &site);
    }
    let trusting = provider.site("require_email_verified = false");
    provider.claim(json!({ "email_verified": null }));
    succeeds(&provider, &trusting);
}

#[test]
fn rp_20_the_same_address_is_not_the_same_person_unless_an_administrator_says_so() {
    let provider = Provider::start();
    let site = provider.site("[identity_providers.local]\ntype = 'local'");
    let sub = |site: &Site| {
        let mut browser = site.browser();
        let page = browser.open(&site.main("/")).expect(200);
        let there = browser.submit(&page, &[("provider", "company")]).expect(303);
        browser.open(&provider.answer(there.location())).expect(200);
        browser.open(&site.login("/.doorward/identity")).expect(200).json()["sub"].as_str().unwrap().to_owned()
    };
    let first = sub(&site);
    assert_eq!(sub(&site), first, "who comes again is known");
    provider.claim(json!({ "sub": "ada-2" }));
    assert_ne!(sub(&site), first, "another `sub` with the same address");
    let mut local = site.signed_in(&site.ada());
    let local = local.open(&site.login("/.doorward/identity")).json()["sub"].as_str().unwrap().to_owned();
    assert_ne!(local, first, "a local account with the same address");
    provider.claim(json!({ "sub": "ada-3" }));
    site.cli_ok(&["user", "link", "ada@example.com", "--issuer", &provider.issuer(), "--subject", "ada-3"]);
    assert_eq!(sub(&site), local, "a link that an administrator made");
}

#[test]
fn rp_21_groups_are_a_string_or_a_list_or_none_and_too_many_are_an_error() {
    let provider = Provider::start();
    let site = provider.site("");
    for (groups, seen) in [
        (json!("staff"), Some("staff")),
        (json!(["ops", "staff"]), Some("ops,staff")),
        (json!({ "admin": { "org": "x" } }), Some("admin")),
        (json!([]), None),
        (Value::Null, None),
    ] {
        provider.claim(json!({ "groups": groups }));
        succeeds(&provider, &site);
        let told =
            site.upstream.last().header("x-forwarded-groups").filter(|groups| !groups.is_empty()).map(str::to_owned);
        assert_eq!(told.as_deref(), seen, "{groups}");
    }
    for overage in
        [json!({ "groups": null, "_claim_names": { "groups": "src1" } }), json!({ "groups": null, "hasgroups": true })]
    {
        provider.claim(overage);
        fails(&provider, &site, 403, "groups that were left out");
    }
    let many: Vec<_> = (0..200).map(|n| format!("group-{n}")).collect();
    provider.claim(json!({ "groups": many, "hasgroups": null, "_claim_names": null }));
    succeeds(&provider, &site);
}

#[test]
fn groups_are_found_by_a_dotted_path() {
    let provider = Provider::start();
    let site = provider.site("groups_claim = 'realm_access.roles'");
    provider.claim(json!({ "realm_access": { "roles": ["admin"] } }));
    succeeds(&provider, &site);
    assert_eq!(site.upstream.last().header("x-forwarded-groups"), Some("admin"));
}

#[test]
fn who_is_disabled_is_told_so_and_not_let_in() {
    let provider = Provider::start();
    let site = provider.site("");
    succeeds(&provider, &site);
    site.cli_ok(&["user", "revoke", "company:ada-1"]);
    fails(&provider, &site, 403, "a disabled account");
}
