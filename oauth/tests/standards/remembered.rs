//! When a person is not asked: OAuth 2.1 section 7.3, MCP security best practices ("confused deputy"), and section 8.3 of
//! the draft about client documents.

use crate::harness::*;
use http::StatusCode;
use oauth::Reply;
use oauth::app::{ConsentRules, Remember};
use oauth::call::Person;
use oauth::client::{Authentication, Client, ClientDetails, ClientId, RegisteredBy};
use oauth::scope::{Scope, Scopes};
use oauth::secret::SecretHash;
use oauth::store::{EndedBecause, GrantFilter, RegistrationLimits, Store};
use serde_json::{Value, json};
use std::time::Duration;

/// Where the client at [`DOCUMENT`] has its web server.
const WEB: &str = "https://agent.ex/callback";
const OTHER_WEB: &str = "https://agent.ex/other";
/// Pinned, with a redirect URI on the web.
const CLAUDE: &str = "https://claude.ai/oauth/mcp-oauth-client-metadata";
const CLAUDE_WEB: &str = "https://claude.ai/api/mcp/auth_callback";
/// Where a client of an administrator has its web server.
const WEB_OF_KEPT: &str = "https://kept.ex/cb";
/// Longer than a document is kept.
const A_WHILE: Duration = Duration::from_secs(3600);

async fn bench() -> Bench {
    let mut bench = Bench::new().await;
    bench.wiki.managed.as_mut().unwrap().client_documents = Some(any_document());
    let scope = |name: &str, includes: &[&str]| {
        let includes = includes.iter().map(|name| (*name).to_owned()).collect();
        Scope { name: name.to_owned(), description: "Do it".to_owned(), includes, optional: true }
    };
    bench.wiki.scopes = Scopes::new(vec![scope("wiki:read", &[]), scope("wiki:write", &["wiki:read"])]);
    publish(&bench, |_| {});
    bench
}

fn publish(bench: &Bench, change: impl FnOnce(&mut Value)) {
    let mut document = document(DOCUMENT);
    document["redirect_uris"] = json!([WEB, OTHER_WEB, REDIRECT, CURSOR, "https://vscode.dev/redirect"]);
    change(&mut document);
    bench.published.put(DOCUMENT, &document);
}

fn rules(bench: &mut Bench) -> &mut ConsentRules {
    &mut bench.wiki.managed.as_mut().unwrap().consent
}

fn query(client: &str, redirect_uri: &str, scope: &str) -> Fields {
    authorization(client).with("redirect_uri", redirect_uri).with("scope", scope)
}

/// Ada is asked, and allows it: the code.
async fn consent(bench: &Bench, query: &Fields) -> String {
    let page = page_of(bench.ask(query).await);
    redirect_of(bench.press("allow", &page).await).parameter("code").unwrap()
}

/// The code that is given without a question, if one is.
async fn silently(bench: &Bench, query: &Fields) -> Option<String> {
    match bench.ask(query).await {
        Reply::Consent(_) => None,
        reply => {
            let redirect = redirect_of(reply);
            assert_eq!(redirect.status, StatusCode::FOUND);
            assert_eq!(redirect.parameter("iss").as_deref(), Some(WIKI));
            assert_eq!(redirect.parameter("state").as_deref(), Some("xyz"));
            Some(redirect.parameter("code").unwrap())
        }
    }
}

async fn redeem(bench: &Bench, client: &str, redirect_uri: &str, code: &str) -> Tokens {
    let form = redemption(client, code).with("redirect_uri", redirect_uri);
    bench.token(&bench.wiki, &form).await.tokens()
}

/// A client that an administrator registered.
async fn registered(bench: &Bench, id: &str, authentication: Authentication) -> String {
    let client = Client {
        app: "wiki".to_owned(),
        id: ClientId::new(id),
        name: "Kept".to_owned(),
        redirect_uris: vec![WEB_OF_KEPT.to_owned()],
        authentication,
        grant_types: oauth::grant_type::GrantType::of_code_client(true),
        metadata: serde_json::Map::new(),
        registered_at: bench.now,
        registered_by: RegisteredBy::Administrator,
        details: ClientDetails::default(),
    };
    let limits = RegistrationLimits { total: 9, unused_for: SECOND };
    bench.store.register_client(&client, limits, bench.now).await.unwrap();
    id.to_owned()
}

