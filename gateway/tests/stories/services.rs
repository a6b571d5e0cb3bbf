//! Programs that act in their own name: clients that an administrator registered. They are never taken for people.

use crate::harness::{Folder, Jwt, Request, Response, Site, eventually, send};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::process::Command;

/// Services pass everywhere that people of example.com pass.
fn with_services() -> Site {
    Site::with(welcoming)
}

fn welcoming(config: String) -> String {
    let services = "[policies.services]\naction = \"service_auth\"\ninclude = [{ via = \"service\" }]\n\n[apps.main]";
    config
        .replacen("[apps.main]", services, 1)
        .replace("policies = [\"people\"]", "policies = [\"people\", \"services\"]")
}

/// Runs a command that prints JSON.
#[track_caller]
fn told(site: &Site, arguments: &[&str]) -> Value {
    serde_json::from_str(&site.cli_ok(&[arguments, &["--json"]].concat())).unwrap()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no `{name}` in {value}"))
}

fn token_of(url: &str, id: &str, secret: &str, fields: &[(&str, &str)]) -> Response {
    let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    send(&Request::post(url).header("Authorization", &basic).form(fields))
}

fn token_endpoint(site: &Site) -> String {
    let metadata = send(&Request::get(&site.main("/.well-known/oauth-authorization-server"))).expect(200).json();
    text(&metadata, "token_endpoint").to_owned()
}

fn own(site: &Site, client: &Value) -> Response {
    let (id, secret) = (text(client, "client_id"), text(client, "client_secret"));
    token_of(&token_endpoint(site), id, secret, &[("grant_type", "client_credentials")])
}

fn status(url: &str, token: &str) -> u16 {
    send(&Request::get(url).bearer(token)).status
}

#[test]
fn tx_01_jw_11_a_service_passes_in_its_own_name_until_it_is_removed() {
    let site = with_services();
    let client = told(&site, &["client", "add", "--app", "main", "--name", "Nightly build"]);
    let answer = own(&site, &client).expect(200).json();
    assert!(answer.get("refresh_token").is_none());
    let token = text(&answer, "access_token");
    send(&Request::get(&site.main("/x")).bearer(token)).expect(200);
    let seen = site.upstream.last();
    let assertion = Jwt::read(seen.header("doorward-assertion").unwrap()).verify(&site.login("/.doorward/certs"));
    let id = text(&client, "client_id");
    assert_eq!((&assertion.claims["sub"], &assertion.claims["common_name"]), (&json!(id), &json!(id)));
    assert_eq!((&assertion.claims["type"], &assertion.claims["azp"]), (&json!("service"), &json!(id)));
    assert_eq!((assertion.claims.get("email"), assertion.claims.get("act")), (None, None));
    assert_eq!((seen.header("x-forwarded-email"), seen.header("authorization")), (None, None));
    site.logged("the service", |event| event["via"] == "service" && event["client"] == id && event["subject"] == id);

    let grants = told(&site, &["grant", "list"]);
    let listed: Vec<_> = grants.as_array().unwrap().iter().filter(|grant| grant["kind"] == "service").collect();
    assert_eq!(listed.len(), 1, "{grants}");
    assert_eq!((text(listed[0], "user"), &listed[0]["client"]["name"]), (id, &json!("Nightly build")));
    site.cli_ok(&["grant", "revoke", text(listed[0], "id")]);
    eventually("the revocation holds", || status(&site.main("/x"), token) == 401);

    let again = own(&site, &client).expect(200).json();
    assert_eq!(status(&site.main("/x"), text(&again, "access_token")), 200);
    site.cli_ok(&["client", "remove", id]);
    eventually("the removal holds", || status(&site.main("/x"), text(&again, "access_token")) == 401);
    own(&site, &client).expect(401);
}

#[test]
fn jw_11_a_service_without_a_policy_for_services_gets_nothing() {
    let site = Site::start();
    let client = told(&site, &["client", "add", "--app", "main", "--name", "ada@example.com"]);
    let refused = own(&site, &client).expect(400).json();
    assert_eq!(text(&refused, "error"), "unauthorized_client");
    let logged = site.logged("what to do", |event| event["error"] == "unauthorized_client");
    assert!(text(&logged, "what").contains("service_auth"), "{logged}");
}

