//! A program that acts for a person: from the 401 to tokens, through their life, to their end.

use crate::harness::{Jwt, Request, Site, Tokens, eventually, key_of, parameter, pkce_challenge, query, send};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::thread;

/// What the main app says to a token.
fn status(site: &Site, token: &str) -> u16 {
    send(&Request::get(&site.main("/x")).bearer(token)).status
}

fn lifetimes(site: &str, access: &str, grace: &str) -> String {
    let section =
        format!("[apps.main.oauth.grant]\naccess_token_lifetime = \"{access}\"\nrefresh_grace = \"{grace}\"\n");
    site.replace(
        "[[apps.main.oauth.scopes]]\nname = \"notes:write\"",
        &format!("{section}\n[[apps.main.oauth.scopes]]\nname = \"notes:write\""),
    )
}

#[test]
fn ch_02_az_12_tk_05_tk_06_tk_07_tk_08_a_client_finds_its_way_from_a_401_alone() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let code = agent.code(&mut site.browser(), &site.ada());
    let response = agent.redeem(&code).expect(200);
    assert_eq!(response.header("cache-control"), Some("no-store"));
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.header("access-control-allow-origin"), Some("*"));
    assert!(response.header("set-cookie").is_none());
    assert_eq!(response.json()["expires_in"], json!(900));
    let tokens = Tokens::of(&response);
    assert_eq!(tokens.scope, "access notes:write notes:admin");
    send(&Request::get(&site.main("/x")).bearer(&tokens.access)).expect(200);
    let seen = site.upstream.last();
    assert_eq!(seen.header("x-forwarded-email"), Some("ada@example.com"));
    assert_eq!(seen.header("authorization"), None);
    let who = send(&Request::get(&site.main("/.doorward/identity")).bearer(&tokens.access)).expect(200).json();
    assert_eq!((&who["via"], &who["client"]["name"]), (&json!("agent"), &json!("A plain agent")));
}

#[test]
fn tk_18_tk_21_tk_24_a_refresh_rotates_and_a_repeated_one_gets_the_same_answer() {
    let site = Site::start();
    let agent = site.agent(&site.main("/")).with_scope("access offline_access");
    let first = agent.authorize(&mut site.browser(), &site.ada());
    let second = Tokens::of(&agent.refresh(&first.refresh).expect(200));
    assert_ne!((&second.refresh, &second.access), (&first.refresh, &first.access));
    assert_eq!(second.scope, first.scope);
    let again = Tokens::of(&agent.refresh(&first.refresh).expect(200));
    assert_eq!(again.body, second.body, "byte for byte");
    let third = Tokens::of(&agent.refresh(&second.refresh).expect(200));
    assert_eq!(third.scope, first.scope);
    for token in [&first.access, &second.access, &third.access] {
        assert_eq!(status(&site, token), 200);
    }
}

#[test]
fn tk_21_many_processes_with_one_token_file_all_get_the_same() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let first = agent.authorize(&mut site.browser(), &site.ada());
    let bodies: Vec<_> = thread::scope(|scope| {
        let refresh = || agent.refresh(&first.refresh).expect(200).body;
        let threads: Vec<_> = (0..20).map(|_| scope.spawn(refresh)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(bodies.iter().all(|body| *body == bodies[0]));
}

#[test]
fn tk_13_tk_19_jw_10_reuse_after_the_grace_ends_the_grant_at_once() {
    let site = Site::with(|config| lifetimes(&config, "15m", "1s"));
    let agent = site.agent(&site.main("/"));
    let first = agent.authorize(&mut site.browser(), &site.ada());
    let second = Tokens::of(&agent.refresh(&first.refresh).expect(200));
    assert_eq!(status(&site, &second.access), 200);
    let mut refused = None;
    eventually("the grace is over", || {
        let response = agent.refresh(&first.refresh);
        let over = response.status != 200;
        refused = Some(response);
        over
    });
    assert_eq!(refused.unwrap().expect(400).json()["error"], "invalid_grant");
    for token in [&first.access, &second.access] {
        let response = send(&Request::get(&site.main("/x")).bearer(token)).expect(401);
        assert_eq!(parameter(response.challenge(), "error"), Some("invalid_token"));
    }
    assert_eq!(agent.refresh(&second.refresh).expect(400).json()["error"], "invalid_grant");
    site.logged("the reuse", |event| event["what"].as_str().is_some_and(|what| what.contains("reused")));
}

#[test]
fn tk_16_a_replayed_code_ends_what_came_from_it() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let code = agent.code(&mut site.browser(), &site.ada());
    let tokens = Tokens::of(&agent.redeem(&code).expect(200));
    // Who lacks the verifier, or is another client, ends nothing.
    let wrong = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", "http://127.0.0.1:33418/callback"),
        ("code_verifier", "another-verifier-that-has-at-least-forty-three-chars"),
        ("client_id", agent.client_id.as_str()),
    ];
    agent.token(&wrong).expect(400);
    assert_eq!(status(&site, &tokens.access), 200);
    assert_eq!(agent.redeem(&code).expect(400).json()["error"], "invalid_grant");
    assert_eq!(status(&site, &tokens.access), 401);
    agent.refresh(&tokens.refresh).expect(400);
}

