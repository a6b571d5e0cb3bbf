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

/// One token passes at the apps of the usual policy, whether they have managed OAuth or not.
fn with_tokens() -> Site {
    Site::with(|config| {
        let robots = "[policies.services]\naction = \"service_auth\"\ninclude = [{ service_token = \"nightly\" }]\n\n[apps.main]";
        config
            .replacen("[apps.main]", robots, 1)
            .replace("policies = [\"people\"]", "policies = [\"people\", \"services\"]")
            .replace("policies = [\"public\", \"people\"]", "policies = [\"public\", \"people\", \"services\"]")
    })
}

fn in_headers(url: &str, id: &str, secret: &str) -> Request {
    Request::get(url).header("CF-Access-Client-Id", id).header("CF-Access-Client-Secret", secret)
}

#[test]
fn jw_13_a_service_token_passes_in_every_form_and_stays_at_the_door() {
    let site = with_tokens();
    let token = told(&site, &["service-token", "add", "nightly"]);
    let (id, secret) = (text(&token, "client_id"), text(&token, "client_secret"));
    assert!(id.starts_with("st_") && id.ends_with(".access") && secret.starts_with("dw_st_"), "{token}");
    let one = json!({ "cf-access-client-id": id, "cf-access-client-secret": secret }).to_string();
    for host in ["127.0.0.1", "plain.test", "legacy.test"] {
        let url = site.url(host, "/x");
        for request in [
            Request::get(&url).bearer(secret),
            in_headers(&url, id, secret),
            in_headers(&url, text(&token, "id"), secret),
            Request::get(&url).header("Authorization", &one),
        ] {
            send(&request).expect(200);
            let seen = site.upstream.last();
            for name in ["authorization", "cf-access-client-id", "cf-access-client-secret"] {
                assert_eq!(seen.header(name), None, "{host}");
            }
            let claims = Jwt::read(seen.header("doorward-assertion").unwrap()).claims;
            assert_eq!((&claims["type"], &claims["sub"]), (&json!("service"), &token["id"]));
            assert_eq!((&claims["common_name"], &claims["name"]), (&token["id"], &json!("nightly")));
            assert_eq!((claims.get("azp"), claims.get("grant"), claims.get("sid")), (None, None, None));
        }
    }
    // No scope binds it: the policy says what it may.
    send(&in_headers(&site.main("/notes/x"), id, secret)).expect(200);
    let listed = told(&site, &["service-token", "list"]);
    assert!(listed[0]["last_used_at"].is_number() && listed[0].get("client_secret").is_none(), "{listed}");
    let logged = site.logged("its use", |event| event["via"] == "service" && event["outcome"] == "service_auth");
    assert_eq!(logged["subject"], token["id"]);
}

#[test]
fn jw_17_a_bad_service_token_is_refused_beside_a_good_cookie() {
    let site = with_tokens();
    let mut browser = site.signed_in(&site.ada());
    let token = told(&site, &["service-token", "add", "nightly"]);
    let other = told(&site, &["service-token", "add", "other"]);
    let (id, secret) = (text(&token, "client_id"), text(&token, "client_secret"));
    let other_id = text(&other, "client_id");
    let url = site.main("/x");
    let forged = format!("{}x", &secret[..secret.len() - 1]);
    for (request, status, code) in [
        (Request::get(&url).bearer(&forged), 401, "service_token_invalid"),
        (in_headers(&url, id, &forged), 401, "service_token_invalid"),
        (in_headers(&url, other_id, secret), 401, "service_token_invalid"),
        (in_headers(&url, "x", "y"), 401, "service_token_invalid"),
        (Request::get(&url).header("CF-Access-Client-Id", id), 401, "service_token_incomplete"),
        (Request::get(&url).header("CF-Access-Client-Secret", secret), 401, "service_token_incomplete"),
        (in_headers(&url, id, secret).bearer(secret), 400, "malformed_request"),
        (in_headers(&url, id, secret).header("CF-Access-Client-Id", id), 400, "malformed_request"),
    ] {
        browser.send(request).expect(status);
        site.logged(code, |event| event["outcome"] == code && event["path"] == "/x");
    }
    // Known, but not let in: 403, and no login would help.
    let refused = send(&in_headers(&url, other_id, text(&other, "client_secret"))).expect(403).json();
    assert_eq!(refused["error"], "no_rule_matched");
    browser.open(&url).expect(200);
}

