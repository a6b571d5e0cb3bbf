//! Signing in by GitHub: a small one that answers as GitHub documents.

use super::super::harness::{Browser, Folder, Request, Response, Site, query};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

struct Github {
    port: u16,
    folder: Folder,
    /// What is answered at a path; the forms of token requests are kept at `form`.
    answers: Arc<Mutex<Value>>,
}

impl Github {
    fn start() -> Self {
        let answers = json!({
            "/login/oauth/access_token": { "access_token": "gho_secret", "token_type": "bearer", "scope": "read:user" },
            "/api/user": { "id": 42, "login": "ada", "name": "Ada" },
            "/api/user/emails": [
                { "email": "old@example.com", "primary": false, "verified": true },
                { "email": "ada@example.com", "primary": true, "verified": true },
            ],
            "/api/user/orgs": [{ "login": "Example" }],
            "/api/user/teams": [{ "slug": "ops", "organization": { "login": "Example" } }],
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let answers = Arc::new(Mutex::new(answers));
        let shared = Arc::clone(&answers);
        thread::spawn(move || listener.incoming().flatten().for_each(|stream| serve(stream, &shared)));
        let folder = Folder::new();
        std::fs::write(folder.path().join("secret"), "github-secret").unwrap();
        Self { port, folder, answers }
    }

    fn site(&self, more: &str) -> Site {
        let secret = self.folder.path().join("secret").display().to_string();
        let url = format!("http://127.0.0.1:{}", self.port);
        Site::with(|config| {
            config
                + &format!(
                    "\n[identity_providers.github]\ntype = 'github'\nurl = '{url}'\napi_url = '{url}/api'\n\
                     client_id = 'gh-client'\nclient_secret = {{ file = '{secret}' }}\n{more}\n"
                )
        })
    }

    fn answer(&self, path: &str, body: Value) {
        self.answers.lock().unwrap()[path] = body;
    }

    #[track_caller]
    fn sign_in(&self, site: &Site, browser: &mut Browser) -> Response {
        let there = browser.open(&site.main("/"));
        let url = there.location();
        assert!(url.starts_with(&format!("http://127.0.0.1:{}/login/oauth/authorize?", self.port)), "{url}");
        assert_eq!(query(url, "code_challenge_method").as_deref(), Some("S256"));
        let back = format!("{}?code=c&state={}", query(url, "redirect_uri").unwrap(), query(url, "state").unwrap());
        browser.open(&back)
    }
}

/// One request, one answer.
fn serve(stream: TcpStream, answers: &Mutex<Value>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut line, mut length) = (String::new(), 0);
    reader.read_line(&mut line).unwrap();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        if header.trim().is_empty() {
            break;
        }
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let path = line.split([' ', '?']).nth(1).unwrap_or_default().to_owned();
    let mut answers = answers.lock().unwrap();
    if !body.is_empty() {
        answers["form"] = json!(String::from_utf8(body).unwrap());
    }
    let (status, body) = match &answers[&path] {
        Value::Null => (404, "{}".to_owned()),
        answer => (200, answer.to_string()),
    };
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    let _ = (&stream).write_all(head.as_bytes());
}

#[test]
fn a_person_of_github_comes_with_organisations_and_teams_as_groups() {
    let github = Github::start();
    let site = github.site("organisations = ['example']");
    let mut browser = site.browser();
    github.sign_in(&site, &mut browser).expect(200);
    let seen = site.upstream.last();
    assert_eq!(seen.header("x-forwarded-email"), Some("ada@example.com"));
    assert_eq!(seen.header("x-forwarded-groups"), Some("example,example/ops"));
    let form = github.answers.lock().unwrap()["form"].as_str().unwrap().to_owned();
    assert!(form.contains("code_verifier=") && form.contains("client_secret=github-secret"), "{form}");
    assert!(!site.log_lines().join("").contains("gho_secret"));
}

#[test]
fn who_is_in_none_of_the_organisations_stays_out() {
    let github = Github::start();
    github.answer("/api/user/orgs", json!([{ "login": "Another" }]));
    let site = github.site("organisations = ['example']");
    let mut browser = site.browser();
    let page = github.sign_in(&site, &mut browser);
    assert_eq!(page.status, 403, "{}", page.text());
    assert!(browser.cookie("localhost", "doorward-login").is_none());
}

#[test]
fn rp_20_only_the_verified_primary_address_of_github_counts_and_the_number_is_who_it_is() {
    let github = Github::start();
    let unverified = json!([{ "email": "ada@example.com", "primary": true, "verified": false },
        { "email": "other@example.com", "primary": false, "verified": true }]);
    github.answer("/api/user/emails", unverified);
    let site = github.site("");
    let mut browser = site.browser();
    assert_eq!(github.sign_in(&site, &mut browser).status, 403, "no address that counts");
    let first = browser.open(&site.login("/.doorward/identity")).json()["sub"].clone();
    github.answer("/api/user", json!({ "id": 43, "login": "ada", "name": "Ada" }));
    let mut browser = site.browser();
    github.sign_in(&site, &mut browser);
    assert_ne!(browser.open(&site.login("/.doorward/identity")).json()["sub"], first, "logins are given to others");
}

#[test]
fn errors_of_github_come_with_status_200_and_are_errors() {
    let github = Github::start();
    github.answer("/login/oauth/access_token", json!({ "error": "bad_verification_code", "error_description": "no" }));
    let site = github.site("");
    let mut browser = site.browser();
    assert_eq!(github.sign_in(&site, &mut browser).status, 403);
    github.answer("/login/oauth/access_token", json!({ "access_token": "gho_secret" }));
    github.answer("/api/user", Value::Null);
    let mut browser = site.browser();
    assert_eq!(github.sign_in(&site, &mut browser).status, 502);
    assert_eq!(browser.send(Request::get(&site.main("/")).html()).status, 302);
}
