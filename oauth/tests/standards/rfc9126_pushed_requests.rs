//! RFC 9126: authorization requests that their client pushes before it sends the person.

use crate::harness::*;
use http::{Method, StatusCode, header};
use oauth::app::CONSENT_LIFETIME;
use oauth::{Endpoint, Reply};
use serde_json::json;
use std::time::Duration;

const LIFETIME: Duration = Duration::from_secs(90);

impl Bench {
    async fn push(&self, form: &Fields) -> Answer {
        self.call(&self.wiki, Endpoint::PushedAuthorizationRequest, form.post()).await
    }

    /// The authorization request of a client that pushed this.
    async fn pushed(&self, client: &str, form: &Fields) -> Fields {
        let answer = self.push(form).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{:?}", answer.body);
        by_reference(client, &answer.text("request_uri"))
    }
}

fn by_reference(client: &str, request_uri: &str) -> Fields {
    fields([("client_id", client), ("request_uri", request_uri)])
}

#[tokio::test]
async fn px_01_a_pushed_request_is_asked_for_by_reference() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let answer = bench.push(&authorization(&client).with("scope", "wiki:write")).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    assert_eq!(answer.json()["expires_in"], json!(90));
    let uri = answer.text("request_uri");
    assert!(uri.starts_with("urn:ietf:params:oauth:request_uri:"), "{uri}");
    let consent = page_of(bench.ask(&by_reference(&client, &uri)).await);
    assert_eq!(consent.scopes.iter().map(|scope| scope.name.as_str()).collect::<Vec<_>>(), ["wiki:write"]);
    let back = redirect_of(bench.press("allow", &consent).await);
    assert_eq!(back.parameter("state").as_deref(), Some("xyz"));
    assert_eq!(back.parameter("iss").as_deref(), Some(WIKI));
    let code = back.parameter("code").unwrap();
    assert_eq!(bench.token(&bench.wiki, &redemption(&client, &code)).await.tokens().scope, "wiki:write");
}

#[tokio::test]
async fn px_01_the_client_authenticates_as_at_the_token_endpoint() {
    let bench = Bench::new().await;
    let (basic_id, basic_secret) = bench.confidential("client_secret_basic").await;
    let (post_id, post_secret) = bench.confidential("client_secret_post").await;
    let send = async |form: Fields, credentials: Option<String>| {
        let mut request = form.post();
        if let Some(credentials) = credentials {
            request.headers_mut().insert(header::AUTHORIZATION, credentials.parse().unwrap());
        }
        bench.call(&bench.wiki, Endpoint::PushedAuthorizationRequest, request).await
    };
    send(authorization(&basic_id), None).await.assert_error(401, "invalid_client");
    send(authorization(&post_id), None).await.assert_error(401, "invalid_client");
    send(authorization("nobody"), None).await.assert_error(401, "invalid_client");
    send(authorization("doorward-browser"), None).await.assert_error(401, "invalid_client");
    let wrong = send(authorization(&basic_id), Some(basic(&basic_id, &post_secret))).await;
    wrong.assert_error(401, "invalid_client");
    assert!(wrong.header(header::WWW_AUTHENTICATE).starts_with("Basic "));
    let other = send(authorization(&post_id), Some(basic(&basic_id, &basic_secret))).await;
    other.assert_error(400, "invalid_request");
    // With or without `client_id` in the body, the request is of the client that authenticated.
    for form in [authorization(&basic_id), authorization(&basic_id).without("client_id")] {
        let answer = send(form, Some(basic(&basic_id, &basic_secret))).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{:?}", answer.body);
        page_of(bench.ask(&by_reference(&basic_id, &answer.text("request_uri"))).await);
    }
    let posted = send(authorization(&post_id).and("client_secret", &post_secret), None).await;
    assert_eq!(posted.status, StatusCode::CREATED);
    assert_eq!(posted.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
}

#[tokio::test]
async fn px_01_only_a_posted_form_is_a_pushed_request() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let endpoint = || Endpoint::PushedAuthorizationRequest;
    let get = request(Method::GET, &format!("/par?{}", authorization(&client).encode()), Default::default());
    bench.call(&bench.wiki, endpoint(), get).await.assert_error(405, "invalid_request");
    bench.call(&bench.wiki, endpoint(), json_post("{}")).await.assert_error(400, "invalid_request");
    bench.push(&authorization(&client).and("state", "second")).await.assert_error(400, "invalid_request");
    let large = authorization(&client).with("state", &"s".repeat(70_000));
    bench.push(&large).await.assert_error(413, "invalid_request");
    // More than what a URL with the sealed request could carry.
    let long = authorization(&client).with("state", &"s".repeat(10_000));
    bench.push(&long).await.assert_error(413, "invalid_request");
    let usual = authorization(&client).with("state", &"s".repeat(4096));
    let query = bench.pushed(&client, &usual).await;
    let back = redirect_of(bench.press("allow", &page_of(bench.ask(&query).await)).await);
    assert_eq!(back.parameter("state").unwrap().len(), 4096);
}

