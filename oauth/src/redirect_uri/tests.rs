//! What is a redirect URI, and which one is another.

use super::*;

fn rules() -> RedirectRules {
    RedirectRules {
        any_on_localhost: true,
        any_on_loopback: true,
        allowed: vec![
            "https://play.ex/*".into(),
            "https://other.ex*".into(),
            "cursor://anysphere.cursor-mcp/oauth/callback".into(),
        ],
    }
}

#[test]
fn ru_01_comparison_is_of_whole_strings() {
    let registered = "https://c.ex/cb";
    assert!(matches(registered, "https://c.ex/cb"));
    for other in [
        "https://c.ex/cb/",
        "https://c.ex/cb?x",
        "https://c.ex/CB",
        "https://c.ex/cb/../cb",
        "https://c.ex/cb@evil",
        "https://c.ex:443/cb",
        "HTTPS://c.ex/cb",
    ] {
        assert!(!matches(registered, other), "{other}");
    }
}

#[test]
fn ru_09_a_host_holds_nothing_that_ends_a_directive_of_a_policy() {
    let rules = RedirectRules { allowed: vec!["https://*".into()], ..rules() };
    for bad in ["https://a;b.ex/cb", "https://a,b.ex/cb", "https://a'b.ex/cb", "https://a*b.ex/cb", "app.ex://a;b/cb"] {
        assert!(matches!(rules.check(bad), Err(Unacceptable::Never(_))), "{bad}");
    }
    for good in ["https://a-b_c.ex:8443/cb;x", "https://[2001:db8::1]/cb", "https://xn--bcher-kva.ex/cb"] {
        assert!(!matches!(rules.check(good), Err(Unacceptable::Never(_))), "{good}");
    }
}

#[test]
fn ru_02_a_loopback_address_matches_on_any_port() {
    assert!(matches("http://127.0.0.1/cb", "http://127.0.0.1:54321/cb"));
    assert!(matches("http://127.0.0.1:1/cb", "http://127.0.0.1:54321/cb"));
    assert!(matches("http://[::1]/cb", "http://[::1]:54321/cb"));
}

#[test]
fn ru_03_localhost_matches_on_any_port() {
    assert!(matches("http://localhost/callback", "http://localhost:49607/callback"));
}

#[test]
fn ru_04_loopback_hosts_paths_and_schemes_never_mix() {
    let registered = "http://localhost/cb";
    for other in [
        "http://127.0.0.1/cb",
        "http://[::1]:9/cb",
        "https://localhost/cb",
        "http://localhost:9/cb2",
        "http://localhost:9/cb?x=1",
    ] {
        assert!(!matches(registered, other), "{other}");
    }
}

#[test]
fn ru_05_what_only_looks_like_loopback_is_not() {
    for fake in [
        "http://localhost.evil.com/cb",
        "http://127.0.0.1.nip.io/cb",
        "http://127.0.0.1@evil/cb",
        "http://127.0.0.1:80@evil/cb",
        "http://127.1/cb",
        "http://[::ffff:127.0.0.1]/cb",
        "http://0.0.0.0/cb",
        "http://2130706433/cb",
        "http://LOCALHOST/cb",
        "http://localhost:99999/cb",
        "http://localhost:/cb",
    ] {
        assert!(!is_loopback(fake), "{fake}");
        assert!(!matches("http://127.0.0.1/cb", fake) && !matches("http://localhost/cb", fake), "{fake}");
        assert!(rules().check(fake).is_err(), "{fake}");
    }
}

#[test]
fn cn_05_only_a_web_server_elsewhere_is_assured() {
    assert!(is_assured("https://claude.ai/api/mcp/auth_callback"));
    for uri in [
        "http://127.0.0.1/cb",
        "http://localhost:1/cb",
        "https://localhost/cb",
        "https://127.0.0.1:8443/cb",
        "https://[::1]/cb",
        "https://vscode.dev/redirect",
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "com.example.app:/cb",
        "",
    ] {
        assert!(!is_assured(uri), "{uri}");
    }
}

