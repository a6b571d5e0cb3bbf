//! Keys: they change on schedule and in emergencies, nodes share them, and nobody gets to see a private half.

use crate::harness::{Agent, Jwt, Request, Response, Site, Tokens, Wire, eventually, free_port, send};
use base64::{Engine, engine::general_purpose};
use oauth::seal::Sealer;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

fn listed(site: &Site) -> Vec<Value> {
    serde_json::from_str(&site.cli_ok(&["key", "list", "--json"])).unwrap()
}

/// The id of the key of this purpose that signs.
fn signing(site: &Site, purpose: &str) -> String {
    let key = listed(site).into_iter().find(|key| key["purpose"] == purpose && key["state"] == "signing");
    key.unwrap_or_else(|| panic!("no `{purpose}` key signs"))["id"].as_str().unwrap().to_owned()
}

fn kids(jwks: &str) -> BTreeSet<String> {
    let set = send(&Request::get(jwks)).expect(200).json();
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn ask(site: &Site, token: &str) -> u16 {
    send(&Request::get(&site.main("/x")).bearer(token)).status
}

#[test]
fn ky_08_op_02_a_revoked_key_is_worth_nothing_from_then_on_and_the_agent_goes_on() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let tokens = agent.authorize(&mut site.browser(), &site.ada());
    let mut browser = site.signed_in(&site.ada());
    assert_eq!((ask(&site, &tokens.access), ask(&site, &tokens.access)), (200, 200), "it is remembered");
    let old = signing(&site, "access_token");
    let jwks = agent.endpoint("jwks_uri").to_owned();
    assert_eq!(kids(&jwks), BTreeSet::from([old.clone()]));

    site.cli_ok(&["key", "revoke", &old]);
    let begin = Instant::now();
    eventually("the old token is refused", || ask(&site, &tokens.access) == 401);
    assert!(begin.elapsed() < Duration::from_secs(1), "within a second: {:?}", begin.elapsed());
    let new = signing(&site, "access_token");
    assert_eq!(kids(&jwks), BTreeSet::from([new.clone()]));
    let fresh = Tokens::of(&agent.refresh(&tokens.refresh).expect(200));
    assert_eq!(Jwt::read(&fresh.access).verify(&jwks).header["kid"], json!(new));
    assert_eq!(ask(&site, &fresh.access), 200);
    assert_eq!(browser.send(Request::get(&site.main("/x"))).status, 200, "sessions are not signed by it");

    let told = |act: &str, kid: &str| {
        site.logged(act, |event| event["target"] == "audit" && event["act"] == act && event["kid"] == kid)
    };
    assert_eq!(told("key_revoke", &old)["purpose"], "access_token");
    assert_eq!(told("key_add", &new)["algorithm"], "Ed25519");
    let again = site.cli(&["key", "revoke", &old]);
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("doorward key list"));
}

#[test]
fn ky_08_assertions_and_forms_end_with_their_keys_too() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let certs = site.login("/.doorward/certs");
    let assertion = || Jwt::read(site.upstream.last().header("doorward-assertion").unwrap());
    let old = assertion().verify(&certs).header["kid"].as_str().unwrap().to_owned();
    site.cli_ok(&["key", "revoke", &old]);
    eventually("it is not published", || !kids(&certs).contains(&old));
    browser.send(Request::get(&site.main("/x"))).expect(200);
    assert_ne!(assertion().verify(&certs).header["kid"], json!(old));

    let mut other = site.browser();
    let page = other.open(&site.main("/"));
    let bob = site.bob();
    site.cli_ok(&["key", "revoke", &signing(&site, "sealing")]);
    let revoked = |event: &Value| event["act"] == "key_revoke" && event["purpose"] == "sealing";
    site.logged("the sealing key is revoked", revoked);
    let refused = other.submit(&page, &[("username", bob.name), ("password", &bob.password)]);
    assert_ne!(refused.status, 200, "the form was sealed by it");
    assert_eq!(site.signed_in(&bob).send(Request::get(&site.main("/x"))).status, 200, "a new one works");
}