#[tokio::test]
async fn px_02_what_no_code_could_be_given_for_is_refused_at_once() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let good = authorization(&client);
    for (bad, error) in [
        (good.clone().with("redirect_uri", "https://evil.ex/"), "invalid_request"),
        (good.clone().without("code_challenge"), "invalid_request"),
        (good.clone().with("code_challenge_method", "plain"), "invalid_request"),
        (good.clone().with("code_challenge", "short"), "invalid_request"),
        (good.clone().with("response_type", "token"), "unsupported_response_type"),
        (good.clone().without("response_type"), "invalid_request"),
        (good.clone().with("response_mode", "fragment"), "invalid_request"),
        (good.clone().with("resource", MAIL), "invalid_target"),
        (good.clone().with("scope", "no-such-scope"), "invalid_scope"),
        (good.clone().with("request_uri", "urn:ietf:params:oauth:request_uri:x"), "invalid_request"),
        (good.clone().with("request_uri", "https://evil.ex/request.jwt"), "invalid_request"),
        (good.clone().with("request", "e30.e30."), "request_not_supported"),
    ] {
        let answer = bench.push(&bad).await;
        answer.assert_error(400, error);
        assert_eq!(answer.text("request_uri"), "");
    }
    assert_eq!(bench.published.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn px_03_only_its_own_client_at_its_own_app_can_use_it() {
    let bench = Bench::new().await;
    let (client, other) = (bench.client().await, bench.other_client().await);
    let query = bench.pushed(&client, &authorization(&client)).await;
    let repeated = query.clone().and("client_id", &other);
    for bad in [query.clone().with("client_id", &other), query.clone().without("client_id"), repeated] {
        assert_eq!(error_page(bench.ask(&bad).await), 400);
    }
    let elsewhere = bench.ask_as(&bench.mail, Some(&bench.ada), &query).await;
    assert_eq!(error_page(elsewhere), 400);
    page_of(bench.ask(&query).await);
}

#[tokio::test]
async fn px_03_it_cannot_be_guessed_or_changed() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let first = bench.push(&authorization(&client)).await.text("request_uri");
    let second = bench.push(&authorization(&client)).await.text("request_uri");
    assert_ne!(first, second);
    let prefix = "urn:ietf:params:oauth:request_uri:";
    let mut changed = first.clone();
    changed.replace_range(80..81, if &changed[80..81] == "A" { "B" } else { "A" });
    let for_another_purpose = bench.server.keys.sealer(bench.now).seal("consent", &1, &*bench.server.random);
    let forged = format!("{prefix}{for_another_purpose}");
    for bad in [prefix, &format!("{prefix}1"), &changed, &first[..first.len() - 1], &forged] {
        assert_eq!(error_page(bench.ask(&by_reference(&client, bad)).await), 400);
    }
}

#[tokio::test]
async fn px_03_a_page_may_be_loaded_again_and_one_code_comes_of_it() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let query = bench.pushed(&client, &authorization(&client)).await;
    let pages = [page_of(bench.ask(&query).await), page_of(bench.ask(&query).await)];
    assert!(redirect_of(bench.press("allow", &pages[1]).await).parameter("code").is_some());
    assert_eq!(error_page(bench.press("allow", &pages[0]).await), 403, "the page that was loaded first");
    assert_eq!(error_page(bench.ask(&query).await), 400, "a request that was answered");
    assert_eq!(error_page(bench.ask_as(&bench.wiki, None, &query).await), 400, "also before a sign-in");
}

#[tokio::test]
async fn px_03_of_fifty_pages_of_one_request_one_gives_a_code() {
    let bench = std::sync::Arc::new(Bench::new().await);
    let client = bench.client().await;
    let query = bench.pushed(&client, &authorization(&client)).await;
    let mut set = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let consent = page_of(bench.ask(&query).await);
        let bench = bench.clone();
        set.spawn(async move { matches!(bench.press("allow", &consent).await, Reply::Response(_)) });
    }
    assert_eq!(set.join_all().await.into_iter().filter(|won| *won).count(), 1);
}