#[test]
fn jw_11_o26_a_service_that_is_named_like_a_person_is_not_that_person() {
    let site = with_services();
    let users = told(&site, &["user", "list"]);
    let ada = users.as_array().unwrap().iter().find(|user| user["username"] == "ada@example.com").unwrap();
    let client = told(&site, &["client", "add", "--app", "main", "--name", text(ada, "sub")]);
    // Whatever wrote into the store: the id of the client is the subject of a person.
    let database = rusqlite::Connection::open(site.database()).unwrap();
    let rename = "UPDATE clients SET id = ?1 WHERE id = ?2";
    database.execute(rename, (text(ada, "sub"), text(&client, "client_id"))).unwrap();
    let renamed = json!({ "client_id": ada["sub"], "client_secret": client["client_secret"] });
    let token = own(&site, &renamed).expect(200).json();
    send(&Request::get(&site.main("/x")).bearer(text(&token, "access_token"))).expect(200);
    let seen = site.upstream.last();
    let claims = Jwt::read(seen.header("doorward-assertion").unwrap()).claims;
    assert_eq!((&claims["type"], claims.get("email")), (&json!("service"), None));
    assert_eq!((seen.header("x-forwarded-email"), seen.header("x-forwarded-groups")), (None, None));
}

#[test]
fn ca_13_a_rotated_secret_overlaps_with_the_one_before() {
    let site = with_services();
    let first = told(&site, &["client", "add", "--app", "main", "--name", "CI"]);
    let id = text(&first, "client_id");
    let second = told(&site, &["client", "rotate", id]);
    own(&site, &first).expect(200);
    own(&site, &second).expect(200);
    let third = told(&site, &["client", "rotate", id, "--overlap", "0s"]);
    own(&site, &first).expect(401);
    own(&site, &second).expect(401);
    own(&site, &third).expect(200);
    let shown = told(&site, &["client", "show", id]);
    assert_eq!((text(&shown, "registered_by"), shown.get("client_secret")), ("administrator", None));
    assert_eq!(told(&site, &["client", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_client_is_registered_before_the_first_start_and_mistakes_are_explained() {
    let folder = Folder::new();
    let file = folder.path().join("doorward.toml");
    let config = "auth.url = 'http://localhost:8080'\nstore.url = 'sqlite:STORE'\n[apps.wiki]\nurl = 'http://wiki.test:8080'\n\
                  upstream = 'http://127.0.0.1:9'\noauth.enabled = true\n[apps.bare]\nurl = 'http://bare.test:8080'\n\
                  upstream = 'http://127.0.0.1:9'\n";
    std::fs::write(&file, config.replace("STORE", &folder.path().join("doorward.db").display().to_string())).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
        let output =
            command.args(["client", "add", "--name", "CI"]).args(arguments).arg("--config").arg(&file).output();
        let output = output.unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert!(run(&["--app", "wiki"]).0);
    assert!(run(&["--app", "wiki", "--redirect-uri", "https://ci.ex/cb", "--auth-method", "none"]).0);
    for (arguments, says) in [
        (&["--app", "wkii"][..], "there are: bare, wiki"),
        (&["--app", "bare"], "apps.bare.oauth.enabled = true"),
        (&["--app", "wiki", "--auth-method", "none"], "needs a client with a secret"),
        (&["--app", "wiki", "--scope", "notes:write"], "has no scope `notes:write`; it has: access"),
        (&["--app", "wiki", "--redirect-uri", "http://ci.ex/cb"], "plain http is for loopback"),
        (&["--app", "wiki", "--redirect-uri", "javascript:x"], "cannot be a redirect URI"),
        (&["--app", "wiki", "--grant-type", "authorization_code"], "need each other"),
        (&["--app", "wiki", "--grant-type", "token-exchange"], "--acts-for APP"),
        (&["--app", "wiki", "--acts-for", "wiki"], "its own app"),
        (&["--app", "wiki", "--grant-type", "password"], "known are: authorization_code"),
    ] {
        let (done, error) = run(arguments);
        assert!(!done && error.contains(says), "{arguments:?}: {error}");
    }
}
