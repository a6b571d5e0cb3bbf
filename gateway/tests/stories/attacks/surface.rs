//! Attacks on everything around the tokens: redirects, headers, cookies, forms, texts, floods, keys.

use super::{assert_stays, authorization_with};
use crate::harness::{Request, Site, encode, send};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

#[test]
fn o_17_nobody_is_sent_elsewhere_after_signing_in_or_out() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    for to in [
        "https://evil.test/",
        "//evil.test/",
        "/\\evil.test/",
        "\\\\evil.test/",
        "/%09/evil.test/",
        "/\t/evil.test",
        " //evil.test",
        "javascript:alert(1)",
        "https:evil.test",
        "/.doorward/logout",
    ] {
        let url = format!("{}?{}", site.main("/.doorward/login"), encode(&[("app", "main"), ("return_to", to)]));
        let page = browser.open(&url);
        assert!(page.url.starts_with(&site.main("/")) || page.url.starts_with(&site.login("/")), "{to}: {}", page.url);
        assert!(page.header("location").is_none_or(|location| !location.contains("evil")), "{to}: {page:?}");
        let out = format!("{}?{}", site.main("/.doorward/logout"), encode(&[("return_to", to), ("rd", to)]));
        assert_stays(&browser.send(Request::get(&out).html()), to);
    }
}

#[test]
fn o_18_h_06_no_header_of_a_request_decides_where_anybody_is_sent() {
    let site = Site::start();
    for (name, value) in [
        ("X-Forwarded-Host", "evil.test"),
        ("Forwarded", "host=evil.test"),
        ("X-Original-URL", "https://evil.test/"),
        ("X-Forwarded-Proto", "gopher"),
    ] {
        let answer = send(&Request::get(&site.main("/")).html().header(name, value)).expect(302);
        assert!(answer.location().starts_with(&site.login("/")), "{name}: {}", answer.location());
        let metadata = Request::get(&site.main("/.well-known/oauth-authorization-server")).header(name, value);
        assert!(!send(&metadata).expect(200).text().contains("evil"), "{name}");
    }
    let foreign = send(&Request::get(&site.main("/")).html().host(&format!("evil.test:{}", site.port))).expect(404);
    assert_stays(&foreign, "a foreign host");
}

#[test]
fn o_19_a_planted_session_is_not_taken_over_by_a_sign_in() {
    let site = Site::start();
    let names = ["doorward-login", "doorward-main"];
    let mut attacker = site.signed_in(&site.bob());
    let planted = names.map(|name| {
        let host = if name == "doorward-login" { "localhost" } else { "127.0.0.1" };
        (host, name, attacker.cookie(host, name).unwrap().to_owned())
    });
    let mut victim = site.browser();
    let (host, name, value) = &planted[1];
    victim.set_cookie(host, name, value);
    let page = victim.sign_in(&site.login("/.doorward/login"), &site.ada());
    assert!(page.text().contains("ada@example.com"), "{}", page.text());
    for (host, name, value) in &planted {
        assert!(victim.cookie(host, name) != Some(value.as_str()) || *name == "doorward-main", "{name} was kept");
    }
    let fresh = victim.cookie("localhost", "doorward-login").unwrap().to_owned();
    let again = victim.sign_in(&site.login("/.doorward/login"), &site.ada());
    again.expect(200);
    assert_eq!(victim.cookie("localhost", "doorward-login"), Some(fresh.as_str()), "only a sign-in gives a new one");
    attacker.send(Request::get(&site.main("/")).html()).expect(200);
}

#[test]
fn o_20_a_sealed_value_that_was_changed_says_nothing() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let agent = site.agent(&site.main("/"));
    let page = browser.open(&agent.authorization_url("st")).expect(200).text();
    let sealed = page.split_once("name=\"consent\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let endpoint = agent.endpoint("authorization_endpoint");
    let mut answers = std::collections::BTreeSet::new();
    for at in [0, 7, sealed.len() / 2, sealed.len() - 2] {
        let mut changed = sealed.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        let form = Request::post(endpoint).html().header("Sec-Fetch-Site", "same-origin");
        let answer = browser.send(form.form(&[("consent", &changed), ("decision", "allow")])).expect(403);
        assert_stays(&answer, "a changed consent");
        let id = answer.header("doorward-decision").unwrap().to_owned();
        answers.insert(answer.text().replace(&id, ""));
    }
    assert_eq!(answers.len(), 1, "all are answered alike");
}