#[test]
fn pk_05_tk_17_a_code_needs_its_verifier_its_client_and_its_redirect_uri_and_is_not_burnt_by_others() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let other = site.agent(&site.url("wiki.test", "/"));
    let code = agent.code(&mut site.browser(), &site.ada());
    let good = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", "http://127.0.0.1:33418/callback"),
        ("code_verifier", "a-verifier-that-has-at-least-forty-three-characters"),
        ("client_id", agent.client_id.as_str()),
    ];
    let wrong = [
        ("code_verifier", "x"),
        ("redirect_uri", "http://127.0.0.1:33418/other"),
        ("client_id", "dw_c_unknown"),
        ("resource", "http://wiki.test"),
    ];
    for (name, value) in wrong {
        let mut fields: Vec<_> = good.iter().copied().filter(|(key, _)| *key != name).collect();
        fields.push((name, value));
        let refused = agent.token(&fields);
        assert!(matches!(refused.status, 400 | 401), "{name}: {}", refused.status);
        assert!(refused.json().get("access_token").is_none());
    }
    assert!(matches!(other.token(&good).status, 400 | 401), "at another app");
    agent.token(&good).expect(200);
}

#[test]
fn ri_05_a_token_for_one_app_is_refused_at_another() {
    let site = Site::start();
    let mut browser = site.browser();
    let main = site.agent(&site.main("/")).authorize(&mut browser, &site.ada());
    let wiki = site.agent(&site.url("wiki.test", "/")).authorize(&mut browser, &site.ada());
    let tools = site.agent(&site.url("tools.test", "/mcp")).authorize(&mut browser, &site.ada());
    site.upstream.forget();
    let urls = [
        site.main("/"),
        site.url("wiki.test", "/"),
        site.url("tools.test", "/mcp"),
        site.url("tools.test", "/vault/x"),
        site.url("plain.test", "/"),
    ];
    for (token, own) in [(&main.access, 0), (&wiki.access, 1), (&tools.access, 2)] {
        for (index, url) in urls.iter().enumerate().filter(|(index, _)| *index != own) {
            let refused = send(&Request::get(url).bearer(token)).expect(401);
            assert_eq!(parameter(refused.challenge(), "error"), Some("invalid_token"), "{index} {url}");
        }
    }
    assert!(site.upstream.seen().is_empty());
    for (token, url) in [(&main.access, &urls[0]), (&wiki.access, &urls[1]), (&tools.access, &urls[2])] {
        send(&Request::get(url).bearer(token)).expect(200);
    }
}

#[test]
fn jw_17_a_bad_token_is_not_saved_by_a_good_cookie() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let bob = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.bob());
    site.upstream.forget();
    for value in ["Bearer x", "Bearer", "Basic YTpi", &format!("Bearer {}x", bob.access)] {
        let response = browser.send(Request::get(&site.main("/")).html().header("Authorization", value)).expect(401);
        assert_eq!(parameter(response.challenge(), "error"), Some("invalid_token"));
    }
    assert!(site.upstream.seen().is_empty());
    // A good one wins over the cookie.
    browser.send(Request::get(&site.main("/")).bearer(&bob.access)).expect(200);
    assert_eq!(site.upstream.last().header("x-forwarded-email"), Some("bob@example.com"));
}