#[tokio::test]
async fn px_03_it_expires_when_it_says() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    let query = bench.pushed(&client, &authorization(&client)).await;
    bench.later(LIFETIME - SECOND);
    let consent = page_of(bench.ask(&query).await);
    bench.later(SECOND);
    assert_eq!(error_page(bench.ask(&query).await), 400);
    assert!(redirect_of(bench.press("allow", &consent).await).parameter("code").is_some(), "the page lives longer");
}

/// A sign-in takes longer than the request lives, which begins to matter only at the first look.
#[tokio::test]
async fn px_03_a_sign_in_may_take_as_long_as_a_consent_page() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    let query = bench.pushed(&client, &authorization(&client)).await;
    let Reply::LoginRequired { query: Some(prolonged), client: name, .. } =
        bench.ask_as(&bench.wiki, None, &query).await
    else {
        panic!("no sign-in")
    };
    assert_eq!(name.as_deref(), Some("Test"));
    let ada = bench.ada.clone();
    let again = async |bench: &Bench, person| {
        let request = request(Method::GET, &format!("/authorize?{prolonged}"), Default::default());
        bench.authorization(&bench.wiki, person, request).await
    };
    bench.later(CONSENT_LIFETIME - SECOND);
    let consent = page_of(again(&bench, Some(&ada)).await);
    assert!(matches!(again(&bench, None).await, Reply::LoginRequired { query: None, .. }), "not for ever");
    assert!(redirect_of(bench.press("allow", &consent).await).parameter("code").is_some());
    assert_eq!(error_page(again(&bench, Some(&ada)).await), 400, "it is the same request");
    bench.later(SECOND);
    assert_eq!(error_page(again(&bench, Some(&ada)).await), 400);
}

#[tokio::test]
async fn px_03_what_stands_beside_the_reference_is_ignored() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let query = bench.pushed(&client, &authorization(&client).with("scope", "access")).await;
    let more = query
        .and("scope", "wiki:write")
        .and("state", "planted")
        .and("redirect_uri", "https://evil.ex/")
        .and("code_challenge", "planted")
        .and("response_type", "token");
    let consent = page_of(bench.ask(&more).await);
    assert_eq!(consent.scopes.iter().map(|scope| scope.name.as_str()).collect::<Vec<_>>(), ["access"]);
    let back = redirect_of(bench.press("allow", &consent).await);
    assert_eq!(back.parameter("state").as_deref(), Some("xyz"));
    assert!(back.location.starts_with(REDIRECT));
}

#[tokio::test]
async fn px_03_the_rules_of_now_count_when_the_person_comes() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    let query = bench.pushed(&client, &authorization(&client).with("scope", "wiki:write")).await;
    bench.wiki.scopes = oauth::scope::Scopes::new(Vec::new());
    redirect_of(bench.ask(&query).await).assert_error("invalid_scope");
    bench.wiki.managed.as_mut().unwrap().registration.as_mut().unwrap().redirect_rules.any_on_loopback = false;
    assert_eq!(error_page(bench.ask(&query).await), 400);
}

#[tokio::test]
async fn px_04_an_app_can_require_pushed_requests() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    let metadata = bench.get(&bench.wiki, Endpoint::AuthorizationServer).await.json();
    assert_eq!(metadata.get("require_pushed_authorization_requests"), None);
    bench.wiki.managed.as_mut().unwrap().require_pushed_authorization_requests = true;
    let metadata = bench.get(&bench.wiki, Endpoint::AuthorizationServer).await.json();
    assert_eq!(metadata["require_pushed_authorization_requests"], json!(true));
    assert!(metadata["pushed_authorization_request_endpoint"].is_string());
    redirect_of(bench.ask(&authorization(&client)).await).assert_error("invalid_request");
    let query = bench.pushed(&client, &authorization(&client)).await;
    page_of(bench.ask(&query).await);
    // The browser's own sign-in is ours on both ends.
    let callback = format!("{WIKI}/.doorward/callback");
    let browser = authorization("doorward-browser").with("redirect_uri", &callback);
    assert!(redirect_of(bench.ask(&browser).await).parameter("code").is_some());
}

#[tokio::test]
async fn px_04_a_client_can_bind_itself_to_pushing() {
    let bench = Bench::new().await;
    let metadata = json!({
        "client_name": "Careful", "redirect_uris": [REDIRECT], "require_pushed_authorization_requests": true,
    });
    let registered = bench.registered(&metadata).await;
    assert_eq!(registered["require_pushed_authorization_requests"], json!(true));
    let client = id(&registered);
    redirect_of(bench.ask(&authorization(&client)).await).assert_error("invalid_request");
    let query = bench.pushed(&client, &authorization(&client)).await;
    page_of(bench.ask(&query).await);
    let odd = json!({ "redirect_uris": [REDIRECT], "require_pushed_authorization_requests": "x" });
    assert_eq!(bench.registered(&odd).await.get("require_pushed_authorization_requests"), None);
}

