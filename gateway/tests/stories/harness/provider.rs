//! An OpenID provider that misbehaves as it is told: `clients/node/bad-provider.mjs`, one for each test.

use super::{Browser, Folder, Request, Response, Site, free_port, send};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The secret that the gateway shares with it: signs that forms and headers must encode.
pub(crate) const SECRET: &str = "s:e/c%r&e+t ä";

pub(crate) struct Provider {
    child: Child,
    folder: Folder,
    pub(crate) port: u16,
}

impl Provider {
    pub(crate) fn start() -> Self {
        let (port, folder) = (free_port(), Folder::new());
        std::fs::write(folder.path().join("secret"), SECRET).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/node/bad-provider.mjs");
        let mut command = Command::new("node");
        command.arg(script).args(["--port", &port.to_string()]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{error}; run `.ci/install tests`"));
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        assert_eq!(ready, "ready\n");
        let provider = Self { child, folder, port };
        provider.set(&json!({ "claims": usual() }));
        provider
    }

    /// It goes away.
    pub(crate) fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    pub(crate) fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its table in the configuration, with more keys; it is called `company`.
    pub(crate) fn table(&self, more: &str) -> String {
        let secret = self.folder.path().join("secret");
        format!(
            "\n[identity_providers.company]\ntype = 'oidc'\nissuer = '{}'\nclient_id = 'doorward'\n\
             client_secret = {{ file = '{}' }}\nuserinfo = 'never'\n{more}\n",
            self.issuer(),
            secret.display()
        )
    }

    /// A gateway whose people come by this provider alone.
    pub(crate) fn site(&self, more: &str) -> Site {
        Site::with(|config| config + &self.table(more))
    }

    /// What it does from now on.
    pub(crate) fn set(&self, told: &Value) {
        self.control("", told);
    }

    /// What its ID tokens say beside the usual.
    pub(crate) fn claim(&self, more: Value) {
        let mut claims = usual();
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.set(&json!({ "claims": claims }));
    }

    /// Other keys than before.
    pub(crate) fn rotate(&self, algs: &[&str]) {
        self.control("/rotate", &json!({ "algs": algs }));
    }

    /// A token by its keys.
    pub(crate) fn sign(&self, what: &Value) -> String {
        self.control("/sign", what).json()["token"].as_str().unwrap().to_owned()
    }

    /// What was asked of it at a path.
    pub(crate) fn asked(&self, path: &str) -> Vec<Value> {
        let log = send(&Request::get(&format!("{}/control/log", self.issuer()))).expect(200).json();
        log.as_array().unwrap().iter().filter(|entry| entry["path"] == path).cloned().collect()
    }

    fn control(&self, path: &str, body: &Value) -> Response {
        send(&Request::post(&format!("{}/control{path}", self.issuer())).json(body)).expect(200)
    }

    /// Opens a page of the site, and signs in on the way; what the gateway answers in the end.
    #[track_caller]
    pub(crate) fn sign_in(&self, browser: &mut Browser, url: &str) -> Response {
        let back = self.come_back(browser, url);
        browser.open(&back)
    }

    /// Opens a page of the site, and goes to the provider and as far as the URL by which it sends back.
    #[track_caller]
    pub(crate) fn come_back(&self, browser: &mut Browser, url: &str) -> String {
        let there = browser.open(url);
        self.answer(there.location())
    }

    /// The URL by which the provider sends back who was sent to it.
    #[track_caller]
    pub(crate) fn answer(&self, url: &str) -> String {
        assert!(url.starts_with(&format!("{}/authorize?", self.issuer())), "{url}");
        send(&Request::get(url).html()).expect(302).location().to_owned()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.stop();
    }
}

fn usual() -> Value {
    json!({ "sub": "ada-1", "email": "ada@example.com", "email_verified": true, "name": "Ada", "groups": ["staff"] })
}