#[test]
fn jw_02_ky_10_other_secrets_of_ours_are_no_access_tokens() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let agent = site.agent(&site.main("/"));
    let code = agent.code(&mut browser, &site.ada());
    let tokens = Tokens::of(&agent.redeem(&code).expect(200));
    let unused = agent.code(&mut browser, &site.ada());
    send(&Request::get(&site.main("/")).bearer(&tokens.access)).expect(200);
    let assertion = site.upstream.last().header("doorward-assertion").unwrap().to_owned();
    let session = browser.cookie("127.0.0.1", "doorward-main").unwrap().to_owned();
    let login = browser.cookie("localhost", "doorward-login").unwrap().to_owned();
    site.upstream.forget();
    for secret in [&assertion, &tokens.refresh, &code, &unused, &session, &login, &agent.client_id] {
        assert_eq!(status(&site, secret), 401, "{}…", &secret[..8]);
    }
    for secret in [&tokens.access, &tokens.refresh, &assertion] {
        let request = Request::get(&site.main("/")).header("Cookie", &format!("doorward-main={secret}"));
        assert_eq!(send(&request).status, 401);
    }
    for secret in [&session, &tokens.access, &assertion, &unused] {
        assert_eq!(agent.refresh(secret).status, 400);
    }
    assert!(site.upstream.seen().is_empty());
}

#[test]
fn jw_03_jw_05_jw_06_jw_07_jw_08_jw_09_forged_tokens_are_refused() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let token = agent.authorize(&mut site.browser(), &site.ada()).access;
    let parts: Vec<_> = token.split('.').collect();
    let (header, claims, signature) = (parts[0], parts[1], parts[2]);
    let Jwt { header: head, claims: body, .. } = Jwt::read(&token);
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let with = |value: &Value, name: &str, new: Value| {
        let mut changed = value.clone();
        changed[name] = new;
        encode(&changed)
    };
    let mut forged = vec![
        format!("{}.{claims}.", with(&head, "alg", json!("none"))),
        format!("{}.{claims}.{signature}", with(&head, "alg", json!("none"))),
        format!("{}.{claims}.{signature}", with(&head, "alg", json!("HS256"))),
        format!("{}.{claims}.{signature}", with(&head, "alg", json!("RS256"))),
        format!("{}.{claims}.{signature}", with(&head, "alg", json!("Ed448"))),
        format!("{}.{claims}.{signature}", with(&head, "typ", json!("JWT"))),
        format!("{}.{claims}.{signature}", with(&head, "kid", json!("unknown"))),
        format!("{}.{claims}.{signature}", with(&head, "crit", json!(["x"]))),
        format!("{}.{claims}.{signature}", with(&head, "jwk", json!({ "kty": "OKP" }))),
        format!("{token}x"),
        format!("{token}."),
        format!("{token}.x"),
        format!("{token}="),
        format!("{header}.{claims}"),
        format!("{header}.{claims}.{}", signature.to_uppercase()),
        format!(".{claims}.{signature}"),
        "..".to_owned(),
        "....".to_owned(),
        format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode("{")),
    ];
    for (name, value) in [
        ("exp", json!(9_999_999_999_u64)),
        ("aud", json!(site.url("wiki.test", ""))),
        ("sub", json!("x")),
        ("scope", json!("all")),
        ("iss", json!("x")),
    ] {
        forged.push(format!("{header}.{}.{signature}", with(&body, name, value)));
    }
    // Signed with a key of the forger, under the name of ours.
    let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let signed = format!("{header}.{claims}");
    let own = ed25519_dalek::Signer::sign(&key, signed.as_bytes());
    forged.push(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(own.to_bytes())));
    // The last character of a signature has unused bits: another spelling of the same bytes.
    let last = signature.chars().last().unwrap();
    for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars().filter(|c| *c != last) {
        forged.push(format!("{header}.{claims}.{}{other}", &signature[..signature.len() - 1]));
    }
    for forgery in &forged {
        assert_eq!(status(&site, forgery), 401, "{forgery}");
    }
    assert!(matches!(status(&site, &"x".repeat(60_000)), 401 | 431));
    assert!(site.upstream.seen().is_empty());
    assert_eq!(status(&site, &token), 200);
}

