//! draft-ietf-oauth-client-id-metadata-document: clients whose id is the URL of a document about them.

use crate::harness::*;
use http::{HeaderValue, StatusCode};
use oauth::Reply;
use oauth::app::DocumentRules;
use oauth::call::VouchedBy;
use oauth::client::{Authentication, ClientId};
use oauth::store::Store;
use oauth::world::{FetchError, Fetched};
use serde_json::{Value, json};
use std::time::Duration;

/// A bench whose wiki admits documents, with one at [`DOCUMENT`].
async fn bench() -> Bench {
    let mut bench = Bench::new().await;
    bench.wiki.managed.as_mut().unwrap().client_documents = Some(any_document());
    bench.published.put(DOCUMENT, &document(DOCUMENT));
    bench
}

fn rules(bench: &mut Bench) -> &mut DocumentRules {
    bench.wiki.managed.as_mut().unwrap().client_documents.as_mut().unwrap()
}

/// Publishes the usual document with some members replaced; `null` takes one out.
fn publish(bench: &Bench, changes: &Value) {
    let mut changed = document(DOCUMENT);
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(changed.as_object_mut().unwrap().remove(name)),
            value => changed[name] = value.clone(),
        }
    }
    bench.published.put(DOCUMENT, &changed);
}

/// Asks with the client at [`DOCUMENT`]: an error page without redirect, whose text this is.
async fn refused(bench: &Bench) -> String {
    refused_with(bench, &authorization(DOCUMENT)).await
}

async fn refused_with(bench: &Bench, query: &Fields) -> String {
    match bench.ask(query).await {
        Reply::Page(error) => {
            assert_eq!(error.code.page_status(), StatusCode::BAD_REQUEST);
            error.description
        }
        other => panic!("no error page but {other:?}"),
    }
}

#[tokio::test]
async fn cm_01_cm_17_cn_02_a_client_with_a_document_is_shown_by_its_host() {
    let bench = bench().await;
    let consent = page_of(bench.ask(&authorization(DOCUMENT)).await);
    assert_eq!(consent.client_name, "Agent");
    assert_eq!(consent.client_id, DOCUMENT);
    assert_eq!(consent.vouched_by, VouchedBy::Document { host: "agent.ex".to_owned() });
    assert_eq!(consent.client_uri.as_deref(), Some("https://agent.ex/about"));
    assert!(consent.loopback);
    assert_eq!(consent.redirect_host, "127.0.0.1:7777");
}

#[tokio::test]
async fn cm_01_cm_24_a_code_a_refresh_and_a_token_hold_the_url_as_client_id() {
    let bench = bench().await;
    let tokens = bench.tokens(DOCUMENT).await;
    assert_eq!(bench.present(&bench.wiki, &tokens.access).await.unwrap().client_id, DOCUMENT);
    let next = bench.refresh(DOCUMENT, &tokens.refresh).await.tokens();
    assert_eq!(bench.present(&bench.wiki, &next.access).await.unwrap().client_id, DOCUMENT);
    assert_eq!(bench.published.asked(), [DOCUMENT], "fetched once, and never for a token");
}

#[tokio::test]
async fn cm_24_what_was_kept_at_the_code_is_found_without_the_network() {
    let mut bench = bench().await;
    let tokens = bench.tokens(DOCUMENT).await;
    let kept = bench.store.client("wiki", &ClientId::new(DOCUMENT)).await.unwrap().unwrap();
    assert_eq!((kept.name.as_str(), &kept.authentication, kept.refreshes), ("Agent", &Authentication::None, true));
    assert_eq!(kept.redirect_uris, [REDIRECT]);
    bench.published.fail(DOCUMENT, FetchError::Failed("down".to_owned()));
    bench.later(Duration::from_secs(3 * 24 * 3600));
    bench.refresh(DOCUMENT, &tokens.refresh).await.tokens();
    assert_eq!(bench.published.asked().len(), 1);
}

