//! Changing the configuration under a running gateway, and the commands that work beside it.

use crate::harness::{Folder, Request, Site, Tokens, eventually, send};
use serde_json::Value;
use std::process::{Command, Output, Stdio};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn op_05_a_changed_file_is_heeded_and_nobody_loses_anything() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let mut browser = site.browser();
    let tokens = agent.authorize(&mut browser, &site.ada());
    browser.open(&site.main("/")).expect(200);
    let code = agent.code(&mut browser, &site.ada());
    let login = site.browser().open(&site.main("/"));
    assert_eq!(login.status, 200);
    let app = "\n[apps.new]\nurl = \"http://new.test:PORT\"\nupstream = \"UPSTREAM\"\npolicies = [\"people\"]\n";
    send(&Request::get(&site.url("new.test", "/"))).expect(404);
    site.reload(|config| config.replace("Main app", "Other name") + app);
    send(&Request::get(&site.url("new.test", "/"))).expect(401);
    assert_eq!(browser.send(Request::get(&site.main("/"))).status, 200, "the session");
    send(&Request::get(&site.main("/")).bearer(&tokens.access)).expect(200);
    agent.redeem(&code).expect(200);
    agent.refresh(&tokens.refresh).expect(200);
    assert!(browser.open(&agent.authorization_url("st")).expect(200).text().contains("Other name"));
    // And back: an app that is gone is gone.
    site.reload(|config| config);
    send(&Request::get(&site.url("new.test", "/"))).expect(404);
}

#[test]
fn op_05_a_restart_loses_nothing_either() {
    let mut site = Site::start();
    let agent = site.agent(&site.main("/"));
    let mut browser = site.browser();
    let tokens = agent.authorize(&mut browser, &site.ada());
    browser.open(&site.main("/")).expect(200);
    let mut on_the_way = site.browser();
    let page = on_the_way.open(&site.main("/x"));
    let consent = browser.open(&agent.authorization_url("st")).expect(200);
    site.kill();
    site.run();
    assert_eq!(browser.send(Request::get(&site.main("/"))).status, 200);
    send(&Request::get(&site.main("/")).bearer(&tokens.access)).expect(200);
    agent.refresh(&tokens.refresh).expect(200);
    assert!(browser.submit(&consent, &[("decision", "allow")]).expect(303).location().contains("code="));
    let location =
        on_the_way.submit(&page, &[("username", site.ada().name), ("password", &site.ada().password)]).expect(303);
    assert_eq!(on_the_way.open(location.location()).expect(200).url, site.main("/x"));
}

#[test]
fn tk_26_jw_12_a_tighter_policy_holds_for_the_very_next_request() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let mut browser = site.browser();
    let tokens = agent.authorize(&mut browser, &site.ada());
    browser.open(&site.main("/")).expect(200);
    site.reload(|config| config.replace("email_domain = \"example.com\"", "email = \"bob@example.com\""));
    send(&Request::get(&site.main("/")).bearer(&tokens.access)).expect(403);
    browser.send(Request::get(&site.main("/"))).expect(403);
    assert_eq!(agent.refresh(&tokens.refresh).expect(400).json()["error"], "invalid_grant");
    // The day access returns, the refresh token is still good.
    site.reload(|config| config);
    Tokens::of(&agent.refresh(&tokens.refresh).expect(200));
    browser.send(Request::get(&site.main("/"))).expect(200);
}

#[test]
fn a_wrong_file_changes_nothing_and_the_log_says_why() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    type Change = fn(String) -> String;
    let wrong: [(Change, &str); 3] = [
        (|config| config.replace("policies = [\"people\"]", "policies = [\"nobody\"]"), "unknown policy"),
        (|config| config + "\n[apps.broken\n", "column"),
        (|config| config.replace("[apps.wiki]\n", "[apps.wiki]\nnonsense = true\n"), "nonsense"),
    ];
    for (change, why) in wrong {
        site.configure(change);
        let event = site.logged("the mistake", |event| event["what"].as_str().is_some_and(|what| what.contains(why)));
        assert_eq!((&event["level"], &event["target"]), (&"ERROR".into(), &"config".into()));
        browser.send(Request::get(&site.main("/"))).expect(200);
        send(&Request::get(&site.url("wiki.test", "/"))).expect(401);
    }
    std::fs::remove_file(site.config()).unwrap();
    site.logged("that it is gone", |event| event["what"].as_str().is_some_and(|what| what.contains("cannot be read")));
    browser.send(Request::get(&site.main("/"))).expect(200);
    site.reload(|config| config);
    browser.send(Request::get(&site.main("/"))).expect(200);
}

