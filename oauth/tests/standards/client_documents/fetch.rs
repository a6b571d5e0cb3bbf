//! When a document is fetched, kept and not asked for (sections 5 and 8.6).

use super::{bench, publish, refused};
use crate::harness::*;
use http::{HeaderValue, StatusCode};
use oauth::Reply;
use oauth::call::VouchedBy;
use oauth::world::{FetchError, Fetched};
use serde_json::json;
use std::time::Duration;

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
async fn cm_21_nothing_is_fetched_before_somebody_signs_in() {
    let bench = bench().await;
    let reply = bench.ask_as(&bench.wiki, None, &authorization(DOCUMENT)).await;
    assert!(matches!(&reply, Reply::LoginRequired { client: Some(host), .. } if host == "agent.ex"), "{reply:?}");
    assert!(bench.published.asked().is_empty());
    bench.ask(&authorization(DOCUMENT)).await;
    let reply = bench.ask_as(&bench.wiki, None, &authorization(DOCUMENT)).await;
    assert!(
        matches!(&reply, Reply::LoginRequired { client: Some(host), .. } if host == "agent.ex"),
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
