//! Following the provider after the sign-in (OpenID Connect Core section 12).

use super::{let_in, stream, succeeds};
use crate::harness::{Provider, eventually};
use serde_json::json;

#[test]
fn rp_26_o_21_changed_claims_are_followed_and_policies_decide_by_them() {
    let provider = Provider::start();
    let site = provider.site("refresh_interval = '1s'");
    let mut browser = succeeds(&provider, &site);
    provider.claim(json!({ "nonce": null, "groups": ["ops"] }));
    eventually("the groups are followed", || {
        browser.open(&site.main("/")).expect(200);
        site.upstream.last().header("x-forwarded-groups") == Some("ops")
    });
    // The address is no longer one that the policy admits: open streams end too.
    let mut stream = stream(&site, &browser);
    provider.claim(json!({ "nonce": null, "email": "ada@elsewhere.example" }));
    eventually("the policy decides anew", || browser.open(&site.main("/")).status == 403);
    eventually("the stream ends", || stream.chunk().is_none());
}

#[test]
fn rp_26_who_is_no_longer_the_providers_is_signed_out_and_so_are_their_agents() {
    let provider = Provider::start();
    let site = provider.site("refresh_interval = '1s'");
    let mut browser = succeeds(&provider, &site);
    let (agent, tokens) = let_in(&site, &mut browser);
    // A provider that is away for a while changes nothing.
    provider.set(&json!({ "token": { "status": 503 } }));
    let asked = provider.asked("/token").len();
    eventually("the provider is asked", || provider.asked("/token").len() > asked);
    browser.open(&site.main("/")).expect(200);
    provider.set(&json!({ "token": { "status": 400, "body": { "error": "invalid_grant", "access_token": null } } }));
    eventually("the session ends", || browser.open(&site.main("/")).header("location").is_some());
    let refused = agent.refresh(&tokens.refresh).expect(400).json();
    assert_eq!(refused["error"], "invalid_grant");
    provider.set(&json!({ "token": null }));
    succeeds(&provider, &site);
}
