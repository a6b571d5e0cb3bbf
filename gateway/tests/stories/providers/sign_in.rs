//! The way to the provider and back (OpenID Connect Core section 3.1.2).

use super::{attempt, fails, succeeds};
use crate::harness::{Provider, Request, SECRET, query, send};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

#[test]
fn the_only_provider_is_asked_at_once_and_the_person_lands_where_they_wanted() {
    let provider = Provider::start();
    let site = provider.site("");
    let mut browser = site.browser();
    let page = provider.sign_in(&mut browser, &site.main("/notes?tab=1")).expect(200);
    assert_eq!(page.json()["line"], "GET /notes?tab=1 HTTP/1.1");
    let seen = site.upstream.last();
    assert_eq!(seen.header("x-forwarded-email"), Some("ada@example.com"));
    assert_eq!(seen.header("x-forwarded-groups"), Some("staff"));
    let identity = browser.open(&site.login("/.doorward/identity")).expect(200).json();
    assert_eq!(identity["login_method"], "company");
}

#[test]
fn several_ways_are_offered_side_by_side_and_an_app_chooses_among_them() {
    let provider = Provider::start();
    let more = "name = 'The company'\n[identity_providers.local]\ntype = 'local'";
    let site = crate::harness::Site::with(|config| {
        let only = "url = \"http://wiki.test:PORT\"";
        let only_company = format!("{only}\nallowed_identity_providers = ['company']");
        config.replace(only, &only_company) + &provider.table(more)
    });
    let mut browser = site.browser();
    let page = browser.open(&site.main("/")).expect(200);
    assert!(page.text().contains("The company") && page.text().contains("name=\"password\""), "{}", page.text());
    let there = browser.submit(&page, &[("provider", "company")]).expect(303);
    let back = provider.answer(there.location());
    browser.open(&back).expect(200);
    // The wiki takes nobody else, so that there is nothing to choose.
    let mut other = site.browser();
    provider.sign_in(&mut other, &site.url("wiki.test", "/")).expect(200);
}

#[test]
fn rp_03_o_14_a_state_is_this_browsers_and_is_used_once() {
    let provider = Provider::start();
    let site = provider.site("");
    let mut browser = site.browser();
    let back = provider.come_back(&mut browser, &site.main("/"));
    let state = query(&back, "state").unwrap();
    assert!(state.len() >= 43, "at least 128 bits: {state}");
    for wrong in [back.replace(&state, "other"), back.replace("state=", "s="), format!("{back}&state=twice")] {
        browser.open(&wrong).expect(400);
    }
    assert_eq!(provider.asked("/token").len(), 0, "no code is used for an answer that nobody asked for");
    browser.open(&back).expect(200);
    assert_eq!(provider.asked("/token").len(), 1);
    browser.open(&back).expect(400);
    assert_eq!(provider.asked("/token").len(), 1, "a state is used once");
}

#[test]
fn rp_03_several_tabs_sign_in_side_by_side() {
    let provider = Provider::start();
    let site = provider.site("");
    let mut browser = site.browser();
    let tabs: Vec<_> = (0..5).map(|tab| provider.come_back(&mut browser, &site.main(&format!("/tab/{tab}")))).collect();
    for (tab, back) in tabs.iter().enumerate().rev() {
        let page = browser.open(back).expect(200);
        assert_eq!(page.json()["line"], format!("GET /tab/{tab} HTTP/1.1"));
    }
}

#[test]
fn rp_04_bs_08_another_browser_cannot_finish_a_sign_in() {
    let provider = Provider::start();
    let site = provider.site("");
    let mut victim = site.browser();
    let mut attacker = site.browser();
    let back = provider.come_back(&mut attacker, &site.main("/"));
    victim.open(&back).expect(400);
    // Nor one that is about to sign in itself.
    let back = provider.come_back(&mut attacker, &site.main("/"));
    provider.come_back(&mut victim, &site.main("/"));
    victim.open(&back).expect(400);
    assert!(victim.cookie("localhost", "doorward-login").is_none());
    assert_eq!(provider.asked("/token").len(), 0);
}

