//! What became of a grant: its last use, why it ended, who is told, and the same list as JSON and by command.

use crate::harness::{Agent, Browser, Request, Response, Site, Tokens, eventually, send};
use serde_json::{Value, json};
use std::thread::sleep;
use std::time::Duration;

const PAGE: &str = "/.doorward/connected";

fn status(url: &str, token: &str) -> u16 {
    send(&Request::get(url).bearer(token)).status
}

fn as_json(site: &Site, browser: &mut Browser) -> Value {
    browser.send(Request::get(&site.login(PAGE)).header("Accept", "application/json")).expect(200).json()
}

/// An act of a script at the login origin.
fn act(site: &Site, browser: &mut Browser, what: &Value) -> Response {
    browser.send(Request::post(&site.login(PAGE)).header("Sec-Fetch-Site", "same-origin").json(what))
}

fn listed(site: &Site, arguments: &[&str]) -> Vec<Value> {
    let all = [&["grant"], arguments, &["--json"]].concat();
    serde_json::from_str::<Value>(&site.cli_ok(&all)).unwrap().as_array().unwrap().clone()
}

fn short_grace(config: String) -> String {
    config + "\n[apps.main.oauth.grant]\nrefresh_grace = \"1s\"\n"
}

fn reuse(agent: &Agent, tokens: &Tokens) -> Tokens {
    let next = Tokens::of(&agent.refresh(&tokens.refresh).expect(200));
    sleep(Duration::from_millis(2200));
    let thief = agent
        .token_request(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", &tokens.refresh),
            ("client_id", &agent.client_id),
        ])
        .header("User-Agent", "thief/1.0");
    assert_eq!(send(&thief).expect(400).json()["error"], "invalid_grant");
    next
}

#[test]
fn tk_19_cn_11_a_reused_refresh_token_ends_the_family_and_the_person_is_told() {
    let site = Site::with(short_grace);
    let mut browser = site.signed_in(&site.ada());
    let agent = site.agent(&site.main("/"));
    let first = agent.authorize(&mut browser, &site.ada());
    let next = reuse(&agent, &first);
    for token in [&first.access, &next.access] {
        assert_eq!(status(&agent.resource, token), 401, "the very next request");
    }
    assert_eq!(agent.refresh(&next.refresh).expect(400).json()["error"], "invalid_grant");
    let page = browser.open(&site.login(PAGE)).expect(200).text();
    for part in ["An old token was used again", "A plain agent", "Main app", "<code>127.0.0.1</code>", "thief/1.0"] {
        assert!(page.contains(part), "{part} in {page}");
    }
    let notice = as_json(&site, &mut browser)["notices"][0].clone();
    assert_eq!(notice["ended"]["because"], "refresh_reused");
    assert_eq!((&notice["brought_again"]["address"], &notice["app"]), (&json!("127.0.0.1"), &json!("main")));
    let id = notice["id"].as_str().unwrap();
    let shown = &listed(&site, &["show", id])[0];
    assert_eq!(shown["ended"]["because"], "refresh_reused");
    assert_eq!(shown["brought_again"]["agent"], "thief/1.0");
    assert!(site.cli_ok(&["grant", "list", "--ended"]).contains("(refresh_reused)"));
    assert!(listed(&site, &["list"]).iter().all(|grant| grant["id"] != id));
    let told = site.logged("the reuse", |event| event["level"] == "WARN" && event["target"] == "audit");
    assert_eq!((&told["grant"], &told["ip"]), (&json!(id), &json!("127.0.0.1")));
    // Nobody else is told, and nobody else can put it away.
    let mut bob = site.signed_in(&site.bob());
    assert_eq!(as_json(&site, &mut bob)["notices"], json!([]));
    act(&site, &mut bob, &json!({ "act": "dismiss", "grant": id })).expect(200);
    assert!(!as_json(&site, &mut browser)["notices"].as_array().unwrap().is_empty());
    act(&site, &mut browser, &json!({ "act": "dismiss", "grant": id })).expect(200);
    assert_eq!(as_json(&site, &mut browser)["notices"], json!([]));
}

#[test]
fn tk_16_a_replayed_code_ends_its_grant_and_the_person_is_told() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let agent = site.agent(&site.main("/"));
    let code = agent.code(&mut browser, &site.ada());
    let tokens = Tokens::of(&agent.redeem(&code).expect(200));
    assert_eq!(agent.redeem(&code).expect(400).json()["error"], "invalid_grant");
    assert_eq!(status(&agent.resource, &tokens.access), 401);
    assert_eq!(as_json(&site, &mut browser)["notices"][0]["ended"]["because"], "code_replayed");
    assert!(browser.open(&site.login(PAGE)).text().contains("An old sign-in code was used again"));
}