#[test]
fn ky_01_ky_02_ky_04_ky_06_ky_10_hp_29_others_can_verify_what_we_sign() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let tokens = agent.authorize(&mut site.browser(), &site.ada());
    let token = Jwt::read(&tokens.access).verify(agent.endpoint("jwks_uri"));
    assert_eq!(token.header["typ"], "at+jwt");
    assert_eq!((&token.claims["iss"], &token.claims["aud"]), (&json!(site.main("")), &json!(site.main(""))));
    assert_eq!(token.claims["client_id"], json!(agent.client_id));
    assert_eq!(token.claims["scope"], json!(tokens.scope));
    assert_eq!(token.claims["exp"].as_u64().unwrap() - token.claims["iat"].as_u64().unwrap(), 900);
    for name in ["sub", "jti", "grant"] {
        assert!(token.claims[name].as_str().is_some_and(|value| value.len() >= 16), "{name} in {}", token.claims);
    }
    let text = token.claims.to_string();
    assert!(!text.contains("Ada ") && !text.contains('@'), "personal data: {text}");

    send(&Request::get(&site.main("/")).bearer(&tokens.access)).expect(200);
    let seen = site.upstream.last();
    let certs = site.login("/.doorward/certs");
    let assertion = Jwt::read(seen.header("doorward-assertion").unwrap()).verify(&certs);
    assert_eq!((&assertion.claims["iss"], &assertion.claims["aud"]), (&json!(site.login("")), &json!("main")));
    assert_eq!(assertion.claims["sub"], token.claims["sub"]);
    assert_eq!(
        (&assertion.claims["email"], &assertion.claims["name"]),
        (&json!("ada@example.com"), &json!("Ada L\u{f6}velace"))
    );
    assert_eq!((&assertion.claims["groups"], &assertion.claims["idp"]), (&json!(["staff", "ops"]), &json!("local")));
    assert_eq!(assertion.claims["amr"], json!(["pwd"]));
    assert_eq!(assertion.claims["azp"], json!(agent.client_id));
    assert_eq!(assertion.claims["act"], json!({ "client_id": agent.client_id, "client_name": "A plain agent" }));
    assert_eq!(assertion.claims["grant"], token.claims["grant"]);
    assert!(assertion.claims["exp"].as_u64() > assertion.claims["iat"].as_u64());
    assert_eq!(seen.header("x-forwarded-user"), assertion.claims["sub"].as_str());
    assert_eq!(seen.header("x-forwarded-groups"), Some("staff,ops"));
    // A person directly: no agent in it.
    site.signed_in(&site.ada());
    let direct =
        Jwt::read(site.upstream.last().header("doorward-assertion").unwrap()).verify(&site.main("/.doorward/certs"));
    assert!(
        direct.claims.get("act").is_none() && direct.claims.get("azp").is_none() && direct.claims["sid"].is_string()
    );

    let kid = |jwt: &Jwt| jwt.header["kid"].as_str().unwrap().to_owned();
    assert_ne!(kid(&token), kid(&assertion), "one key, one purpose");
    assert_ne!(key_of(agent.endpoint("jwks_uri"), &kid(&token))["x"], key_of(&certs, &kid(&assertion))["x"]);
}

#[test]
fn sc_01_sc_02_sc_03_sc_06_a_missing_scope_is_asked_for() {
    let site = Site::start();
    let mut browser = site.browser();
    let agent = site.agent(&site.main("/")).with_scope("access offline_access");
    let token = agent.authorize(&mut browser, &site.ada()).access;
    site.upstream.forget();
    let post = |target: &str| Request::post(&site.main(target)).bearer(&token).body(b"");
    let refused = send(&post("/notes/1")).expect(403);
    let challenge = refused.challenge();
    assert!(challenge.starts_with("Bearer ") && refused.header("location").is_none());
    assert_eq!(parameter(challenge, "error"), Some("insufficient_scope"));
    assert_eq!(
        parameter(challenge, "resource_metadata"),
        Some(site.main("/.well-known/oauth-protected-resource/notes/1").as_str())
    );
    assert_eq!(parameter(challenge, "scope"), Some("access notes:write"), "what is held and what is needed");
    assert_eq!(refused.json()["error"], "insufficient_scope");
    let id = refused.json()["decision_id"].as_str().unwrap().to_owned();
    eventually("the refusal names the person", || {
        String::from_utf8_lossy(&site.cli(&["explain", &id]).stdout).contains(site.ada().name)
    });
    let newer = send(&post("/notes/1").header("MCP-Protocol-Version", "2026-07-28")).expect(403);
    assert_eq!(parameter(newer.challenge(), "scope"), Some("notes:write"));
    let both = send(&post("/notes/admin/1").header("MCP-Protocol-Version", "2026-07-28")).expect(403);
    assert_eq!(parameter(both.challenge(), "scope"), Some("notes:write notes:admin"), "all at once");
    // A spelling of the path that means the same needs the same.
    for target in ["/notes/%61", "/n%6ftes/1", "/%6eotes/admin/x"] {
        send(&post(target)).expect(403);
    }
    assert!(site.upstream.seen().is_empty());
    send(&Request::get(&site.main("/notes/1")).bearer(&token)).expect(200);
    let wider = agent.with_scope("access notes:write").authorize(&mut browser, &site.ada());
    assert_eq!(wider.scope, "access notes:write");
    send(&Request::post(&site.main("/notes/1")).bearer(&wider.access).body(b"")).expect(200);
    // A person has what the person has.
    site.signed_in(&site.ada()).send(Request::post(&site.main("/notes/admin/1")).body(b"")).expect(200);
}