#[test]
fn ky_07_keys_change_under_load_and_no_cached_verifier_meets_an_unknown_one() {
    let schedule = "\n[keys]\nrotation_interval = '8s'\npublish_ahead = '4s'\n[policies.people]";
    let site = Site::with(|config| config.replacen("\n[policies.people]", schedule, 1));
    let agent = site.agent(&site.main("/"));
    let mut tokens = agent.authorize(&mut site.browser(), &site.ada());
    let jwks = agent.endpoint("jwks_uri").to_owned();
    let published = send(&Request::get(&jwks)).expect(200);
    assert_eq!(published.header("cache-control"), Some("public, max-age=2"));
    let (begin, mut cached, mut read) = (Instant::now(), kids(&jwks), Instant::now());
    let mut signed_by = BTreeSet::new();
    while begin.elapsed() < Duration::from_secs(14) {
        // As a verifier does that keeps what it has read for as long as it may.
        if read.elapsed() >= Duration::from_secs(2) {
            (cached, read) = (kids(&jwks), Instant::now());
        }
        let before = tokens.access.clone();
        tokens = Tokens::of(&agent.refresh(&tokens.refresh).expect(200));
        let kid = Jwt::read(&tokens.access).header["kid"].as_str().unwrap().to_owned();
        assert!(cached.contains(&kid), "`{kid}` is not among {cached:?}");
        assert_eq!((ask(&site, &before), ask(&site, &tokens.access)), (200, 200));
        signed_by.insert(kid);
        thread::sleep(Duration::from_millis(100));
    }
    assert!(signed_by.len() >= 2, "keys have changed: {:?}", listed(&site));
}

#[test]
fn ky_07_key_rotate_publishes_now_and_signs_later_or_at_once_if_asked() {
    let mut site = Site::start();
    let rotated: Vec<Value> = serde_json::from_str(&site.cli_ok(&["key", "rotate", "--json"])).unwrap();
    let of = |key: &Value| (key["purpose"].as_str().unwrap().to_owned(), key["state"].as_str().unwrap().to_owned());
    let published = |purpose: &str| (purpose.to_owned(), "published".to_owned());
    let all = ["access_token", "assertion", "sealing"].map(published);
    assert_eq!(rotated.iter().map(of).collect::<Vec<_>>(), all);
    assert_eq!(rotated[0]["signs_from"].as_i64().unwrap() - rotated[0]["created_at"].as_i64().unwrap(), 24 * 3600);
    let again: Vec<Value> = serde_json::from_str(&site.cli_ok(&["key", "rotate", "--json"])).unwrap();
    assert_eq!(again, rotated, "those wait already");

    let agent = site.agent(&site.main("/"));
    let tokens = agent.authorize(&mut site.browser(), &site.ada());
    let old = signing(&site, "access_token");
    site.cli_ok(&["key", "rotate", "--purpose", "access-token", "--now"]);
    eventually("the new key signs", || signing(&site, "access_token") != old);
    assert_eq!(ask(&site, &tokens.access), 200, "what the old one signed holds");
    assert!(kids(agent.endpoint("jwks_uri")).contains(&old));
    let fresh = Tokens::of(&agent.refresh(&tokens.refresh).expect(200));
    assert_eq!(Jwt::read(&fresh.access).header["kid"], json!(signing(&site, "access_token")));
    site.kill();
    let before = listed(&site);
    site.run();
    assert_eq!(listed(&site), before, "KY-06: a restart changes no key");
    assert_eq!(ask(&site, &tokens.access), 200);
}