#[test]
fn sighup_reloads() {
    let site = Site::start();
    let reloads = || site.log_lines().iter().filter(|line| line.contains("\"reloaded\"")).count();
    let told = Command::new("kill").args(["-HUP", &site.pid().to_string()]).status().unwrap();
    assert!(told.success());
    eventually("it is read again", || reloads() == 1);
    send(&Request::get(&site.main("/"))).expect(401);
}

/// Runs the program on a configuration of its own.
fn run(config: &str, arguments: &[&str]) -> Output {
    let folder = Folder::new();
    let file = folder.path().join("doorward.toml");
    std::fs::write(&file, config).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
    command
        .args(arguments)
        .env("DOORWARD_CONFIG", &file)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn check_finds_every_mistake_and_says_where() {
    let good = run("auth.url = 'http://localhost:8080'\n", &["check"]);
    assert_eq!(good.status.code(), Some(0), "{}", text(&good.stderr));
    let config = "auth.url = 'http://localhost:8080'\n\n[apps.wiki]\nurl = 'nonsense'\npolicies = ['nobody']\nupstraem = 'http://127.0.0.1:1'\n";
    for command in [&["check"][..], &["serve"], &["user", "list"], &["explain", "--app", "wiki"]] {
        let bad = run(config, command);
        assert_eq!(bad.status.code(), Some(64), "{command:?}");
        let report = text(&bad.stderr);
        for told in
            ["doorward.toml:4", "doorward.toml:5", "doorward.toml:6", "apps.wiki.url", "unknown policy", "upstraem"]
        {
            assert!(report.contains(told), "{told} is not in {report}");
        }
        assert!(bad.stdout.is_empty());
    }
    let missing = run("", &["check", "--config", "/nonexistent/doorward.toml"]);
    assert_eq!(missing.status.code(), Some(64));
    let printed = run("auth.url = 'http://localhost:8080'\n", &["check", "--print"]);
    serde_json::from_slice::<Value>(&printed.stdout).unwrap();
}

#[test]
fn usage_is_2_and_help_is_everywhere() {
    for arguments in [&[][..], &["nonsense"], &["check", "--nonsense"], &["user"], &["user", "add"], &["explain"]] {
        assert_eq!(run("", arguments).status.code(), Some(2), "{arguments:?}");
    }
    for arguments in [
        &["--help"][..],
        &["serve", "--help"],
        &["check", "--help"],
        &["explain", "--help"],
        &["user", "--help"],
        &["user", "add", "--help"],
        &["demo", "--help"],
        &["--version"],
    ] {
        let output = run("", arguments);
        assert!(output.status.code() == Some(0) && !output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_taken_address_is_said_so() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let output = run(
        &format!(
            "server.listen = ['127.0.0.1:{port}']\nserver.admin_listen = false\nauth.url = 'http://localhost:{port}'\n"
        ),
        &["serve"],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains(&port.to_string()), "{}", text(&output.stderr));
}

#[test]
fn accounts_are_managed_beside_the_running_gateway() {
    let site = Site::start();
    let added: Value = serde_json::from_str(&site.cli_ok(&["user", "add", "Zoe@Example.com", "--json"])).unwrap();
    assert_eq!(added["username"], "zoe@example.com");
    let sign_in = |password: &str| {
        let mut browser = site.browser();
        let page = browser.open(&site.main("/"));
        browser.submit(&page, &[("username", "ZOE@example.com"), ("password", password)]).status
    };
    let first = added["password"].as_str().unwrap();
    assert_eq!(sign_in(first), 303);
    assert_eq!(site.cli(&["user", "add", "zoe@example.com"]).status.code(), Some(1), "there is one already");
    for nonsense in ["zoe", "@example.com", "a@b@c", "a b@c", ""] {
        assert_eq!(site.cli(&["user", "add", nonsense]).status.code(), Some(1), "{nonsense}");
    }
    let rotated: Value = serde_json::from_str(&site.cli_ok(&["user", "rotate", "zoe@example.com", "--json"])).unwrap();
    assert_eq!((sign_in(first), sign_in(rotated["password"].as_str().unwrap())), (403, 303));
    let list: Value = serde_json::from_str(&site.cli_ok(&["user", "list", "--json"])).unwrap();
    let names: Vec<_> = list.as_array().unwrap().iter().map(|account| account["username"].as_str().unwrap()).collect();
    assert_eq!(names, ["ada@example.com", "bob@example.com", "eve@example.net", "zoe@example.com"]);
    assert!(!list.to_string().contains("argon2"));
    site.cli_ok(&["user", "remove", "zoe@example.com"]);
    assert_eq!(sign_in(rotated["password"].as_str().unwrap()), 403);
    for act in ["show", "rotate", "revoke", "remove"] {
        assert_eq!(site.cli(&["user", act, "zoe@example.com"]).status.code(), Some(1), "{act}");
    }
}
