//! RFC 8707: a token is for one app, however the app is spelled.

use crate::harness::*;
use http::StatusCode;
use oauth::app::App;
use oauth::jwt::Invalid;
use serde_json::json;

/// Spellings of the wiki, which is at the root of its host.
const WIKI_SPELLINGS: [&str; 6] = [
    "https://wiki.ex",
    "https://wiki.ex/",
    "HTTPS://WIKI.EX/",
    "https://wiki.ex:443",
    "https://wiki.ex/mcp",
    "https://wiki.ex/mcp/",
];

/// What means neither app, or nothing at all.
const STRANGERS: [&str; 14] = [
    "https://evil.ex",
    "http://wiki.ex",
    "https://wiki.ex:8443",
    "https://wiki.ex.evil.ex",
    "https://ada@wiki.ex",
    "https://wiki.ex/#fragment",
    "https://wiki.ex#",
    "https://wiki.ex/x?t=1",
    "https://wiki.ex/a/../b",
    "https://wiki.ex/%2e%2e/b",
    "https://wiki.ex\\@evil.ex",
    "wiki.ex",
    "/mcp",
    "urn:wiki",
];

/// A public client of `app`.
async fn client_of(bench: &Bench, app: &App) -> String {
    id(&bench.register(app, &json!({ "redirect_uris": [REDIRECT] })).await.json())
}

/// The whole flow at `app`, with these values of `resource` at the authorization, token and refresh requests.
async fn audiences(bench: &Bench, app: &App, resource: Option<&str>) -> Vec<String> {
    let client = client_of(bench, app).await;
    let put = |form: Fields| resource.into_iter().fold(form, |form, value| form.and("resource", value));
    let consent = page_of(bench.ask_as(app, Some(&bench.ada), &put(authorization(&client))).await);
    assert_eq!(consent.resource, app.resource.canonical());
    let code =
        redirect_of(bench.press_as(app, Some(&bench.ada), "allow", &consent.token).await).parameter("code").unwrap();
    let first = bench.token(app, &put(redemption(&client, &code))).await.tokens();
    let second = bench.token(app, &put(refreshing(&client, &first.refresh))).await.tokens();
    [first, second].iter().map(|tokens| audience(&tokens.access)).collect()
}

fn audience(access: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let claims = URL_SAFE_NO_PAD.decode(access.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice::<serde_json::Value>(&claims).unwrap()["aud"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn ri_01_ri_03_ri_07_ri_08_ri_12_every_spelling_and_none_give_the_one_audience() {
    let bench = Bench::new().await;
    for resource in WIKI_SPELLINGS.into_iter().map(Some).chain([None]) {
        assert_eq!(audiences(&bench, &bench.wiki, resource).await, [WIKI, WIKI], "{resource:?}");
    }
    for resource in [Some(MAIL), Some("https://mail.ex/mcp/"), Some("https://mail.ex"), Some("https://MAIL.ex/"), None]
    {
        assert_eq!(audiences(&bench, &bench.mail, resource).await, [MAIL, MAIL], "{resource:?}");
    }
}

#[tokio::test]
async fn ri_02_ri_04_ri_11_strangers_are_an_invalid_target_at_the_authorization_endpoint() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    for resource in STRANGERS.into_iter().chain([MAIL]) {
        redirect_of(bench.ask(&authorization(&client).with("resource", resource)).await).assert_error("invalid_target");
    }
}

#[tokio::test]
async fn ri_04_siblings_of_a_path_are_strangers() {
    let bench = Bench::new().await;
    let client = client_of(&bench, &bench.mail).await;
    for resource in [
        "https://mail.ex/mcp2",
        "https://mail.ex/other",
        "https://mail.ex/MCP",
        "https://mail.ex/mcp/../x",
        "https://mail.ex//mcp",
    ] {
        let query = authorization(&client).with("resource", resource);
        let redirect = redirect_of(bench.ask_as(&bench.mail, Some(&bench.ada), &query).await);
        assert_eq!(redirect.parameter("error").as_deref(), Some("invalid_target"), "{resource}");
        assert_eq!(redirect.parameter("iss").as_deref(), Some(MAIL));
    }
}

#[tokio::test]
async fn ri_05_a_token_for_one_app_is_refused_at_another() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let tokens = bench.tokens(&client).await;
    assert_eq!(bench.verify(&bench.mail, &tokens.access), Err(Invalid::WrongPlace));
    let same_issuer = App { resource: bench.mail.resource.clone(), ..bench.wiki.clone() };
    assert_eq!(bench.verify(&same_issuer, &tokens.access), Err(Invalid::WrongPlace), "by its audience alone");
    let same_audience = App { issuer: MAIL.to_owned(), ..bench.wiki.clone() };
    assert_eq!(bench.verify(&same_audience, &tokens.access), Err(Invalid::WrongPlace), "by its issuer alone");
}

#[tokio::test]
async fn ri_06_ri_09_ri_10_a_wrong_target_uses_up_neither_code_nor_refresh_token() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let redeem = redemption(&client, &bench.code(&client).await);
    for resource in STRANGERS.into_iter().chain([MAIL]) {
        bench.token(&bench.wiki, &redeem.clone().with("resource", resource)).await.assert_error(400, "invalid_target");
    }
    let two = redeem.clone().and("resource", WIKI).and("resource", MAIL);
    bench.token(&bench.wiki, &two).await.assert_error(400, "invalid_target");
    let tokens = bench.token(&bench.wiki, &redeem).await.tokens();
    let refresh = refreshing(&client, &tokens.refresh);
    for resource in STRANGERS.into_iter().chain([MAIL]) {
        bench.token(&bench.wiki, &refresh.clone().with("resource", resource)).await.assert_error(400, "invalid_target");
    }
    let two = refresh.clone().and("resource", WIKI).and("resource", MAIL);
    bench.token(&bench.wiki, &two).await.assert_error(400, "invalid_target");
    assert_eq!(bench.token(&bench.wiki, &refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn ri_10_two_resources_are_never_silently_one() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    for second in [MAIL, WIKI] {
        let query = authorization(&client).and("resource", WIKI).and("resource", second);
        redirect_of(bench.ask(&query).await).assert_error("invalid_target");
    }
}