#[test]
fn sc_05_what_no_scope_can_cure_does_not_ask_for_one() {
    let block = "[policies.readonly]\naction = \"block\"\ninclude = [{ method = \"DELETE\" }]\n\n[policies.people]";
    let site = Site::with(|config| {
        config.replace("[policies.people]", block).replacen(
            "policies = [\"people\"]",
            "policies = [\"readonly\", \"people\"]",
            1,
        )
    });
    let token = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada()).access;
    site.upstream.forget();
    let refused = send(&Request::new("DELETE", &site.main("/notes/1")).bearer(&token)).expect(403);
    assert!(refused.header("www-authenticate").is_none() && refused.header("location").is_none());
    let body = refused.json();
    assert_eq!(body["error"], "blocked");
    assert!(body["decision_id"].is_string() && site.upstream.seen().is_empty());
}

#[test]
fn az_02_tk_25_whom_no_policy_admits_gets_no_token() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let mut browser = site.browser();
    let page = browser.sign_in(&agent.authorization_url("st"), &site.eve()).expect(403);
    assert!(page.is_html() && !page.text().contains("value=\"allow\""), "{}", page.text());
    assert!(page.text().contains("<code>d_"), "a decision id to ask about");
}

#[test]
fn bs_19_tk_25_jw_10_revoking_a_user_beside_the_running_gateway_ends_everything_at_once() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let mut browser = site.browser();
    let ada = agent.authorize(&mut browser, &site.ada());
    browser.open(&site.main("/")).expect(200);
    let bob = agent.authorize(&mut site.browser(), &site.bob());
    assert_eq!(status(&site, &ada.access), 200);
    site.cli_ok(&["user", "revoke", site.ada().name]);
    let start = std::time::Instant::now();
    eventually("the token is refused", || status(&site, &ada.access) == 401);
    assert!(start.elapsed() < std::time::Duration::from_secs(2), "within the promised time");
    assert_eq!(browser.send(Request::get(&site.main("/"))).status, 401);
    assert_eq!(agent.refresh(&ada.refresh).expect(400).json()["error"], "invalid_grant");
    let page = browser.open(&site.main("/"));
    let refused = browser.submit(&page, &[("username", site.ada().name), ("password", &site.ada().password)]);
    assert_eq!(refused.status, 403, "the account is closed");
    assert_eq!(status(&site, &bob.access), 200, "others are not concerned");
    agent.refresh(&bob.refresh).expect(200);
}

#[test]
fn ch_06_jw_03_tokens_of_two_seconds_expire_and_are_refreshed() {
    let site = Site::with(|config| lifetimes(&config, "2s", "60s"));
    let agent = site.agent(&site.main("/"));
    let first = agent.authorize(&mut site.browser(), &site.ada());
    assert_eq!(status(&site, &first.access), 200);
    eventually("the token has expired", || status(&site, &first.access) == 401);
    let refused = send(&Request::get(&site.main("/x")).bearer(&first.access)).expect(401);
    assert_eq!(parameter(refused.challenge(), "error"), Some("invalid_token"));
    assert!(refused.json()["error_description"].as_str().unwrap().contains("expired"));
    let second = Tokens::of(&agent.refresh(&first.refresh).expect(200));
    assert_eq!(status(&site, &second.access), 200);
}

