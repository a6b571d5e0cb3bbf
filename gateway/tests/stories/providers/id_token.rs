//! What an ID token must say (OpenID Connect Core section 3.1.3.7), one forgery after the other.

use super::{fails, succeeds};
use crate::harness::Provider;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

#[track_caller]
fn refuses(provider: &Provider, site: &crate::harness::Site, claims: Value) {
    provider.claim(claims.clone());
    fails(provider, site, 502, &claims.to_string());
}

#[test]
fn rp_10_the_issuer_is_compared_byte_for_byte() {
    let provider = Provider::start();
    let site = provider.site("");
    for issuer in [format!("{}/", provider.issuer()), provider.issuer().to_uppercase(), "https://evil.example".into()] {
        refuses(&provider, &site, json!({ "iss": issuer }));
    }
    refuses(&provider, &site, json!({ "iss": null }));
    provider.claim(json!({}));
    succeeds(&provider, &site);
}

#[test]
fn rp_11_rp_12_the_token_is_for_the_gateway() {
    let provider = Provider::start();
    let site = provider.site("");
    for claims in [
        json!({ "aud": "another" }),
        json!({ "aud": "another", "azp": "doorward" }),
        json!({ "aud": [] }),
        json!({ "aud": ["another"] }),
        json!({ "aud": ["doorward", "another"] }),
        json!({ "aud": ["doorward", "another"], "azp": "another" }),
        json!({ "azp": "another" }),
        json!({ "azp": 7 }),
    ] {
        refuses(&provider, &site, claims);
    }
    for claims in [
        json!({ "aud": ["doorward"] }),
        json!({ "azp": "doorward" }),
        json!({ "aud": ["doorward", "another"], "azp": "doorward" }),
    ] {
        provider.claim(claims);
        succeeds(&provider, &site);
    }
}

#[test]
fn rp_13_a_signature_must_be_the_providers_by_an_algorithm_that_is_allowed() {
    let provider = Provider::start();
    let site = provider.site("");
    for forge in ["none", "hs256", "strange_key", "wrong_key"] {
        provider.set(&json!({ "forge": forge }));
        fails(&provider, &site, 502, forge);
    }
    provider.set(&json!({ "forge": null, "header": { "typ": "at+jwt" } }));
    fails(&provider, &site, 502, "another type");
    provider.set(&json!({ "header": {} }));
    succeeds(&provider, &site);
    // What was not allowed is refused although the key is the provider's.
    for alg in ["ES256", "PS256", "EdDSA"] {
        provider.rotate(&[alg]);
        let site = provider.site("");
        fails(&provider, &site, 502, alg);
        let site = provider.site(&format!("algorithms = ['{alg}']"));
        succeeds(&provider, &site);
    }
}

#[test]
fn rp_14_a_token_is_of_now_give_or_take_a_minute() {
    let provider = Provider::start();
    let site = provider.site("");
    for claims in [
        json!({ "exp": now() - 90 }),
        json!({ "exp": null }),
        json!({ "exp": "tomorrow" }),
        json!({ "iat": now() + 120 }),
        json!({ "iat": now() - 700 }),
        json!({ "iat": null }),
        json!({ "nbf": now() + 120 }),
    ] {
        refuses(&provider, &site, claims);
    }
    for claims in [json!({ "exp": now() - 20 }), json!({ "iat": now() + 30 }), json!({ "nbf": now() + 30 })] {
        provider.claim(claims);
        succeeds(&provider, &site);
    }
    let strict = provider.site("clock_skew = '1s'");
    refuses(&provider, &strict, json!({ "exp": now() - 20 }));
}

#[test]
fn rp_16_the_access_token_is_the_one_that_came_along() {
    let provider = Provider::start();
    let site = provider.site("");
    refuses(&provider, &site, json!({ "at_hash": "AAAAAAAAAAAAAAAAAAAAAA" }));
    provider.claim(json!({ "at_hash": true }));
    succeeds(&provider, &site);
}

#[test]
fn rp_18_without_a_kid_the_keys_of_the_type_are_tried() {
    let provider = Provider::start();
    provider.rotate(&["RS256", "RS256"]);
    provider.set(&json!({ "forge": "no_kid" }));
    let site = provider.site("");
    succeeds(&provider, &site);
    // Only keys of another type: none fits.
    let other = Provider::start();
    other.rotate(&["ES256"]);
    let strict = other.site("algorithms = ['RS256']");
    other.set(&json!({ "forge": "no_kid", "header": { "alg": "RS256" } }));
    fails(&other, &strict, 502, "only keys of another type");
}

#[test]
fn rp_19_userinfo_is_about_the_same_person_and_signed_if_it_says_so() {
    let provider = Provider::start();
    provider.claim(json!({ "email": null, "email_verified": null, "groups": null }));
    let site = provider.site("").replace_userinfo(&provider, "always");
    let claims = json!({ "sub": "ada-1", "email": "ada@example.com", "email_verified": true, "groups": ["ops"] });
    provider.set(&json!({ "userinfo": { "claims": claims } }));
    succeeds(&provider, &site);
    assert_eq!(site.upstream.last().header("x-forwarded-groups"), Some("ops"));
    for sub in [json!("eve-1"), Value::Null, json!(7)] {
        let mut other = claims.clone();
        other["sub"] = sub.clone();
        provider.set(&json!({ "userinfo": { "claims": other } }));
        fails(&provider, &site, 502, &format!("userinfo of {sub}"));
    }
    let good = json!({ "iss": provider.issuer(), "aud": "doorward" });
    provider.set(&json!({ "userinfo": { "claims": claims, "signed": good } }));
    succeeds(&provider, &site);
    for bad in [json!({ "iss": "https://evil.example", "aud": "doorward" }), json!({ "aud": "another" })] {
        provider.set(&json!({ "userinfo": { "claims": claims, "signed": bad } }));
        fails(&provider, &site, 502, &format!("signed userinfo {bad}"));
    }
    provider.set(&json!({ "userinfo": { "status": 500 } }));
    fails(&provider, &site, 503, "userinfo is down");
}

/// The configuration has `userinfo` once.
trait Userinfo {
    fn replace_userinfo(self, provider: &Provider, to: &str) -> Self;
}

impl Userinfo for crate::harness::Site {
    fn replace_userinfo(self, provider: &Provider, to: &str) -> Self {
        let table = provider.table("").replace("userinfo = 'never'", &format!("userinfo = '{to}'"));
        self.reload(|config| config + &table);
        self
    }
}
