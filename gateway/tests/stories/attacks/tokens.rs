//! Attacks with tokens: of another kind, for another place, forged, or handed on.

use super::status;
use crate::harness::{Agent, Jwt, Request, Site, Tokens, eventually, send};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer, SigningKey};
use hmac_free::hs256;
use serde_json::{Value, json};

/// HS256 with what everybody knows as its key, without a crate for it.
mod hmac_free {
    use sha2::{Digest, Sha256};

    pub(super) fn hs256(key: &[u8], message: &[u8]) -> Vec<u8> {
        let mut block = [0; 64];
        block[..key.len()].copy_from_slice(key);
        let pad = |with: u8| block.iter().map(|b| b ^ with).collect::<Vec<u8>>();
        let inner = Sha256::digest([pad(0x36), message.to_vec()].concat());
        Sha256::digest([pad(0x5c), inner.to_vec()].concat()).to_vec()
    }
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn main_agent(site: &Site) -> (Agent, Tokens) {
    let agent = site.agent(&site.main("/"));
    let tokens = agent.authorize(&mut site.browser(), &site.ada());
    (agent, tokens)
}

#[test]
fn o_07_a_token_of_one_kind_is_none_of_another() {
    let site = Site::start();
    let (agent, tokens) = main_agent(&site);
    send(&Request::get(&agent.resource).bearer(&tokens.access)).expect(200);
    let assertion = site.upstream.last().header("doorward-assertion").unwrap().to_owned();
    for other in [&tokens.refresh, &assertion, &agent.client_id] {
        assert_eq!(status(&agent.resource, other), 401, "{other}");
    }
    for other in [&tokens.access, &assertion] {
        assert_eq!(agent.refresh(other).expect(400).json()["error"], "invalid_grant");
        assert_eq!(agent.redeem(other).expect(400).json()["error"], "invalid_grant");
    }
}

#[test]
fn o_10_o_13_a_token_of_one_app_is_worth_nothing_at_another_even_when_it_is_remembered() {
    let site = Site::start();
    let (agent, tokens) = main_agent(&site);
    let wiki = site.agent(&site.url("wiki.test", "/"));
    let at_wiki = wiki.authorize(&mut site.browser(), &site.ada());
    for _ in 0..2 {
        assert_eq!(status(&agent.resource, &tokens.access), 200);
        assert_eq!(status(&wiki.resource, &at_wiki.access), 200);
        assert_eq!(status(&wiki.resource, &tokens.access), 401);
        assert_eq!(status(&agent.resource, &at_wiki.access), 401);
    }
    assert_eq!(status(&site.url("tools.test", "/mcp"), &tokens.access), 401);
    // What the token may do is decided for each request.
    let reader = site.agent(&site.main("/")).with_scope("access");
    let narrow = reader.authorize(&mut site.browser(), &site.ada()).access;
    assert_eq!(status(&site.main("/notes/1"), &narrow), 200);
    send(&Request::post(&site.main("/notes/1")).bearer(&narrow).body(b"x")).expect(403);
}

#[test]
fn o_11_o_12_a_forged_token_is_refused_however_it_is_forged() {
    let site = Site::start();
    let (agent, tokens) = main_agent(&site);
    let real = Jwt::read(&tokens.access);
    let keys = send(&Request::get(agent.endpoint("jwks_uri"))).expect(200).json();
    let public = URL_SAFE_NO_PAD.decode(keys["keys"][0]["x"].as_str().unwrap()).unwrap();
    let own = SigningKey::from_bytes(&[7; 32]);
    let own_x = URL_SAFE_NO_PAD.encode(own.verifying_key().as_bytes());
    let with = |name: &str, value: Value| {
        let mut header = real.header.clone();
        header[name] = value;
        header
    };
    let claims = part(&real.claims);
    let signed = |header: &Value| {
        let text = format!("{}.{claims}", part(header));
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(own.sign(text.as_bytes()).to_bytes()))
    };
    let mac = |header: &Value| {
        let text = format!("{}.{claims}", part(header));
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(hs256(&public, text.as_bytes())))
    };
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": own_x });
    let (head, signature) = (part(&real.header), tokens.access.rsplit('.').next().unwrap());
    let mut taller = real.claims.clone();
    taller["scope"] = json!("access notes:write notes:admin");
    for forged in [
        signed(&real.header),
        signed(&with("jwk", jwk)),
        signed(&with("jku", json!("https://evil.test/keys"))),
        signed(&with("x5u", json!("https://evil.test/cert"))),
        signed(&with("kid", json!("../../../../dev/null"))),
        signed(&with("kid", json!("' OR 1=1 --"))),
        mac(&with("alg", json!("HS256"))),
        format!("{}.{claims}.", part(&with("alg", json!("none")))),
        format!("{}.{claims}.{signature}", part(&with("alg", json!("none")))),
        format!("{}.{claims}.{signature}", part(&with("typ", json!("JWT")))),
        format!("{head}.{}.{signature}", part(&taller)),
        format!("{head}.{claims}"),
        format!("{head}.{claims}.{signature}.{signature}.{signature}"),
    ] {
        assert_eq!(status(&agent.resource, &forged), 401, "{forged}");
    }
    assert_eq!(status(&agent.resource, &tokens.access), 200);
}

