//! Whom a person is asked about, and whom not: from the 302 to the page, in a browser, over the real store.

use crate::harness::{Agent, Browser, Request, Response, Site, Tokens, query, send};

/// Pinned: it has its code at its own web server.
const CLAUDE: &str = "https://claude.ai/oauth/mcp-oauth-client-metadata";
const CLAUDE_WEB: &str = "https://claude.ai/api/mcp/auth_callback";

/// The agent that comes from the web, at the main app.
fn claude(site: &Site) -> Agent {
    Agent { client_id: CLAUDE.to_owned(), redirect_uri: CLAUDE_WEB.to_owned(), ..site.agent(&site.main("/")) }
}

fn ask(agent: &Agent, browser: &mut Browser, more: &str) -> Response {
    browser.open(&format!("{}{more}", agent.authorization_url("st")))
}

/// What the client is told without a page.
#[track_caller]
fn told(response: &Response, name: &str) -> Option<String> {
    let location = response.clone().expect(302).location().to_owned();
    assert!(location.starts_with(CLAUDE_WEB), "{location}");
    query(&location, name)
}

#[test]
fn cn_04_cn_02_a_client_that_is_who_it_says_is_asked_about_once_and_again_for_more() {
    let mut site = Site::start();
    let agent = claude(&site).with_scope("access");
    let mut browser = site.signed_in(&site.ada());
    let page = ask(&agent, &mut browser, "").expect(200);
    assert!(page.text().contains("New to you") && page.text().contains("claude.ai"), "{}", page.text());
    let code = agent.code(&mut browser, &site.ada());
    let first = Tokens::of(&agent.redeem(&code).expect(200));
    let code = told(&ask(&agent, &mut browser, ""), "code").expect("a code without a question");
    let second = Tokens::of(&agent.redeem(&code).expect(200));
    assert_eq!((first.scope, second.scope.as_str()), ("access".to_owned(), "access"));
    let wider = agent.clone().with_scope("access notes:write");
    let page = ask(&wider, &mut browser, "").expect(200);
    assert!(page.text().contains("You first let it in on <bdi class=\"day\">"), "{}", page.text());
    ask(&agent, &mut browser, "&prompt=consent").expect(200);
    // It is in the store, not in the process and not in the browser.
    site.kill();
    site.run();
    let mut elsewhere = site.signed_in(&site.ada());
    assert!(told(&ask(&agent, &mut elsewhere, ""), "code").is_some());
    ask(&agent, &mut site.signed_in(&site.bob()), "").expect(200);
}

#[test]
fn cn_04_cn_11_a_revocation_by_page_command_or_account_forgets_the_consent() {
    let site = Site::start();
    let agent = claude(&site).with_scope("access");
    let mut browser = site.signed_in(&site.ada());
    let grant = |site: &Site| {
        let listed = site.cli_ok(&["grant", "list", "--json", "--app", "main"]);
        let grants: serde_json::Value = serde_json::from_str(&listed).unwrap();
        let mut agents = grants.as_array().unwrap().iter().filter(|grant| grant["kind"] == "agent");
        agents.next_back().unwrap()["id"].as_str().unwrap().to_owned()
    };
    agent.authorize(&mut browser, &site.ada());
    site.cli_ok(&["grant", "revoke", &grant(&site)]);
    ask(&agent, &mut browser, "").expect(200);
    agent.authorize(&mut browser, &site.ada());
    let page = browser.open(&site.login("/.doorward/connected")).expect(200);
    let text = page.text();
    let token = text.split("name=\"form\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let press = Request::post(&page.url).html().header("Origin", "null").header("Sec-Fetch-Site", "same-origin");
    browser.send(press.form(&[("form", token), ("grant", &grant(&site))])).expect(303);
    ask(&agent, &mut browser, "").expect(200);
    agent.authorize(&mut browser, &site.ada());
    assert!(told(&ask(&agent, &mut browser, ""), "code").is_some());
    site.cli_ok(&["user", "revoke", site.ada().name]);
    site.cli_ok(&["user", "revoke", "--undo", site.ada().name]);
    let page = site.browser().sign_in(&agent.authorization_url("st"), &site.ada());
    page.expect(200);
}

#[test]
fn cn_05_a_program_on_a_computer_is_asked_about_each_time_unless_the_configuration_says_otherwise() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let mut browser = site.browser();
    for _ in 0..2 {
        agent.authorize(&mut browser, &site.ada());
    }
    let always = "[apps.main.oauth]\nenabled = true\nconsent = { remember = \"always\" }\n";
    site.reload(|config| config.replacen("[apps.main.oauth]\nenabled = true\n", always, 1));
    let silent = browser.open(&agent.authorization_url("st")).expect(302);
    assert!(query(silent.location(), "code").is_some());
    site.reload(|config| config);
    browser.open(&agent.authorization_url("st")).expect(200);
}

