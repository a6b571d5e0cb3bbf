//! RFC 8252 and OAuth 2.1 section 2.3: where codes may go.

use crate::harness::*;
use http::StatusCode;
use oauth::{Reply, redirect_uri};
use serde_json::json;

async fn client_at(bench: &Bench, uris: &[&str]) -> String {
    id(&bench.registered(&json!({ "redirect_uris": uris })).await)
}

/// Asks for a code at `presented`, and says whether that is a redirect URI of the client.
async fn goes_to(bench: &Bench, client: &str, presented: &str) -> bool {
    match bench.ask(&authorization(client).with("redirect_uri", presented)).await {
        oauth::Reply::Consent(consent) => {
            let redirect = redirect_of(bench.press("allow", &consent).await);
            assert!(redirect.location.starts_with(presented), "{}", redirect.location);
            true
        }
        other => {
            assert_eq!(error_page(other), 400);
            false
        }
    }
}

#[tokio::test]
async fn ru_01_az_03_a_redirect_uri_is_compared_as_a_whole() {
    let bench = Bench::new().await;
    let client = client_at(&bench, &["https://play.ex/cb"]).await;
    assert!(goes_to(&bench, &client, "https://play.ex/cb").await);
    for other in [
        "https://play.ex/cb/",
        "https://play.ex/cb?x",
        "https://play.ex/CB",
        "https://play.ex/cb/../cb",
        "https://play.ex/cb@evil",
        "https://play.ex/cb#x",
        "https://play.ex/",
        "https://play.ex:443/cb",
        "https://play.ex/c%62",
        "HTTPS://play.ex/cb",
        "https://evil.ex/cb",
        "https://play.ex/cb https://evil.ex",
    ] {
        assert!(!goes_to(&bench, &client, other).await, "{other}");
    }
}

#[tokio::test]
async fn ru_02_ru_03_a_loopback_redirect_may_be_on_any_port() {
    let bench = Bench::new().await;
    for (registered, presented) in [
        ("http://127.0.0.1/cb", "http://127.0.0.1:54321/cb"),
        ("http://127.0.0.1:1/cb", "http://127.0.0.1:54321/cb"),
        ("http://[::1]/cb", "http://[::1]:54321/cb"),
        ("http://localhost/callback", "http://localhost:49607/callback"),
        ("http://localhost:3118/callback", "http://localhost:49607/callback"),
    ] {
        let client = client_at(&bench, &[registered]).await;
        assert!(goes_to(&bench, &client, presented).await, "{presented}");
    }
}

#[tokio::test]
async fn ru_04_the_rest_of_a_loopback_redirect_is_exact() {
    let bench = Bench::new().await;
    let client = client_at(&bench, &["http://localhost/cb?a=1"]).await;
    for other in [
        "http://127.0.0.1:9/cb?a=1",
        "http://[::1]:9/cb?a=1",
        "https://localhost:9/cb?a=1",
        "http://localhost:9/cb",
        "http://localhost:9/cb?a=2",
        "http://localhost:9/cb2?a=1",
    ] {
        assert!(!goes_to(&bench, &client, other).await, "{other}");
    }
}

#[tokio::test]
async fn ru_05_what_only_looks_like_loopback_is_not() {
    let bench = Bench::new().await;
    let client = client_at(&bench, &["http://127.0.0.1/cb", "http://localhost/cb", "http://[::1]/cb"]).await;
    for fake in [
        "http://localhost.evil.com/cb",
        "http://127.0.0.1.nip.io/cb",
        "http://127.0.0.1@evil.ex/cb",
        "http://127.0.0.1:80@evil.ex/cb",
        "http://localhost:80@evil.ex/cb",
        "http://evil.ex#@127.0.0.1/cb",
        "http://127.1/cb",
        "http://2130706433/cb",
        "http://0x7f.0.0.1/cb",
        "http://[::ffff:127.0.0.1]/cb",
        "http://0.0.0.0/cb",
        "http://LOCALHOST/cb",
        "http://localhost./cb",
        "http://localhost:/cb",
        "http://localhost:+80/cb",
        "http://localhost:99999/cb",
        "http://localhost\\@evil.ex/cb",
        "http://localhost:80\\@evil.ex/cb",
    ] {
        assert!(!goes_to(&bench, &client, fake).await, "{fake}");
        let answer = bench.register(&bench.wiki, &json!({ "redirect_uris": [fake] })).await;
        answer.assert_error(400, "invalid_redirect_uri");
    }
}

