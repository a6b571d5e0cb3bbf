//! What a provider says of itself, and its keys (OpenID Connect Discovery 1.0; Core section 10.1.1).

use super::{fails, succeeds};
use crate::harness::{Provider, eventually};
use serde_json::json;
use std::time::{Duration, Instant};

#[test]
fn rp_01_a_document_of_another_issuer_is_refused() {
    let provider = Provider::start();
    for issuer in [format!("{}/", provider.issuer()), "https://evil.example".to_owned()] {
        provider.set(&json!({ "discovery": { "issuer": issuer } }));
        let site = provider.site("");
        let page = site.browser().open(&site.main("/"));
        assert_eq!(page.status, 502, "{issuer}");
        // The provider may come to its senses: it is asked again.
        provider.set(&json!({ "discovery": {} }));
        eventually("it is asked again", || site.browser().open(&site.main("/")).status == 302);
        succeeds(&provider, &site);
    }
}

#[test]
fn rp_02_endpoints_that_others_could_read_along_are_refused() {
    let provider = Provider::start();
    let names = ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint"];
    for name in names {
        provider.set(&json!({ "discovery": { name: "http://id.example.com/x" } }));
        let site = provider.site("");
        assert_eq!(site.browser().open(&site.main("/")).status, 502, "{name}");
    }
}

#[test]
fn rp_17_keys_are_kept_and_follow_a_rotation_and_unknown_ones_are_ignored() {
    let provider = Provider::start();
    let encryption = json!({ "kty": "RSA", "use": "enc", "kid": "e", "n": "AQAB", "e": "AQAB" });
    let strange = json!({ "kty": "AKP", "kid": "pq", "alg": "ML-DSA-44", "pub": "AQAB" });
    provider.set(&json!({ "jwks": { "keys": [encryption, strange] } }));
    let site = provider.site("");
    succeeds(&provider, &site);
    succeeds(&provider, &site);
    assert_eq!(provider.asked("/jwks").len(), 1, "keys are kept");
    // Tokens by keys that nobody has cause no flood: the provider was asked in this minute.
    provider.set(&json!({ "forge": "strange_key" }));
    for _ in 0..3 {
        fails(&provider, &site, 502, "a strange key");
    }
    assert_eq!(provider.asked("/jwks").len(), 1, "at most once in a minute");
    // The old keys serve while the provider does not give new ones; and a gateway that has none asks.
    provider.set(&json!({ "forge": null, "jwks": { "status": 500 } }));
    succeeds(&provider, &site);
    let late = provider.site("");
    fails(&provider, &late, 503, "no keys");
}

#[test]
fn rp_17_a_key_that_is_new_is_fetched_when_a_minute_has_passed() {
    let provider = Provider::start();
    let site = provider.site("");
    succeeds(&provider, &site);
    provider.rotate(&["RS256"]);
    // The gateway's minute, by its own word: a reload begins anew.
    fails(&provider, &site, 502, "too soon to ask again");
    let table = provider.table("");
    site.reload(|config| config + &table + "# again\n");
    succeeds(&provider, &site);
}

#[test]
fn rp_29_s_10_what_is_too_large_or_too_slow_or_elsewhere_is_not_read() {
    let provider = Provider::start();
    provider.set(&json!({ "jwks": { "huge": true } }));
    let site = provider.site("");
    let begun = Instant::now();
    fails(&provider, &site, 502, "a hundred megabytes of keys");
    assert!(begun.elapsed() < Duration::from_secs(15));
    provider.set(&json!({ "jwks": null, "document": { "status": 302 } }));
    let site = provider.site("");
    assert_eq!(site.browser().open(&site.main("/")).status, 502, "a redirect");
    // Only the authorities that are named are believed, and the proxy is used.
    provider.set(&json!({ "document": null }));
    let site = provider.site(&format!("proxy = 'http://127.0.0.1:{}'", provider.port));
    site.browser().open(&site.main("/"));
    let by_proxy = provider.asked("/.well-known/openid-configuration");
    assert!(!by_proxy.is_empty());
}
