//! RFC 7009: a client hands back its own tokens, and learns nothing about others.

use crate::harness::*;
use http::{Method, StatusCode, header};
use oauth::Endpoint;
use oauth::endpoint::revocation::Revoked;
use serde_json::json;

impl Bench {
    async fn revoke(&self, client: &str, token: &str) -> Answer {
        self.call(&self.wiki, Endpoint::Revocation, fields([("client_id", client), ("token", token)]).post()).await
    }

    async fn holds(&self, tokens: &Tokens) -> bool {
        self.present(&self.wiki, &tokens.access).await.is_ok()
    }
}

#[track_caller]
fn assert_empty_ok(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
    assert!(answer.body.is_empty());
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
}

#[tokio::test]
async fn rv_01_a_token_that_is_valid_ended_or_unknown_is_answered_alike() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let tokens = bench.tokens(&client).await;
    let other = bench.tokens(&client).await;
    let mut jwt = other.access.clone();
    jwt.replace_range(..2, "xx");
    let spoiled = format!("{}x", &other.refresh[..other.refresh.len() - 1]);
    for token in [&tokens.refresh, &tokens.refresh, &tokens.access, "x", "dw_rt_", "a.b.c", "ü", &jwt, &spoiled] {
        assert_empty_ok(&bench.revoke(&client, token).await);
    }
    assert!(!bench.holds(&tokens).await);
    assert!(bench.holds(&other).await, "another grant of the same client is left alone");
}

#[tokio::test]
async fn rv_01_without_a_token_there_is_nothing_to_revoke() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    for form in [fields([("client_id", client.as_str())]), fields([("client_id", client.as_str()), ("token", "")])] {
        bench.call(&bench.wiki, Endpoint::Revocation, form.post()).await.assert_error(400, "invalid_request");
    }
    let twice = fields([("client_id", client.as_str()), ("token", "a"), ("token", "b")]);
    bench.call(&bench.wiki, Endpoint::Revocation, twice.post()).await.assert_error(400, "invalid_request");
    let json = json_post(r#"{"token":"x"}"#);
    bench.call(&bench.wiki, Endpoint::Revocation, json).await.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn rv_01_rv_08_only_by_post_and_only_in_the_body() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let tokens = bench.tokens(&client).await;
    let query = fields([("client_id", client.as_str()), ("token", &tokens.refresh)]);
    let get = request(Method::GET, &format!("/revoke?{}", query.encode()), Default::default());
    bench.call(&bench.wiki, Endpoint::Revocation, get).await.assert_error(405, "invalid_request");
    let mut post = query.post();
    *post.uri_mut() = format!("/revoke?{}", query.encode()).parse().unwrap();
    bench.call(&bench.wiki, Endpoint::Revocation, post).await.assert_error(400, "invalid_request");
    assert!(bench.holds(&tokens).await);
}