#[test]
fn rp_05_rp_06_nonce_and_pkce_are_new_each_time_and_compared() {
    let provider = Provider::start();
    let site = provider.site("");
    succeeds(&provider, &site);
    succeeds(&provider, &site);
    let sent: Vec<_> = provider.asked("/authorize").iter().map(|entry| entry["query"].to_string()).collect();
    let of = |url: &str, name: &str| query(&format!("?{}", url.trim_matches('"')), name).unwrap();
    for name in ["nonce", "code_challenge", "state"] {
        assert_ne!(of(&sent[0], name), of(&sent[1], name), "{name}");
        assert!(of(&sent[0], name).len() >= 43, "{name}");
    }
    assert_eq!(of(&sent[0], "code_challenge_method"), "S256");
    // The provider compares the verifier with the challenge, and answers nothing without.
    let form = &provider.asked("token form")[0]["form"];
    let verifier = form["code_verifier"].as_str().unwrap();
    assert_eq!(crate::harness::pkce_challenge(verifier), of(&sent[0], "code_challenge"));
    provider.claim(json!({ "nonce": "another" }));
    fails(&provider, &site, 502, "another nonce");
    provider.claim(json!({ "nonce": null }));
    fails(&provider, &site, 502, "no nonce");
}

#[test]
fn rp_07_the_issuer_of_an_answer_is_checked_before_it_is_used() {
    let provider = Provider::start();
    let site = provider.site("");
    for authorize in [
        json!({ "iss": "https://evil.example" }),
        json!({ "iss": format!("{}/", provider.issuer()) }),
        json!({ "iss": "https://evil.example", "error": "access_denied", "code": null }),
    ] {
        provider.set(&json!({ "authorize": authorize }));
        fails(&provider, &site, 502, "another issuer");
    }
    assert_eq!(provider.asked("/token").len(), 0);
    provider.set(&json!({ "authorize": { "iss": provider.issuer() } }));
    succeeds(&provider, &site);
    // Who promises it must send it.
    provider.set(&json!({ "authorize": {}, "discovery": { "authorization_response_iss_parameter_supported": true } }));
    let site = provider.site("");
    let asked = provider.asked("/token").len();
    fails(&provider, &site, 502, "no issuer where one is promised");
    assert_eq!(provider.asked("/token").len(), asked);
}

#[test]
fn rp_08_the_answer_to_one_provider_is_not_taken_at_anothers_callback() {
    let provider = Provider::start();
    let other = Provider::start();
    let second = other.table("callback = 'own'").replace("identity_providers.company", "identity_providers.other");
    let site = crate::harness::Site::with(|config| config + &provider.table("callback = 'own'") + &second);
    let mut browser = site.browser();
    let page = browser.open(&site.main("/")).expect(200);
    let there = browser.submit(&page, &[("provider", "company")]).expect(303);
    let back = provider.answer(there.location());
    assert!(back.contains("/.doorward/callback/company?"), "{back}");
    for path in ["/.doorward/callback/other?", "/.doorward/callback?"] {
        let page = browser.open(&site.main("/")).expect(200);
        let there = browser.submit(&page, &[("provider", "company")]).expect(303);
        let mixed_up = provider.answer(there.location()).replace("/.doorward/callback/company?", path);
        browser.open(&mixed_up).expect(400);
    }
    assert_eq!(provider.asked("/token").len() + other.asked("/token").len(), 0);
    browser.open(&back).expect(200);
    assert_eq!((provider.asked("/token").len(), other.asked("/token").len()), (1, 0));
}

#[test]
fn rp_09_o_18_the_redirect_uri_is_the_configurations_whatever_the_host() {
    let provider = Provider::start();
    let site = provider.site("");
    let login = Request::get(&site.login("/.doorward/login")).html();
    for request in [
        login.clone(),
        login.clone().header("X-Forwarded-Host", "evil.example"),
        login.clone().header("X-Forwarded-Proto", "https").header("Forwarded", "host=evil.example"),
    ] {
        let there = send(&request).expect(302);
        assert_eq!(query(there.location(), "redirect_uri"), Some(site.login("/.doorward/callback")));
    }
    let strange = send(&login.host("evil.example"));
    assert!(!strange.text().contains("evil.example") && strange.status == 404, "{}", strange.status);
}

