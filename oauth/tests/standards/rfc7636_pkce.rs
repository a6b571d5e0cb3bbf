//! RFC 7636: proof key for code exchange, S256 for everybody.

use crate::harness::*;
use http::StatusCode;
use oauth::pkce;
use serde_json::json;

#[tokio::test]
async fn pk_01_every_client_needs_a_challenge() {
    let bench = Bench::new().await;
    let confidential = json!({ "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "client_secret_basic" });
    for client in [bench.client().await, id(&bench.registered(&confidential).await)] {
        for query in
            [authorization(&client).without("code_challenge"), authorization(&client).with("code_challenge", "")]
        {
            redirect_of(bench.ask(&query).await).assert_error("invalid_request");
        }
    }
}

#[tokio::test]
async fn pk_02_only_s256() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    redirect_of(bench.ask(&authorization(&client).without("code_challenge_method")).await)
        .assert_error("invalid_request");
    for method in ["plain", "s256", "S512", "S256 "] {
        let query = authorization(&client).with("code_challenge_method", method);
        redirect_of(bench.ask(&query).await).assert_error("invalid_request");
    }
}

#[tokio::test]
async fn pk_03_a_challenge_is_43_characters_of_base64url() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let good = pkce::challenge(VERIFIER);
    for bad in [&good[..42], &format!("{good}="), &format!("{good}A"), &good.replacen('E', "+", 1), "x"] {
        let query = authorization(&client).with("code_challenge", bad);
        redirect_of(bench.ask(&query).await).assert_error("invalid_request");
    }
}

#[tokio::test]
async fn pk_04_verifiers_of_43_and_of_128_characters_are_good() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    for verifier in ["a".repeat(43), "~._-".repeat(32)] {
        let code = bench.code_for(&authorization(&client).with("code_challenge", &pkce::challenge(&verifier))).await;
        let answer = bench.token(&bench.wiki, &redemption(&client, &code).with("code_verifier", &verifier)).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn pk_05_pk_06_a_wrong_or_missing_verifier_gets_nothing_and_burns_nothing() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let code = bench.code(&client).await;
    let good = redemption(&client, &code);
    for verifier in [&"x".repeat(43), &pkce::challenge(VERIFIER), &VERIFIER[..42], "", &VERIFIER.to_ascii_uppercase()] {
        bench
            .token(&bench.wiki, &good.clone().with("code_verifier", verifier))
            .await
            .assert_error(400, "invalid_grant");
    }
    bench.token(&bench.wiki, &good.clone().without("code_verifier")).await.assert_error(400, "invalid_grant");
    assert_eq!(bench.token(&bench.wiki, &good).await.status, StatusCode::OK);
}

/// The verifier may not be the challenge itself, as it would be with `plain`.
#[tokio::test]
async fn pk_07_pk_02_a_challenge_never_works_as_its_own_verifier() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let plain = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let code = bench.code_for(&authorization(&client).with("code_challenge", plain)).await;
    let answer = bench.token(&bench.wiki, &redemption(&client, &code).with("code_verifier", plain)).await;
    answer.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn pk_08_the_challenge_is_in_no_redirect() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let consent = page_of(bench.ask(&authorization(&client)).await);
    let redirect = redirect_of(bench.press("allow", &consent).await);
    assert!(!redirect.location.contains(&pkce::challenge(VERIFIER)));
}
