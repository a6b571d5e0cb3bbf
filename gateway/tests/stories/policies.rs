//! Who may pass: the rules as configured, seen from outside, and what is said to whom they refuse.

use crate::harness::{Browser, Request, Site, User, Wire, send};
use serde_json::Value;

/// A site with one app at `app.test` and these policies, in order.
fn site_with(policies: &str) -> Site {
    Site::with(|config| config + &app(policies))
}

fn app(policies: &str) -> String {
    format!(
        "\n[apps.app]\nname = \"The app\"\nurl = \"http://app.test:PORT\"\nupstream = \"UPSTREAM\"\npolicies = [{policies}]\noauth.enabled = true\n"
    )
}

const PEOPLE: &str = "\"people\"";

fn rule(name: &str, action: &str, rules: &str) -> String {
    format!("{{ name = \"{name}\", action = \"{action}\", {rules} }}")
}

/// Somebody who is signed in at the app, whatever it says.
fn person(site: &Site, user: &User) -> Browser {
    let mut browser = site.browser();
    browser.sign_in(&site.url("app.test", "/"), user);
    assert!(browser.cookie("app.test", "doorward-app").is_some(), "not signed in");
    browser
}

fn status(site: &Site, browser: &mut Browser, method: &str, target: &str) -> u16 {
    browser.send(Request::new(method, &site.url("app.test", target))).status
}

#[test]
fn a_bypass_is_for_everybody_and_knows_nobody() {
    let site = Site::start();
    let mut browser = site.browser();
    browser.sign_in(&site.url("plain.test", "/"), &site.ada()).expect(200);
    for target in ["/public", "/public/", "/public/x", "/p%75blic/x", "/public/x?y"] {
        send(&Request::get(&site.url("plain.test", target))).expect(200);
        browser.send(Request::get(&site.url("plain.test", target))).expect(200);
        let seen = site.upstream.last();
        assert!(seen.headers.iter().all(|(_, value)| !value.contains("ada@")), "{seen:?}");
        assert_eq!(seen.header("doorward-assertion"), None);
    }
    for target in ["/publicx", "/Public/x", "/x/public/x", "/x?/public/x", "/x?p=/public/"] {
        send(&Request::get(&site.url("plain.test", target))).expect(401);
    }
    for target in ["/public/../x", "/public/%2e%2e/x", "/public/..;/x", "/public//x", "/public%2fx", "/public/#/../x"] {
        send(&Request::get(&site.url("plain.test", target))).expect(400);
    }
    // A bad credential ends the search here too.
    send(&Request::get(&site.url("plain.test", "/public/x")).bearer("x")).expect(401);
}

#[test]
fn hp_11_a_blocked_path_is_blocked_in_every_spelling() {
    let site = site_with(&format!("{}, {PEOPLE}", rule("no admin", "block", "include = [{ path = \"/admin/*\" }]")));
    let mut ada = person(&site, &site.ada());
    site.upstream.forget();
    for target in
        ["/admin", "/admin/", "/admin/x", "/%61dmin", "/%61%64%6D%69%6e/x", "/admin?x", "/admi%6E/?y", "/admin/%78"]
    {
        assert_eq!(status(&site, &mut ada, "GET", target), 403, "{target}");
    }
    for target in
        ["//admin", "/./admin", "/x/../admin", "/admin;x", "/%2fadmin", "/%2561dmin", "/x/..%2fadmin", "/\\admin"]
    {
        assert_eq!(status(&site, &mut ada, "GET", target), 400, "{target}");
    }
    assert!(site.upstream.seen().is_empty());
    for target in ["/administrator", "/x/admin", "/Admin", "/?/admin", "/admin%20"] {
        assert_eq!(status(&site, &mut ada, "GET", target), 200, "{target}");
    }
}

