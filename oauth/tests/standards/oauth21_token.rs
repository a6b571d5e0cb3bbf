//! OAuth 2.1 section 3.2 and 4.1.3: the token endpoint and the redemption of codes.

use crate::harness::*;
use http::{Method, StatusCode, header};
use oauth::Endpoint;
use oauth::client::{Client, ClientId};
use oauth::store::Store;
use serde_json::json;

#[tokio::test]
async fn tk_01_tk_32_only_post_and_never_a_redirect() {
    let bench = Bench::new().await;
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = bench.call(&bench.wiki, Endpoint::Token, request(method, "/", Default::default())).await;
        answer.assert_error(405, "invalid_request");
        assert_eq!(answer.header(header::ALLOW), "POST, OPTIONS");
    }
}

#[tokio::test]
async fn tk_02_only_a_form() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let code = bench.code(&client).await;
    let form = redemption(&client, &code);
    let body =
        json!({ "grant_type": "authorization_code", "client_id": client, "code": code, "code_verifier": VERIFIER });
    bench.call(&bench.wiki, Endpoint::Token, json_post(body.to_string())).await.assert_error(400, "invalid_request");
    for content_type in ["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencodedx"] {
        let mut request = form.post();
        request.headers_mut().insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        bench.call(&bench.wiki, Endpoint::Token, request).await.assert_error(400, "invalid_request");
    }
    let mut request = form.post();
    request
        .headers_mut()
        .insert(header::CONTENT_TYPE, "Application/X-WWW-Form-URLEncoded; charset=UTF-8".parse().unwrap());
    assert_eq!(bench.call(&bench.wiki, Endpoint::Token, request).await.status, StatusCode::OK);
}

#[tokio::test]
async fn tk_03_parameters_in_the_url_are_refused() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let code = bench.code(&client).await;
    let form = redemption(&client, &code);
    for query in [form.encode(), "client_secret=x".to_owned(), format!("code={code}")] {
        let mut request = form.post();
        *request.uri_mut() = format!("/token?{query}").parse().unwrap();
        bench.call(&bench.wiki, Endpoint::Token, request).await.assert_error(400, "invalid_request");
    }
    assert_eq!(bench.token(&bench.wiki, &form).await.status, StatusCode::OK, "nothing was used up");
}

#[tokio::test]
async fn tk_04_repeated_empty_and_unknown_parameters() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let code = bench.code(&client).await;
    let form = redemption(&client, &code);
    for (name, value) in [
        ("code", code.as_str()),
        ("client_id", &client),
        ("grant_type", "password"),
        ("redirect_uri", ""),
        ("foo", "2"),
    ] {
        let repeated = form.clone().and("foo", "1").and(name, value);
        bench.token(&bench.wiki, &repeated).await.assert_error(400, "invalid_request");
    }
    for missing in ["grant_type", "code"] {
        bench.token(&bench.wiki, &form.clone().with(missing, "")).await.assert_error(400, "invalid_request");
        bench.token(&bench.wiki, &form.clone().without(missing)).await.assert_error(400, "invalid_request");
    }
    let odd = form.and("scope", "").and("resource", "").and("client_secret", "").and("audience", "x");
    assert_eq!(bench.token(&bench.wiki, &odd).await.status, StatusCode::OK);
}

#[tokio::test]
async fn tk_05_tk_06_tk_07_tk_08_tk_33_a_token_response_in_full() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let code = bench.code(&client).await;
    let answer = bench.token(&bench.wiki, &redemption(&client, &code)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    let body = answer.json();
    let names: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["access_token", "expires_in", "refresh_token", "scope", "token_type"]);
    assert_eq!((&body["token_type"], &body["scope"]), (&json!("Bearer"), &json!("access wiki:write")));
    assert_eq!(body["expires_in"], json!(900));
    let token = bench.verify(&bench.wiki, body["access_token"].as_str().unwrap()).unwrap();
    assert_eq!(token.exp, bench.now.plus(ACCESS_TOKEN_LIFETIME));
    assert_eq!((token.sub.as_str(), token.client_id.as_str()), ("ada", client.as_str()));
    assert!(body["refresh_token"].as_str().unwrap().starts_with("dw_rt_"));
}