#[test]
fn az_14_prompt_none_is_answered_without_a_page() {
    let site = Site::start();
    let agent = claude(&site);
    let mut browser = site.browser();
    let stranger = ask(&agent, &mut browser, "&prompt=none");
    assert_eq!(told(&stranger, "error").as_deref(), Some("login_required"));
    let native = site.agent(&site.main("/"));
    let page = browser.open(&format!("{}&prompt=none", native.authorization_url("st"))).expect(200);
    assert!(page.text().contains("name=\"password\""), "a stranger is sent nowhere by a client that anybody can be");
    let mut browser = site.signed_in(&site.ada());
    let unasked = ask(&agent, &mut browser, "&prompt=none");
    assert_eq!(told(&unasked, "error").as_deref(), Some("consent_required"));
    assert_eq!(told(&unasked, "state").as_deref(), Some("st"));
    agent.authorize(&mut browser, &site.ada());
    assert!(told(&ask(&agent, &mut browser, "&prompt=none"), "code").is_some());
}

#[test]
fn cn_13_a_preapproved_client_meets_no_page_and_others_do() {
    let approved = format!("[apps.main.oauth]\nenabled = true\nconsent = {{ preapproved = [\"{CLAUDE}\"] }}\n");
    let site = Site::with(|config| config.replacen("[apps.main.oauth]\nenabled = true\n", &approved, 1));
    let agent = claude(&site);
    let mut browser = site.browser();
    let login = browser.open(&agent.authorization_url("st")).expect(200);
    assert!(login.text().contains("name=\"password\""), "somebody must be there");
    let mut browser = site.signed_in(&site.ada());
    let code = told(&ask(&agent, &mut browser, ""), "code").expect("no page");
    let tokens = Tokens::of(&agent.redeem(&code).expect(200));
    send(&Request::get(&site.main("/x")).bearer(&tokens.access)).expect(200);
    let elsewhere = Agent { redirect_uri: "https://evil.test/cb".to_owned(), ..agent.clone() };
    let refused = browser.open(&elsewhere.authorization_url("st")).expect(400);
    assert!(refused.is_html() && refused.header("location").is_none());
    site.agent(&site.main("/")).authorize(&mut browser, &site.ada());
    let eve = site.browser().sign_in(&agent.authorization_url("st"), &site.eve()).expect(403);
    assert!(eve.is_html(), "whom no policy admits gets nothing");
}

#[test]
fn cn_08_cn_07_consent_has_no_cookie_of_its_own_and_leans_on_one_that_is_guarded() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let mut browser = site.browser();
    let login = browser.open(&agent.authorization_url("st")).expect(200);
    let fields = [("username", site.ada().name), ("password", &site.ada().password)];
    let signed_in = browser.submit(&login, &fields).expect(303);
    let cookies = signed_in.all("set-cookie");
    let session = cookies.iter().find(|cookie| !cookie.contains("Max-Age=0")).unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(session.contains(part), "{session}");
    }
    assert!(!session.contains("Domain="), "for the login host alone: {session}");
    let page = browser.open(&agent.authorization_url("st")).expect(200);
    assert!(page.header("set-cookie").is_none());
    // The form is bound to this sign-in and to this client: sent for another one, it is still what was shown.
    let other = claude(&site);
    let mut moved = crate::harness::form(&page, &[("decision", "allow")]);
    moved.target = other.authorization_url("st").splitn(4, '/').nth(3).map(|rest| format!("/{rest}")).unwrap();
    let answer = browser.send(moved).expect(303);
    assert!(answer.header("set-cookie").is_none());
    assert!(answer.location().starts_with("http://127.0.0.1:33418/callback"), "{}", answer.location());
}