#[test]
fn rp_22_a_provider_that_is_down_gets_a_page_and_no_second_use_of_the_code() {
    let provider = Provider::start();
    let site = provider.site("");
    for (status, page) in [(500, 503), (503, 503), (429, 503), (404, 502), (200, 502)] {
        provider.set(&json!({ "token": { "status": status, "body": { "id_token": null } } }));
        let before = provider.asked("/token").len();
        fails(&provider, &site, page, &format!("status {status}"));
        assert_eq!(provider.asked("/token").len(), before + 1, "a code is tried once");
    }
    provider.set(&json!({ "token": { "delay": 15_000 } }));
    fails(&provider, &site, 503, "an answer that does not come");
    provider.set(&json!({ "token": null }));
    let mut provider = provider;
    provider.stop();
    let there = site.browser().open(&site.main("/"));
    assert!(there.location().starts_with(&provider.issuer()), "what was discovered serves on");
    let site = provider.site("");
    let page = site.browser().open(&site.main("/"));
    assert_eq!(page.status, 503);
    assert!(page.header("retry-after").is_some() && page.text().contains("cannot be reached"), "{}", page.text());
}

#[test]
fn rp_23_an_error_of_the_provider_is_a_page_that_repeats_nothing() {
    let provider = Provider::start();
    let site = provider.site("");
    for error in ["access_denied", "login_required", "<script>alert(1)</script>"] {
        let words = "<img src=x onerror=alert(1)>\u{7}";
        provider.set(&json!({ "authorize": { "code": null, "error": error, "error_description": words } }));
        let (_, page) = attempt(&provider, &site);
        assert_eq!(page.status, 403, "{}", page.text());
        assert!(!page.text().contains("alert(1)"), "{}", page.text());
        assert!(page.text().contains("did not let you in"), "{}", page.text());
        assert!(page.text().contains("Try again"), "{}", page.text());
    }
    assert_eq!(provider.asked("/token").len(), 0);
    site.logged("the refusal", |event| {
        event["fields"]["what"].to_string().contains("access_denied") || event.to_string().contains("access_denied")
    });
}

#[test]
fn rp_23_a_person_whom_a_client_sent_can_try_again_or_go_back_to_it() {
    let provider = Provider::start();
    let site = provider.site("");
    let agent = site.agent(&site.main("/mcp"));
    provider.set(&json!({ "authorize": { "code": null, "error": "access_denied" } }));
    let mut browser = site.browser();
    let page = provider.sign_in(&mut browser, &agent.authorization_url("st"));
    assert_eq!(page.status, 403, "{}", page.text());
    assert!(page.text().contains("Try again") && page.text().contains("prompt=none"), "{}", page.text());
    // Nothing leads to the provider by itself now.
    let (_, rest) = page.text().split_once("prompt=none").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    assert!(!rest.is_empty());
    let silent = agent.authorization_url("st") + "&prompt=none";
    assert_eq!(browser.open(&silent).expect(200).header("location"), None);
    provider.set(&json!({ "authorize": {} }));
    let page = provider.sign_in(&mut browser, &agent.authorization_url("st")).expect(200);
    assert!(page.text().contains("Allow"), "{}", page.text());
}

#[test]
fn rp_24_the_gateway_proves_itself_as_it_is_told_and_no_log_has_the_secret() {
    let provider = Provider::start();
    let folder = crate::harness::Folder::new();
    let key = folder.path().join("key.pem");
    std::fs::write(&key, KEY).unwrap();
    for (method, more) in [
        ("basic", String::new()),
        ("post", "token_endpoint_auth_method = 'client_secret_post'".to_owned()),
        ("key", format!("private_key = {{ file = '{}' }}\nprivate_key_id = 'k1'", key.display())),
    ] {
        let by_key = method == "key";
        let site = crate::harness::Site::with(|config| {
            let table = provider.table(&more);
            let table = table.lines().filter(|line| !by_key || !line.starts_with("client_secret"));
            config + &table.collect::<Vec<_>>().join("\n")
        });
        succeeds(&provider, &site);
        let sent = provider.asked("/token").pop().unwrap();
        let form = provider.asked("token form").pop().unwrap()["form"].clone();
        match method {
            "basic" => {
                let basic = sent["authorization"].as_str().unwrap().strip_prefix("Basic ").unwrap().to_owned();
                let basic = String::from_utf8(STANDARD.decode(basic).unwrap()).unwrap();
                let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                assert_eq!(basic, format!("{}:{}", encode("doorward"), encode(SECRET)));
                assert!(form["client_secret"].is_null());
            }
            "post" => assert_eq!((&form["client_id"], &form["client_secret"]), (&json!("doorward"), &json!(SECRET))),
            _ => {
                let assertion = crate::harness::Jwt::read(form["client_assertion"].as_str().unwrap());
                assert_eq!((&assertion.header["alg"], &assertion.header["kid"]), (&json!("EdDSA"), &json!("k1")));
                assert_eq!(assertion.claims["aud"], json!(provider.issuer()));
                assert_eq!(
                    (&assertion.claims["iss"], &assertion.claims["sub"]),
                    (&json!("doorward"), &json!("doorward"))
                );
                assert!(form["client_secret"].is_null() && sent["authorization"].is_null());
            }
        }
        let log = site.log_lines().join("\n");
        assert!(!log.contains(SECRET) && !log.contains("s%3Ae%2Fc"), "the secret is in the log");
    }
}

