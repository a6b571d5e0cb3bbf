//! A client with a document from the authorization request to its tokens, and which ones an app admits.

use super::{bench, publish, refused_with, rules};
use crate::harness::*;
use oauth::Reply;
use oauth::call::VouchedBy;
use oauth::client::{Authentication, ClientId};
use oauth::store::Store;
use oauth::world::FetchError;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn cm_01_cm_17_cn_02_a_client_with_a_document_is_shown_by_its_host() {
    let bench = bench().await;
    let consent = page_of(bench.ask(&authorization(DOCUMENT)).await);
    assert_eq!(consent.client_name, "Agent");
    assert_eq!(consent.client_id, DOCUMENT);
    assert_eq!(consent.vouched_by, VouchedBy::Document { host: "agent.ex".to_owned() });
    assert_eq!(consent.client_uri.as_deref(), Some("https://agent.ex/about"));
    assert!(consent.loopback);
    assert_eq!(consent.redirect_host.as_deref(), Some("127.0.0.1:7777"));
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
    assert_eq!(
        (kept.name.as_str(), &kept.authentication, kept.may_use(oauth::grant_type::GrantType::RefreshToken)),
        ("Agent", &Authentication::None, true)
    );
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
async fn a_client_whose_document_names_no_refresh_gets_no_refresh_token() {
    let bench = bench().await;
    publish(&bench, &json!({ "grant_types": ["authorization_code"] }));
    assert_eq!(bench.tokens(DOCUMENT).await.refresh, "");
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