#[tokio::test]
async fn tk_08_tk_23_no_access_token_outlives_its_grant() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    let tokens = bench.tokens(&client).await;
    bench.later(GRANT_DURATION - SECOND * 5);
    let answer = bench.refresh(&client, &tokens.refresh).await;
    assert_eq!(answer.json()["expires_in"], 5);
    let token = bench.verify(&bench.wiki, &answer.tokens().access).unwrap();
    assert_eq!(token.exp, bench.now.plus(SECOND * 5));
}

#[tokio::test]
async fn tk_09_lifetimes_are_the_configured_ones_down_to_seconds() {
    let mut bench = Bench::new().await;
    bench.wiki.managed.as_mut().unwrap().access_token_lifetime = SECOND * 2;
    let client = bench.client().await;
    let tokens = bench.tokens(&client).await;
    bench.later(SECOND);
    assert!(bench.verify(&bench.wiki, &tokens.access).is_ok());
    bench.later(SECOND);
    assert!(bench.verify(&bench.wiki, &tokens.access).is_err());
}

#[tokio::test]
async fn tk_10_tk_15_tk_31_grants_that_are_not_built_are_unsupported() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    for grant_type in [
        "password",
        "implicit",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:saml2-bearer",
        "urn:ietf:params:oauth:grant-type:device_code",
        "Authorization_Code",
        "foo",
    ] {
        let form = redemption(&client, "x").with("grant_type", grant_type).and("username", "a").and("password", "b");
        bench.token(&bench.wiki, &form).await.assert_error(400, "unsupported_grant_type");
    }
}

#[tokio::test]
async fn tk_12_an_unknown_client_is_told_so_whatever_it_brings() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let tokens = bench.tokens(&client).await;
    let code = bench.code(&client).await;
    for form in [refreshing("gone", &tokens.refresh), redemption("gone", &code), refreshing("gone", "garbage")] {
        bench.token(&bench.wiki, &form).await.assert_error(401, "invalid_client");
        bench.token(&bench.mail, &form.with("client_id", &client)).await.assert_error(401, "invalid_client");
    }
}

#[tokio::test]
async fn tk_13_a_code_that_is_none_is_an_invalid_grant() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let tokens = bench.tokens(&client).await;
    let mut changed = bench.code(&client).await;
    changed.replace_range(10..11, if &changed[10..11] == "A" { "B" } else { "A" });
    for code in ["x", "dw_ac_", &changed, &tokens.refresh, &tokens.access, &"a".repeat(9000), "\u{0}"] {
        bench.token(&bench.wiki, &redemption(&client, code)).await.assert_error(400, "invalid_grant");
    }
}

#[tokio::test]
async fn tk_16_a_replayed_code_ends_what_came_from_it() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    for late in [false, true] {
        let code = bench.code(&client).await;
        let tokens = bench.token(&bench.wiki, &redemption(&client, &code)).await.tokens();
        let next = bench.refresh(&client, &tokens.refresh).await.tokens();
        if late {
            bench.later(SECOND * 300);
        }
        bench.token(&bench.wiki, &redemption(&client, &code)).await.assert_error(400, "invalid_grant");
        for access in [tokens.access, next.access] {
            assert!(bench.present(&bench.wiki, &access).await.is_err(), "late: {late}");
        }
        for refresh in [tokens.refresh, next.refresh] {
            bench.refresh(&client, &refresh).await.assert_error(400, "invalid_grant");
        }
    }
}

#[tokio::test]
async fn tk_16_a_replay_with_anything_wrong_ends_nothing() {
    let bench = Bench::new().await;
    let (client, other) = (bench.client().await, bench.other_client().await);
    let code = bench.code(&client).await;
    let good = redemption(&client, &code);
    let tokens = bench.token(&bench.wiki, &good).await.tokens();
    for replay in [
        good.clone().with("code_verifier", &"x".repeat(43)),
        good.clone().without("code_verifier"),
        good.clone().with("client_id", &other),
        good.clone().with("redirect_uri", "http://127.0.0.1:1/callback"),
        good.clone().with("resource", "https://evil.ex"),
    ] {
        assert_eq!(bench.token(&bench.wiki, &replay).await.status, StatusCode::BAD_REQUEST);
    }
    assert!(bench.present(&bench.wiki, &tokens.access).await.is_ok());
}

