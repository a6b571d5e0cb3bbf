//! Attacks on the way to a code and on what is made of it.

use super::{REDIRECT, assert_stays, authorization_with};
use crate::harness::{Request, Site, Tokens, encode, query, send};
use std::net::TcpListener;
use std::thread;

#[test]
fn o_01_a_client_that_anybody_registered_gets_no_code_without_consent() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let agent = site.agent(&site.main("/"));
    let page = browser.send(Request::get(&agent.authorization_url("st")).html()).expect(200);
    assert_stays(&page, "an unknown client");
    assert!(page.text().contains("Allow") && page.text().contains("127.0.0.1:33418"), "{}", page.text());
    let denied = browser.submit(&page, &[("decision", "deny")]).expect(303);
    assert_eq!(query(denied.location(), "error").as_deref(), Some("access_denied"));
}

#[test]
fn o_02_a_consent_counts_only_in_the_browser_that_saw_it() {
    let site = Site::start();
    let (mut attacker, mut victim) = (site.signed_in(&site.bob()), site.signed_in(&site.ada()));
    let agent = site.agent(&site.main("/"));
    let page = attacker.open(&agent.authorization_url("st")).expect(200);
    let answer = victim.submit(&page, &[("decision", "allow")]).expect(403);
    assert_stays(&answer, "a consent page of somebody else");
    assert_stays(&site.browser().submit(&page, &[("decision", "allow")]), "a consent page without a sign-in");
    // The last step of a sign-in, brought to another browser.
    let mut other = site.browser();
    let handoff = attacker.send(Request::get(&site.url("wiki.test", "/")).html()).expect(302);
    let callback = attacker.send(Request::get(handoff.location()).html()).expect(302);
    other.send(Request::get(callback.location()).html());
    let after = other.send(Request::get(&site.url("wiki.test", "/")).html());
    assert_eq!(after.status, 302, "the other browser is not signed in as the attacker");
}

#[test]
fn o_03_each_client_needs_a_consent_of_its_own() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let known = site.agent(&site.main("/"));
    known.authorize(&mut browser, &site.ada());
    let metadata = serde_json::json!({ "client_name": "Another agent", "redirect_uris": [REDIRECT] });
    let registered = send(&Request::post(known.endpoint("registration_endpoint")).json(&metadata)).expect(201).json();
    let url = authorization_with(&known, "client_id", registered["client_id"].as_str().unwrap());
    let page = browser.send(Request::get(&url).html()).expect(200);
    assert_stays(&page, "another client at the same redirect URI");
    assert!(page.text().contains("Allow"), "{}", page.text());
}

#[test]
fn o_04_a_redirect_uri_is_the_registered_one_at_both_ends() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let agent = site.agent(&site.main("/"));
    for uri in [
        "https://evil.test/callback",
        "http://127.0.0.1@evil.test/callback",
        "http://127.0.0.1:33418@evil.test/callback",
        "http://127.0.0.1.evil.test:33418/callback",
        "http://127.0.0.1:33418/callback/../evil",
        "http://127.0.0.1:33418/callback?next=https://evil.test",
        "http://127.0.0.1:33418/callback#x",
        "http://127.0.0.1:33418\\@evil.test/callback",
        "http://127.0.0.1:33418/Callback",
        "HTTP://evil.test",
        "javascript:alert(1)",
    ] {
        let answer = browser.send(Request::get(&authorization_with(&agent, "redirect_uri", uri)).html());
        assert_eq!(answer.status, 400, "{uri}");
        assert_stays(&answer, uri);
    }
    let code = agent.code(&mut browser, &site.ada());
    let answer = agent.token(&[
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", "http://127.0.0.1:33419/callback"),
        ("code_verifier", "a-verifier-that-has-at-least-forty-three-characters"),
        ("client_id", &agent.client_id),
    ]);
    assert_eq!(answer.expect(400).json()["error"], "invalid_grant");
    agent.redeem(&code).expect(200);
}

#[test]
fn o_05_pkce_is_neither_left_out_nor_weakened() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let agent = site.agent(&site.main("/"));
    for (name, value) in [
        ("code_challenge", ""),
        ("code_challenge_method", ""),
        ("code_challenge_method", "plain"),
        ("code_challenge", "x"),
    ] {
        let answer = browser.send(Request::get(&authorization_with(&agent, name, value)).html()).expect(302);
        assert_eq!(query(answer.location(), "error").as_deref(), Some("invalid_request"), "{name}={value}");
        assert_eq!(query(answer.location(), "code"), None);
    }
    let code = agent.code(&mut browser, &site.ada());
    for verifier in ["", "wrong-verifier-that-has-at-least-forty-three-chars"] {
        let mut fields =
            vec![("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", REDIRECT)];
        fields.extend([("client_id", agent.client_id.as_str()), ("code_verifier", verifier)]);
        assert_eq!(agent.token(&fields).expect(400).json()["error"], "invalid_grant");
    }
    agent.redeem(&code).expect(200);
}