#[test]
fn p_06_methods_are_decided_on_one_by_one() {
    let site = site_with(&rule(
        "readers",
        "allow",
        "include = [{ email = \"ada@example.com\" }], require = [{ method = [\"GET\", \"HEAD\"] }]",
    ));
    let mut ada = person(&site, &site.ada());
    for (method, expected) in
        [("GET", 200), ("HEAD", 200), ("POST", 403), ("PUT", 403), ("DELETE", 403), ("OPTIONS", 403), ("PROPFIND", 403)]
    {
        assert_eq!(status(&site, &mut ada, method, "/x"), expected, "{method}");
    }
    let overridden = Request::get(&site.url("app.test", "/x")).header("X-HTTP-Method-Override", "DELETE");
    ada.send(overridden).expect(200);
    assert_eq!(site.upstream.last().header("x-http-method-override"), None);
    let mut bob = site.browser();
    bob.sign_in(&site.url("app.test", "/"), &site.bob()).expect(403);
}

#[test]
fn hp_07_hp_08_h_06_addresses_are_those_of_the_connection() {
    let site = site_with(&rule(
        "office",
        "allow",
        "include = [{ email_domain = \"example.com\" }], require = [{ ip = \"127.0.0.2/32\" }]",
    ));
    let mut ada = person(&site, &site.ada());
    let cookie = format!("doorward-app={}", ada.cookie("app.test", "doorward-app").unwrap());
    let get = || Request::get(&site.url("app.test", "/x")).header("Cookie", &cookie);
    for (name, value) in [
        ("X-Forwarded-For", "127.0.0.2"),
        ("X-Real-IP", "127.0.0.2"),
        ("Forwarded", "for=127.0.0.2"),
        ("True-Client-IP", "127.0.0.2"),
        ("CF-Connecting-IP", "127.0.0.2"),
    ] {
        send(&get().header(name, value)).expect(403);
    }
    assert_eq!(status(&site, &mut ada, "GET", "/x"), 403);
    let from_office = Wire::open_from("127.0.0.2".parse().unwrap(), site.port).send(&get()).expect(200);
    assert!(from_office.text().contains("127.0.0.2"));
    assert_eq!(site.upstream.last().header("x-forwarded-for"), Some("127.0.0.2"));
}

#[test]
fn hp_08_a_trusted_proxy_is_believed_and_nobody_behind_it() {
    let rules = "include = [{ email_domain = \"example.com\" }], require = [{ ip = \"198.51.100.7/32\" }]";
    let site = Site::with(|config| {
        config.replace("threads = 2", "threads = 2\ntrusted_proxies = [\"127.0.0.3/32\", \"10.0.0.0/8\"]")
            + &app(&rule("office", "allow", rules))
    });
    let ada = person(&site, &site.ada());
    let cookie = format!("doorward-app={}", ada.cookie("app.test", "doorward-app").unwrap());
    let ask = |from: &str, chain: &str| {
        let request = Request::get(&site.url("app.test", "/x")).header("Cookie", &cookie);
        Wire::open_from(from.parse().unwrap(), site.port).send(&request.header("X-Forwarded-For", chain)).status
    };
    for chain in ["198.51.100.7", "203.0.113.1, 198.51.100.7", "203.0.113.1, 198.51.100.7, 10.1.1.1"] {
        assert_eq!(ask("127.0.0.3", chain), 200, "{chain}");
        assert_eq!(site.upstream.last().header("x-forwarded-for"), Some("198.51.100.7"));
        assert_eq!(ask("127.0.0.2", chain), 403, "{chain} from a stranger");
    }
    for chain in ["198.51.100.7, 203.0.113.1", "198.51.100.7, 203.0.113.1, 10.1.1.1"] {
        assert_eq!(ask("127.0.0.3", chain), 403, "{chain}");
    }
    for chain in ["198.51.100.7, nonsense", "unknown", ""] {
        assert_eq!(ask("127.0.0.3", chain), 400, "{chain} could be anybody");
    }
}