#[tokio::test]
async fn tk_16_of_fifty_redemptions_at_once_one_succeeds_at_most_and_its_tokens_end() {
    let bench = std::sync::Arc::new(Bench::new().await);
    let client = bench.client().await;
    let form = redemption(&client, &bench.code(&client).await);
    let mut set = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (bench, form) = (bench.clone(), form.clone());
        set.spawn(async move { bench.token(&bench.wiki, &form).await });
    }
    let answers = set.join_all().await;
    let won: Vec<_> = answers.iter().filter(|answer| answer.status == StatusCode::OK).collect();
    assert_eq!(won.len(), 1);
    assert!(bench.present(&bench.wiki, &won[0].tokens().access).await.is_err());
}

#[tokio::test]
async fn tk_17_az_13_a_code_is_for_its_client_and_its_app() {
    let bench = Bench::new().await;
    let (client, other) = (bench.client().await, bench.other_client().await);
    let code = bench.code(&client).await;
    bench.token(&bench.wiki, &redemption(&other, &code)).await.assert_error(400, "invalid_grant");
    // The same registration gives another id at another app; a client of the same id there changes nothing.
    let mut twin = bench.wiki.clone();
    twin.id = "twin".to_owned();
    let known = bench.store.client("wiki", &ClientId::new(&client)).await.unwrap().unwrap();
    let limits = bench.wiki.managed.as_ref().unwrap().registration.as_ref().unwrap().limits;
    bench.store.register_client(&Client { app: "twin".to_owned(), ..known }, limits, START).await.unwrap();
    bench.token(&twin, &redemption(&client, &code)).await.assert_error(400, "invalid_grant");
    assert_eq!(bench.token(&bench.wiki, &redemption(&client, &code)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn tk_17_a_client_and_a_browser_never_redeem_each_others_codes() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let code = bench.code(&client).await;
    let stolen = bench.server.redeem_browser_code(&bench.wiki, (&code, VERIFIER, REDIRECT), bench.now).await;
    assert_eq!(stolen.unwrap_err().code, oauth::error::Code::InvalidGrant);
    let callback = "https://wiki.ex/.doorward/callback";
    let query = authorization("doorward-browser").with("redirect_uri", callback);
    let code = redirect_of(bench.ask(&query).await).parameter("code").unwrap();
    let form = redemption(&client, &code).with("redirect_uri", callback);
    bench.token(&bench.wiki, &form).await.assert_error(400, "invalid_grant");
    // Not even if a store knew the browser as a client.
    let known = bench.store.client("wiki", &ClientId::new(&client)).await.unwrap().unwrap();
    let limits = bench.wiki.managed.as_ref().unwrap().registration.as_ref().unwrap().limits;
    bench.store.register_client(&Client { id: ClientId::browser(), ..known }, limits, START).await.unwrap();
    let form = form.with("client_id", "doorward-browser");
    bench.token(&bench.wiki, &form).await.assert_error(401, "invalid_client");
}

#[tokio::test]
async fn tk_28_tokens_and_secrets_are_long_and_never_the_same() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let mut seen = std::collections::HashSet::new();
    for _ in 0..20 {
        let tokens = bench.tokens(&client).await;
        assert!(tokens.refresh.len() >= "dw_rt_".len() + 32);
        let access = bench.verify(&bench.wiki, &tokens.access).unwrap();
        for unique in [tokens.refresh, access.jti, access.grant] {
            assert!(seen.insert(unique));
        }
    }
}

#[tokio::test]
async fn tk_29_the_store_never_sees_a_secret() {
    let bench = Bench::new().await;
    let metadata = json!({ "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "client_secret_post" });
    let client = bench.registered(&metadata).await;
    let (client, secret) = (id(&client), client["client_secret"].as_str().unwrap().to_owned());
    let code = bench.code(&client).await;
    let form = redemption(&client, &code).and("client_secret", &secret);
    let first = bench.token(&bench.wiki, &form).await.tokens();
    let form = refreshing(&client, &first.refresh).and("client_secret", &secret);
    let second = bench.token(&bench.wiki, &form).await.tokens();
    let dump = bench.store.dump();
    assert!(dump.contains(&client), "the dump is one");
    let of_tokens = [first.access, first.refresh, second.access, second.refresh];
    for secret in of_tokens.into_iter().chain([secret, code, VERIFIER.to_owned()]) {
        // Not even the random part without its prefix and checksum.
        assert!(!dump.contains(&secret) && !dump.contains(&secret[6..secret.len() - 6]));
    }
}

#[tokio::test]
async fn a_token_request_of_a_megabyte_is_refused() {
    let bench = Bench::new().await;
    let form = redemption("c", &"x".repeat(1 << 20));
    bench.token(&bench.wiki, &form).await.assert_error(413, "invalid_request");
}