#[test]
fn tk_20_tk_22_ri_07_ri_09_what_is_wrong_in_a_refresh_does_not_use_it_up() {
    let site = Site::start();
    let agent = site.agent(&site.main("/")).with_scope("access");
    let mut browser = site.browser();
    let tokens = agent.authorize(&mut browser, &site.ada());
    let wiki = site.agent(&site.url("wiki.test", "/"));
    let refresh = |extra: &[(&str, &str)]| {
        let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", tokens.refresh.as_str())];
        fields.extend_from_slice(extra);
        agent.token(&fields)
    };
    let id = ("client_id", agent.client_id.as_str());
    assert_eq!(refresh(&[id, ("resource", "http://evil.test/")]).expect(400).json()["error"], "invalid_target");
    assert_eq!(refresh(&[id, ("scope", "notes:write")]).expect(400).json()["error"], "invalid_scope");
    assert_eq!(refresh(&[("client_id", "dw_c_unknown")]).expect(401).json()["error"], "invalid_client");
    assert!(matches!(refresh(&[]).status, 400 | 401));
    assert_eq!(refresh(&[id, ("scope", "access"), ("scope", "access")]).expect(400).json()["error"], "invalid_request");
    // Another registered client, at the same app and at another one.
    let registration = json!({ "client_name": "Other", "redirect_uris": ["http://localhost/cb"], "token_endpoint_auth_method": "none" });
    let other = send(&Request::post(agent.endpoint("registration_endpoint")).json(&registration)).expect(201).json();
    let stolen = refresh(&[("client_id", other["client_id"].as_str().unwrap())]).expect(400);
    assert_eq!(stolen.json()["error"], "invalid_grant");
    assert!(matches!(wiki.refresh(&tokens.refresh).status, 400 | 401));
    // It is as good as ever, and wider wishes do not widen it.
    let narrow =
        refresh(&[id, ("scope", "access notes:write offline_access"), ("resource", &site.main("/"))]).expect(200);
    assert_eq!(narrow.json()["scope"], "access");
    let aud = &Jwt::read(narrow.json()["access_token"].as_str().unwrap()).claims["aud"];
    assert_eq!(aud, &json!(site.main("")));
}

#[test]
fn tk_01_tk_02_tk_03_tk_04_tk_10_tk_15_tk_31_tk_32_tk_33_errors_of_the_token_endpoint() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let url = agent.endpoint("token_endpoint");
    let id = agent.client_id.as_str();
    let get = send(&Request::get(url)).expect(405);
    assert!(get.header("allow").is_some_and(|allow| allow.contains("POST")));
    let cases = [
        (Request::post(url).json(&json!({ "grant_type": "refresh_token" })), 400, "invalid_request"),
        (Request::post(&format!("{url}?grant_type=refresh_token")).form(&[("client_id", id)]), 400, "invalid_request"),
        (Request::post(url).form(&[]), 400, "invalid_request"),
        (Request::post(url).form(&[("grant_type", "")]), 400, "invalid_request"),
        (Request::post(url).form(&[("grant_type", "x"), ("grant_type", "x")]), 400, "invalid_request"),
        (agent.token_request(&[("grant_type", "password"), ("client_id", id)]), 400, "unsupported_grant_type"),
        (agent.token_request(&[("grant_type", "implicit"), ("client_id", id)]), 400, "unsupported_grant_type"),
        (
            agent.token_request(&[("grant_type", "urn:ietf:params:oauth:grant-type:device_code")]),
            400,
            "unsupported_grant_type",
        ),
        (
            agent.token_request(&[("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")]),
            400,
            "unsupported_grant_type",
        ),
        (
            agent.token_request(&[("grant_type", "urn:ietf:params:oauth:grant-type:device_code")]),
            400,
            "unsupported_grant_type",
        ),
        (agent.token_request(&[("grant_type", "refresh_token"), ("client_id", id)]), 400, "invalid_request"),
        (
            agent.token_request(&[("grant_type", "refresh_token"), ("client_id", id), ("refresh_token", "x")]),
            400,
            "invalid_grant",
        ),
        (
            agent.token_request(&[("grant_type", "authorization_code"), ("client_id", id), ("code", "x")]),
            400,
            "invalid_grant",
        ),
        (
            agent.token_request(&[("grant_type", "refresh_token"), ("client_id", "x"), ("refresh_token", "x")]),
            401,
            "invalid_client",
        ),
        (
            agent.token_request(&[("grant_type", "refresh_token")]).header("Authorization", "Basic eDp5"),
            401,
            "invalid_client",
        ),
    ];
    for (request, expected, error) in cases {
        let response = send(&request);
        assert_eq!((response.status, response.json()["error"].as_str()), (expected, Some(error)), "{request:?}");
        assert_eq!(response.header("cache-control"), Some("no-store"));
        assert_eq!(response.header("content-type"), Some("application/json"));
        assert!(response.header("location").is_none());
    }
    let basic = agent.token_request(&[("grant_type", "refresh_token")]).header("Authorization", "Basic eDp5");
    assert!(send(&basic).challenge().starts_with("Basic"), "TK-11");
    send(&Request::post(url).form(&[("x", &"y".repeat(70_000))])).expect(413);
}

