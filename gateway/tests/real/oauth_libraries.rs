//! OAuth libraries, as web applications and programs use them: at a plain app, from registration to revocation.

use crate::demo::{ADA, Demo, node, python};
use serde_json::Value;

/// What all of them are told: the app, and who signs in.
fn run(demo: &Demo, with: fn(&str, &[&str]) -> Value, script: &str, more: &[&str]) -> Value {
    let app = format!("{}/", demo.app);
    with(script, &[&["--app", &app, "--username", ADA, "--password", &demo.password], more].concat())
}

/// A token works, its successor works, and after the revocation neither does.
fn assert_life(told: &Value) {
    assert_eq!(told["token"]["has_refresh_token"], true, "{told}");
    for (when, status) in [("first", 200), ("refreshed", 200), ("revoked", 401)] {
        assert_eq!(told["statuses"][when], status, "{when}: {told}");
    }
}

fn assert_introspected(told: &Value) {
    let answer = &told["introspected"];
    assert_eq!((&answer["active"], &answer["token_type"]), (&Value::from(true), &Value::from("Bearer")), "{told}");
    assert!(answer.get("username").is_none() && !answer.to_string().contains('@'), "personal data: {told}");
    assert_eq!(told["introspected_after"], serde_json::json!({ "active": false }), "{told}");
}

#[test]
fn oauth4webapi_goes_through_code_flow_and_refresh_at_a_plain_app() {
    let demo = Demo::start("15m");
    let app = format!("{}/", demo.app);
    let told = node("oauth4webapi.mjs", &["--app", &app, "--username", ADA, "--password", &demo.password]);
    assert_eq!(told["access_token"]["header"]["alg"], "EdDSA", "{told}");
    assert_eq!(told["access_token"]["header"]["typ"], "at+jwt");
    let claims = told["access_token"]["claims"].to_string();
    assert!(!claims.contains("Ada ") && !claims.contains("example.com"), "personal data in the token: {claims}");
    assert_eq!(told["first_call"]["status"], 200, "{told}");
    assert_eq!(told["second_call"]["status"], 200, "{told}");
}

#[test]
fn ca_01_ca_06_rv_01_openid_client_refreshes_introspects_and_revokes() {
    let demo = Demo::start("15m");
    for method in ["client_secret_basic", "client_secret_post", "private_key_jwt"] {
        let told = run(&demo, node, "openid-client.mjs", &["--method", method]);
        assert_eq!(told["client"]["token_endpoint_auth_method"], method, "{told}");
        assert_life(&told);
        assert_introspected(&told);
        assert_eq!(told["refresh_after"], "invalid_grant", "{told}");
    }
    let told = run(&demo, node, "openid-client.mjs", &["--method", "none"]);
    assert_eq!(told["client"]["has_secret"], false, "{told}");
    assert_life(&told);
    assert_eq!(told["introspected"]["refused"], "invalid_client", "{told}");
}

#[test]
fn rv_01_authlib_refreshes_introspects_and_revokes() {
    let demo = Demo::start("15m");
    for method in ["client_secret_basic", "client_secret_post"] {
        let told = run(&demo, python, "oauth_client.py", &["--library", "authlib", "--method", method]);
        assert_life(&told);
        assert_introspected(&told);
        assert_eq!(told["refreshes"], 1, "{told}");
    }
}

#[test]
fn requests_oauthlib_refreshes_and_revokes() {
    let demo = Demo::start("15m");
    let how = ["--library", "requests-oauthlib", "--method", "client_secret_post"];
    let told = run(&demo, python, "oauth_client.py", &how);
    assert_life(&told);
    assert_eq!(told["refreshes"], 1, "{told}");
}

#[test]
fn pk_01_programs_that_know_no_pkce_are_told_so_where_they_wait() {
    let demo = Demo::start("15m");
    for library in ["authlib", "requests-oauthlib"] {
        let told = run(&demo, python, "oauth_client.py", &["--library", library, "--no-pkce"]);
        assert_eq!(told["answer"]["error"], "invalid_request", "{told}");
        assert!(told["answer"]["error_description"].as_str().unwrap().contains("PKCE"), "{told}");
    }
}

#[test]
fn px_01_px_03_libraries_push_their_authorization_requests() {
    let demo = Demo::start("15m");
    for method in ["client_secret_basic", "none"] {
        let told = run(&demo, node, "openid-client.mjs", &["--par", "--method", method]);
        assert_eq!(told["asked"], serde_json::json!(["request_uri", "client_id"]), "{told}");
        assert_life(&told);
    }
    let told = run(&demo, node, "oauth4webapi.mjs", &["--par"]);
    let url = told["authorization"]["url"].as_str().unwrap();
    assert!(url.contains("request_uri=") && !url.contains("redirect_uri="), "{told}");
    assert_eq!(told["second_call"]["status"], 200, "{told}");
}

#[test]
fn px_08_px_09_jw_15_libraries_bind_their_tokens_to_a_key() {
    let demo = Demo::start("15m");
    for method in ["none", "client_secret_basic"] {
        let told = run(&demo, node, "openid-client.mjs", &["--dpop", "--method", method]);
        assert_life(&told);
        assert_eq!(told["statuses"]["without_proof"], 401, "a bound token alone is worth nothing: {told}");
    }
    let told = run(&demo, node, "oauth4webapi.mjs", &["--dpop", "--par"]);
    assert!(told["access_token"]["claims"]["cnf"]["jkt"].is_string(), "{told}");
    assert_eq!((&told["first_call"]["status"], &told["second_call"]["status"]), (&200.into(), &200.into()), "{told}");
}
