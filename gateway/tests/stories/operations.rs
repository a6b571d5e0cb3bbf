//! Running it: what logs may say, floods, health, a broken store, and the power going off.

use crate::harness::{Agent, Request, Response, Site, Tokens, eventually, query, send, try_send};
use rusqlite::Connection;
use serde_json::json;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

#[test]
fn op_01_tk_29_ky_13_no_secret_is_in_a_log_or_readable_in_the_store() {
    let mut site = Site::start();
    let agent = site.agent(&site.main("/"));
    let mut browser = site.browser();
    let (ada, bob) = (site.ada(), site.bob());
    let consent = agent.consent(&mut browser, &ada);
    let code = query(consent.location(), "code").unwrap();
    let first = Tokens::of(&agent.redeem(&code).expect(200));
    let second = Tokens::of(&agent.refresh(&first.refresh).expect(200));
    agent.refresh(&first.refresh).expect(200);
    agent.redeem(&code).expect(400);
    browser.open(&site.main("/x?secret=query-secret-1")).expect(200);
    send(&Request::get(&site.main("/x?access_token=query-secret-2"))).expect(401);
    send(&Request::get(&site.main("/x")).bearer("bad-token-secret-3")).expect(401);
    send(&Request::get(&site.main("/x//y?q=query-secret-4")).header("Cookie", "doorward-main=cookie-secret-5"))
        .expect(400);
    send(&Request::post(&site.main("/x")).body(b"body-secret-6")).expect(401);
    let basic = agent
        .token_request(&[("grant_type", "refresh_token")])
        .header("Authorization", "Basic Y2xpZW50OmJhc2ljLXNlY3JldC03");
    send(&basic).expect(401);
    let page = site.browser().open(&site.main("/"));
    site.browser().submit(&page, &[("username", bob.name), ("password", "password-secret-8")]).expect(403);
    send(&Request::get(&site.main("/.doorward/callback?code=dw_ac_secret-9&state=state-secret-10")).html()).expect(400);
    let confidential = json!({ "client_name": "C", "redirect_uris": ["http://localhost/cb"], "token_endpoint_auth_method": "client_secret_basic" });
    let client = send(&Request::post(agent.endpoint("registration_endpoint")).json(&confidential)).expect(201).json();
    let last = site.main("/the-last-request");
    send(&Request::get(&last));
    site.logged("everything before it too", |event| event["path"] == "/the-last-request");

    let mut secrets = browser.secrets();
    let assertion =
        site.upstream.seen().iter().find_map(|seen| seen.header("doorward-assertion").map(str::to_owned)).unwrap();
    secrets.extend([
        code,
        first.access,
        first.refresh,
        second.access,
        second.refresh,
        assertion,
        ada.password,
        bob.password,
    ]);
    secrets.push(client["client_secret"].as_str().unwrap().to_owned());
    secrets.extend((1..=10).map(|number| format!("secret-{number}")));
    secrets.extend(["Y2xpZW50OmJhc2ljLXNlY3JldC03".to_owned(), "basic-secret-7".to_owned()]);
    let log = site.log_lines().join("\n");
    let metrics = send(&Request::get(&format!("http://127.0.0.1:{}/metrics", site.admin))).expect(200).text();
    assert!(log.len() > 5000);
    site.kill();
    let files = [site.database(), site.database().with_extension("db-wal")];
    let store: Vec<u8> = files.iter().flat_map(|file| std::fs::read(file).unwrap_or_default()).collect();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        assert!(!log.contains(secret), "the log has {secret}");
        assert!(!metrics.contains(secret), "the metrics have {secret}");
        let stored = store.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!stored, "the store has {secret}");
    }
    for personal in ["ada@", "Lovelace"] {
        assert!(!metrics.contains(personal));
    }
}

#[test]
fn op_02_acts_of_security_are_logged_once_with_an_id() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let signed_in = site.logged("the sign-in", |event| event["act"] == "sign_in");
    assert!(signed_in["subject"].is_string() && signed_in["id"].is_string());
    let page = browser.open(&site.main("/.doorward/logout"));
    browser.submit(&page, &[]).expect(200);
    site.logged("the sign-out", |event| event["act"] == "sign_out" && event["subject"] == signed_in["subject"]);
    let request = site.logged("the request", |event| event["target"] == "request" && event["outcome"] == "allow");
    for name in ["id", "status", "ms", "method", "path", "host", "ip", "app", "rule", "subject", "via", "grant"] {
        assert!(!request[name].is_null(), "{name} in {request}");
    }
}