#[test]
fn ky_05_ky_02_an_app_chooses_what_its_tokens_and_assertions_are_signed_by() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let before = agent.authorize(&mut site.browser(), &site.ada());
    let kinds = |site: &Site| listed(site).iter().filter(|key| key["algorithm"] == "P-256").count();
    assert_eq!(kinds(&site), 0, "nobody wants one");
    let choose = "[apps.main.identity_headers]\nsigning_algorithm = 'ES256'\n\n[apps.main.oauth]\n\
                  grant.signing_algorithm = 'ES256'";
    site.reload(|config| config.replacen("[apps.main.oauth]", choose, 1));
    assert_eq!(kinds(&site), 2, "one of each purpose");
    assert_eq!(ask(&site, &before.access), 200, "what was signed before holds");
    let tokens = Tokens::of(&agent.refresh(&before.refresh).expect(200));
    let token = Jwt::read(&tokens.access).verify(agent.endpoint("jwks_uri"));
    assert_eq!(token.header["alg"], "ES256");
    assert_eq!(ask(&site, &tokens.access), 200);
    let assertion = Jwt::read(site.upstream.last().header("doorward-assertion").unwrap());
    assert_eq!(assertion.verify(&site.login("/.doorward/certs")).header["alg"], "ES256");
    let wiki = site.agent(&site.url("wiki.test", "/"));
    let other = wiki.authorize(&mut site.browser(), &site.ada());
    assert_eq!(Jwt::read(&other.access).verify(wiki.endpoint("jwks_uri")).header["alg"], "EdDSA");
    assert_eq!(kids(wiki.endpoint("jwks_uri")).len(), 1);

    site.reload(|config| {
        config.replacen("[apps.main.oauth]", "[apps.main.oauth]\ngrant.signing_algorithm = 'Ed25519'", 1)
    });
    let named = Tokens::of(&agent.refresh(&tokens.refresh).expect(200));
    assert_eq!(Jwt::read(&named.access).verify(agent.endpoint("jwks_uri")).header["alg"], "Ed25519");
    assert_eq!(ask(&site, &named.access), 200);
}

/// A second process on the configuration and the store of a site, at a port of its own.
struct Node {
    child: Child,
    port: u16,
}