#[tokio::test]
async fn ru_06_ru_08_ru_09_dr_08_dangerous_redirects_cannot_be_registered_even_beside_good_ones() {
    let bench = Bench::new().await;
    for bad in [
        "http://evil.ex/cb",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://wiki.ex/x",
        "about:blank",
        "view-source:https://wiki.ex",
        "https://play.ex/cb#fragment",
        "https://play.ex/cb#",
        "https://ada@play.ex/cb",
        "https://ada:pw@play.ex/cb",
        "/relative",
        "",
        "http:localhost/cb",
        "https://play.ex/\u{430}",
    ] {
        for uris in [json!([bad]), json!([REDIRECT, bad])] {
            let answer = bench.register(&bench.wiki, &json!({ "redirect_uris": uris })).await;
            answer.assert_error(400, "invalid_redirect_uri");
        }
    }
}

#[tokio::test]
async fn ru_07_dr_09_cursor_registers_three_uris_and_gets_those_that_are_allowed() {
    let bench = Bench::new().await;
    let hosted = "https://www.cursor.com/agents/mcp/oauth/callback";
    let uris = json!([CURSOR, hosted, "http://localhost:8787/callback"]);
    let client = bench.registered(&json!({ "client_name": "Cursor", "redirect_uris": uris })).await;
    assert_eq!(client["redirect_uris"], json!([CURSOR, "http://localhost:8787/callback"]));
    assert!(goes_to(&bench, &id(&client), CURSOR).await);
    assert!(!goes_to(&bench, &id(&client), hosted).await);
}

#[tokio::test]
async fn ru_07_private_schemes_need_an_entry_of_their_own() {
    let bench = Bench::new().await;
    for uri in ["cursor://anysphere.cursor-mcp/oauth/callback2", "cursor://evil/", "com.example.app:/cb", "myapp:cb"] {
        let answer = bench.register(&bench.wiki, &json!({ "redirect_uris": [uri] })).await;
        answer.assert_error(400, "invalid_redirect_uri");
        assert!(answer.text("error_description").contains("allowed_uris"), "says what an administrator can do");
    }
}

#[tokio::test]
async fn ru_07_an_allowed_prefix_ends_with_its_slash() {
    let mut bench = Bench::new().await;
    let registration = bench.wiki.managed.as_mut().unwrap().registration.as_mut().unwrap();
    registration.redirect_rules.allowed = vec!["https://play.ex/*".into(), "https://open.ex*".into(), "*".into()];
    for uri in ["https://open.ex.evil.ex/cb", "https://play.ex.evil.ex/", "https://play.ex/../cb", "evil:cb"] {
        let answer = bench.register(&bench.wiki, &json!({ "redirect_uris": [uri] })).await;
        answer.assert_error(400, "invalid_redirect_uri");
    }
}

#[tokio::test]
async fn ru_10_a_missing_redirect_uri_means_the_only_one() {
    let bench = Bench::new().await;
    let only = client_at(&bench, &[REDIRECT]).await;
    let code = bench.code_for(&authorization(&only).without("redirect_uri")).await;
    let answer = bench.token(&bench.wiki, &redemption(&only, &code).without("redirect_uri")).await;
    assert_eq!(answer.status, StatusCode::OK);
    let two = client_at(&bench, &[REDIRECT, "http://127.0.0.1/b"]).await;
    assert_eq!(error_page(bench.ask(&authorization(&two).without("redirect_uri")).await), 400);
    assert_eq!(error_page(bench.ask(&authorization(&two).with("redirect_uri", "")).await), 400);
}