#[test]
fn cn_11_the_last_use_is_seen_at_once_by_the_person_and_soon_by_the_command() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let agent = site.agent(&site.main("/"));
    let tokens = agent.authorize(&mut browser, &site.ada());
    let held = as_json(&site, &mut browser);
    let of_agent = |held: &Value| {
        let all = held["grants"].as_array().unwrap();
        all.iter().find(|grant| grant["kind"] == "agent").unwrap().clone()
    };
    assert_eq!(of_agent(&held)["last_use"], Value::Null);
    send(&Request::get(&agent.resource).bearer(&tokens.access).header("User-Agent", "agent/7")).expect(200);
    let used = of_agent(&as_json(&site, &mut browser));
    assert_eq!(used["last_use"]["address"], "127.0.0.1");
    assert_eq!(used["last_use"]["agent"], "agent/7");
    assert!(used["last_use"]["at"].as_i64() >= used["created_at"].as_i64());
    assert!(browser.open(&site.login(PAGE)).text().contains("agent/7"));
    let id = used["id"].as_str().unwrap();
    eventually("it is written", || listed(&site, &["show", id])[0]["last_use"]["agent"] == "agent/7");
}

#[test]
fn cn_11_jw_10_the_list_and_its_acts_as_json() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let mut other = site.signed_in(&site.ada());
    let main = [site.agent(&site.main("/")), site.agent(&site.main("/"))];
    let wiki = site.agent(&site.url("wiki.test", "/"));
    let at_main = main.each_ref().map(|agent| agent.authorize(&mut browser, &site.ada()).access);
    let at_wiki = wiki.authorize(&mut browser, &site.ada()).access;
    let held = as_json(&site, &mut browser);
    assert_eq!(held["person"], "ada@example.com");
    let kinds = |held: &Value, kind: &str| {
        held["grants"].as_array().unwrap().iter().filter(|grant| grant["kind"] == kind).count()
    };
    assert_eq!((kinds(&held, "agent"), kinds(&held, "login"), kinds(&held, "session")), (3, 2, 2), "{held}");
    for (wrong, status) in [(json!({}), 400), (json!({ "act": "explode" }), 400), (json!({ "act": "revoke" }), 400)] {
        act(&site, &mut browser, &wrong).expect(status);
    }
    let everywhere = json!({ "act": "revoke_app", "app": "main" });
    for (name, value) in [("Sec-Fetch-Site", "cross-site"), ("Origin", "http://evil.test")] {
        browser.send(Request::post(&site.login(PAGE)).header(name, value).json(&everywhere)).expect(403);
    }
    send(&Request::post(&site.login(PAGE)).json(&everywhere)).expect(401);
    let anonymous = send(&Request::get(&site.login(PAGE)).header("Accept", "application/json")).expect(401);
    assert_eq!(anonymous.json()["error"], "login_required");
    assert_eq!(status(&main[0].resource, &at_main[0]), 200, "nothing of this did anything");
    assert_eq!(act(&site, &mut browser, &everywhere).expect(200).json()["ended"].as_array().unwrap().len(), 2);
    for token in &at_main {
        assert_eq!(status(&main[0].resource, token), 401, "the very next request");
    }
    assert_eq!(status(&wiki.resource, &at_wiki), 200);
    act(&site, &mut browser, &json!({ "act": "sign_out_elsewhere" })).expect(200);
    assert_eq!(other.send(Request::get(&site.main("/")).html()).status, 302);
    assert_eq!(browser.send(Request::get(&site.main("/")).html()).status, 200);
    let held = as_json(&site, &mut browser);
    let agent = held["grants"].as_array().unwrap().iter().find(|grant| grant["kind"] == "agent").unwrap();
    act(&site, &mut browser, &json!({ "act": "revoke_client", "grant": agent["id"] })).expect(200);
    assert_eq!(status(&wiki.resource, &at_wiki), 401);
}