#[test]
fn o_21_what_changed_about_a_person_counts_at_the_next_request() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let tokens = agent.authorize(&mut site.browser(), &site.bob());
    assert_eq!(status(&agent.resource, &tokens.access), 200);
    site.reload(|config| {
        config.replace("include = [{ email_domain = \"example.com\" }]", "include = [{ email = \"ada@example.com\" }]")
    });
    assert_eq!(status(&agent.resource, &tokens.access), 403);
    assert_eq!(agent.refresh(&tokens.refresh).expect(400).json()["error"], "invalid_grant");
    site.cli_ok(&["user", "revoke", "bob@example.com"]);
    eventually("the closed account is heeded", || status(&agent.resource, &tokens.access) == 401);
}

#[test]
fn o_22_no_secret_is_logged_or_shown() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let agent = site.agent(&site.main("/"));
    let code = agent.code(&mut browser, &site.ada());
    let tokens = Tokens::of(&agent.redeem(&code).expect(200));
    let next = Tokens::of(&agent.refresh(&tokens.refresh).expect(200));
    agent.redeem(&code).expect(400);
    status(&agent.resource, &format!("{}x", tokens.access));
    let page = browser.send(Request::get(&site.main("/.doorward/identity")).header("Accept", "application/json"));
    let connected = browser.open(&site.login("/.doorward/connected"));
    site.logged("the replay", |event| event["level"] == "WARN");
    let mut secrets = browser.secrets();
    secrets.retain(|secret| secret.len() > 20);
    secrets.extend([code, tokens.access, tokens.refresh, next.access, next.refresh, site.ada().password]);
    let log = site.log_lines().join("\n");
    for secret in &secrets {
        for (place, text) in [("the log", &log), ("identity", &page.text()), ("connected", &connected.text())] {
            assert!(!text.contains(secret.as_str()), "{place} has `{secret}`");
        }
    }
    assert_eq!(connected.header("referrer-policy"), Some("no-referrer"));
}

#[test]
fn o_24_a_token_for_us_is_not_handed_on() {
    let site = Site::start();
    let (agent, tokens) = main_agent(&site);
    send(&Request::get(&agent.resource).bearer(&tokens.access)).expect(200);
    let seen = site.upstream.last();
    assert_eq!(seen.header("authorization"), None);
    let assertion = Jwt::read(seen.header("doorward-assertion").unwrap());
    assert_ne!(assertion.claims["aud"], Jwt::read(&tokens.access).claims["aud"]);
}

#[test]
fn o_28_a_refused_token_ends_the_request_beside_a_good_cookie_too() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    site.upstream.forget();
    browser.send(Request::get(&site.main("/")).bearer("nonsense")).expect(401);
    browser.send(Request::get(&site.main("/")).header("Authorization", "Basic YTpi")).expect(401);
    assert!(site.upstream.seen().is_empty(), "the upstream was asked");
}
