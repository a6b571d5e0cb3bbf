//! What the authorization server is told about an app.

use super::{config, with_app};
use oauth::redirect_uri::Unacceptable;
use std::time::Duration;

#[test]
fn the_endpoints_follow_from_the_url() {
    let config = config(&with_app("http://Wiki.localhost:8080/docs/", "oauth.enabled = true"));
    let app = &config.apps["wiki"].oauth;
    assert_eq!(app.issuer, "http://wiki.localhost:8080/docs");
    assert_eq!(app.resource.canonical(), app.issuer);
    let endpoints = &app.endpoints;
    let login = "http://auth.localhost:8080/.doorward/oauth/wiki";
    let own = "http://wiki.localhost:8080/.doorward/oauth/wiki";
    assert_eq!(endpoints.authorization, format!("{login}/authorize"));
    assert_eq!(endpoints.pushed_authorization_request, format!("{own}/par"));
    assert_eq!(endpoints.token, format!("{own}/token"));
    assert_eq!(endpoints.registration, format!("{own}/register"));
    assert_eq!(endpoints.revocation, format!("{own}/revoke"));
    assert_eq!(endpoints.introspection, format!("{own}/introspect"));
    assert_eq!(endpoints.jwks, format!("{own}/jwks"));
    assert_eq!(app.browser_redirect_uris, ["http://wiki.localhost:8080/.doorward/callback"]);
}

#[test]
fn managed_oauth_is_off_unless_turned_on() {
    let config = config(&with_app("http://wiki.localhost", ""));
    assert!(config.apps["wiki"].oauth.managed.is_none());
}

#[test]
fn the_defaults_let_a_cli_in() {
    let config = config(&with_app("http://wiki.localhost", "oauth.enabled = true"));
    let managed = config.apps["wiki"].oauth.managed.as_ref().expect("managed OAuth");
    assert_eq!(managed.access_token_lifetime, Duration::from_secs(900));
    assert_eq!(managed.grant_duration, Duration::from_secs(336 * 3600));
    assert_eq!(managed.refresh_grace, Duration::from_secs(60));
    let registration = managed.registration.as_ref().expect("registration");
    let check = |uri| registration.redirect_rules.check(uri);
    for uri in [
        "http://localhost:3118/callback",
        "http://127.0.0.1:9/x",
        "https://claude.ai/api/mcp/auth_callback",
        "https://chatgpt.com/connector/oauth/abc",
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "https://vscode.dev/redirect",
    ] {
        assert_eq!(check(uri), Ok(()), "{uri}");
    }
    assert_eq!(check("https://evil.example/cb"), Err(Unacceptable::NotAllowed));
    assert_eq!(registration.limits.total, 10_000);
    assert_eq!(registration.limits.unused_for, Duration::from_secs(15 * 60));
}

#[test]
fn cm_01_cm_18_client_documents_are_on_for_every_host_unless_told_otherwise() {
    let rules = |more: &str| {
        let text = with_app("http://wiki.localhost", &format!("oauth.enabled = true\n{more}"));
        let config = config(&text);
        config.apps["wiki"].oauth.managed.as_ref().expect("managed OAuth").client_documents.clone()
    };
    let usual = rules("").expect("on by default");
    assert!(usual.implicit_none && usual.admits("claude.ai") && usual.admits("agent.example"));
    let some = rules("oauth.client_id_metadata_documents.allowed_domains = ['claude.ai']").expect("on");
    assert!(some.admits("claude.ai") && !some.admits("agent.example"));
    assert!(rules("oauth.client_id_metadata_documents.enabled = false").is_none());
}

#[test]
fn a_neighbour_on_the_same_origin_is_another_resource() {
    let neighbour = "[apps.api]\nurl = 'http://wiki.localhost/api'\nupstream = 'http://127.0.0.1:3001'\n";
    let config = config(&with_app("http://wiki.localhost", neighbour));
    let (wiki, api) = (&config.apps["wiki"].oauth, &config.apps["api"].oauth);
    assert!(wiki.resource.is_named_by("http://wiki.localhost/x"));
    assert!(!wiki.resource.is_named_by("http://wiki.localhost/api/x"));
    assert!(api.resource.is_named_by("http://wiki.localhost/api/x"));
    assert!(!api.resource.is_named_by("http://wiki.localhost/x"));
}

#[test]
fn several_urls_have_one_issuer() {
    let text = with_app("http://x", "")
        .replace("url = 'http://x'", "urls = ['http://a.ex', 'http://b.ex/wiki', 'http://a.ex:80/x']");
    let config = config(&text);
    let app = &config.apps["wiki"].oauth;
    assert_eq!(app.issuer, "http://a.ex");
    assert!(app.resource.is_named_by("http://b.ex/wiki"));
    let callbacks = ["http://a.ex/.doorward/callback", "http://b.ex/.doorward/callback"];
    assert_eq!(app.browser_redirect_uris, callbacks);
}

#[test]
fn an_app_at_a_pattern_of_hosts_has_a_pattern_of_callbacks() {
    let config = config(&with_app("http://*.wiki.localhost", ""));
    let app = &config.apps["wiki"].oauth;
    assert_eq!(app.issuer, "http://*.wiki.localhost");
    assert_eq!(app.browser_redirect_uris, ["http://*.wiki.localhost/.doorward/callback"]);
}

#[test]
fn ca_07_client_assertions_are_on_for_the_issuer_alone_unless_told_otherwise() {
    let rules = |more: &str| {
        let text = with_app("http://wiki.localhost", &format!("oauth.enabled = true\n{more}"));
        let config = config(&text);
        config.apps["wiki"].oauth.managed.as_ref().expect("managed OAuth").client_assertions.clone()
    };
    assert!(!rules("").expect("on").token_endpoint_audience);
    let wide = rules("oauth.client_assertions.accept_token_endpoint_audience = true");
    assert!(wide.expect("on").token_endpoint_audience);
    assert!(rules("oauth.client_assertions.enabled = false").is_none());
}

#[test]
fn tx_10_an_app_trusts_the_token_issuers_that_it_names_and_no_other() {
    let issuer = "[token_issuers.company]\nissuer = 'https://idp.example'\njwks_uri = 'https://idp.example/jwks'\n";
    let app = |more: &str| with_app("http://wiki.localhost", &format!("oauth.enabled = true\n{more}\n{issuer}"));
    let issuers = |more: &str| {
        let config = config(&app(more));
        config.apps["wiki"].oauth.managed.as_ref().expect("managed OAuth").token_issuers.clone()
    };
    assert!(issuers("").is_empty());
    let trusted = issuers("oauth.accept_assertions_from = ['company']");
    assert_eq!((trusted.len(), trusted[0].issuer.as_str(), trusted[0].algorithms.len()), (1, "https://idp.example", 4));
    for (wrong, named) in [
        (app("oauth.accept_assertions_from = ['compny']"), "unknown token issuer"),
        (app("").replace("https://idp.example/jwks", "https://10.0.0.1/jwks"), "public host"),
        (app("").replace("'https://idp.example'", "'http://idp.example'"), "https"),
        (app("") + "algorithms = ['HS256']", "unknown algorithm"),
        (app("") + "algorithms = []", "must not be empty"),
        (app("").replace("token_issuers.company", "token_issuers.local"), "identity provider"),
    ] {
        let problems = super::parse(&wrong).expect_err("must be refused").to_string();
        assert!(problems.contains(named), "{problems}");
    }
}