#[test]
fn op_03_a_flood_of_registrations_is_stopped_and_an_office_that_signs_in_is_not() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let url = agent.endpoint("registration_endpoint");
    let mut refused = None;
    for number in 0..400 {
        let body = json!({ "client_name": format!("flood {number}"), "redirect_uris": ["http://localhost/cb"] });
        let response = send(&Request::post(url).json(&body));
        if response.status != 201 {
            refused = Some(response);
            break;
        }
    }
    let refused = refused.expect("no end to registrations").expect(429);
    assert!(
        refused.header("retry-after").and_then(|value| value.parse::<u64>().ok()).is_some_and(|seconds| seconds > 0)
    );
    assert!(refused.json()["error"].is_string());
    thread::scope(|scope| {
        for user in [site.ada(), site.bob()] {
            let site = &site;
            scope.spawn(move || {
                for _ in 0..25 {
                    site.browser().sign_in(&site.main("/"), &user).expect(200);
                }
            });
        }
    });
    // Who has a client already is not concerned either.
    agent.authorize(&mut site.browser(), &site.ada());
}

#[test]
fn op_04_errors_say_nothing_of_the_inside() {
    let site = Site::start();
    let cases: [(Request, u16); 6] = [
        (Request::get(&site.main("/a//b")), 400),
        (Request::get(&site.main("/x")).host("nobody.test"), 404),
        (Request::get(&site.main("/.doorward/nothing")), 404),
        (Request::new("DELETE", &site.main("/.doorward/logout")), 405),
        (Request::get(&site.main("/.doorward/callback")), 400),
        (Request::post(&site.main("/.doorward/oauth/main/token")).body(b"x"), 400),
    ];
    for (request, expected) in cases {
        for html in [false, true] {
            let request =
                if html { request.clone().html() } else { request.clone().header("Accept", "application/json") };
            let response = send(&request).expect(expected);
            let text = response.text();
            for inside in ["ingora", "doorward/", "0.1.0", "panicked", "src/", ".rs", "sqlite", "SQL", "rustc"] {
                assert!(!text.contains(inside), "{inside} in {text}");
            }
            assert_eq!(response.header("server"), None);
            if !html {
                assert!(response.json()["error"].is_string(), "{}", request.target);
            }
        }
    }
}

#[test]
fn op_07_p_12_health_is_told_on_the_administrators_address_alone() {
    let site = Site::start();
    for path in ["/healthz", "/readyz", "/metrics"] {
        send(&Request::get(&site.main(path))).expect(401);
        send(&Request::get(&site.login(path))).expect(404);
        send(&Request::get(&site.main(path)).host("nobody.test")).expect(404);
        let response = send(&Request::get(&format!("http://127.0.0.1:{}{path}", site.admin))).expect(200);
        // Metrics name apps by their ids, for whoever runs them.
        let names: &[&str] = if path == "/metrics" { &["Main app", "ada@"] } else { &["Main app", "wiki", "ada@"] };
        for name in names {
            assert!(!response.text().contains(name), "{path} tells {name}");
        }
    }
    for path in ["/", "/x", "/.doorward/login", "/.doorward/certs"] {
        send(
            &Request::get(&format!("http://127.0.0.1:{}{path}", site.admin)).host(&format!("127.0.0.1:{}", site.port)),
        )
        .expect(404);
    }
    eventually("the refusals are counted", || {
        let metrics = send(&Request::get(&format!("http://127.0.0.1:{}/metrics", site.admin))).text();
        metrics.contains("doorward_requests_total{outcome=\"login_required\",status=\"4xx\"} 3")
    });
    assert!(site.upstream.seen().is_empty());
}

/// Breaks the store under a running gateway, and repairs it.
struct Wrench(Connection);

const TABLES: [&str; 6] = ["meta", "clients", "codes", "grants", "credentials", "accounts"];

impl Wrench {
    fn of(site: &Site) -> Self {
        let connection = Connection::open(site.database()).unwrap();
        connection.busy_timeout(Duration::from_secs(10)).unwrap();
        Self(connection)
    }