#[test]
fn o_06_codes_and_refresh_tokens_are_good_for_their_client_alone() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let agent = site.agent(&site.main("/"));
    let metadata = serde_json::json!({ "client_name": "A thief", "redirect_uris": [REDIRECT] });
    let thief = send(&Request::post(agent.endpoint("registration_endpoint")).json(&metadata)).expect(201).json();
    let mut thief =
        crate::harness::Agent { client_id: thief["client_id"].as_str().unwrap().to_owned(), ..agent.clone() };
    let code = agent.code(&mut browser, &site.ada());
    assert_eq!(thief.redeem(&code).expect(400).json()["error"], "invalid_grant");
    let tokens = Tokens::of(&agent.redeem(&code).expect(200));
    assert_eq!(thief.refresh(&tokens.refresh).expect(400).json()["error"], "invalid_grant");
    thief = site.agent(&site.url("wiki.test", "/"));
    assert_eq!(thief.refresh(&tokens.refresh).expect(400).json()["error"], "invalid_grant");
    agent.refresh(&tokens.refresh).expect(200);
}

#[test]
fn o_08_many_refreshes_at_once_have_one_winner() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let tokens = agent.authorize(&mut site.browser(), &site.ada());
    let tries: Vec<_> = (0..50)
        .map(|_| {
            let (agent, token) = (agent.clone(), tokens.refresh.clone());
            thread::spawn(move || agent.refresh(&token).expect(200).body)
        })
        .collect();
    let answers: Vec<_> = tries.into_iter().map(|one| one.join().unwrap()).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]), "two refresh tokens came of one");
}

#[test]
fn o_14_every_answer_names_its_issuer_and_every_resource_itself() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    for url in [site.main("/"), site.url("wiki.test", "/"), site.url("tools.test", "/mcp")] {
        let agent = site.agent(&url);
        assert!(
            url.starts_with(agent.resource.as_str()) || agent.resource.starts_with(&url),
            "{url}: {}",
            agent.resource
        );
        // Both kinds of answers: `code` asserts the issuer, and so must an error.
        agent.code(&mut browser, &site.ada());
        let refused = browser.send(Request::get(&authorization_with(&agent, "code_challenge", "")).html()).expect(302);
        assert_eq!(query(refused.location(), "iss").as_deref(), Some(agent.endpoint("issuer")));
    }
}

#[test]
fn o_15_no_document_of_a_client_is_fetched_from_here_or_near() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let agent = site.agent(&site.main("/"));
    let near = TcpListener::bind("127.0.0.1:0").unwrap();
    near.set_nonblocking(true).unwrap();
    let port = near.local_addr().unwrap().port();
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "2130706433",
    ] {
        for url in [format!("https://{host}:{port}/client.json"), format!("http://{host}:{port}/client.json")] {
            let answer = browser.send(Request::get(&authorization_with(&agent, "client_id", &url)).html());
            assert_eq!(answer.status, 400, "{url}");
            assert_stays(&answer, &url);
        }
    }
    assert!(near.accept().is_err(), "somebody came for a document");
}

#[test]
fn o_16_a_document_is_shown_by_its_host_and_a_name_is_only_claimed() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let agent = site.agent(&site.main("/"));
    let id = "https://claude.ai/oauth/claude-code-client-metadata";
    let url = authorization_with(&agent, "client_id", id)
        .replace(&encode(&[("r", REDIRECT)])[2..], "http%3A%2F%2Flocalhost%3A5000%2Fcallback");
    let page = browser.open(&url).expect(200).text();
    assert!(page.contains("claude.ai"), "{page}");
    let metadata = serde_json::json!({ "client_name": "Claude Code \u{2705} claude.ai", "redirect_uris": [REDIRECT] });
    let fake = send(&Request::post(agent.endpoint("registration_endpoint")).json(&metadata)).expect(201).json();
    let page = browser.open(&authorization_with(&agent, "client_id", fake["client_id"].as_str().unwrap())).text();
    assert!(page.contains("Unverified") && !page.contains('\u{2705}'), "{page}");
}

#[test]
fn o_25_no_silent_code_and_no_parameters_where_they_do_not_belong() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let agent = site.agent(&site.main("/"));
    let silent = format!("{}&prompt=none", agent.authorization_url("st"));
    let answer = browser.send(Request::get(&silent).html());
    assert!(answer.header("location").is_none_or(|to| query(to, "code").is_none()), "a code without a person");
    let elsewhere = format!("{}&prompt=none", authorization_with(&agent, "redirect_uri", "https://evil.test/"));
    assert_stays(&browser.send(Request::get(&elsewhere).html()).expect(400), "prompt=none");
    let tokens = agent.authorize(&mut browser, &site.ada());
    let fields = [("grant_type", "refresh_token"), ("refresh_token", &tokens.refresh), ("client_id", &agent.client_id)];
    let in_url = format!("{}?{}", agent.endpoint("token_endpoint"), encode(&fields));
    send(&Request::get(&in_url)).expect(405);
    send(&Request::post(&in_url).form(&[])).expect(400);
    send(&Request::get(&format!("{}?access_token={}", agent.resource, tokens.access))).expect(401);
    agent.refresh(&tokens.refresh).expect(200);
}