#[tokio::test]
async fn rv_02_a_client_cannot_revoke_what_another_holds() {
    let bench = Bench::new().await;
    let (client, other) = (bench.client().await, bench.other_client().await);
    let tokens = bench.tokens(&client).await;
    for token in [&tokens.refresh, &tokens.access] {
        assert_empty_ok(&bench.revoke(&other, token).await);
    }
    assert!(bench.holds(&tokens).await);
    assert_eq!(bench.refresh(&client, &tokens.refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn rv_02_an_app_revokes_nothing_of_another_app() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let tokens = bench.tokens(&client).await;
    let metadata = json!({ "client_name": "Test", "redirect_uris": [REDIRECT] });
    let there = id(&bench.register(&bench.mail, &metadata).await.json());
    for token in [&tokens.refresh, &tokens.access] {
        let form = fields([("client_id", there.as_str()), ("token", token)]);
        assert_empty_ok(&bench.call(&bench.mail, Endpoint::Revocation, form.post()).await);
    }
    assert!(bench.holds(&tokens).await);
}

#[tokio::test]
async fn rv_02_the_client_authenticates_as_it_registered() {
    let bench = Bench::new().await;
    bench.revoke("nobody", "x").await.assert_error(401, "invalid_client");
    let no_client = fields([("token", "x")]);
    bench.call(&bench.wiki, Endpoint::Revocation, no_client.post()).await.assert_error(401, "invalid_client");
    let (client, secret) = bench.confidential("client_secret_basic").await;
    let code = bench.code(&client).await;
    let form = redemption(&client, &code).without("client_id");
    let tokens = bench.token_basic(&bench.wiki, &basic(&client, &secret), &form).await.tokens();
    bench.revoke(&client, &tokens.refresh).await.assert_error(401, "invalid_client");
    let form = fields([("token", tokens.refresh.as_str())]);
    for (secret, status) in [("wrong", StatusCode::UNAUTHORIZED), (&secret, StatusCode::OK)] {
        assert!(bench.holds(&tokens).await);
        let mut request = form.post();
        request.headers_mut().insert(header::AUTHORIZATION, basic(&client, secret).parse().unwrap());
        assert_eq!(bench.call(&bench.wiki, Endpoint::Revocation, request).await.status, status);
    }
    assert!(!bench.holds(&tokens).await);
}

#[tokio::test]
async fn rv_03_tk_25_the_whole_grant_ends_by_whichever_token() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    for which in ["refresh", "access", "used refresh"] {
        let first = bench.tokens(&client).await;
        bench.later(SECOND);
        let next = bench.refresh(&client, &first.refresh).await.tokens();
        let token = match which {
            "refresh" => &next.refresh,
            "access" => &next.access,
            _ => &first.refresh,
        };
        assert_empty_ok(&bench.revoke(&client, token).await);
        for tokens in [&first, &next] {
            assert!(!bench.holds(tokens).await, "by its {which} token");
            bench.refresh(&client, &tokens.refresh).await.assert_error(400, "invalid_grant");
        }
    }
}

#[tokio::test]
async fn rv_03_an_access_token_that_has_expired_ends_nothing() {
    let mut bench = Bench::new().await;
    let client = bench.client().await;
    let tokens = bench.tokens(&client).await;
    bench.later(ACCESS_TOKEN_LIFETIME);
    assert_empty_ok(&bench.revoke(&client, &tokens.access).await);
    assert_eq!(bench.refresh(&client, &tokens.refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn rv_04_a_wrong_or_unknown_hint_still_finds_the_token() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    for (hint, refresh) in [("access_token", true), ("refresh_token", false), ("device_secret", true), ("", false)] {
        let tokens = bench.tokens(&client).await;
        let token = if refresh { &tokens.refresh } else { &tokens.access };
        let form = fields([("client_id", client.as_str()), ("token", token), ("token_type_hint", hint)]);
        assert_empty_ok(&bench.call(&bench.wiki, Endpoint::Revocation, form.post()).await);
        assert!(!bench.holds(&tokens).await, "`{hint}`");
    }
}

#[tokio::test]
async fn tk_14_a_revocation_that_could_not_be_kept_is_not_answered_as_done() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let tokens = bench.tokens(&client).await;
    for token in [&tokens.refresh, &tokens.access] {
        for act in 0..3 {
            bench.store.set(Fault::Nth(act));
            let answer = bench.revoke(&client, token).await;
            answer.assert_error(503, "temporarily_unavailable");
            assert!(bench.holds(&tokens).await);
        }
    }
    assert_empty_ok(&bench.revoke(&client, &tokens.refresh).await);
    assert!(!bench.holds(&tokens).await);
}

#[tokio::test]
async fn op_02_who_ended_which_grant_is_told_to_the_log_once() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let tokens = bench.tokens(&client).await;
    let grant = bench.verify(&bench.wiki, &tokens.access).unwrap().grant;
    let expected = Revoked { grant, subject: "ada".to_owned(), client: client.clone() };
    for told in [Some(&expected), None] {
        let form = fields([("client_id", client.as_str()), ("token", &tokens.refresh)]);
        let call =
            oauth::Call { app: &bench.wiki, endpoint: &Endpoint::Revocation, person: None, ip: HERE, now: bench.now };
        let oauth::Reply::Response(response) = bench.server.answer(call, &form.post()).await else { panic!("a page") };
        assert_eq!(response.extensions().get::<Revoked>(), told);
    }
}
