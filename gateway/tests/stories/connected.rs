//! What a person has let in, seen and taken back: by the person on the connected page, by an administrator with the command
//! line, by a client at the revocation endpoint. What is revoked is refused at the very next request.

use crate::harness::{Agent, Browser, Request, Response, Site, Tokens, encode, eventually, send};
use serde_json::{Value, json};

const PAGE: &str = "/.doorward/connected";

fn status(url: &str, token: &str) -> u16 {
    send(&Request::get(url).bearer(token)).status
}

/// The list as somebody sees it who is signed in.
#[track_caller]
fn list(site: &Site, browser: &mut Browser) -> Response {
    let page = browser.open(&site.login(PAGE)).expect(200);
    assert!(page.text().contains("What is connected"), "{}", page.text());
    page
}

/// The line of the page that shows this text: its markup up to the button.
#[track_caller]
fn line(page: &Response, shows: &str) -> String {
    let text = page.text();
    let lines = text.split("<li").skip(1).map(|line| line.split("</li>").next().unwrap_or_default().to_owned());
    lines.filter(|line| line.contains(shows)).last().unwrap_or_else(|| panic!("no line with `{shows}` in {text}"))
}

fn hidden(markup: &str, name: &str) -> String {
    let (_, rest) = markup.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// The request that the button of a line sends.
fn press(site: &Site, line: &str) -> Request {
    let (form, grant) = (hidden(line, "form"), hidden(line, "grant"));
    let request = Request::post(&site.login(PAGE)).html().header("Origin", "null");
    request.header("Sec-Fetch-Site", "same-origin").form(&[("form", &form), ("grant", &grant)])
}

fn listed(site: &Site, arguments: &[&str]) -> Vec<Value> {
    let all = [arguments, &["--json"]].concat();
    serde_json::from_str::<Value>(&site.cli_ok(&all)).unwrap().as_array().unwrap().clone()
}

fn grant_of(site: &Site, agent: &Agent) -> Value {
    let grants = listed(site, &["grant", "list"]);
    let found = grants.into_iter().rfind(|grant| grant["client"]["id"] == agent.client_id.as_str());
    found.expect("a grant of the agent")
}

fn revoke(agent: &Agent, token: &str) -> Response {
    let form = [("token", token), ("client_id", &agent.client_id)];
    send(&Request::post(agent.endpoint("revocation_endpoint")).form(&form))
}

#[test]
fn cn_11_jw_10_a_person_sees_their_agents_and_revokes_one() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let main = site.agent(&site.main("/")).with_scope("access notes:write");
    let wiki = site.agent(&site.url("wiki.test", "/"));
    let at_main = main.authorize(&mut browser, &site.ada());
    let at_wiki = wiki.authorize(&mut browser, &site.ada());
    assert_eq!(status(&main.resource, &at_main.access), 200);
    let page = list(&site, &mut browser);
    for shown in ["Signed-in browsers", "Connected agents", "This browser", "<h3><bdi>Main app</bdi></h3>", "Team wiki"]
    {
        assert!(page.text().contains(shown), "{shown} in {}", page.text());
    }
    let shown = line(&page, "notes:write");
    for part in ["A plain agent", main.client_id.as_str(), "127.0.0.1:33418", ">Revoke</button>"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let after = browser.send(press(&site, &shown)).expect(303);
    assert_eq!(after.location(), site.login(PAGE));
    let refused = send(&Request::get(&main.resource).bearer(&at_main.access)).expect(401);
    assert!(refused.challenge().contains("error=\"invalid_token\""), "{}", refused.challenge());
    assert_eq!(main.refresh(&at_main.refresh).expect(400).json()["error"], "invalid_grant");
    assert!(!list(&site, &mut browser).text().contains("notes:write"), "it is gone from the list");
    assert_eq!(status(&wiki.resource, &at_wiki.access), 200, "the agent at the other app is left alone");
    browser.open(&site.main("/")).expect(200);
    let told = site.logged("the revocation", |event| event["act"] == "revoke");
    assert_eq!((&told["by"], &told["app"]), (&json!("person"), &json!("main")));
    // The button of a page that was left open.
    browser.send(press(&site, &shown)).expect(303);
}

#[test]
fn cn_11_a_person_ends_another_browser_and_then_this_one() {
    let site = Site::start();
    let mut lost = site.signed_in(&site.ada());
    let mut here = site.signed_in(&site.ada());
    let page = list(&site, &mut here);
    assert!(line(&page, "<bdi>Main app</bdi> in this browser").contains("Revoke"));
    let other = line(&page, "<strong").replace("This browser", "");
    assert!(other.contains("Another browser"), "this browser stands first: {}", page.text());
    here.send(press(&site, &other)).expect(303);
    assert_eq!(lost.send(Request::get(&site.main("/")).html()).status, 302, "its session at the app ended too");
    assert!(lost.open(&site.main("/")).text().contains("name=\"password\""), "and so did the sign-in");
    assert_eq!(here.send(Request::get(&site.main("/")).html()).status, 200);
    let page = list(&site, &mut here);
    here.send(press(&site, &line(&page, "This browser"))).expect(303);
    assert_eq!(here.send(Request::get(&site.main("/")).html()).status, 302);
    assert!(here.open(&site.login(PAGE)).text().contains("name=\"password\""));
}

#[test]
fn cn_11_the_page_is_at_the_login_origin_and_asks_to_sign_in() {
    let site = Site::start();
    let mut browser = site.browser();
    let away = browser.send(Request::get(&site.main(PAGE)).html()).expect(302);
    assert_eq!(away.location(), site.login(PAGE));
    send(&Request::post(&site.main(PAGE)).form(&[("grant", "g")])).expect(405);
    let page = browser.sign_in(&site.main(PAGE), &site.ada()).expect(200);
    assert_eq!(page.url, site.login(PAGE));
    assert!(page.text().contains("No agent can act for you."));
    assert!(page.header("content-security-policy").unwrap().contains("form-action 'self'"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let home = browser.open(&site.login("/")).expect(200);
    assert!(home.text().contains("href=\"/.doorward/connected\""), "{}", home.text());
}

#[test]
fn cn_11_nobody_revokes_what_is_anothers() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let tokens = agent.authorize(&mut site.browser(), &site.ada());
    let grant = grant_of(&site, &agent)["id"].as_str().unwrap().to_owned();
    let mut bob = site.signed_in(&site.bob());
    let page = list(&site, &mut bob);
    assert!(!page.text().contains(&grant) && !page.text().contains("A plain agent") && !page.text().contains("ada@"));
    let form = hidden(&page.text(), "form");
    let request = |fields: &[(&str, &str)]| Request::post(&site.login(PAGE)).form(fields);
    bob.send(request(&[("form", &form), ("grant", &grant)])).expect(303);
    bob.send(request(&[("form", &form), ("grant", "g_nobody")])).expect(303);
    bob.send(request(&[("form", &form)])).expect(303);
    assert_eq!(status(&agent.resource, &tokens.access), 200);
    // Without the page's own token, from another site, or with somebody else's token.
    let mut ada = site.signed_in(&site.ada());
    let page = list(&site, &mut ada);
    let own = line(&page, "A plain agent");
    ada.send(request(&[("grant", &grant)])).expect(403);
    ada.send(request(&[("form", &form), ("grant", &grant)])).expect(403);
    ada.send(request(&[("form", &hidden(&own, "form")), ("grant", &grant)]).header("Sec-Fetch-Site", "cross-site"))
        .expect(403);
    ada.send(request(&[("form", &hidden(&own, "form")), ("grant", &grant)]).header("Origin", "http://evil.test"))
        .expect(403);
    assert_eq!(status(&agent.resource, &tokens.access), 200);
    ada.send(press(&site, &own)).expect(303);
    assert_eq!(status(&agent.resource, &tokens.access), 401);
}

#[test]
fn cn_11_jw_10_the_grant_command_works_beside_a_running_gateway() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let agent = site.agent(&site.main("/"));
    let tokens = agent.authorize(&mut browser, &site.ada());
    site.signed_in(&site.bob());
    let all = listed(&site, &["grant", "list"]);
    let kinds = |kind: &str| all.iter().filter(|grant| grant["kind"] == kind).count();
    assert_eq!((kinds("login"), kinds("session"), kinds("agent")), (2, 2, 1), "{all:?}");
    let grant = grant_of(&site, &agent);
    assert_eq!((&grant["user"], &grant["app"]), (&json!("ada@example.com"), &json!("main")));
    assert_eq!(grant["client"], json!({ "id": agent.client_id, "name": "A plain agent" }));
    assert_eq!(grant["scope"], tokens.scope.as_str());
    assert!(grant["created_at"].as_i64() < grant["expires_at"].as_i64());
    assert_eq!(listed(&site, &["grant", "list", "--user", "bob@example.com"]).len(), 2);
    assert_eq!(listed(&site, &["grant", "list", "--user", "ada@example.com", "--app", "login"]).len(), 1);
    assert_eq!(listed(&site, &["session", "list", "--app", "main"]).len(), 2);
    assert!(site.cli_ok(&["grant", "list"]).contains("A plain agent"));
    let id = grant["id"].as_str().unwrap();
    assert_eq!(site.cli(&["session", "revoke", id]).status.code(), Some(1), "an agent is no session");
    assert_eq!(status(&agent.resource, &tokens.access), 200);
    site.cli_ok(&["grant", "revoke", id]);
    eventually("the gateway heeds it", || status(&agent.resource, &tokens.access) == 401);
    assert_eq!(agent.refresh(&tokens.refresh).expect(400).json()["error"], "invalid_grant");
    for wrong in [&["grant", "revoke", id], &["grant", "revoke", "g_nobody"]] {
        assert_eq!(site.cli(wrong).status.code(), Some(1));
    }
    assert_eq!(site.cli(&["grant", "list", "--user", "nobody@example.com"]).status.code(), Some(1));
    let login = &listed(&site, &["session", "list", "--user", "ada@example.com", "--app", "login"])[0];
    site.cli_ok(&["session", "revoke", login["id"].as_str().unwrap()]);
    eventually("the browser is out", || browser.send(Request::get(&site.main("/")).html()).status == 302);
    assert!(listed(&site, &["session", "list", "--user", "ada@example.com"]).is_empty());
}

#[test]
fn rv_01_rv_02_rv_03_jw_10_a_client_hands_its_tokens_back() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let elsewhere = site.agent(&site.url("wiki.test", "/"));
    for by_access in [false, true] {
        let first = agent.authorize(&mut site.browser(), &site.ada());
        let tokens = Tokens::of(&agent.refresh(&first.refresh).expect(200));
        assert_eq!(status(&agent.resource, &tokens.access), 200);
        let token = if by_access { &tokens.access } else { &tokens.refresh };
        assert!(revoke(&elsewhere, token).expect(200).body.is_empty());
        assert_eq!(status(&agent.resource, &tokens.access), 200, "another app's client ends nothing");
        let answer = revoke(&agent, token).expect(200);
        assert!(answer.body.is_empty());
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        for token in [&first.access, &tokens.access] {
            assert_eq!(status(&agent.resource, token), 401);
        }
        assert_eq!(agent.refresh(&tokens.refresh).expect(400).json()["error"], "invalid_grant");
        revoke(&agent, token).expect(200);
    }
    site.logged("the revocation", |event| event["act"] == "revoke" && event["by"] == "client");
    let endpoint = agent.endpoint("revocation_endpoint");
    send(&Request::post(endpoint).form(&[("client_id", &agent.client_id)])).expect(400);
    let query = encode(&[("client_id", &agent.client_id), ("token", "x")]);
    send(&Request::get(&format!("{endpoint}?{query}"))).expect(405);
}

#[test]
fn rv_05_rv_06_rv_07_an_upstream_asks_whether_a_token_holds() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let tokens = agent.authorize(&mut site.browser(), &site.ada());
    let add =
        ["client", "add", "--app", "main", "--name", "An upstream", "--auth-method", "client_secret_post", "--json"];
    let upstream: Value = serde_json::from_str(&site.cli_ok(&add)).unwrap();
    let ask = |id: &str, secret: &str| {
        let form = [("token", tokens.access.as_str()), ("client_id", id), ("client_secret", secret)];
        send(&Request::post(agent.endpoint("introspection_endpoint")).form(&form))
    };
    let (id, secret) = (upstream["client_id"].as_str().unwrap(), upstream["client_secret"].as_str().unwrap());
    ask(&agent.client_id, "").expect(401);
    let told = ask(id, secret).expect(200).json();
    assert_eq!((&told["active"], &told["client_id"]), (&json!(true), &json!(agent.client_id)));
    assert_eq!(told["aud"], agent.resource.as_str());
    revoke(&agent, &tokens.access).expect(200);
    assert_eq!(ask(id, secret).expect(200).text(), r#"{"active":false}"#);
}
