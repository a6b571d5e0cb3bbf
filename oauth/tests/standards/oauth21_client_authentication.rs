//! OAuth 2.1 section 2.4: each client authenticates as it registered, and in no other way.

use crate::harness::*;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{StatusCode, header};
use oauth::Endpoint;
use oauth::client::PreviousSecret;
use oauth::secret::{Kind, Secret};
use oauth::store::Store;
use serde_json::json;

async fn redeem(bench: &Bench, client: &str) -> Fields {
    redemption(client, &bench.code(client).await)
}

#[tokio::test]
async fn ca_01_a_public_client_only_names_itself() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let form = redeem(&bench, &client).await;
    bench.token(&bench.wiki, &form.clone().without("client_id")).await.assert_error(401, "invalid_client");
    assert_eq!(bench.token(&bench.wiki, &form).await.status, StatusCode::OK);
}

#[tokio::test]
async fn ca_01_ca_03_a_public_client_may_name_itself_by_basic_without_a_secret() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let form = redeem(&bench, &client).await.without("client_id");
    assert_eq!(bench.token_basic(&bench.wiki, &basic(&client, ""), &form).await.status, StatusCode::OK);
}

#[tokio::test]
async fn ca_02_a_secret_in_the_body() {
    let bench = Bench::new().await;
    let (client, secret) = bench.confidential("client_secret_post").await;
    let (_, foreign) = bench.confidential("client_secret_post").await;
    let form = redeem(&bench, &client).await;
    for wrong in ["", "x", &foreign, &secret.to_ascii_uppercase(), &secret[..secret.len() - 1]] {
        let answer = bench.token(&bench.wiki, &form.clone().with("client_secret", wrong)).await;
        answer.assert_error(401, "invalid_client");
        assert!(!answer.headers.contains_key(header::WWW_AUTHENTICATE));
    }
    assert_eq!(bench.token(&bench.wiki, &form.with("client_secret", &secret)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn ca_03_basic_with_and_without_form_encoding() {
    let bench = Bench::new().await;
    let (client, secret) = bench.confidential("client_secret_basic").await;
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    assert!(client.bytes().chain(secret.bytes()).all(unreserved), "both encodings send the same bytes");
    let encoded: String = secret.bytes().map(|b| format!("%{b:02X}")).collect();
    for credentials in
        [basic(&client, &secret), basic(&client, &encoded), basic(&client, &secret).replacen("Basic", "bASIC", 1)]
    {
        let form = redeem(&bench, &client).await.without("client_id");
        assert_eq!(bench.token_basic(&bench.wiki, &credentials, &form).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn ca_04_one_way_of_authentication_at_a_time() {
    let bench = Bench::new().await;
    let (client, secret) = bench.confidential("client_secret_basic").await;
    let other = bench.other_client().await;
    let credentials = basic(&client, &secret);
    let form = redeem(&bench, &client).await;
    let both = form.clone().and("client_secret", &secret);
    bench.token_basic(&bench.wiki, &credentials, &both).await.assert_error(400, "invalid_request");
    let two = form.clone().with("client_id", &other);
    bench.token_basic(&bench.wiki, &credentials, &two).await.assert_error(400, "invalid_request");
    // The Python SDK names itself in the body too.
    assert_eq!(bench.token_basic(&bench.wiki, &credentials, &form).await.status, StatusCode::OK);
}

#[tokio::test]
async fn ca_05_only_the_registered_method() {
    let bench = Bench::new().await;
    let (by_basic, basic_secret) = bench.confidential("client_secret_basic").await;
    let (by_post, post_secret) = bench.confidential("client_secret_post").await;
    let public = bench.client().await;
    let form = redeem(&bench, &by_basic).await;
    bench
        .token(&bench.wiki, &form.clone().and("client_secret", &basic_secret))
        .await
        .assert_error(401, "invalid_client");
    bench.token(&bench.wiki, &form).await.assert_error(401, "invalid_client");
    let form = redeem(&bench, &by_post).await;
    let answer = bench.token_basic(&bench.wiki, &basic(&by_post, &post_secret), &form).await;
    answer.assert_error(401, "invalid_client");
    bench.token(&bench.wiki, &form).await.assert_error(401, "invalid_client");
    // A public client that sends a secret is not more trusted for it.
    let form = redeem(&bench, &public).await;
    for secret in ["x", post_secret.as_str()] {
        bench.token(&bench.wiki, &form.clone().and("client_secret", secret)).await.assert_error(401, "invalid_client");
        let answer = bench.token_basic(&bench.wiki, &basic(&public, secret), &form).await;
        answer.assert_error(401, "invalid_client");
    }
    assert_eq!(bench.token(&bench.wiki, &form).await.status, StatusCode::OK);
}

#[tokio::test]
async fn tk_11_who_tried_basic_is_told_to() {
    let bench = Bench::new().await;
    let (client, secret) = bench.confidential("client_secret_basic").await;
    let form = redeem(&bench, &client).await.without("client_id");
    for bad in [
        basic(&client, "wrong"),
        basic("nobody", &secret),
        basic(&client, ""),
        "Basic !!!".to_owned(),
        "Basic".to_owned(),
        format!("Basic {}", STANDARD.encode("no colon")),
        format!("Basic {}", STANDARD.encode([0xff, b':', 0xfe])),
        format!("Bearer {secret}"),
        "DPoP x".to_owned(),
    ] {
        let answer = bench.token_basic(&bench.wiki, &bad, &form).await;
        answer.assert_error(401, "invalid_client");
        assert!(answer.header(header::WWW_AUTHENTICATE).starts_with("Basic "), "{bad}");
    }
    let mut twice = form.post();
    for _ in 0..2 {
        twice.headers_mut().append(header::AUTHORIZATION, basic(&client, &secret).parse().unwrap());
    }
    bench.call(&bench.wiki, oauth::Endpoint::Token, twice).await.assert_error(401, "invalid_client");
    assert_eq!(bench.token_basic(&bench.wiki, &basic(&client, &secret), &form).await.status, StatusCode::OK);
}

#[tokio::test]
async fn ca_05_tk_22_refreshing_needs_the_secret_too() {
    let bench = Bench::new().await;
    let (client, secret) = bench.confidential("client_secret_post").await;
    let form = redeem(&bench, &client).await.and("client_secret", &secret);
    let tokens = bench.token(&bench.wiki, &form).await.tokens();
    let form = refreshing(&client, &tokens.refresh);
    bench.token(&bench.wiki, &form).await.assert_error(401, "invalid_client");
    bench.token(&bench.wiki, &form.clone().and("client_secret", "x")).await.assert_error(401, "invalid_client");
    assert_eq!(bench.token(&bench.wiki, &form.and("client_secret", &secret)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn dr_13_the_secret_of_a_client_is_told_once() {
    let bench = Bench::new().await;
    let (_, secret) = bench.confidential("client_secret_post").await;
    let metadata = json!({ "client_name": "client_secret_post", "redirect_uris": [REDIRECT] });
    assert!(!bench.registered(&metadata).await.to_string().contains(&secret));
}

#[tokio::test]
async fn ca_13_after_a_rotation_both_secrets_do_until_the_overlap_ends() {
    let mut bench = Bench::new().await;
    let (client, old) = bench.service(&bench.wiki, |_| ()).await;
    let secret = Secret::generate(Kind::Client, &*bench.server.random);
    let mut rotated = client.clone();
    let hash = *client.authentication.secret().unwrap();
    rotated.authentication = client.authentication.with_secret(secret.hash());
    rotated.details.previous_secret = Some(PreviousSecret { hash, until: bench.now.plus(GRACE) });
    assert!(bench.store.replace_client(&client, &rotated).await.unwrap());
    let new = basic(client.id.as_str(), secret.expose());
    let form = fields([("token", "x")]);
    for (after, expected) in [(GRACE - SECOND, 200), (SECOND, 401)] {
        bench.later(after);
        for (credentials, expected) in [(&new, 200), (&old, expected)] {
            let mut request = form.post();
            request.headers_mut().insert(header::AUTHORIZATION, credentials.parse().unwrap());
            let answer = bench.call(&bench.wiki, Endpoint::Introspection, request).await;
            assert_eq!(answer.status.as_u16(), expected, "{:?}", answer.body);
        }
    }
}

/// A secret in an app that anybody can download is no secret (section 8.1).
#[tokio::test]
async fn ca_11_a_native_client_with_a_secret_is_asked_for_like_any_other() {
    let bench = Bench::new().await;
    let metadata = json!({ "client_name": "Native", "application_type": "native", "redirect_uris": [REDIRECT],
        "token_endpoint_auth_method": "client_secret_post" });
    let client = bench.registered(&metadata).await;
    let (client, secret) = (id(&client), client["client_secret"].as_str().unwrap().to_owned());
    for _ in 0..3 {
        let form = redeem(&bench, &client).await.and("client_secret", &secret);
        bench.token(&bench.wiki, &form).await.tokens();
        let consent = page_of(bench.ask(&authorization(&client)).await);
        assert_eq!(consent.vouched_by, oauth::call::VouchedBy::Nobody);
    }
}

/// Lets one secret be tried.
#[derive(Default)]
struct OneGuess(std::sync::atomic::AtomicUsize);

impl oauth::world::Guesses for OneGuess {
    fn may_try(&self, client: &str) -> bool {
        assert!(client.starts_with("dw_c_"));
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 1
    }

    fn was_right(&self, _: &str) {
        self.0.store(0, std::sync::atomic::Ordering::Relaxed);
    }
}

#[tokio::test]
async fn ca_10_who_guessed_too_often_is_not_heard_even_with_the_secret() {
    let bench = Bench::new().await;
    let (client, secret) = bench.confidential("client_secret_basic").await;
    let form = redeem(&bench, &client).await.without("client_id");
    let guesser = oauth::client_auth::Guesser(std::sync::Arc::new(OneGuess::default()));
    let ask = async |secret: &str| {
        let mut request = form.post();
        request.headers_mut().insert(header::AUTHORIZATION, basic(&client, secret).parse().unwrap());
        request.extensions_mut().insert(guesser.clone());
        bench.call(&bench.wiki, oauth::Endpoint::Token, request).await
    };
    ask(&secret).await.tokens();
    ask("wrong").await.assert_error(401, "invalid_client");
    for guess in ["wrong", &secret] {
        let answer = ask(guess).await;
        answer.assert_error(429, "temporarily_unavailable");
        assert_eq!(answer.header(header::RETRY_AFTER), "60");
    }
}