#[tokio::test]
async fn cn_04_a_client_that_is_who_it_says_is_asked_about_once() {
    let bench = bench().await;
    for (client, web) in [(DOCUMENT, WEB), (CLAUDE, CLAUDE_WEB)] {
        let query = query(client, web, "access wiki:write");
        let code = consent(&bench, &query).await;
        redeem(&bench, client, web, &code).await;
        let again = silently(&bench, &query).await.expect("not asked again");
        let tokens = redeem(&bench, client, web, &again).await;
        assert_eq!(tokens.scope, "access wiki:write");
        assert_ne!(tokens.refresh, "");
    }
}

#[tokio::test]
async fn cn_04_cn_05_a_client_of_an_administrator_is_asked_about_once_if_it_proves_who_it_is() {
    let bench = bench().await;
    let secret = Authentication::ClientSecretPost { secret: SecretHash::of("secret") };
    let proven = query(&registered(&bench, "proven", secret).await, WEB_OF_KEPT, "access");
    let public = query(&registered(&bench, "public", Authentication::None).await, WEB_OF_KEPT, "access");
    for query in [&proven, &public] {
        consent(&bench, query).await;
    }
    assert!(silently(&bench, &proven).await.is_some());
    assert_eq!(silently(&bench, &public).await, None);
}

#[tokio::test]
async fn cn_04_a_bigger_scope_asks_again_and_a_smaller_one_does_not() {
    let bench = bench().await;
    consent(&bench, &query(DOCUMENT, WEB, "access wiki:read")).await;
    for (scope, known) in [
        ("access", true),
        ("wiki:read access", true),
        ("wiki:read offline_access", true),
        ("wiki:write", false),
        ("access wiki:read wiki:write", false),
    ] {
        assert_eq!(silently(&bench, &query(DOCUMENT, WEB, scope)).await.is_some(), known, "{scope}");
    }
    let everything = authorization(DOCUMENT).with("redirect_uri", WEB);
    assert_eq!(silently(&bench, &everything).await, None, "no scope is all of them");
    consent(&bench, &query(DOCUMENT, WEB, "wiki:write")).await;
    let code = silently(&bench, &query(DOCUMENT, WEB, "wiki:read")).await.expect("within what was allowed");
    assert_eq!(redeem(&bench, DOCUMENT, WEB, &code).await.scope, "wiki:read", "and no more than is asked for");
}

#[tokio::test]
async fn cn_04_sc_06_what_was_left_out_is_asked_for_again() {
    let bench = bench().await;
    let whole = query(DOCUMENT, WEB, "access wiki:write");
    let page = page_of(bench.ask(&whole).await);
    let ada = Some(&bench.ada);
    bench.press_with(&bench.wiki, ada, ("allow", &page.token), &["access", "offline_access"]).await;
    assert_eq!(silently(&bench, &whole).await, None);
    assert!(silently(&bench, &query(DOCUMENT, WEB, "access")).await.is_some());
    let page = page_of(bench.ask(&whole).await);
    bench.press_with(&bench.wiki, ada, ("allow", &page.token), &["access", "wiki:write"]).await;
    assert_eq!(silently(&bench, &query(DOCUMENT, WEB, "access")).await, None, "staying connected was left out");
}

#[tokio::test]
async fn cn_04_another_redirect_uri_person_client_or_app_asks_again() {
    let mut bench = bench().await;
    bench.mail.managed.as_mut().unwrap().client_documents = Some(any_document());
    consent(&bench, &query(DOCUMENT, WEB, "access")).await;
    assert_eq!(silently(&bench, &query(DOCUMENT, OTHER_WEB, "access")).await, None);
    let other = "https://agent.ex/other.json";
    let mut theirs = document(other);
    theirs["redirect_uris"] = json!([WEB]);
    bench.published.put(other, &theirs);
    assert_eq!(silently(&bench, &query(other, WEB, "access")).await, None);
    page_of(bench.ask_as(&bench.mail, Some(&bench.ada), &query(DOCUMENT, WEB, "access")).await);
    let eve = person("eve", "sso-of-eve");
    page_of(bench.ask_as(&bench.wiki, Some(&eve), &query(DOCUMENT, WEB, "access")).await);
    let elsewhere = Person { session: "sso-of-ada-elsewhere".to_owned(), ..bench.ada.clone() };
    let reply = bench.ask_as(&bench.wiki, Some(&elsewhere), &query(DOCUMENT, WEB, "access")).await;
    assert!(redirect_of(reply).parameter("code").is_some(), "the person is the same in every browser");
}