#[test]
fn az_08_az_09_az_12_cn_07_the_person_can_say_no_and_the_client_is_told() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let mut browser = site.signed_in(&site.ada());
    let state = "a b&c=d#%2F\u{e4}";
    let page = browser.open(&agent.authorization_url(state)).expect(200);
    for shown in [
        "A plain agent",
        "127.0.0.1",
        "Main app",
        "ada@example.com",
        "notes:write",
        "Change notes",
        "14 days",
        "Unverified",
    ] {
        assert!(page.text().contains(shown), "{shown} is not on the page");
    }
    let denied = browser.submit(&page, &[("decision", "deny")]).expect(303);
    let location = denied.location();
    assert_eq!(query(location, "error").as_deref(), Some("access_denied"));
    assert_eq!(query(location, "state").as_deref(), Some(state));
    assert_eq!(query(location, "iss").as_deref(), Some(site.main("").as_str()));
    assert!(query(location, "code").is_none());
    // Consent is asked each time: a client that registered itself is never trusted by itself.
    assert!(browser.open(&agent.authorization_url("st")).expect(200).text().contains("Allow"));
}

#[test]
fn az_03_ru_01_ru_05_az_24_requests_that_cannot_be_trusted_end_on_a_page() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let mut browser = site.signed_in(&site.ada());
    let good = agent.authorization_url("st");
    let redirect = query_value("http://127.0.0.1:33418/callback");
    for (from, to) in [
        (redirect.clone(), query_value("https://evil.test/callback")),
        (redirect.clone(), query_value("http://127.0.0.1:33418/other")),
        (redirect.clone(), query_value("http://127.0.0.1.evil.test/callback")),
        (redirect.clone(), query_value("http://localhost:33418/callback")),
        (redirect.clone(), query_value("http://x@127.0.0.1:33418/callback")),
        (redirect.clone(), query_value("javascript:alert(1)")),
        (agent.client_id.clone(), "dw_c_unknown".to_owned()),
        (agent.client_id.clone(), "https%3A%2F%2Fevil.test%2Fclient".to_owned()),
    ] {
        let page = browser.open(&good.replace(&from, &to));
        assert!((400..500).contains(&page.status) && page.is_html(), "{to}: {}", page.status);
        assert!(page.header("location").is_none());
    }
    // Only the port may differ on loopback.
    assert!(browser.open(&good.replace("33418", "51234")).expect(200).text().contains("Allow"));
    for (from, to) in [
        ("code_challenge_method=S256", "code_challenge_method=plain"),
        ("response_type=code", "response_type=token"),
        ("code_challenge=", "x="),
    ] {
        let answer = browser.open(&good.replace(from, to)).expect(302);
        assert!(
            answer.location().starts_with("http://127.0.0.1:33418/callback?")
                && query(answer.location(), "error").is_some(),
            "{to}"
        );
    }
    assert!(pkce_challenge("x").len() == 43);
}

fn query_value(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[test]
fn az_24_whoever_is_not_signed_in_is_not_sent_on_to_a_client() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let bad = agent.authorization_url("st").replace("response_type=code", "response_type=token");
    let page = site.browser().open(&bad);
    assert!(page.header("location").is_none(), "an open redirector: {:?}", page.header("location"));
}