impl Node {
    fn start(site: &Site) -> Self {
        let (port, admin) = (free_port(), free_port());
        let text = std::fs::read_to_string(site.config()).unwrap();
        let text = text
            .replacen(
                &format!("listen = [\"127.0.0.1:{}\"]", site.port),
                &format!("listen = [\"127.0.0.1:{port}\"]"),
                1,
            )
            .replacen(&format!("127.0.0.1:{}\"\nthreads", site.admin), &format!("127.0.0.1:{admin}\"\nthreads"), 1);
        let file = site.config().with_file_name("node.toml");
        std::fs::write(&file, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
        command.args(["serve", "--config"]).arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let node = Self { child: command.spawn().unwrap(), port };
        let ready = Request::get(&format!("http://127.0.0.1:{admin}/readyz"));
        let listens = || std::net::TcpStream::connect(("127.0.0.1", admin)).is_ok();
        eventually("the node is ready", || listens() && Wire::open(admin).send(&ready).status == 200);
        node
    }

    /// What this node answers to a request that is addressed to the site.
    fn send(&self, request: &Request) -> Response {
        Wire::open(self.port).send(request)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn ky_12_ky_08_two_nodes_publish_the_same_keys_and_heed_the_same_commands() {
    let site = Site::start();
    let node = Node::start(&site);
    let agent: Agent = site.agent(&site.main("/"));
    let jwks = Request::get(agent.endpoint("jwks_uri"));
    assert_eq!(send(&jwks).expect(200).json(), node.send(&jwks).expect(200).json());
    let tokens = agent.authorize(&mut site.browser(), &site.ada());
    let there = |token: &str| node.send(&Request::get(&site.main("/x")).bearer(token)).status;
    assert_eq!(there(&tokens.access), 200, "the other node believes it");
    let refresh =
        [("grant_type", "refresh_token"), ("refresh_token", &tokens.refresh), ("client_id", &agent.client_id)];
    let other = Tokens::of(&node.send(&agent.token_request(&refresh)).expect(200));
    assert_eq!((ask(&site, &other.access), there(&other.access)), (200, 200));

    site.cli_ok(&["key", "revoke", &signing(&site, "access_token")]);
    let begin = Instant::now();
    eventually("no node believes it", || (ask(&site, &other.access), there(&other.access)) == (401, 401));
    assert!(begin.elapsed() < Duration::from_secs(1));
    assert_eq!(send(&jwks).expect(200).json(), node.send(&jwks).expect(200).json());
    let next = Tokens::of(&agent.refresh(&other.refresh).expect(200));
    assert_eq!((ask(&site, &next.access), there(&next.access)), (200, 200));
}

#[test]
fn ky_09_public_documents_are_asked_for_again_by_their_tag() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let documents = [
        agent.endpoint("jwks_uri").to_owned(),
        site.login("/.doorward/certs"),
        site.main("/.doorward/certs"),
        site.main("/.well-known/oauth-authorization-server"),
        site.main("/.well-known/oauth-protected-resource"),
    ];
    for url in documents {
        let whole = send(&Request::get(&url)).expect(200);
        assert_eq!(whole.header("cache-control"), Some("public, max-age=300"), "{url}");
        assert_eq!(whole.header("access-control-allow-origin"), Some("*"), "{url}");
        assert_eq!((whole.header("content-type"), whole.header("set-cookie")), (Some("application/json"), None));
        let tag = whole.header("etag").unwrap().to_owned();
        assert!(tag.starts_with('"') && tag.ends_with('"'));
        for known in [tag.clone(), format!("\"x\", {tag}"), format!("W/{tag}"), "*".to_owned()] {
            let same = send(&Request::get(&url).header("If-None-Match", &known)).expect(304);
            assert_eq!((same.header("etag"), same.body.len()), (Some(tag.as_str()), 0), "{url}");
            assert_eq!(same.header("cache-control"), Some("public, max-age=300"));
            assert_eq!(same.header("content-length"), None);
        }
        send(&Request::get(&url).header("If-None-Match", "\"other\"")).expect(200);
    }
    let jwks = agent.endpoint("jwks_uri");
    let tag = send(&Request::get(jwks)).expect(200).header("etag").unwrap().to_owned();
    site.cli_ok(&["key", "rotate"]);
    eventually("the set has another tag", || send(&Request::get(jwks).header("If-None-Match", &tag)).status == 200);
}

#[test]
fn ky_13_commands_work_before_the_first_start_and_show_no_private_half() {
    let mut site = Site::start();
    site.kill();
    for suffix in ["", "-wal", "-shm", ".key"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", site.database().display()));
    }
    assert_eq!(listed(&site), Vec::<Value>::new());
    let mut told = site.cli_ok(&["key", "rotate"]);
    told += &site.cli_ok(&["key", "list", "--json"]);
    site.cli_ok(&["key", "revoke", &signing(&site, "assertion")]);
    let made = listed(&site);
    site.run();
    let ids = |keys: &[Value]| keys.iter().map(|key| key["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&listed(&site)), ids(&made), "the gateway takes what it finds");
    told += &site.cli_ok(&["key", "list"]);
    told += &site.cli_ok(&["check", "--print"]);
    told += &send(&Request::get(&site.login("/.doorward/certs"))).expect(200).text();
    told += &send(&Request::get(&site.main("/.doorward/certs"))).expect(200).text();
    told += &send(&Request::get(&format!("http://127.0.0.1:{}/metrics", site.admin))).expect(200).text();
    told += &site.log_lines().join("\n");
    told += &std::fs::read_to_string(format!("/proc/{}/environ", site.pid())).unwrap();
    let secrets = private_halves(&site);
    assert!(secrets.len() >= 6, "{}", secrets.len());
    for secret in &secrets {
        let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let texts = [
            hex,
            general_purpose::STANDARD_NO_PAD.encode(secret),
            general_purpose::URL_SAFE_NO_PAD.encode(secret),
            format!("{secret:?}"),
        ];
        assert!(texts.iter().all(|text| !told.contains(text)), "a private half is told");
    }
    assert!(!told.contains("\"d\""), "no private member");
}

/// The secret bytes of all keys, and the store key that they are sealed under.
fn private_halves(site: &Site) -> Vec<Vec<u8>> {
    let file = format!("{}.key", site.database().display());
    let store_key = general_purpose::STANDARD.decode(std::fs::read_to_string(file).unwrap().trim()).unwrap();
    let at_rest = Sealer::new(<[u8; 32]>::try_from(&store_key[..]).unwrap().into());
    let database = rusqlite::Connection::open(site.database()).unwrap();
    let mut select =
        database.prepare("SELECT purpose || ' ' || algorithm, sealed FROM keys WHERE revoked_at IS NULL").unwrap();
    let sealed = select.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?))).unwrap();
    let opened = sealed.map(|row| row.map(|(place, sealed)| at_rest.open_bytes(&place, &sealed).unwrap()).unwrap());
    opened.chain([store_key]).collect()
}
