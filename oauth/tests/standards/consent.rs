//! MCP security best practices, OAuth 2.1 section 7: no code without a person who was asked, and who answered themselves.

use crate::harness::*;
use http::{StatusCode, header};
use oauth::app::CONSENT_LIFETIME;
use oauth::call::Person;

/// The same person in another browser, and somebody else.
fn others() -> [Person; 3] {
    [person("ada", "sso-of-ada-elsewhere"), person("eve", "sso-of-eve"), person("eve", "sso-of-ada")]
}

#[tokio::test]
async fn cn_01_cn_05_the_person_is_asked_every_time() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    for _ in 0..3 {
        let consent = page_of(bench.ask(&authorization(&client)).await);
        assert!(redirect_of(bench.press("allow", &consent).await).parameter("code").is_some());
    }
}

#[tokio::test]
async fn cn_02_ri_12_the_page_says_who_wants_what_where_and_for_how_long() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let consent = page_of(bench.ask(&authorization(&client).with("scope", "wiki:write offline_access")).await);
    assert_eq!((consent.client_name.as_str(), consent.client_id.as_str()), ("Test", client.as_str()));
    assert_eq!((consent.redirect_host.as_deref(), consent.loopback), (Some("127.0.0.1:7777"), true));
    assert_eq!((consent.resource.as_str(), consent.lifetime), (WIKI, GRANT_DURATION));
    assert_eq!(consent.without_refresh, Some(ACCESS_TOKEN_LIFETIME));
    let shown: Vec<_> = consent.scopes.iter().map(|scope| scope.name.as_str()).collect();
    assert_eq!(shown, ["wiki:write"], "`offline_access` is about how long");
    assert!(consent.scopes.iter().all(|scope| !scope.description.is_empty()));
}

#[tokio::test]
async fn cn_03_a_forged_changed_or_missing_form_is_refused() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let good = page_of(bench.ask(&authorization(&client)).await).token;
    let mut changed = good.clone();
    changed.replace_range(40..41, if &changed[40..41] == "A" { "B" } else { "A" });
    let sealed_for_another_purpose = bench.server.keys.sealer(bench.now).seal("login", &1, &*bench.server.random);
    for bad in ["", "x", &changed, &good[1..], &good[..good.len() - 1], &sealed_for_another_purpose] {
        assert_eq!(error_page(bench.press_as(&bench.wiki, Some(&bench.ada), "allow", bad).await), 403);
    }
    let ask = |form: Fields| bench.authorization(&bench.wiki, Some(&bench.ada), form.post());
    assert_eq!(error_page(ask(fields([("decision", "allow")])).await), 403);
    let form = fields([("consent", good.as_str()), ("decision", "deny"), ("decision", "allow")]);
    assert_eq!(error_page(ask(form).await), 403);
    for decision in ["", "Allow", "yes"] {
        assert_eq!(error_page(bench.press_as(&bench.wiki, Some(&bench.ada), decision, &good).await), 400);
    }
    let mut json = json_post("{}");
    json.headers_mut().insert(header::CONTENT_TYPE, "text/plain".parse().unwrap());
    assert_eq!(error_page(bench.authorization(&bench.wiki, Some(&bench.ada), json).await), 400);
    assert!(
        redirect_of(bench.press_as(&bench.wiki, Some(&bench.ada), "allow", &good).await).parameter("code").is_some()
    );
}

#[tokio::test]
async fn cn_03_cn_06_only_the_browser_that_was_asked_can_answer() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let consent = page_of(bench.ask(&authorization(&client)).await);
    for decision in ["allow", "deny"] {
        for other in others().iter().map(Some).chain([None]) {
            assert_eq!(error_page(bench.press_as(&bench.wiki, other, decision, &consent.token).await), 403);
        }
        let elsewhere = bench.press_as(&bench.mail, Some(&bench.ada), decision, &consent.token).await;
        assert_eq!(error_page(elsewhere), 403, "a form of one app is none of another");
    }
    assert!(redirect_of(bench.press("allow", &consent).await).parameter("code").is_some());
}

/// An attacker asks for the page with their own browser and has the victim's browser send the form.
#[tokio::test]
async fn cn_03_a_form_sealed_for_the_attacker_is_worth_nothing_in_the_victims_browser() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let eve = person("eve", "sso-of-eve");
    let consent = page_of(bench.ask_as(&bench.wiki, Some(&eve), &authorization(&client)).await);
    assert_eq!(error_page(bench.press("allow", &consent).await), 403);
}