#[test]
fn agents_can_be_kept_out_where_people_pass_and_the_other_way_round() {
    let site = site_with(&rule(
        "people only",
        "allow",
        "include = [{ email_domain = \"example.com\" }], require = [{ via = \"browser\" }]",
    ));
    let agent = site.agent(&site.url("app.test", "/"));
    let mut ada = person(&site, &site.ada());
    assert_eq!(status(&site, &mut ada, "GET", "/x"), 200);
    let page = ada.open(&agent.authorization_url("st")).expect(403);
    assert!(page.is_html() && page.header("location").is_none());
    // Agents only: the session gets nothing, the token passes.
    let agents =
        rule("agents only", "allow", "include = [{ email_domain = \"example.com\" }], require = [{ via = \"agent\" }]");
    site.reload(|config| config + &app(&agents));
    assert_eq!(status(&site, &mut ada, "GET", "/x"), 403);
    let token = agent.authorize(&mut ada, &site.ada()).access;
    send(&Request::get(&site.url("app.test", "/x")).bearer(&token)).expect(200);
}

#[test]
fn one_client_can_be_kept_out() {
    let site = site_with(PEOPLE);
    let agent = site.agent(&site.url("app.test", "/"));
    let tokens = agent.authorize(&mut site.browser(), &site.ada());
    let url = site.url("app.test", "/x");
    send(&Request::get(&url).bearer(&tokens.access)).expect(200);
    let block = rule("not this one", "block", &format!("include = [{{ client_id = \"{}\" }}]", agent.client_id));
    site.reload(|config| config + &app(&format!("{block}, {PEOPLE}")));
    let refused = send(&Request::get(&url).bearer(&tokens.access)).expect(403);
    assert_eq!(refused.json()["error"], "blocked");
    assert!(refused.header("www-authenticate").is_none());
    assert_eq!(agent.refresh(&tokens.refresh).expect(400).json()["error"], "invalid_grant");
    person(&site, &site.ada()).open(&url).expect(200);
    // The same token is as good as before once the rule is gone.
    site.reload(|config| config + &app(PEOPLE));
    send(&Request::get(&url).bearer(&tokens.access)).expect(200);
    agent.refresh(&tokens.refresh).expect(200);
}

#[test]
fn the_first_match_wins_and_nothing_means_no() {
    let block = rule("stop", "block", "include = [{ email = \"ada@example.com\" }]");
    let site = site_with(&format!("{block}, {PEOPLE}"));
    site.browser().sign_in(&site.url("app.test", "/"), &site.ada()).expect(403);
    site.browser().sign_in(&site.url("app.test", "/"), &site.bob()).expect(200);
    site.reload(|config| config + &app(&format!("{PEOPLE}, {block}")));
    site.browser().sign_in(&site.url("app.test", "/"), &site.ada()).expect(200);
    site.reload(|config| {
        config
            + &app(&rule(
                "most",
                "allow",
                "include = [{ everyone = true }], exclude = [{ email = [\"bob@example.com\"] }]",
            ))
    });
    site.browser().sign_in(&site.url("app.test", "/"), &site.eve()).expect(200);
    site.browser().sign_in(&site.url("app.test", "/"), &site.bob()).expect(403);
    send(&Request::get(&site.url("app.test", "/"))).expect(401);
    site.reload(|config| config + &app(""));
    for user in [site.ada(), site.bob(), site.eve()] {
        site.browser().sign_in(&site.url("app.test", "/"), &user).expect(403);
    }
    // Signing in would not help, so nobody is asked to.
    send(&Request::get(&site.url("app.test", "/"))).expect(403);
}