#[tokio::test]
async fn ru_11_ru_12_the_token_request_repeats_the_redirect_uri_exactly_or_leaves_it_out() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let code = bench.code(&client).await;
    for other in [
        "http://127.0.0.1:7778/callback",
        "http://127.0.0.1/callback",
        "http://localhost:7777/callback",
        "https://evil.ex",
    ] {
        let form = redemption(&client, &code).with("redirect_uri", other);
        bench.token(&bench.wiki, &form).await.assert_error(400, "invalid_grant");
    }
    let answer = bench.token(&bench.wiki, &redemption(&client, &code).without("redirect_uri")).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn ru_13_the_registration_of_vs_code_works_as_it_is() {
    let bench = Bench::new().await;
    let body = json!({
        "client_name": "Visual Studio Code",
        "client_uri": "https://code.visualstudio.com",
        "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
        "response_types": ["code"],
        "redirect_uris": [
            "https://insiders.vscode.dev/redirect",
            "https://vscode.dev/redirect",
            "http://127.0.0.1/",
            "http://127.0.0.1:33418/"
        ],
        "token_endpoint_auth_method": "none",
        "application_type": "native"
    });
    let client = bench.registered(&body).await;
    assert_eq!(client["redirect_uris"], body["redirect_uris"]);
    for uri in ["http://127.0.0.1:33418/", "http://127.0.0.1:50123/", "https://vscode.dev/redirect"] {
        assert!(goes_to(&bench, &id(&client), uri).await, "{uri}");
    }
}

#[tokio::test]
async fn ru_15_cn_14_the_page_says_where_the_code_goes() {
    let bench = Bench::new().await;
    let uris = ["http://127.0.0.1/cb", "https://play.ex/cb", CURSOR];
    let client = client_at(&bench, &uris).await;
    for (uri, host, loopback) in [
        ("http://127.0.0.1:5/cb", "127.0.0.1:5", true),
        ("https://play.ex/cb", "play.ex", false),
        (CURSOR, "cursor:", false),
    ] {
        let consent = page_of(bench.ask(&authorization(&client).with("redirect_uri", uri)).await);
        assert_eq!((consent.redirect_host.as_deref(), consent.loopback), (Some(host), loopback));
    }
}

/// AZ-20: browsers hold the redirect after a form against `form-action`.
#[tokio::test]
async fn az_20_the_page_knows_the_csp_source_of_the_redirect() {
    let bench = Bench::new().await;
    let client = client_at(&bench, &["http://127.0.0.1/cb", CURSOR]).await;
    for (uri, source) in [("http://127.0.0.1:5/cb", "http://127.0.0.1:5"), (CURSOR, "cursor:")] {
        let consent = page_of(bench.ask(&authorization(&client).with("redirect_uri", uri)).await);
        assert_eq!(consent.form_target.as_deref(), Some(source));
    }
}

#[tokio::test]
async fn ru_02_the_browser_client_has_no_port_to_choose() {
    let mut bench = Bench::new().await;
    bench.wiki.browser_redirect_uris = vec!["http://127.0.0.1:8080/.doorward/callback".to_owned()];
    let query = authorization("doorward-browser").with("redirect_uri", "http://127.0.0.1:9999/.doorward/callback");
    assert!(redirect_uri::is_loopback("http://127.0.0.1:9999/.doorward/callback"));
    assert_eq!(error_page(bench.ask(&query).await), 400);
    let query = query.with("redirect_uri", "http://127.0.0.1:8080/.doorward/callback");
    assert!(redirect_of(bench.ask(&query).await).parameter("code").is_some());
}

#[tokio::test]
async fn ru_01_what_is_no_longer_allowed_is_no_longer_a_place_for_codes() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    let before = bench.ask(&authorization(&client)).await;
    assert!(matches!(before, Reply::Consent(_)), "{before:?}");
    let registration = bench.wiki.managed.as_mut().unwrap().registration.as_mut().unwrap();
    registration.redirect_rules = oauth::redirect_uri::RedirectRules::default();
    let after = bench.ask(&authorization(&client)).await;
    assert!(matches!(after, Reply::Page(_)), "{after:?}");
}