#[tokio::test]
async fn cn_05_what_anybody_can_pretend_to_be_asks_each_time() {
    let bench = bench().await;
    let metadata = json!({ "client_name": "Web", "redirect_uris": ["https://play.ex/cb"] });
    let on_the_web = id(&bench.registered(&metadata).await);
    let mut with_secret = metadata.clone();
    with_secret["token_endpoint_auth_method"] = json!("client_secret_post");
    let with_secret = id(&bench.registered(&with_secret).await);
    let native = bench.client().await;
    for (client, uri) in [
        (native.as_str(), REDIRECT),
        (&on_the_web, "https://play.ex/cb"),
        (&with_secret, "https://play.ex/cb"),
        (DOCUMENT, REDIRECT),
        (DOCUMENT, CURSOR),
        (DOCUMENT, "https://vscode.dev/redirect"),
        ("https://claude.ai/oauth/claude-code-client-metadata", "http://localhost:1/callback"),
        ("https://vscode.dev/oauth/client-metadata.json", "https://vscode.dev/redirect"),
    ] {
        for _ in 0..2 {
            consent(&bench, &query(client, uri, "access")).await;
        }
    }
}

#[tokio::test]
async fn cn_05_an_administrator_can_have_all_remembered_or_none() {
    let mut bench = bench().await;
    let native = bench.client().await;
    let first = query(&native, "http://127.0.0.1:7777/callback", "access");
    let later = query(&native, "http://127.0.0.1:8888/callback", "access");
    consent(&bench, &first).await;
    assert_eq!(silently(&bench, &later).await, None);
    rules(&mut bench).remember = Remember::Always;
    assert!(silently(&bench, &later).await.is_some(), "the port of a program is new each time");
    consent(&bench, &query(DOCUMENT, WEB, "access")).await;
    rules(&mut bench).remember = Remember::Never;
    assert_eq!(silently(&bench, &first).await, None);
    assert_eq!(silently(&bench, &query(DOCUMENT, WEB, "access")).await, None);
}

#[tokio::test]
async fn cm_19_a_document_that_says_something_else_asks_again() {
    for change in [
        |document: &mut Value| document["client_name"] = json!("Agent!"),
        |document: &mut Value| document["redirect_uris"] = json!([WEB]),
        |document: &mut Value| document["redirect_uris"] = json!([WEB, "https://agent.ex/new"]),
        |document: &mut Value| document["jwks"] = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": "x" }] }),
        |document: &mut Value| document["jwks_uri"] = json!("https://agent.ex/keys"),
    ] {
        let mut bench = bench().await;
        let query = query(DOCUMENT, WEB, "access");
        consent(&bench, &query).await;
        bench.later(A_WHILE);
        publish(&bench, |document| document["logo_uri"] = json!("https://agent.ex/new.png"));
        assert!(silently(&bench, &query).await.is_some(), "nothing that a person goes by");
        bench.later(A_WHILE);
        publish(&bench, change);
        consent(&bench, &query).await;
        assert!(silently(&bench, &query).await.is_some(), "asked once about the change");
    }
}

#[tokio::test]
async fn cn_04_it_is_remembered_for_as_long_as_the_grant_could_last_and_not_longer() {
    let mut bench = bench().await;
    let query = query(DOCUMENT, WEB, "access");
    consent(&bench, &query).await;
    bench.later(GRANT_DURATION - SECOND);
    let code = silently(&bench, &query).await.expect("remembered");
    redeem(&bench, DOCUMENT, WEB, &code).await;
    bench.later(SECOND);
    assert_eq!(silently(&bench, &query).await, None, "what was given without a question prolongs nothing");
}