#[test]
fn a_refusal_is_a_page_or_json_and_its_id_is_explained() {
    let site = site_with(&format!("{}, {PEOPLE}", rule("no admin", "block", "include = [{ path = \"/admin/*\" }]")));
    let mut ada = person(&site, &site.ada());
    let json = ada
        .send(Request::get(&site.url("app.test", "/admin/secret?q=1")).header("Accept", "application/json"))
        .expect(403);
    let body = json.json();
    assert_eq!((body["error"].as_str(), json.header("cache-control")), (Some("blocked"), Some("no-store")));
    let id = body["decision_id"].as_str().unwrap().to_owned();
    let page = ada.send(Request::get(&site.url("app.test", "/admin/x")).html()).expect(403);
    assert!(page.is_html() && page.header("location").is_none());
    for shown in ["The app", "ada@example.com", "<code>d_"] {
        assert!(page.text().contains(shown), "{shown}");
    }
    assert!(!page.text().contains("no admin"), "what the rules are called is the administrator's business");

    let mut why = None;
    crate::harness::eventually("the decision is kept", || {
        let output = site.cli(&["explain", &id]);
        why = Some(String::from_utf8(output.stdout).unwrap());
        output.status.success()
    });
    let why = why.unwrap();
    for told in ["blocked", "no admin", "ada@example.com", "/admin/secret", "127.0.0.1", "GET", &id] {
        assert!(why.contains(told), "{told} is not in {why}");
    }
    assert!(!why.contains("q=1"), "the query is nobody's business");
    let record: Value = serde_json::from_str(&site.cli_ok(&["explain", &id, "--json"])).unwrap();
    assert_eq!((&record["outcome"], &record["rule"]), (&"blocked".into(), &"no admin".into()));
    site.logged("the refusal", |event| {
        event["id"] == id.as_str() && event["rule"] == "no admin" && event["status"] == 403
    });
    assert_eq!(site.cli(&["explain", "d_000000000000"]).status.code(), Some(1));
}

#[test]
fn anonymous_and_bad_credentials_have_decisions_too() {
    let site = Site::start();
    for (request, outcome) in [
        (Request::get(&site.main("/x")), "login_required"),
        (Request::get(&site.main("/x")).bearer("x"), "bearer_token"),
        (Request::get(&site.main("/x")).header("Authorization", "Basic YTpi"), "authorization_malformed"),
    ] {
        let id = send(&request).expect(401).json()["decision_id"].as_str().unwrap().to_owned();
        crate::harness::eventually("the decision is kept", || {
            let output = site.cli(&["explain", &id, "--json"]);
            String::from_utf8_lossy(&output.stdout).contains(outcome)
        });
    }
}

#[test]
fn what_would_be_decided_can_be_asked() {
    let site = site_with(&format!(
        "{}, {PEOPLE}",
        rule("no admin", "block", "include = [{ path = \"/admin/*\" }], exclude = [{ ip = \"10.0.0.0/8\" }]")
    ));
    let code = |arguments: &[&str]| {
        let output = site.cli(&[&["explain"], arguments].concat());
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (allowed, text) = code(&["--app", "app", "--email", "ada@example.com"]);
    assert!(allowed == Some(0) && text.contains("people"), "{text}");
    let (blocked, text) = code(&["--app", "app", "--email", "ada@example.com", "--path", "/admin/x"]);
    assert!(blocked == Some(1) && text.contains("no admin"), "{text}");
    assert_eq!(
        code(&["--app", "app", "--email", "ada@example.com", "--path", "/admin/x", "--ip", "10.1.2.3"]).0,
        Some(0)
    );
    assert_eq!(code(&["--app", "app", "--email", "eve@example.net"]).0, Some(1));
    let (anonymous, text) = code(&["--app", "app"]);
    assert!(anonymous == Some(1) && text.contains("login_required") && text.contains("302"), "{text}");
    let (_, json) = code(&["--app", "app", "--email", "eve@example.net", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["explanation"]["decision"]["outcome"], "deny");
    assert_eq!(code(&["--app", "nothing"]).0, Some(1));
    assert_eq!(code(&[]).0, Some(2));
    assert_eq!(code(&["--app", "app", "--ip", "nonsense"]).0, Some(2));
}

#[test]
fn groups_of_rules_hold_where_they_are_named() {
    let groups = "\n[groups.team]\ninclude = [{ email_domain = \"example.com\" }]\nexclude = [{ email = \"bob@example.com\" }]\n";
    let site = Site::with(|config| config + groups + &app(&rule("team", "allow", "include = [{ group = \"team\" }]")));
    site.browser().sign_in(&site.url("app.test", "/"), &site.ada()).expect(200);
    for outsider in [site.bob(), site.eve()] {
        site.browser().sign_in(&site.url("app.test", "/"), &outsider).expect(403);
    }
}