#[tokio::test]
async fn cn_03_one_consent_is_one_code() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let consent = page_of(bench.ask(&authorization(&client)).await);
    let code = redirect_of(bench.press("allow", &consent).await).parameter("code").unwrap();
    assert_eq!(error_page(bench.press("allow", &consent).await), 403);
    // Not even once the code has been redeemed.
    bench.token(&bench.wiki, &redemption(&client, &code)).await.tokens();
    assert_eq!(error_page(bench.press("allow", &consent).await), 403);
}

#[tokio::test]
async fn cn_03_of_fifty_answers_to_one_page_one_gets_a_code() {
    let bench = std::sync::Arc::new(Bench::new().await);
    let client = bench.client().await;
    let consent = std::sync::Arc::new(page_of(bench.ask(&authorization(&client)).await));
    let mut set = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (bench, consent) = (bench.clone(), consent.clone());
        set.spawn(async move { matches!(bench.press("allow", &consent).await, oauth::Reply::Response(_)) });
    }
    assert_eq!(set.join_all().await.into_iter().filter(|won| *won).count(), 1);
}

#[tokio::test]
async fn cn_03_a_consent_page_grows_old() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    let (young, old) =
        (page_of(bench.ask(&authorization(&client)).await), page_of(bench.ask(&authorization(&client)).await));
    bench.later(CONSENT_LIFETIME - SECOND);
    assert!(redirect_of(bench.press("allow", &young).await).parameter("code").is_some());
    bench.later(SECOND);
    assert_eq!(error_page(bench.press("allow", &old).await), 403);
}

/// The form decides, not the URL it is sent to.
#[tokio::test]
async fn cn_03_cn_04_the_code_is_for_what_was_shown() {
    let bench = Bench::new().await;
    let (client, other) = (bench.client().await, bench.other_client().await);
    let shown = page_of(bench.ask(&authorization(&client).with("scope", "access")).await);
    let mut request = fields([("consent", shown.token.as_str()), ("decision", "allow")])
        .and("scope", "wiki:write")
        .and("scope:access", "on")
        .and("scope:wiki:write", "on")
        .and("redirect_uri", "https://evil.ex")
        .post();
    let url =
        authorization(&other).with("redirect_uri", "https://evil.ex").with("scope", "wiki:write").with("state", "evil");
    *request.uri_mut() = format!("/?{}", url.encode()).parse().unwrap();
    let redirect = redirect_of(bench.authorization(&bench.wiki, Some(&bench.ada), request).await);
    assert!(redirect.location.starts_with(REDIRECT));
    assert_eq!(redirect.parameter("state").as_deref(), Some("xyz"));
    let code = redirect.parameter("code").unwrap();
    let tokens = bench.token(&bench.wiki, &redemption(&client, &code)).await.tokens();
    assert_eq!(tokens.scope, "access");
}

#[tokio::test]
async fn cn_07_the_page_and_its_answer_set_no_cookie() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let consent = page_of(bench.ask(&authorization(&client)).await);
    let redirect = redirect_of(bench.press("allow", &consent).await);
    assert!(!redirect.headers.contains_key(header::SET_COOKIE));
}

#[tokio::test]
async fn cn_09_deny_tells_the_client_so() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let consent = page_of(bench.ask(&authorization(&client)).await);
    let redirect = redirect_of(bench.press("deny", &consent).await);
    redirect.assert_error("access_denied");
    assert_eq!(redirect.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn cn_10_the_same_page_opened_twice_works_in_both_tabs() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let pages = [page_of(bench.ask(&authorization(&client)).await), page_of(bench.ask(&authorization(&client)).await)];
    for page in pages {
        assert!(redirect_of(bench.press("allow", &page).await).parameter("code").is_some());
    }
}

/// Escaping is the page's work; what it gets is the text as registered, never markup.
#[tokio::test]
async fn cn_12_texts_of_clients_are_texts() {
    let bench = Bench::new().await;
    let name = "</h1><img src=x onerror=alert(1)>";
    let uri = "https://x.ex/\"><script>";
    let metadata = serde_json::json!({ "client_name": name, "client_uri": uri, "redirect_uris": [REDIRECT] });
    let client = id(&bench.registered(&metadata).await);
    let consent = page_of(bench.ask(&authorization(&client)).await);
    assert_eq!(consent.client_name, name);
    assert!(consent.token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
    assert!(consent.form_target.as_deref().is_some_and(|source| !source.contains([';', ',', ' ', '\''])));
}
