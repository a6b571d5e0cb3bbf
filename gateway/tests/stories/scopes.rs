//! What a token may do: which scope is enough, and what a client is told to ask for.

use crate::harness::{Request, Site, Tokens, parameter, query, send, untick};

/// Three scopes, each of which includes the one before.
fn ladder(config: String) -> String {
    let scopes = r#"
[[apps.main.oauth.scopes]]
name = "notes:all"
includes = ["notes:admin"]

[apps.wiki]
"#;
    config.replace("name = \"notes:admin\"\n", "name = \"notes:admin\"\nincludes = [\"notes:write\"]\n").replacen(
        "[apps.wiki]\n",
        scopes,
        1,
    )
}

#[test]
fn sc_04_a_broader_scope_is_enough_for_what_needs_a_narrower_one() {
    let site = Site::with(ladder);
    let agent = site.agent(&site.main("/"));
    let mut browser = site.browser();
    let mut post = |scope: &str, target: &str| {
        let tokens = agent.clone().with_scope(scope).authorize(&mut browser, &site.ada());
        assert_eq!(tokens.scope, scope, "told as it was asked for, not unfolded");
        send(&Request::post(&site.main(target)).bearer(&tokens.access).body(b"")).status
    };
    assert_eq!(post("notes:all", "/notes/1"), 200);
    assert_eq!(post("notes:all", "/notes/admin/1"), 200);
    assert_eq!(post("notes:admin", "/notes/1"), 200);
    assert_eq!(post("notes:write", "/notes/1"), 200);
    assert_eq!(post("notes:write", "/notes/admin/1"), 403, "never the other way round");
    assert_eq!(post("access", "/notes/1"), 403);
}

#[test]
fn sc_01_p_06_a_head_needs_what_a_get_needs() {
    let scopes = "[[apps.main.oauth.scopes]]\nname = \"notes:read\"\n\
        requires = { methods = [\"GET\"], paths = [\"/notes/*\"] }\n\n[apps.wiki]\n";
    let site = Site::with(|config| config.replacen("[apps.wiki]\n", scopes, 1));
    let agent = site.agent(&site.main("/"));
    let mut browser = site.browser();
    let mut status = |scope: &str, method: &str| {
        let token = agent.clone().with_scope(scope).authorize(&mut browser, &site.ada()).access;
        send(&Request::new(method, &site.main("/notes/1")).bearer(&token)).status
    };
    assert_eq!((status("access", "GET"), status("access", "HEAD")), (403, 403));
    assert_eq!((status("notes:read", "GET"), status("notes:read", "HEAD")), (200, 200));
}

#[test]
fn sc_02_sc_03_sc_04_a_challenge_names_the_fewest_scopes_that_cure() {
    let site = Site::with(ladder);
    let agent = site.agent(&site.main("/"));
    let mut browser = site.browser();
    let mut challenged = |scope: &str, target: &str, version: &str| {
        let token = agent.clone().with_scope(scope).authorize(&mut browser, &site.ada()).access;
        let request = Request::post(&site.main(target)).bearer(&token).header("MCP-Protocol-Version", version);
        let refused = send(&request.body(b"")).expect(403);
        parameter(refused.challenge(), "scope").unwrap().to_owned()
    };
    // Both rules hold for the path; the one scope brings the other.
    assert_eq!(challenged("access", "/notes/admin/1", "2026-07-28"), "notes:admin");
    assert_eq!(challenged("access", "/notes/admin/1", "2025-11-25"), "access notes:admin");
    assert_eq!(challenged("access notes:write", "/notes/admin/1", "2025-11-25"), "access notes:admin");
    // What the challenge names is enough.
    let tokens = agent.clone().with_scope("access notes:admin").authorize(&mut browser, &site.ada());
    send(&Request::post(&site.main("/notes/admin/1")).bearer(&tokens.access).body(b"")).expect(200);
}

#[test]
fn tk_20_sc_04_a_refresh_asks_for_less_by_its_own_name() {
    let site = Site::with(ladder);
    let agent = site.agent(&site.main("/")).with_scope("notes:admin");
    let tokens = agent.authorize(&mut site.browser(), &site.ada());
    let refresh = |scope: &str| agent.refresh_with(&tokens.refresh, scope);
    assert_eq!(refresh("notes:all").expect(400).json()["error"], "invalid_scope");
    let narrow = refresh("notes:write notes:all").expect(200).json();
    assert_eq!(narrow["scope"], "notes:write");
    let access = narrow["access_token"].as_str().unwrap();
    send(&Request::post(&site.main("/notes/1")).bearer(access).body(b"")).expect(200);
    send(&Request::post(&site.main("/notes/admin/1")).bearer(access).body(b"")).expect(403);
}

/// All scopes of the main app can be left out.
fn optional(config: String) -> String {
    config
        .replace("name = \"notes:write\"\n", "name = \"notes:write\"\noptional = true\n")
        .replace("name = \"notes:admin\"\n", "name = \"notes:admin\"\noptional = true\n")
}

#[test]
fn sc_06_a_person_leaves_out_a_scope_and_is_asked_for_it_again_when_it_is_needed() {
    let site = Site::with(optional);
    let agent = site.agent(&site.main("/")).with_scope("access notes:write notes:admin");
    let mut browser = site.browser();
    let page = browser.sign_in(&agent.authorization_url("st"), &site.ada()).expect(200);
    assert!(page.text().contains("<span>Change notes</span>"), "{}", page.text());
    let answer = browser.submit(&untick(&page, &["notes:write", "notes:admin"]), &[("decision", "allow")]);
    let tokens = Tokens::of(&agent.redeem(&query(answer.expect(303).location(), "code").unwrap()).expect(200));
    assert_eq!(tokens.scope, "access");
    let post = |token: &str| send(&Request::post(&site.main("/notes/1")).bearer(token).body(b""));
    let challenge = post(&tokens.access).expect(403).challenge().to_owned();
    assert_eq!(parameter(&challenge, "scope"), Some("access notes:write"));
    let wider = agent.refresh_with(&tokens.refresh, "access notes:write").expect(200).json();
    assert_eq!(wider["scope"], "access", "no refresh brings back what was left out");
    let page = browser.open(&agent.clone().with_scope("access notes:write").authorization_url("st")).expect(200);
    assert!(page.text().contains("name=\"scope:notes:write\""), "asked again: {}", page.text());
    let answer = browser.submit(&page, &[("decision", "allow")]).expect(303);
    let tokens = Tokens::of(&agent.redeem(&query(answer.location(), "code").unwrap()).expect(200));
    assert_eq!(tokens.scope, "access notes:write");
    post(&tokens.access).expect(200);
}

#[test]
fn cn_04_sc_06_the_form_widens_nothing_and_does_not_come_back_empty() {
    let site = Site::with(optional);
    let agent = site.agent(&site.main("/")).with_scope("notes:write offline_access");
    let mut browser = site.browser();
    let page = browser.sign_in(&agent.authorization_url("st"), &site.ada()).expect(200);
    let nothing = browser.submit(&untick(&page, &["notes:write"]), &[("decision", "allow")]).expect(200);
    assert!(nothing.text().contains("role=\"alert\""), "{}", nothing.text());
    let more = [("decision", "allow"), ("scope:notes:admin", "on"), ("scope:access", "on"), ("scope", "notes:admin")];
    let answer = browser.submit(&untick(&nothing, &["offline_access"]), &more).expect(303);
    let answer = agent.redeem(&query(answer.location(), "code").unwrap()).expect(200).json();
    assert_eq!(answer["scope"], "notes:write");
    assert!(answer.get("refresh_token").is_none(), "{answer}");
}