#[tokio::test]
async fn cn_04_cn_11_ending_a_grant_or_all_of_a_person_forgets_it() {
    let bench = bench().await;
    let query = query(DOCUMENT, WEB, "access");
    let code = consent(&bench, &query).await;
    redeem(&bench, DOCUMENT, WEB, &code).await;
    let at_wiki = GrantFilter { app: Some("wiki".to_owned()), ..GrantFilter::of("ada") };
    let grant = &bench.store.grants(&at_wiki, bench.now).await.unwrap()[0].grant;
    bench.store.revoke_grant(&grant.id, EndedBecause::RevokedByPerson, bench.now).await.unwrap();
    assert_eq!(silently(&bench, &query).await, None);
    consent(&bench, &query).await;
    assert!(silently(&bench, &query).await.is_some());
    bench.store.revoke_grants(&GrantFilter::of("ada"), EndedBecause::AccountChanged, bench.now).await.unwrap();
    assert_eq!(silently(&bench, &query).await, None);
}

/// A code that somebody else redeemed too, and a token that its client gave back.
#[tokio::test]
async fn cn_04_a_replay_and_a_revocation_by_the_client_forget_it_too() {
    let bench = bench().await;
    let query = query(DOCUMENT, WEB, "access");
    let code = consent(&bench, &query).await;
    let form = redemption(DOCUMENT, &code).with("redirect_uri", WEB);
    bench.token(&bench.wiki, &form).await.tokens();
    bench.token(&bench.wiki, &form).await.assert_error(400, "invalid_grant");
    assert_eq!(silently(&bench, &query).await, None);
    let code = consent(&bench, &query).await;
    let tokens = redeem(&bench, DOCUMENT, WEB, &code).await;
    let form = fields([("token", tokens.refresh.as_str()), ("client_id", DOCUMENT)]);
    bench.call(&bench.wiki, oauth::Endpoint::Revocation, form.post()).await;
    assert_eq!(silently(&bench, &query).await, None);
}

#[tokio::test]
async fn az_08_cn_04_who_wants_to_be_asked_is_asked() {
    let bench = bench().await;
    let query = query(DOCUMENT, WEB, "access");
    consent(&bench, &query).await;
    for prompt in ["consent", "login", "select_account", "login consent"] {
        page_of(bench.ask(&query.clone().with("prompt", prompt)).await);
    }
    for prompt in ["none", "create", ""] {
        assert!(silently(&bench, &query.clone().with("prompt", prompt)).await.is_some(), "{prompt}");
    }
}