#[test]
fn cn_04_a_loopback_uri_is_remembered_without_its_port() {
    assert_eq!(without_loopback_port("http://127.0.0.1:4711/cb?x"), "http://127.0.0.1/cb?x");
    assert_eq!(without_loopback_port("http://localhost/cb"), "http://localhost/cb");
    assert_eq!(without_loopback_port("https://c.ex:8443/cb"), "https://c.ex:8443/cb");
}

#[test]
fn ru_06_plain_http_is_for_loopback_only() {
    assert!(matches!(rules().check("http://evil.ex/cb"), Err(Unacceptable::Never(_))));
    assert_eq!(rules().check("http://localhost:8787/callback"), Ok(()));
}

#[test]
fn ru_07_private_schemes_need_an_entry() {
    assert_eq!(rules().check("cursor://anysphere.cursor-mcp/oauth/callback"), Ok(()));
    assert_eq!(rules().check("cursor://anysphere.cursor-mcp/oauth/callback2"), Err(Unacceptable::NotAllowed));
    assert_eq!(rules().check("com.example.app:/cb"), Err(Unacceptable::NotAllowed));
}

#[test]
fn ru_08_dangerous_schemes_are_refused_whatever_is_allowed() {
    let rules = RedirectRules { allowed: vec!["*".into(), "javascript:alert(1)".into()], ..rules() };
    for uri in [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://x/y",
        "about:blank",
    ] {
        assert!(matches!(rules.check(uri), Err(Unacceptable::Never(_))), "{uri}");
    }
}

#[test]
fn ru_09_fragments_and_user_information_are_refused() {
    for uri in [
        "http://localhost/cb#x",
        "https://play.ex/#",
        "https://a:b@play.ex/cb",
        "https://a@play.ex/cb",
        "http:localhost/cb",
        "https:/play.ex/x",
        "/cb",
        "",
    ] {
        assert!(matches!(rules().check(uri), Err(Unacceptable::Never(_))), "{uri}");
    }
}

#[test]
fn a_pattern_covers_what_is_below_it_and_no_dot_segments() {
    assert_eq!(rules().check("https://play.ex/a/b"), Ok(()));
    for uri in [
        "https://play.ex.evil/",
        "https://other.ex.evil/",
        "https://play.ex",
        "https://play.ex/../x",
        "https://play.ex/a/%2E%2e/x",
        "https://play.ex/a/..%2f..%2fx",
        "https://play.ex/a/%2E%2E%2Fx",
        "https://play.ex/a/..%5c..%5cx",
        "https://play.ex/a/..;/x",
        "https://play.ex/a/%252e%252e/x",
        "https://other.ex/",
    ] {
        assert!(rules().check(uri).is_err(), "{uri}");
    }
}

#[test]
fn a_first_party_pattern_stands_for_one_label() {
    let pattern = "https://*.lab.ex:8443/.doorward/callback";
    assert!(is_first_party(pattern, "https://wiki.lab.ex:8443/.doorward/callback"));
    for other in [
        "https://lab.ex:8443/.doorward/callback",
        "https://a.b.lab.ex:8443/.doorward/callback",
        "https://.lab.ex:8443/.doorward/callback",
        "https://x@evil.lab.ex:8443/.doorward/callback",
        "https://wiki.lab.ex:8443/.doorward/callback2",
        "https://wiki.lab.ex/.doorward/callback",
        "https://wiki.lab.ex:8443.evil.ex/.doorward/callback",
        "https://evil#.lab.ex:8443/.doorward/callback",
        "http://wiki.lab.ex:8443/.doorward/callback",
    ] {
        assert!(!is_first_party(pattern, other), "{other}");
    }
    assert!(is_first_party("http://127.0.0.1:8080/.doorward/callback", "http://127.0.0.1:8080/.doorward/callback"));
    assert!(!is_first_party("http://127.0.0.1:8080/.doorward/callback", "http://127.0.0.1:8081/.doorward/callback"));
}

#[test]
fn az_10_parameters_are_appended_to_the_query() {
    assert_eq!(
        with_parameters("https://c/cb?x=1", &[("code", "a"), ("state", "ä +%")]),
        "https://c/cb?x=1&code=a&state=%C3%A4+%2B%25"
    );
    assert_eq!(with_parameters("https://c/cb", &[("code", "a")]), "https://c/cb?code=a");
}