#[test]
fn o_23_foreign_text_is_inert_on_pages_and_in_the_log() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let agent = site.agent(&site.main("/"));
    let nasty = "<script>alert(1)</script>\r\n{\"level\":\"FAKE\"}";
    for name in ["client_id", "redirect_uri"] {
        let page = browser.send(Request::get(&authorization_with(&agent, name, nasty)).html()).expect(400);
        assert!(!page.text().contains("<script"), "{}", page.text());
    }
    agent.token(&[("grant_type", nasty), ("client_id", nasty)]).expect(400);
    agent.refresh_with(nasty, nasty).expect(400);
    for uri in ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "http://evil.test/cb"] {
        let metadata = json!({ "client_name": nasty, "redirect_uris": [uri] });
        let answer = send(&Request::post(agent.endpoint("registration_endpoint")).json(&metadata)).expect(400);
        assert_eq!(answer.json()["error"], "invalid_redirect_uri", "{uri}");
    }
    let metadata = agent.metadata.to_string();
    assert!(!metadata.contains("javascript:") && !metadata.contains("data:"), "{metadata}");
    assert!(site.log_lines().iter().all(|line| !line.starts_with("{\"level\":\"FAKE\"")));
}

#[test]
fn o_26_an_empty_or_missing_secret_is_a_wrong_one() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let metadata = json!({ "redirect_uris": ["http://127.0.0.1:33418/callback"], "token_endpoint_auth_method": "client_secret_basic" });
    let client = send(&Request::post(agent.endpoint("registration_endpoint")).json(&metadata)).expect(201).json();
    let id = client["client_id"].as_str().unwrap();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    for credentials in [format!("{id}:"), format!("{id}:null"), id.to_owned(), format!("{id}: "), ":".to_owned()] {
        let basic = format!("Basic {}", STANDARD.encode(credentials));
        let answer = send(&agent.token_request(&fields).header("Authorization", &basic)).expect(401);
        assert_eq!(answer.json()["error"], "invalid_client");
    }
    agent.token(&[fields[0], fields[1], ("client_id", id)]).expect(401);
    agent.token(&[fields[0], fields[1], ("client_id", id), ("client_secret", "")]).expect(401);
    // However it is spelled, it is one account.
    let mut browser = site.browser();
    let page = browser.open(&site.login("/.doorward/login"));
    let shouted = site.ada().name.to_uppercase();
    browser.submit(&page, &[("username", &format!(" {shouted} ")), ("password", &site.ada().password)]).expect(303);
    let mut nobody = site.browser();
    let page = nobody.open(&site.login("/.doorward/login"));
    nobody.submit(&page, &[("username", site.ada().name), ("password", "")]).expect(403);
}

#[test]
fn o_27_registrations_are_small_few_and_idempotent() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let register =
        |metadata: serde_json::Value| send(&Request::post(agent.endpoint("registration_endpoint")).json(&metadata));
    let many: Vec<_> = (0..10_000).map(|port| format!("http://127.0.0.1/{port}")).collect();
    let answer = register(json!({ "redirect_uris": many }));
    assert!(matches!(answer.status, 400 | 413), "{}", answer.status);
    let some: Vec<_> = (0..200).map(|port| format!("http://127.0.0.1/{port}")).collect();
    register(json!({ "redirect_uris": some })).expect(400);
    register(json!({ "redirect_uris": ["http://127.0.0.1/cb"], "logo_uri": "x".repeat(20_000) })).expect(413);
    let same =
        || register(json!({ "client_name": "Twin", "redirect_uris": ["http://127.0.0.1/cb"] })).expect(201).json();
    assert_eq!(same()["client_id"], same()["client_id"]);
}

#[test]
fn o_29_a_consent_is_neither_forged_by_another_site_nor_framed() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let agent = site.agent(&site.main("/"));
    let page = browser.open(&agent.authorization_url("st")).expect(200);
    assert!(page.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"));
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    let text = page.text();
    let sealed = text.split_once("name=\"consent\" value=\"").unwrap().1.split('"').next().unwrap();
    let fields = [("consent", sealed), ("decision", "allow")];
    for (name, value) in
        [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"), ("Origin", "http://evil.test")]
    {
        let form = Request::post(agent.endpoint("authorization_endpoint")).html().header(name, value).form(&fields);
        assert_stays(&browser.send(form).expect(403), value);
    }
}

#[test]
fn o_30_each_gateway_makes_its_own_keys() {
    let (one, two) = (Site::start(), Site::start());
    let keys = |site: &Site| {
        let agent = site.agent(&site.main("/"));
        send(&Request::get(agent.endpoint("jwks_uri"))).expect(200).text()
    };
    assert_ne!(keys(&one), keys(&two));
    let weak = one.config().with_file_name("weak.toml");
    let text = std::fs::read_to_string(one.config()).unwrap();
    let text = text.replace("[store]\n", "[store]\nkey = { env = \"WEAK_KEY\" }\n");
    std::fs::write(&weak, text).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_doorward"));
    let checked = command.args(["check", "--config"]).arg(&weak).env("WEAK_KEY", "c2hvcnQ=").output().unwrap();
    assert_eq!(checked.status.code(), Some(64), "a short key is refused");
}