#[tokio::test]
async fn cm_24_a_url_is_unknown_at_the_token_endpoint_until_a_code_was_given() {
    let bench = bench().await;
    let answer = bench.token(&bench.wiki, &redemption(DOCUMENT, "dw_a_x")).await;
    answer.assert_error(401, "invalid_client");
    bench.ask(&authorization(DOCUMENT)).await;
    let answer = bench.token(&bench.wiki, &redemption(DOCUMENT, "dw_a_x")).await;
    answer.assert_error(401, "invalid_client");
    assert_eq!(bench.published.asked().len(), 1, "the token endpoint fetches nothing");
}

#[tokio::test]
async fn a_public_client_with_a_document_sends_no_secret() {
    let bench = bench().await;
    let code = bench.code(DOCUMENT).await;
    let form = redemption(DOCUMENT, &code).with("client_secret", "x");
    bench.token(&bench.wiki, &form).await.assert_error(401, "invalid_client");
}

#[tokio::test]
async fn a_code_of_one_document_is_not_redeemed_by_another() {
    let bench = bench().await;
    let other = "https://agent.ex/other.json";
    bench.published.put(other, &document(other));
    bench.tokens(other).await;
    let code = bench.code(DOCUMENT).await;
    bench.token(&bench.wiki, &redemption(other, &code)).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn cm_02_a_url_of_the_wrong_shape_is_refused_and_not_fetched() {
    let bench = bench().await;
    let long = format!("https://agent.ex/{}", "a".repeat(512));
    for bad in [
        "https://agent.ex",
        "https://agent.ex/",
        "https://agent.ex/a/../client.json",
        "https://agent.ex/%2e%2e/client.json",
        "https://agent.ex/./client.json",
        "https://agent.ex/client.json#x",
        "https://ada@agent.ex/client.json",
        "https://ada:pw@agent.ex/client.json",
        "https://AGENT.ex/client.json",
        "https://agent.ex:443/client.json",
        "https://agent.ex\\client.json",
        "https://127.0.0.1/client.json",
        "https://169.254.169.254/client.json",
        "https://[::ffff:10.0.0.1]/client.json",
        "https://0x7f.1/client.json",
        "https://localhost/client.json",
        "http://agent.ex/client.json",
        "HTTPS://agent.ex/client.json",
        &long,
    ] {
        for person in [None, Some(&bench.ada)] {
            assert_eq!(error_page(bench.ask_as(&bench.wiki, person, &authorization(bad)).await), 400, "{bad}");
        }
    }
    assert!(bench.published.asked().is_empty());
}

#[tokio::test]
async fn cm_02_a_port_and_a_query_are_part_of_the_id() {
    let bench = bench().await;
    for url in ["https://agent.ex:8443/client.json", "https://agent.ex/client.json?v=2"] {
        bench.published.put(url, &document(url));
        page_of(bench.ask(&authorization(url)).await);
    }
}

#[tokio::test]
async fn cm_03_the_document_names_its_own_url() {
    let bench = bench().await;
    for other in [
        json!("https://agent.ex/client.json/"),
        json!("https://AGENT.ex/client.json"),
        json!("https://agent.ex:443/client.json"),
        json!("https://evil.ex/client.json"),
        json!([DOCUMENT]),
        Value::Null,
    ] {
        publish(&bench, &json!({ "client_id": other }));
        assert!(refused(&bench).await.contains("client_id"), "{other}");
    }
}

#[tokio::test]
async fn cm_04_name_and_redirect_uris_are_required() {
    let bench = bench().await;
    for name in [Value::Null, json!(""), json!("\u{202e}\u{200b} "), json!(1), json!(["x"])] {
        publish(&bench, &json!({ "client_name": name }));
        assert!(refused(&bench).await.contains("client_name"), "{name}");
    }
    let many = vec!["http://localhost/cb"; 33];
    for uris in [Value::Null, json!([]), json!(REDIRECT), json!([REDIRECT, 1]), json!([REDIRECT, null]), json!(many)] {
        publish(&bench, &json!({ "redirect_uris": uris }));
        assert!(refused(&bench).await.contains("redirect_uris"), "{uris}");
    }
}

#[tokio::test]
async fn cm_04_one_dangerous_redirect_uri_refuses_the_document() {
    let bench = bench().await;
    for bad in [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "http://evil.ex/cb",
        "https://ada@agent.ex/cb",
        "https://agent.ex/cb#x",
        "/cb",
    ] {
        publish(&bench, &json!({ "redirect_uris": [REDIRECT, bad] }));
        assert!(refused(&bench).await.contains("redirect_uris"), "{bad}");
    }
}

#[tokio::test]
async fn cm_05_cm_22_only_a_200_counts() {
    let bench = bench().await;
    for status in [201, 202, 203, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 500, 503] {
        bench.published.answer(DOCUMENT, Fetched { status, ..json_answer(&document(DOCUMENT)) });
        assert!(refused(&bench).await.contains(&status.to_string()));
        // So that the budget of the host does not end.
        assert!(bench.published.asked().len() <= 17);
    }
}

#[tokio::test]
async fn cm_06_the_content_type_is_json() {
    let mut bench = bench().await;
    for (kind, good) in [
        (Some("application/json"), true),
        (Some("application/json; charset=utf-8"), true),
        (Some("Application/JSON"), true),
        (Some("application/ld+json"), true),
        (Some("text/html"), false),
        (Some("text/plain"), false),
        (Some("text/json"), false),
        (Some("application/jsonp"), false),
        (Some("application/xml; json"), false),
        (None, false),
    ] {
        let content_type = kind.map(str::to_owned);
        bench.published.answer(DOCUMENT, Fetched { content_type, ..json_answer(&document(DOCUMENT)) });
        let reply = bench.ask(&authorization(DOCUMENT)).await;
        assert_eq!(matches!(reply, Reply::Consent(_)), good, "{kind:?}");
        bench.later(Duration::from_secs(3600));
    }
}

#[tokio::test]
async fn cm_06_cm_23_the_body_is_one_strict_json_object() {
    let bench = bench().await;
    let good = document(DOCUMENT).to_string();
    let twice = good.replacen('{', r#"{"client_id":"https://evil.ex/c","#, 1);
    let deep = good.replacen('{', &format!("{{\"x\":{}{},", "[".repeat(9), "]".repeat(9)), 1);
    let wide = good.replacen('{', &format!("{{\"x\":[{}],", ["1"; 65].join(",")), 1);
    for bad in
        [&twice, &deep, &wide, &format!("[{good}]"), &format!("{good}{good}"), &"<html>".to_owned(), &String::new()]
    {
        let body = bad.clone().into();
        bench.published.answer(DOCUMENT, Fetched { body, ..json_answer(&Value::Null) });
        assert!(refused(&bench).await.contains("JSON"), "{bad}");
    }
}

#[tokio::test]
async fn cm_07_a_large_document_is_refused() {
    let mut bench = bench().await;
    let pad = |size: usize| {
        let body = document(DOCUMENT).to_string();
        format!("{body}{}", " ".repeat(size - body.len()))
    };
    bench.published.answer(DOCUMENT, Fetched { body: pad(64 * 1024 + 1).into(), ..json_answer(&Value::Null) });
    assert!(refused(&bench).await.contains("too large"));
    bench.published.answer(DOCUMENT, Fetched { body: pad(64 * 1024).into(), ..json_answer(&Value::Null) });
    page_of(bench.ask(&authorization(DOCUMENT)).await);
    bench.later(Duration::from_secs(3600));
    bench.published.fail(DOCUMENT, FetchError::TooLarge(64 * 1024));
    refused(&bench).await;
}

#[tokio::test]
async fn cm_09_nothing_secret_is_in_a_document() {
    let bench = bench().await;
    for secret in [
        json!({ "client_secret": "x" }),
        json!({ "client_secret": "" }),
        json!({ "client_secret_expires_at": 0 }),
        json!({ "token_endpoint_auth_method": "client_secret_basic" }),
        json!({ "token_endpoint_auth_method": "client_secret_post" }),
        json!({ "token_endpoint_auth_method": "client_secret_jwt" }),
        json!({ "token_endpoint_auth_methods_supported": ["none", "client_secret_post"] }),
        json!({ "token_endpoint_auth_method": "client_secret_post", "token_endpoint_auth_methods_supported": ["none"] }),
    ] {
        publish(&bench, &secret);
        assert!(refused(&bench).await.contains("secret"), "{secret}");
    }
}

#[tokio::test]
async fn cm_11_a_document_is_kept_as_its_host_says_within_bounds() {
    for (max_age, kept, gone) in
        [(None, 299, 300), (Some(0), 59, 60), (Some(600), 599, 600), (Some(10 * 24 * 3600), 24 * 3600 - 1, 24 * 3600)]
    {
        let mut bench = bench().await;
        let max_age = max_age.map(Duration::from_secs);
        bench.published.answer(DOCUMENT, Fetched { max_age, ..json_answer(&document(DOCUMENT)) });
        page_of(bench.ask(&authorization(DOCUMENT)).await);
        bench.later(Duration::from_secs(kept));
        page_of(bench.ask(&authorization(DOCUMENT)).await);
        assert_eq!(bench.published.asked().len(), 1, "{max_age:?}");
        bench.later(Duration::from_secs(gone - kept));
        page_of(bench.ask(&authorization(DOCUMENT)).await);
        assert_eq!(bench.published.asked().len(), 2, "{max_age:?}");
    }
}

#[tokio::test]
async fn cm_12_errors_and_invalid_documents_are_not_kept() {
    let bench = bench().await;
    for bad in [
        Fetched { status: 500, max_age: Some(Duration::from_secs(3600)), ..json_answer(&document(DOCUMENT)) },
        Fetched { max_age: Some(Duration::from_secs(3600)), ..json_answer(&json!({})) },
    ] {
        bench.published.answer(DOCUMENT, bad);
        refused(&bench).await;
    }
    bench.published.fail(DOCUMENT, FetchError::Failed("timeout".to_owned()));
    refused(&bench).await;
    bench.published.put(DOCUMENT, &document(DOCUMENT));
    page_of(bench.ask(&authorization(DOCUMENT)).await);
}

#[tokio::test]
async fn cm_13_cm_20_cm_22_what_kept_a_document_from_being_fetched_is_for_the_log_alone() {
    let bench = bench().await;
    let mut texts = Vec::new();
    for error in [
        FetchError::Forbidden("agent.ex has the address 10.0.0.7".to_owned()),
        FetchError::Failed("10.0.0.7: connection refused".to_owned()),
        FetchError::TooLarge(65_536),
    ] {
        bench.published.fail(DOCUMENT, error.clone());
        let Reply::Page(page) = bench.ask(&authorization(DOCUMENT)).await else { panic!() };
        assert!(page.log.contains(&error.to_string()) && page.log.contains(DOCUMENT), "{}", page.log);
        assert!(page.description.contains("must be able to reach it"));
        texts.push(page.description);
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "nobody can map the network behind the gateway by these pages");
}

#[tokio::test]
async fn cm_14_dr_19_no_other_url_of_a_document_is_fetched() {
    let bench = bench().await;
    let inside = "https://169.254.169.254/latest";
    publish(
        &bench,
        &json!({ "jwks_uri": inside, "logo_uri": inside, "policy_uri": inside, "tos_uri": inside, "client_uri": inside }),
    );
    let consent = page_of(bench.ask(&authorization(DOCUMENT)).await);
    assert_eq!(consent.client_uri, None, "a web site elsewhere would borrow its name");
    bench.tokens(DOCUMENT).await;
    assert_eq!(bench.published.asked(), [DOCUMENT]);
}

#[tokio::test]
async fn cm_16_ru_03_a_redirect_uri_is_one_of_the_document() {
    let bench = bench().await;
    publish(&bench, &json!({ "redirect_uris": ["http://localhost/callback", "https://agent.ex/cb"] }));
    for (uri, good) in [
        ("http://localhost:49607/callback", true),
        ("https://agent.ex/cb", true),
        ("http://127.0.0.1:49607/callback", false),
        ("http://localhost:49607/callback2", false),
        ("https://agent.ex/cb/", false),
        ("https://agent.ex:8443/cb", false),
        ("https://agent.ex.evil.ex/cb", false),
        ("https://evil.ex/cb", false),
    ] {
        let query = authorization(DOCUMENT).with("redirect_uri", uri);
        match bench.ask(&query).await {
            Reply::Consent(_) if good => {}
            Reply::Page(_) if !good => {}
            other => panic!("{uri}: {other:?}"),
        }
    }
    refused_with(&bench, &authorization(DOCUMENT).without("redirect_uri")).await;
}

#[tokio::test]
async fn ru_07_a_private_scheme_needs_an_owner_or_an_administrator() {
    let bench = bench().await;
    publish(&bench, &json!({ "redirect_uris": [CURSOR, "evil:/cb", "com.example.app:/cb", REDIRECT] }));
    for (uri, good) in [(CURSOR, true), ("com.example.app:/cb", true), ("evil:/cb", false)] {
        let reply = bench.ask(&authorization(DOCUMENT).with("redirect_uri", uri)).await;
        assert_eq!(matches!(reply, Reply::Consent(_)), good, "{uri}");
    }
}

#[tokio::test]
async fn cm_18_only_hosts_on_the_list_vouch_for_clients() {
    let mut bench = bench().await;
    let claude = "https://claude.ai/oauth/claude-code-client-metadata";
    rules(&mut bench).allowed_domains = vec!["claude.ai".to_owned(), "*.corp.ex".to_owned()];
    for (url, good) in [
        (DOCUMENT, false),
        ("https://claude.ai.evil.ex/c", false),
        ("https://evil-claude.ai/c", false),
        ("https://x.claude.ai/c", false),
        ("https://corp.ex/c", false),
        ("https://a.b.corp.ex/c", false),
        ("https://a.corp.ex/c", true),
        ("https://chatgpt.com/oauth/codex/client.json", false),
    ] {
        bench.published.put(url, &document(url));
        let reply = bench.ask(&authorization(url)).await;
        assert_eq!(matches!(reply, Reply::Consent(_)), good, "{url}: {reply:?}");
    }
    assert_eq!(bench.published.asked(), ["https://a.corp.ex/c"], "nobody else is asked");
    page_of(bench.ask(&authorization(claude).with("redirect_uri", "http://localhost:1/callback")).await);
}

#[tokio::test]
async fn cm_18_taking_a_host_off_the_list_ends_its_clients() {
    let mut bench = bench().await;
    let tokens = bench.tokens(DOCUMENT).await;
    let code = bench.code(DOCUMENT).await;
    let consent = page_of(bench.ask(&authorization(DOCUMENT)).await);
    rules(&mut bench).allowed_domains = vec!["other.ex".to_owned()];
    assert_eq!(error_page(bench.press("allow", &consent).await), 400);
    bench.token(&bench.wiki, &redemption(DOCUMENT, &code)).await.assert_error(401, "invalid_client");
    bench.refresh(DOCUMENT, &tokens.refresh).await.assert_error(401, "invalid_client");
    bench.wiki.managed.as_mut().unwrap().client_documents = None;
    assert_eq!(error_page(bench.press("allow", &consent).await), 400);
    bench.refresh(DOCUMENT, &tokens.refresh).await.assert_error(401, "invalid_client");
    bench.wiki.managed.as_mut().unwrap().client_documents = Some(any_document());
    bench.refresh(DOCUMENT, &tokens.refresh).await.tokens();
}

#[tokio::test]
async fn cm_19_the_newest_document_counts() {
    let mut bench = bench().await;
    bench.tokens(DOCUMENT).await;
    publish(&bench, &json!({ "client_name": "Renamed", "redirect_uris": ["http://localhost/new"] }));
    bench.later(Duration::from_secs(3600));
    refused_with(&bench, &authorization(DOCUMENT)).await;
    let query = authorization(DOCUMENT).with("redirect_uri", "http://localhost:5/new");
    let consent = page_of(bench.ask(&query).await);
    assert_eq!(consent.client_name, "Renamed", "asked again, whatever was agreed to before");
    redirect_of(bench.press("allow", &consent).await);
    let kept = bench.store.client("wiki", &ClientId::new(DOCUMENT)).await.unwrap().unwrap();
    assert_eq!(
        (kept.name.as_str(), kept.redirect_uris.as_slice()),
        ("Renamed", &["http://localhost:5/new".to_owned()][..])
    );
}

#[tokio::test]
async fn cm_20_cm_25_well_known_agents_need_no_network() {
    let bench = bench().await;
    for (url, redirect_uri, host) in [
        ("https://claude.ai/oauth/claude-code-client-metadata", "http://localhost:49607/callback", "claude.ai"),
        ("https://claude.ai/oauth/claude-code-client-metadata", "http://127.0.0.1:49607/callback", "claude.ai"),
        ("https://claude.ai/oauth/mcp-oauth-client-metadata", "https://claude.ai/api/mcp/auth_callback", "claude.ai"),
        ("https://chatgpt.com/oauth/codex/client.json", "http://127.0.0.1:1455/callback", "chatgpt.com"),
        (
            "https://chatgpt.com/oauth/client.json",
            "https://chatgpt.com/connector_platform_oauth_redirect",
            "chatgpt.com",
        ),
        ("https://vscode.dev/oauth/client-metadata.json", "http://127.0.0.1:33418/", "vscode.dev"),
        ("https://vscode.dev/oauth/client-metadata.json", "http://127.0.0.1:51234/", "vscode.dev"),
        ("https://vscode.dev/oauth/client-metadata.json", "https://vscode.dev/redirect", "vscode.dev"),
        ("https://zed.dev/oauth/client-metadata.json", "http://127.0.0.1:4000/callback", "zed.dev"),
        ("https://opencode.ai/oauth/opencode/client.json", "http://127.0.0.1:4000/callback", "opencode.ai"),
    ] {
        let query = authorization(url).with("redirect_uri", redirect_uri);
        let consent = page_of(bench.ask(&query).await);
        assert_eq!(consent.vouched_by, VouchedBy::Pinned { host: host.to_owned() }, "{url}");
        let code = redirect_of(bench.press("allow", &consent).await).parameter("code").unwrap();
        let form = redemption(url, &code).with("redirect_uri", redirect_uri);
        let tokens = bench.token(&bench.wiki, &form).await.tokens();
        bench.refresh(url, &tokens.refresh).await.tokens();
    }
    assert!(bench.published.asked().is_empty());
}

#[tokio::test]
async fn cm_16_cm_20_a_pinned_client_has_its_own_redirect_uris_alone() {
    let bench = bench().await;
    let url = "https://claude.ai/oauth/claude-code-client-metadata";
    for uri in ["https://evil.ex/callback", "http://localhost:1/other", "http://[::1]:1/callback"] {
        for person in [None, Some(&bench.ada)] {
            let query = authorization(url).with("redirect_uri", uri);
            assert_eq!(error_page(bench.ask_as(&bench.wiki, person, &query).await), 400);
        }
    }
    assert!(bench.published.asked().is_empty());
}

#[tokio::test]
async fn cm_21_nothing_is_fetched_before_somebody_signs_in() {
    let bench = bench().await;
    let reply = bench.ask_as(&bench.wiki, None, &authorization(DOCUMENT)).await;
    assert!(matches!(&reply, Reply::LoginRequired { client: Some(host) } if host == "agent.ex"), "{reply:?}");
    assert!(bench.published.asked().is_empty());
    bench.ask(&authorization(DOCUMENT)).await;
    let reply = bench.ask_as(&bench.wiki, None, &authorization(DOCUMENT)).await;
    assert!(
        matches!(&reply, Reply::LoginRequired { client: Some(host) } if host == "agent.ex"),
        "kept or not: {reply:?}"
    );
}

#[tokio::test]
async fn cm_21_a_thousand_requests_are_one_fetch() {
    let bench = bench().await;
    let bench = std::sync::Arc::new(bench);
    let asking = (0..1000).map(|_| {
        let bench = bench.clone();
        tokio::spawn(async move { page_of(bench.ask(&authorization(DOCUMENT)).await).client_name })
    });
    for asked in asking.collect::<Vec<_>>() {
        assert_eq!(asked.await.unwrap(), "Agent");
    }
    assert_eq!(bench.published.asked().len(), 1);
}

#[tokio::test]
async fn cm_21_a_failed_fetch_is_shared_by_those_who_waited() {
    let bench = bench().await;
    bench.published.fail(DOCUMENT, FetchError::Failed("timeout".to_owned()));
    let bench = std::sync::Arc::new(bench);
    let asking = (0..100).map(|_| {
        let bench = bench.clone();
        tokio::spawn(async move { error_page(bench.ask(&authorization(DOCUMENT)).await) })
    });
    for asked in asking.collect::<Vec<_>>() {
        assert_eq!(asked.await.unwrap(), 400);
    }
    assert_eq!(bench.published.asked().len(), 1);
}

#[tokio::test]
async fn cm_21_a_host_is_asked_so_often_in_a_minute_and_no_more() {
    let mut bench = bench().await;
    let more = authorization("https://victim.ex/more");
    for n in 0..20 {
        assert_eq!(error_page(bench.ask(&authorization(&format!("https://victim.ex/{n}"))).await), 400);
    }
    let Reply::Page(error) = bench.ask(&more).await else { panic!() };
    assert_eq!(error.code.page_status(), StatusCode::TOO_MANY_REQUESTS);
    let response = error.into_response();
    assert_eq!(response.headers().get("retry-after"), Some(&HeaderValue::from_static("60")));
    assert_eq!(bench.published.asked().len(), 20);
    page_of(bench.ask(&authorization(DOCUMENT)).await);
    bench.later(Duration::from_secs(60));
    assert_eq!(error_page(bench.ask(&more).await), 400);
    assert_eq!(bench.published.asked().len(), 22);
}

#[tokio::test]
async fn cm_26_the_document_of_chatgpt_makes_a_public_client() {
    let bench = bench().await;
    let url = "https://chatgpt.com/oauth/abc/client.json";
    let redirect_uri = "https://chatgpt.com/connector/oauth/abc";
    bench.published.put(
        url,
        &json!({
            "client_id": url,
            "client_name": "ChatGPT",
            "client_uri": "https://chatgpt.com",
            "redirect_uris": [redirect_uri],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
            "token_endpoint_auth_signing_alg": "RS256",
            "jwks_uri": "https://chatgpt.com/oauth/jwks.json",
        }),
    );
    let query = authorization(url).with("redirect_uri", redirect_uri);
    let consent = page_of(bench.ask(&query).await);
    assert!(!consent.loopback);
    let code = redirect_of(bench.press("allow", &consent).await).parameter("code").unwrap();
    let form = redemption(url, &code).with("redirect_uri", redirect_uri);
    bench.token(&bench.wiki, &form).await.tokens();
}

#[tokio::test]
async fn cm_27_a_document_that_can_only_sign_is_refused_by_name() {
    let bench = bench().await;
    let key = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": "x", "y": "y" }] });
    for methods in [
        json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": key }),
        json!({ "token_endpoint_auth_method": "private_key_jwt" }),
        json!({ "token_endpoint_auth_methods_supported": ["private_key_jwt"] }),
        json!({ "token_endpoint_auth_methods_supported": [] }),
        json!({ "token_endpoint_auth_method": "tls_client_auth" }),
    ] {
        publish(&bench, &methods);
        assert!(refused(&bench).await.contains("authentication method"), "{methods}");
    }
    publish(&bench, &json!({ "token_endpoint_auth_methods_supported": ["none", 1] }));
    assert!(refused(&bench).await.contains("strings"));
}

#[tokio::test]
async fn cm_28_a_document_without_a_method_is_public_by_a_switch() {
    let mut bench = bench().await;
    publish(&bench, &json!({ "token_endpoint_auth_method": null }));
    page_of(bench.ask(&authorization(DOCUMENT)).await);
    rules(&mut bench).implicit_none = false;
    assert!(refused(&bench).await.contains("token_endpoint_auth_method"));
}

#[tokio::test]
async fn cm_29_private_keys_in_a_document_refuse_it() {
    let bench = bench().await;
    let public = json!({ "kty": "OKP", "crv": "Ed25519", "x": "x", "x5c": ["x"] });
    publish(&bench, &json!({ "jwks": { "keys": [public] } }));
    page_of(bench.ask(&authorization(DOCUMENT)).await);
    let mut bench = bench;
    bench.later(Duration::from_secs(3600));
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] {
        let mut private = public.clone();
        private[member] = json!("x");
        publish(&bench, &json!({ "jwks": { "keys": [public, private] } }));
        assert!(refused(&bench).await.contains("private keys"), "{member}");
    }
    for jwks in [json!({ "keys": [{ "kty": "oct" }] }), json!({}), json!([]), json!("x")] {
        publish(&bench, &json!({ "jwks": jwks }));
        assert!(refused(&bench).await.contains("jwks"), "{jwks}");
    }
}

#[tokio::test]
async fn a_document_for_another_flow_is_refused() {
    let bench = bench().await;
    for flow in [
        json!({ "grant_types": ["client_credentials"] }),
        json!({ "grant_types": "authorization_code" }),
        json!({ "response_types": ["token"] }),
    ] {
        publish(&bench, &flow);
        assert!(refused(&bench).await.contains("authorization code"), "{flow}");
    }
}

#[tokio::test]
async fn a_client_whose_document_names_no_refresh_gets_no_refresh_token() {
    let bench = bench().await;
    publish(&bench, &json!({ "grant_types": ["authorization_code"] }));
    assert_eq!(bench.tokens(DOCUMENT).await.refresh, "");
}

#[tokio::test]
async fn dr_17_the_name_in_a_document_is_cleaned() {
    let bench = bench().await;
    publish(&bench, &json!({ "client_name": "Ag\u{202e}ent\u{0}\u{200b}" }));
    assert_eq!(page_of(bench.ask(&authorization(DOCUMENT)).await).client_name, "Agent");
}

#[tokio::test]
async fn a_document_is_admitted_at_one_app_and_off_at_another() {
    let bench = bench().await;
    let reply = bench.ask_as(&bench.mail, Some(&bench.ada), &authorization(DOCUMENT)).await;
    assert_eq!(error_page(reply), 400);
    bench.tokens(DOCUMENT).await;
    bench.token(&bench.mail, &redemption(DOCUMENT, "dw_a_x")).await.assert_error(401, "invalid_client");
    assert!(bench.store.client("mail", &ClientId::new(DOCUMENT)).await.unwrap().is_none());
}

#[tokio::test]
async fn a_broken_store_gives_no_code_to_a_client_that_it_did_not_keep() {
    let bench = bench().await;
    let consent = page_of(bench.ask(&authorization(DOCUMENT)).await);
    bench.store.set(Fault::Nth(0));
    assert_eq!(error_page(bench.press("allow", &consent).await), 503);
    redirect_of(bench.press("allow", &consent).await);
}

#[tokio::test]
async fn cn_09_deny_keeps_nothing() {
    let bench = bench().await;
    let consent = page_of(bench.ask(&authorization(DOCUMENT)).await);
    redirect_of(bench.press("deny", &consent).await).assert_error("access_denied");
    assert!(bench.store.client("wiki", &ClientId::new(DOCUMENT)).await.unwrap().is_none());
}