#[test]
fn ca_13_jw_10_a_service_token_is_rotated_with_an_overlap_and_revoked_at_once() {
    let site = with_tokens();
    let first = told(&site, &["service-token", "add", "nightly"]);
    let url = site.main("/x");
    let passes = |token: &Value| send(&Request::get(&url).bearer(text(token, "client_secret"))).status == 200;
    assert!(passes(&first));
    let second = told(&site, &["service-token", "rotate", "nightly"]);
    assert!(passes(&first) && passes(&second) && first["id"] == second["id"]);
    let third = told(&site, &["service-token", "rotate", text(&first, "id"), "--overlap", "0s", "--duration", "2s"]);
    eventually("the overlap is over", || !passes(&second));
    assert!(!passes(&first) && passes(&third));
    eventually("it has expired", || !passes(&third));
    let fourth = told(&site, &["service-token", "rotate", "nightly"]);
    assert!(passes(&fourth));
    site.cli_ok(&["service-token", "revoke", "nightly"]);
    eventually("it is revoked", || !passes(&fourth));
    assert!(!site.cli(&["service-token", "rotate", "nightly"]).status.success());
    let again = site.cli(&["service-token", "add", "st_x"]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("cannot be a name"));
}

/// What the upstream of the main app exchanges its assertion for: a token of the wiki.
fn exchanged(site: &Site, client: &Value, kind: &str, token: &str) -> Response {
    let metadata = site.url("wiki.test", "/.well-known/oauth-authorization-server");
    let metadata = send(&Request::get(&metadata)).expect(200).json();
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", token),
        ("subject_token_type", kind),
    ];
    let (id, secret) = (text(client, "client_id"), text(client, "client_secret"));
    token_of(text(&metadata, "token_endpoint"), id, secret, &fields)
}

const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

#[test]
fn tx_05_an_upstream_calls_another_app_as_the_person_who_called_it() {
    // Only who comes from the main app may use the wiki.
    let site = Site::with(|config| {
        let linked = "[policies.linked]\naction = \"allow\"\ninclude = [{ linked_app = \"main\" }]\n\n[apps.wiki]";
        let (before, wiki) = config.split_once("[apps.wiki]").unwrap();
        format!("{before}{linked}{}", wiki.replacen("policies = [\"people\"]", "policies = [\"linked\"]", 1))
    });
    let client = told(&site, &["client", "add", "--app", "wiki", "--name", "The main app", "--acts-for", "main"]);
    let mut browser = site.signed_in(&site.ada());
    browser.open(&site.main("/x")).expect(200);
    let assertion = site.upstream.last().header("doorward-assertion").unwrap().to_owned();
    let answer = exchanged(&site, &client, JWT, &assertion).expect(200).json();
    let token = text(&answer, "access_token");
    let wiki = site.url("wiki.test", "/x");
    send(&Request::get(&wiki).bearer(token)).expect(200);
    let seen = Jwt::read(site.upstream.last().header("doorward-assertion").unwrap()).claims;
    assert_eq!((&seen["sub"], &seen["email"]), (&Jwt::read(&assertion).claims["sub"], &json!("ada@example.com")));
    assert_eq!(seen["act"], json!({ "client_id": client["client_id"], "client_name": "The main app" }));

    // An agent's assertion tells the agent too.
    let agent = site.agent(&site.main("/"));
    let tokens = agent.authorize(&mut site.browser(), &site.bob());
    send(&Request::get(&site.main("/x")).bearer(&tokens.access)).expect(200);
    let of_agent = site.upstream.last().header("doorward-assertion").unwrap().to_owned();
    let chained = exchanged(&site, &client, JWT, &of_agent).expect(200).json();
    send(&Request::get(&wiki).bearer(text(&chained, "access_token"))).expect(200);
    let seen = Jwt::read(site.upstream.last().header("doorward-assertion").unwrap()).claims;
    assert_eq!(seen["act"]["act"], json!({ "client_id": agent.client_id }));
    assert_eq!(seen["email"], "bob@example.com");

    // Neither token is anything elsewhere, and the person alone is not let in.
    assert_eq!(status(&site.main("/x"), token), 401);
    assert_eq!(status(&wiki, &tokens.access), 401);
    assert_eq!(status(&wiki, &assertion), 401);
    exchanged(&site, &client, JWT, &Jwt::read(&assertion).claims.to_string()).expect(400);

    let page = browser.open(&site.main("/.doorward/logout?everywhere"));
    browser.submit(&page, &[]).expect(200);
    eventually("the sign-out ends it", || status(&wiki, token) == 401);
    let refused = exchanged(&site, &client, JWT, &assertion).expect(400).json();
    assert_eq!(text(&refused, "error"), "invalid_request");
    assert_eq!(status(&wiki, text(&chained, "access_token")), 200, "that of others goes on");
}