#[tokio::test]
async fn az_14_cn_05_prompt_none_shows_nothing_and_gives_nothing_that_was_not_allowed() {
    let bench = bench().await;
    let native = bench.client().await;
    for (client, uri) in [(DOCUMENT, WEB), (CLAUDE, CLAUDE_WEB), (&native, REDIRECT)] {
        let redirect = redirect_of(bench.ask(&query(client, uri, "access").with("prompt", "none")).await);
        assert_eq!(redirect.parameter("error").as_deref(), Some("consent_required"));
        assert_eq!(redirect.parameter("state").as_deref(), Some("xyz"));
        assert!(redirect.location.starts_with(uri) && redirect.parameter("code").is_none());
    }
    let both = query(DOCUMENT, WEB, "access").with("prompt", "none consent");
    assert_eq!(redirect_of(bench.ask(&both).await).parameter("error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn az_14_prompt_none_sends_strangers_back_only_to_a_client_that_is_who_it_says() {
    let bench = bench().await;
    let native = bench.client().await;
    let stranger = async |client: &str, uri: &str| {
        bench.ask_as(&bench.wiki, None, &query(client, uri, "access").with("prompt", "none")).await
    };
    let redirect = redirect_of(stranger(CLAUDE, CLAUDE_WEB).await);
    assert_eq!(redirect.parameter("error").as_deref(), Some("login_required"));
    assert!(matches!(stranger(&native, REDIRECT).await, Reply::LoginRequired { .. }));
    assert!(matches!(stranger(DOCUMENT, WEB).await, Reply::LoginRequired { .. }), "nothing is fetched for strangers");
    assert!(bench.published.asked().is_empty());
    let wrong = query(CLAUDE, "https://evil.ex/cb", "access").with("prompt", "none");
    assert_eq!(error_page(bench.ask_as(&bench.wiki, None, &wrong).await), 400);
}

#[tokio::test]
async fn cn_13_a_preapproved_client_is_not_asked_about_and_gets_codes_at_its_own_uris_alone() {
    let mut bench = bench().await;
    let native = bench.client().await;
    let code_cli = "https://claude.ai/oauth/claude-code-client-metadata";
    let secret = Authentication::ClientSecretPost { secret: SecretHash::of("secret") };
    let proven = registered(&bench, "proven", secret).await;
    let public = registered(&bench, "public", Authentication::None).await;
    rules(&mut bench).preapproved = [CLAUDE, DOCUMENT, &native, code_cli, &proven, &public].map(str::to_owned).into();
    let query_of = |client: &str, uri: &str| query(client, uri, "access wiki:write offline_access");
    let code = silently(&bench, &query_of(CLAUDE, CLAUDE_WEB)).await.expect("not asked");
    let tokens = redeem(&bench, CLAUDE, CLAUDE_WEB, &code).await;
    assert_eq!(tokens.scope, "access wiki:write offline_access");
    for uri in ["https://evil.ex/cb", "https://claude.ai/api/mcp/auth_callback/x", REDIRECT] {
        assert_eq!(error_page(bench.ask(&query_of(CLAUDE, uri)).await), 400);
    }
    for (client, uri) in
        [(DOCUMENT, WEB), (&native, REDIRECT), (code_cli, "http://localhost:1/callback"), (&public, WEB_OF_KEPT)]
    {
        assert_eq!(silently(&bench, &query_of(client, uri)).await, None, "{client} can be anybody, or change");
    }
    assert!(
        silently(&bench, &query_of(&proven, WEB_OF_KEPT)).await.is_some(),
        "it proves who it is at the token endpoint"
    );
    page_of(bench.ask(&query_of(CLAUDE, CLAUDE_WEB).with("prompt", "consent")).await);
    let stranger = bench.ask_as(&bench.wiki, None, &query_of(CLAUDE, CLAUDE_WEB)).await;
    assert!(matches!(stranger, Reply::LoginRequired { .. }));
    bench.policy.set(Mood::Refuses);
    assert!(
        matches!(bench.ask(&query_of(CLAUDE, CLAUDE_WEB)).await, Reply::Refused { .. }),
        "the policy still decides"
    );
}

#[tokio::test]
async fn cn_02_the_page_says_when_the_client_was_first_let_in() {
    let mut bench = bench().await;
    let client = bench.client().await;
    let first = bench.now;
    let seen = async |bench: &Bench, client: &str| bench.ask(&authorization(client)).await;
    assert_eq!(page_of(seen(&bench, &client).await).first_seen, None);
    bench.code(&client).await;
    bench.later(A_WHILE);
    bench.code(&client).await;
    assert_eq!(page_of(seen(&bench, &client).await).first_seen, Some(first));
    bench.store.revoke_grants(&GrantFilter::of("ada"), EndedBecause::AccountChanged, bench.now).await.unwrap();
    assert_eq!(page_of(seen(&bench, &client).await).first_seen, Some(first), "what happened stays true");
    let other = bench.other_client().await;
    let denied = page_of(seen(&bench, &other).await);
    bench.press("deny", &denied).await;
    assert_eq!(page_of(seen(&bench, &other).await).first_seen, None, "it was not let in");
}

#[tokio::test]
async fn a_broken_store_asks_nobody_and_gives_nothing_silently() {
    let bench = bench().await;
    let query = query(DOCUMENT, WEB, "access");
    consent(&bench, &query).await;
    bench.store.set(Fault::Nth(0));
    assert_eq!(error_page(bench.ask(&query).await), 503);
    assert!(silently(&bench, &query).await.is_some());
}

#[tokio::test]
async fn a_consent_that_cannot_be_kept_still_gives_its_code() {
    let bench = bench().await;
    let query = query(DOCUMENT, WEB, "access");
    let page = page_of(bench.ask(&query).await);
    // The client and the code are kept first.
    bench.store.set(Fault::Nth(2));
    assert!(redirect_of(bench.press("allow", &page).await).parameter("code").is_some());
    assert!(!bench.store.is_armed());
    assert_eq!(silently(&bench, &query).await, None, "asked once more");
}