    fn break_it(&self) {
        for table in TABLES {
            self.0.execute_batch(&format!("ALTER TABLE {table} RENAME TO broken_{table}")).unwrap();
        }
    }

    fn repair_it(&self) {
        for table in TABLES {
            self.0.execute_batch(&format!("ALTER TABLE broken_{table} RENAME TO {table}")).unwrap();
        }
    }
}

#[track_caller]
fn assert_unavailable(response: &Response) {
    assert_eq!(response.status, 503, "{} {}", response.url, response.text());
    assert!(response.header("retry-after").is_some(), "{}: no Retry-After", response.url);
}

#[test]
fn hp_30_what_is_remembered_is_not_believed_when_nobody_can_say_whether_it_was_revoked() {
    let site = Site::with(|config| config.replacen("[store]", "[store]\noutage_grace = \"0s\"", 1));
    let token = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada()).access;
    let mut browser = site.signed_in(&site.ada());
    let ask = || send(&Request::get(&site.main("/x")).bearer(&token)).status;
    assert_eq!((ask(), browser.send(Request::get(&site.main("/x"))).status), (200, 200), "both are remembered now");
    Wrench::of(&site).break_it();
    eventually("the token is not believed", || ask() == 503);
    assert_eq!(browser.send(Request::get(&site.main("/x"))).status, 503);
}

#[test]
fn hp_30_tk_14_ky_09_op_08_a_broken_store_lets_nobody_in_and_costs_nobody_anything() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let mut browser = site.browser();
    let tokens = agent.authorize(&mut browser, &site.ada());
    let code = agent.code(&mut browser, &site.ada());
    browser.open(&site.url("wiki.test", "/")).expect(200);
    let page = site.browser().open(&site.main("/"));
    let mut fresh = site.browser();
    let fresh_page = fresh.open(&site.main("/"));
    // The grant's end makes the gateway forget what it knew, so that it has to ask the store.
    site.cli_ok(&["user", "revoke", site.eve().name]);
    let wrench = Wrench::of(&site);
    wrench.break_it();
    site.upstream.forget();

    let never_seen = send(&Request::get(&site.main("/x")).bearer(&tokens.access));
    assert_unavailable(&never_seen);
    assert!(never_seen.header("www-authenticate").is_none(), "an outage is not the token's fault");
    assert_unavailable(&agent.refresh(&tokens.refresh));
    assert_unavailable(&agent.redeem(&code));
    assert_unavailable(&browser.send(Request::get(&agent.authorization_url("s")).html()));
    assert_unavailable(
        &fresh.submit(&fresh_page, &[("username", site.ada().name), ("password", &site.ada().password)]),
    );
    assert!(page.status == 200);
    // What needs no store is answered.
    send(&Request::get(&site.main("/x"))).expect(401);
    send(&Request::get(&site.main("/.well-known/oauth-protected-resource"))).expect(200);
    send(&Request::get(&site.main("/.well-known/oauth-authorization-server"))).expect(200);
    send(&Request::get(agent.endpoint("jwks_uri"))).expect(200);
    send(&Request::get(&site.login("/.doorward/certs"))).expect(200);
    let admin = |path: &str| send(&Request::get(&format!("http://127.0.0.1:{}{path}", site.admin))).status;
    assert_eq!((admin("/readyz"), admin("/healthz")), (503, 200));
    assert!(site.upstream.seen().is_empty());

    wrench.repair_it();
    eventually("it is ready again", || admin("/readyz") == 200);
    agent.redeem(&code).expect(200);
    let next = Tokens::of(&agent.refresh(&tokens.refresh).expect(200));
    send(&Request::get(&site.main("/x")).bearer(&next.access)).expect(200);
    send(&Request::get(&site.main("/x")).bearer(&tokens.access)).expect(200);
    fresh.submit(&fresh_page, &[("username", site.ada().name), ("password", &site.ada().password)]).expect(303);
}

/// A client that refreshes as fast as it can, and remembers what it must: its token, and the one before it with its answer.
struct Refresher {
    agent: Agent,
    last: Option<(String, Vec<u8>)>,
    token: String,
}