#[test]
fn ri_03_ri_04_ri_08_the_resource_is_understood_in_every_honest_spelling() {
    let site = Site::start();
    let agent = site.agent(&site.url("tools.test", "/mcp"));
    let mut browser = site.browser();
    browser.sign_in(&site.url("tools.test", "/mcp"), &site.ada()).expect(200);
    let good = agent.authorization_url("st");
    let resource = format!("resource={}", query_value(&agent.resource));
    assert!(good.contains(&resource));
    let port = site.port;
    for honest in [
        format!("http://tools.test:{port}/mcp"),
        format!("http://tools.test:{port}/mcp/"),
        format!("HTTP://TOOLS.test:{port}/mcp"),
    ] {
        let page = browser.open(&good.replace(&resource, &format!("resource={}", query_value(&honest)))).expect(200);
        assert!(page.text().contains("Allow"), "{honest}");
    }
    assert!(browser.open(&good.replace(&resource, "x=y")).expect(200).text().contains("Allow"), "absent");
    for other in [
        format!("http://tools.test:{port}/mcp2"),
        format!("http://tools.test:{port}/vault"),
        format!("http://tools.test:{port}/mcp/../vault"),
        format!("http://wiki.test:{port}/mcp"),
        format!("http://tools.test:{port}/mcp#x"),
        "mcp".to_owned(),
    ] {
        let answer = browser.open(&good.replace(&resource, &format!("resource={}", query_value(&other)))).expect(302);
        assert_eq!(query(answer.location(), "error").as_deref(), Some("invalid_target"), "{other}");
    }
    let tokens = agent.authorize(&mut browser, &site.ada());
    assert_eq!(Jwt::read(&tokens.access).claims["aud"], json!(site.url("tools.test", "/mcp")));
}

#[test]
fn dr_01_dr_09_dr_16_registration_over_the_wire() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let url = agent.endpoint("registration_endpoint");
    let register = |body: &Value| send(&Request::post(url).json(body));
    assert_eq!(site.agent(&site.main("/")).client_id, agent.client_id, "the same client again");
    for uris in [
        json!(["https://evil.test/cb"]),
        json!(["http://evil.test/cb"]),
        json!(["javascript:alert(1)"]),
        json!(["http://127.0.0.1/cb#x"]),
    ] {
        let refused = register(&json!({ "redirect_uris": uris })).expect(400).json();
        assert_eq!(refused["error"], "invalid_redirect_uri", "{uris}");
    }
    assert_eq!(
        send(&Request::post(url).header("Content-Type", "application/json").body(b"{")).expect(400).json()["error"],
        "invalid_client_metadata"
    );
    let claude =
        register(&json!({ "client_name": "Claude", "redirect_uris": ["https://claude.ai/api/mcp/auth_callback"] }))
            .expect(201);
    assert_eq!(claude.header("cache-control"), Some("no-store"));
    assert_eq!(claude.header("access-control-allow-origin"), Some("*"));
    send(&Request::get(url)).expect(405);
    let preflight =
        Request::new("OPTIONS", url).header("Origin", "https://x.test").header("Access-Control-Request-Method", "POST");
    assert!(
        send(&preflight)
            .expect(204)
            .header("access-control-allow-methods")
            .is_some_and(|methods| methods.contains("POST"))
    );
    // An app without managed OAuth registers nobody.
    let plain = site.url("plain.test", "/.doorward/oauth/plain/register");
    send(&Request::post(&plain).json(&json!({ "redirect_uris": ["http://localhost/cb"] }))).expect(404);
    // An app's endpoints are on its own host only.
    let elsewhere = site.url("wiki.test", "/.doorward/oauth/main/token");
    send(&Request::post(&elsewhere).form(&[("grant_type", "refresh_token")])).expect(404);
}

#[test]
fn dr_22_a_client_with_a_secret_manages_itself_and_ends() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let metadata = json!({ "client_name": "Managed", "redirect_uris": ["http://127.0.0.1:33418/callback"],
        "token_endpoint_auth_method": "client_secret_post" });
    let client = send(&Request::post(agent.endpoint("registration_endpoint")).json(&metadata)).expect(201).json();
    let text = |name: &str| client[name].as_str().unwrap().to_owned();
    let (uri, token) = (text("registration_client_uri"), text("registration_access_token"));
    let ask = |method: &str| Request::new(method, &uri);
    assert_eq!(send(&ask("GET").bearer(&token)).expect(200).json()["client_name"], "Managed");
    send(&ask("GET")).expect(401);
    send(&ask("GET").bearer(&text("client_secret"))).expect(401);
    let mut renamed = metadata.clone();
    renamed["client_id"] = client["client_id"].clone();
    renamed["client_name"] = json!("Renamed");
    let told = send(&ask("PUT").bearer(&token).json(&renamed)).expect(200).json();
    assert_eq!(told["client_name"], "Renamed");
    assert_ne!(told["client_secret"], client["client_secret"]);
    send(&ask("DELETE").bearer(&token)).expect(204);
    send(&ask("GET").bearer(&token)).expect(401);
}