/// JAR is not offered, and a `request_uri` that is none of ours is a wish to make the gateway ask somebody.
#[tokio::test]
async fn px_05_nothing_is_ever_fetched_for_a_request_uri() {
    let mut bench = Bench::new().await;
    bench.wiki.managed.as_mut().unwrap().client_documents = Some(any_document());
    let client = bench.client().await;
    bench.published.put("https://evil.ex/request.jwt", &json!({}));
    for uri in ["https://evil.ex/request.jwt", "http://169.254.169.254/", "urn:example:x", "file:///etc/passwd"] {
        let reply = bench.ask(&authorization(&client).with("request_uri", uri)).await;
        redirect_of(reply).assert_error("request_uri_not_supported");
        assert_eq!(error_page(bench.ask(&by_reference("nobody", uri)).await), 400);
        bench.push(&authorization(&client).with("request_uri", uri)).await.assert_error(400, "invalid_request");
    }
    redirect_of(bench.ask(&authorization(&client).with("request", "e30.e30.")).await)
        .assert_error("request_not_supported");
    assert_eq!(bench.published.asked(), Vec::<String>::new());
}

/// RAR is not offered: the parameter is unknown, so it is ignored (RFC 6749 section 3.1), and no answer pretends otherwise.
#[tokio::test]
async fn px_06_authorization_details_are_ignored_and_not_echoed() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let details = r#"[{"type":"payment"}]"#;
    let query = bench.pushed(&client, &authorization(&client).with("authorization_details", details)).await;
    let code = bench.code_for(&query).await;
    let form = redemption(&client, &code).with("authorization_details", details);
    let answer = bench.token(&bench.wiki, &form).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json().get("authorization_details"), None);
}

#[tokio::test]
async fn px_03_a_broken_store_is_no_answer() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let query = bench.pushed(&client, &authorization(&client)).await;
    bench.store.set(Fault::Nth(0));
    assert_eq!(error_page(bench.ask(&query).await), 503);
    page_of(bench.ask(&query).await);
}

/// Nothing is fetched for strangers, so what a document would say is checked once somebody has signed in (section 2.1).
#[tokio::test]
async fn px_02_a_document_is_not_read_before_a_sign_in() {
    let mut bench = Bench::new().await;
    let refused = bench.push(&authorization(DOCUMENT)).await;
    refused.assert_error(401, "invalid_client");
    bench.wiki.managed.as_mut().unwrap().client_documents = Some(any_document());
    bench.published.put(DOCUMENT, &document(DOCUMENT));
    bench.push(&authorization(DOCUMENT).without("code_challenge")).await.assert_error(400, "invalid_request");
    let with_secret = authorization(DOCUMENT).and("client_secret", "dw_cs_x");
    bench.push(&with_secret).await.assert_error(401, "invalid_client");
    let query = bench.pushed(DOCUMENT, &authorization(DOCUMENT)).await;
    let bad = authorization(DOCUMENT).with("redirect_uri", "https://evil.ex/");
    let bad = bench.pushed(DOCUMENT, &bad).await;
    let reply = bench.ask_as(&bench.wiki, None, &query).await;
    assert!(matches!(reply, Reply::LoginRequired { query: Some(_), .. }), "{reply:?}");
    assert_eq!(bench.published.asked(), Vec::<String>::new());
    assert_eq!(error_page(bench.ask(&bad).await), 400);
    let consent = page_of(bench.ask(&query).await);
    assert!(redirect_of(bench.press("allow", &consent).await).parameter("code").is_some());
}

#[tokio::test]
async fn px_02_px_03_a_client_with_a_pinned_document_can_push() {
    let mut bench = Bench::new().await;
    bench.wiki.managed.as_mut().unwrap().client_documents = Some(any_document());
    let claude = "https://claude.ai/oauth/claude-code-client-metadata";
    let good = authorization(claude).with("redirect_uri", "http://localhost:4711/callback");
    bench.push(&good.clone().with("redirect_uri", "https://evil.ex/")).await.assert_error(400, "invalid_request");
    let query = bench.pushed(claude, &good).await;
    // Known at both apps, and still a request of the one it was pushed at.
    bench.mail.managed.clone_from(&bench.wiki.managed);
    page_of(bench.ask_as(&bench.mail, Some(&bench.ada), &good).await);
    assert_eq!(error_page(bench.ask_as(&bench.mail, Some(&bench.ada), &query).await), 400);
    assert_eq!(page_of(bench.ask(&query).await).client_name, "Claude Code");
}