impl Refresher {
    fn refresh(&mut self) -> bool {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", self.token.as_str()),
            ("client_id", &self.agent.client_id),
        ];
        let Some(response) = try_send(&self.agent.token_request(&fields)) else {
            // The gateway is gone; whether it has heard us, nobody knows.
            thread::sleep(Duration::from_millis(5));
            return false;
        };
        if response.status == 503 {
            return false;
        }
        let tokens = Tokens::of(&response.expect(200));
        self.last = Some((std::mem::replace(&mut self.token, tokens.refresh), tokens.body));
        true
    }
}

#[test]
fn tk_27_op_05_however_often_the_power_goes_off_every_grant_can_be_refreshed() {
    const WORKERS: usize = 4;
    const CUTS: usize = 6;
    let mut site = Site::start();
    let agent = site.agent(&site.main("/"));
    let mut refreshers: Vec<_> = (0..WORKERS)
        .map(|_| Refresher {
            agent: agent.clone(),
            last: None,
            token: agent.authorize(&mut site.browser(), &site.ada()).refresh,
        })
        .collect();
    let (done, count) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for refresher in &mut refreshers {
            let (done, count) = (&done, &count);
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    if refresher.refresh() {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        for _ in 0..CUTS {
            let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos() as usize;
            let enough = count.load(Ordering::Relaxed) + 5 + nanos % 23;
            eventually("they have refreshed for a while", || count.load(Ordering::Relaxed) >= enough);
            let moment = Instant::now() + Duration::from_micros((nanos % 9000) as u64);
            while Instant::now() < moment {
                std::hint::spin_loop();
            }
            site.kill();
            site.run();
        }
        done.store(true, Ordering::Relaxed);
    });
    for mut refresher in refreshers {
        let (before, answer) = refresher.last.take().expect("it never refreshed");
        assert_eq!(refresher.agent.refresh(&before).expect(200).body, answer, "one token, one answer");
        let first = refresher.agent.refresh(&refresher.token).expect(200).body;
        assert_eq!(refresher.agent.refresh(&refresher.token).expect(200).body, first);
        let access =
            serde_json::from_slice::<serde_json::Value>(&first).unwrap()["access_token"].as_str().unwrap().to_owned();
        send(&Request::get(&site.main("/x")).bearer(&access)).expect(200);
    }
}

#[test]
fn op_09_metadata_tokens_and_refreshes_are_quick() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let mut tokens = agent.authorize(&mut site.browser(), &site.ada());
    let start = Instant::now();
    for _ in 0..10 {
        send(&Request::get(&site.main("/.well-known/oauth-authorization-server"))).expect(200);
        tokens = Tokens::of(&agent.refresh(&tokens.refresh).expect(200));
    }
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn whoever_is_being_served_is_served_to_the_end() {
    let site = Site::start();
    let token = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada()).access;
    site.upstream.forget();
    thread::scope(|scope| {
        let slow = scope.spawn(|| send(&Request::get(&site.main("/x?do=slow")).bearer(&token)));
        eventually("the request is under way", || !site.upstream.seen().is_empty());
        let told = std::process::Command::new("kill").args(["-TERM", &site.pid().to_string()]).status().unwrap();
        assert!(told.success());
        slow.join().unwrap().expect(200);
    });
    eventually("nobody is let in any more", || try_send(&Request::get(&site.main("/"))).is_none());
}

#[test]
fn ca_10_a_thousand_guesses_of_a_client_secret_end_in_429() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let metadata = json!({ "client_name": "C", "redirect_uris": ["http://localhost/cb"], "token_endpoint_auth_method": "client_secret_post" });
    let client = send(&Request::post(agent.endpoint("registration_endpoint")).json(&metadata)).expect(201).json();
    let (id, secret) = (client["client_id"].as_str().unwrap(), client["client_secret"].as_str().unwrap());
    let ask = |secret: &str| {
        let form = [("token", "x"), ("client_id", id), ("client_secret", secret)];
        send(&Request::post(agent.endpoint("introspection_endpoint")).form(&form))
    };
    ask(secret).expect(200);
    let answers: Vec<_> = (0..1000).map(|n| ask(&format!("guess-{n}")).status).collect();
    assert!(answers.iter().filter(|status| **status == 401).count() <= 20, "{answers:?}");
    assert_eq!(answers.last(), Some(&429));
    assert_eq!(ask(secret).expect(429).header("retry-after"), Some("60"));
    // Others at the same address are not held up.
    agent.authorize(&mut site.browser(), &site.ada());
}