#[test]
fn rp_25_o_22_no_token_of_the_provider_leaves_the_gateway() {
    let provider = Provider::start();
    let site = provider.site("");
    let (mut browser, page) = attempt(&provider, &site);
    let mut outside = page.text();
    for path in ["/.doorward/identity", "/.doorward/connected", "/.doorward/login"] {
        outside += &browser.open(&site.login(path)).text();
    }
    outside += &browser.secrets().join("\n");
    outside += &format!("{:?}", site.upstream.seen());
    outside += &site.log_lines().join("\n");
    let stored = std::fs::read(site.database()).unwrap();
    let journal = std::fs::read(site.database().with_extension("db-wal")).unwrap_or_default();
    let stored = String::from_utf8_lossy(&[stored, journal].concat()).into_owned();
    // All that the provider signs begins with this, and the upstream's assertion begins otherwise.
    assert!(!stored.contains("eyJhbGciOiJSUzI1NiI"), "an ID token is in the store in clear");
    assert!(!outside.contains("eyJhbGciOiJSUzI1NiI"), "{outside}");
    for cookie in browser.secrets() {
        assert!(cookie.len() <= 100, "{cookie}");
    }
}

#[test]
fn rp_27_o_17_a_sign_in_that_begins_elsewhere_leads_to_apps_of_ours_alone() {
    let provider = Provider::start();
    let site = provider.site("");
    let initiate = |more: &[(&str, &str)]| {
        let issuer = provider.issuer();
        let fields = [&[("iss", issuer.as_str())], more].concat();
        site.login(&format!("/.doorward/initiate?{}", crate::harness::encode(&fields)))
    };
    let target = site.main("/notes");
    let mut browser = site.browser();
    let page = provider.sign_in(&mut browser, &initiate(&[("target_link_uri", &target), ("login_hint", "ada")]));
    assert_eq!(page.expect(200).json()["line"], "GET /notes HTTP/1.1");
    assert!(provider.asked("/authorize")[0]["query"].to_string().contains("login_hint=ada"));
    let port = site.port;
    for evil in [
        "https://evil.example/".to_owned(),
        "//evil.example".to_owned(),
        "/\\evil.example".to_owned(),
        "javascript:alert(1)".to_owned(),
        format!("http://127.0.0.1:{port}@evil.example/"),
        format!("http://a@127.0.0.1:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        "http://127.0.0.1:1/".to_owned(),
    ] {
        let there = browser.send(Request::get(&initiate(&[("target_link_uri", &evil)])).html()).expect(303);
        assert_eq!(there.location(), site.login("/.doorward/login"), "{evil}");
    }
    let unknown = site.login("/.doorward/initiate?iss=https://evil.example&target_link_uri=https://evil.example");
    assert_eq!(send(&Request::get(&unknown).html()).status, 400);
}

#[test]
fn rp_28_an_answer_by_post_is_not_taken() {
    let provider = Provider::start();
    let site = provider.site("");
    let mut browser = site.browser();
    let back = provider.come_back(&mut browser, &site.main("/"));
    let (url, fields) = back.split_once('?').unwrap();
    let post = Request::post(url).html().header("Content-Type", "application/x-www-form-urlencoded");
    let refused = browser.send(post.body(fields.as_bytes())).expect(405);
    assert_eq!(refused.header("allow"), Some("GET"));
    browser.open(&back).expect(200);
}

/// Made for these tests alone.
const KEY: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
";