#[test]
fn cn_11_jw_10_the_command_ends_all_that_its_options_name_and_says_so() {
    let site = Site::start();
    let (mut ada, mut bob) = (site.signed_in(&site.ada()), site.signed_in(&site.bob()));
    let agent = site.agent(&site.main("/"));
    let wiki = site.agent(&site.url("wiki.test", "/"));
    let tokens = [agent.authorize(&mut ada, &site.ada()).access, agent.authorize(&mut bob, &site.bob()).access];
    let at_wiki = wiki.authorize(&mut ada, &site.ada()).access;
    assert_eq!(site.cli(&["grant", "revoke"]).status.code(), Some(2), "nothing named is nothing meant");
    assert_eq!(listed(&site, &["list", "--client", &agent.client_id]).len(), 2);
    let done = site.cli(&["grant", "revoke", "--client", &agent.client_id, "--user", "bob@example.com"]);
    assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), "1 ended");
    let line: Value = serde_json::from_slice(&done.stderr).unwrap();
    assert_eq!((&line["target"], &line["act"], &line["by"]), (&json!("audit"), &json!("revoke"), &json!("admin")));
    eventually("the gateway heeds it", || status(&agent.resource, &tokens[1]) == 401);
    assert_eq!(status(&agent.resource, &tokens[0]), 200);
    site.cli_ok(&["grant", "revoke", "--app", "main"]);
    eventually("the gateway heeds it", || status(&agent.resource, &tokens[0]) == 401);
    assert_eq!(status(&wiki.resource, &at_wiki), 200);
    let ended = listed(&site, &["list", "--ended", "--client", &agent.client_id]);
    assert!(ended.len() == 2 && ended.iter().all(|grant| grant["ended"]["because"] == "revoked_by_admin"), "{ended:?}");
    assert!(listed(&site, &["list", "--all"]).len() > listed(&site, &["list"]).len());
    assert_eq!(site.cli(&["grant", "show", "g_nobody"]).status.code(), Some(1));
}

#[test]
fn a_refused_call_names_its_decision_and_is_explained_without_secrets() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let tokens = agent.authorize(&mut site.browser(), &site.ada());
    let refused = [
        (agent.redeem("dw_ac_nonsense"), "invalid_grant"),
        (agent.token(&[("grant_type", "password"), ("client_id", &agent.client_id)]), "unsupported_grant_type"),
        (
            agent.token(&[
                ("grant_type", "refresh_token"),
                ("client_id", "nobody"),
                ("refresh_token", &tokens.refresh),
            ]),
            "invalid_client",
        ),
        (
            send(&Request::post(agent.endpoint("registration_endpoint")).json(&json!({
                "redirect_uris": ["https://evil.test/cb"],
            }))),
            "invalid_redirect_uri",
        ),
        (
            send(&Request::post(agent.endpoint("revocation_endpoint")).form(&[("token", &tokens.refresh)])),
            "invalid_client",
        ),
        (
            send(
                &Request::post(agent.endpoint("introspection_endpoint"))
                    .form(&[("token", tokens.access.as_str()), ("client_id", &agent.client_id)]),
            ),
            "invalid_client",
        ),
    ];
    for (answer, code) in refused {
        assert_eq!(answer.json()["error"], code, "{}", answer.text());
        let id = answer.header("doorward-decision").unwrap_or_else(|| panic!("{code} names no decision")).to_owned();
        assert!(answer.header("access-control-expose-headers").unwrap().contains("Doorward-Decision"));
        eventually("the refusal is kept", || site.cli(&["explain", &id]).status.success());
        let told = site.cli_ok(&["explain", &id]);
        for part in [code, "why  ", "client  ", "admin  ", "sent  ", "POST /.doorward/oauth/main/"] {
            assert!(told.contains(part), "{part} in {told}");
        }
        for secret in [&tokens.refresh, &tokens.access, &"dw_ac_nonsense".to_owned()] {
            assert!(!told.contains(secret.as_str()), "{told}");
        }
        let record: Value = serde_json::from_str(&site.cli_ok(&["explain", &id, "--json"])).unwrap();
        assert!(record["remedy"]["admin"].is_string() && record["detail"].is_string(), "{record}");
        site.logged("the same id in the log", |event| event["target"] == "oauth" && event["id"] == id.as_str());
    }
    let page = send(&Request::get(&site.login("/.doorward/oauth/main/authorize?client_id=nobody")).html()).expect(400);
    let id = page.header("doorward-decision").unwrap().to_owned();
    assert!(page.text().contains(&id));
    eventually("the refusal is kept", || site.cli(&["explain", &id]).status.success());
    assert!(site.cli_ok(&["explain", &id]).contains("client_id = nobody"));
}
