//! First contacts of clients in the field, replayed: their requests in their order, with their headers and bodies, up to a
//! token that works and its successor. What they send is data: `replays/*.toml`, one file for each way of a client.

use crate::harness::{Browser, Request, Response, Site, User, parameter, pkce_challenge, query, send};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// A client's way from an app's URL to its data.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replay {
    /// What the consent page calls it.
    name: String,
    redirect_uri: String,
    /// Its metadata document, if it does not register.
    client_id: Option<String>,
    /// What it sends as `state`; a random one is much alike for all.
    #[serde(default = "usual_state")]
    state: String,
    /// Whether the app's metadata offer client documents to it.
    #[serde(default = "yes")]
    documents: bool,
    steps: Vec<Step>,
}

/// A request, or the walk of the person through the browser. `{name}` stands for what an earlier step kept.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, untagged)]
enum Step {
    Authorize {
        authorize: String,
        query: BTreeMap<String, String>,
    },
    Send {
        request: String,
        #[serde(default)]
        headers: BTreeMap<String, String>,
        form: Option<BTreeMap<String, String>>,
        json: Option<String>,
        status: u16,
        /// Name, and where the value is: `challenge:PARAMETER`, or a JSON pointer.
        #[serde(default)]
        keep: BTreeMap<String, String>,
    },
}

fn usual_state() -> String {
    "bmV2ZXIgdGhlIHNhbWUgdHdpY2U".to_owned()
}

fn yes() -> bool {
    true
}

/// A client on its way.
struct Way<'a> {
    values: BTreeMap<String, String>,
    replay: &'a Replay,
    browser: Browser,
    user: User,
}

impl Way<'_> {
    fn take(&mut self, step: &Step) {
        match step {
            Step::Authorize { authorize, query } => self.authorize(authorize, query),
            Step::Send { request, headers, form, json, status, keep } => {
                let mut sent = self.request(request);
                for (name, value) in headers {
                    sent = sent.header(name, &self.fill(value));
                }
                if let Some(form) = form {
                    sent = sent.form(&pairs(&self.fill_all(form)));
                }
                if let Some(json) = json {
                    let body: Value = serde_json::from_str(&self.fill(json)).unwrap();
                    sent = sent.json(&body);
                }
                let response = send(&sent).expect(*status);
                for (name, place) in keep {
                    self.values.insert(name.clone(), find(&response, place));
                }
            }
        }
        self.derive();
    }

    fn request(&self, line: &str) -> Request {
        let (method, url) = line.split_once(' ').unwrap();
        Request::new(method, &self.fill(url))
    }

    /// The person signs in and allows; the code comes to where the client waits.
    fn authorize(&mut self, endpoint: &str, fields: &BTreeMap<String, String>) {
        let fields = self.fill_all(fields);
        let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
        let url = format!("{}?{}", self.fill(endpoint), fields.join("&"));
        let page = self.browser.sign_in(&url, &self.user).expect(200);
        assert!(page.text().contains(&self.replay.name), "{}", page.text());
        let answer = self.browser.submit(&page, &[("decision", "allow")]).expect(303);
        let location = answer.location();
        assert!(location.starts_with(&format!("{}?", self.replay.redirect_uri)), "{location}");
        assert_eq!(query(location, "state").as_ref(), Some(&self.replay.state));
        assert_eq!(query(location, "iss").as_ref(), self.values.get("issuer"), "{location}");
        // Some take it from the URL as it is, and escape it once more.
        let code = location.split_once("code=").unwrap().1.split('&').next().unwrap();
        assert!(code.chars().all(|c| c.is_ascii_alphanumeric() || "-._~".contains(c)), "{code}");
        self.values.insert("code".to_owned(), code.to_owned());
    }

    /// What every client derives from what it has read.
    fn derive(&mut self) {
        if let Some(issuer) = self.values.get("issuer") {
            let at = issuer.match_indices('/').nth(2).map_or(issuer.len(), |(at, _)| at);
            let (origin, path) = issuer.split_at(at);
            // RFC 8414 section 3.1.
            let metadata = format!("{origin}/.well-known/oauth-authorization-server{path}");
            self.values.insert("server_metadata".to_owned(), metadata);
        }
    }

    fn fill(&self, text: &str) -> String {
        let filled =
            self.values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value));
        let open = filled.find('{').filter(|at| filled[at + 1..].starts_with(|c: char| c.is_ascii_lowercase()));
        assert!(open.is_none(), "something is not known yet: {filled}");
        filled
    }

    fn fill_all(&self, fields: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        fields.iter().map(|(name, value)| (name.clone(), self.fill(value))).collect()
    }
}

fn pairs(fields: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// As `encodeURIComponent` does it: a blank is `%20`.
fn escape(value: &str) -> String {
    percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn find(response: &Response, place: &str) -> String {
    if let Some(name) = place.strip_prefix("challenge:") {
        let found = parameter(response.challenge(), name);
        return found.unwrap_or_else(|| panic!("no `{name}` in {}", response.challenge())).to_owned();
    }
    let body = response.json();
    match body.pointer(place).unwrap_or_else(|| panic!("no {place} in {body}")) {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        other => panic!("{place} is {other}"),
    }
}

/// Replays a file at two apps: one whose issuer is an origin, and one whose issuer has a path.
fn replay(file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories/replays").join(file);
    let replay: Replay = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let site = Site::with(|config| if replay.documents { config } else { without_documents(&config) });
    for (mcp, origin) in
        [(site.main("/mcp"), site.main("")), (site.url("tools.test", "/mcp"), site.url("tools.test", ""))]
    {
        let mut way = Way { values: BTreeMap::new(), replay: &replay, browser: site.browser(), user: site.ada() };
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk-and-up-to-128-chars";
        for (name, value) in [
            ("mcp", mcp.as_str()),
            ("origin", &origin),
            ("redirect_uri", &replay.redirect_uri),
            ("state", &replay.state),
            ("verifier", verifier),
            ("challenge", &pkce_challenge(verifier)),
        ] {
            way.values.insert(name.to_owned(), value.to_owned());
        }
        way.values.extend(replay.client_id.iter().map(|id| ("client_id".to_owned(), id.clone())));
        site.upstream.forget();
        for step in &replay.steps {
            way.take(step);
        }
        let seen = site.upstream.seen();
        assert!(!seen.is_empty(), "nothing got through");
        for seen in seen {
            assert_eq!(seen.header("x-forwarded-email"), Some(way.user.name));
        }
    }
}

/// The configuration without client documents, at both apps.
fn without_documents(config: &str) -> String {
    let main = "[apps.main.oauth]\nenabled = true";
    let off = "client_id_metadata_documents.enabled = false";
    config
        .replace("oauth.enabled = true", &format!("oauth.enabled = true\noauth.{off}"))
        .replace(main, &format!("{main}\n{off}"))
}

#[test]
fn ch_08_cm_25_codex_by_its_document() {
    replay("codex.toml");
}

#[test]
fn ch_08_dr_04_codex_registers_where_there_are_no_documents() {
    replay("codex-registers.toml");
}

#[test]
fn ru_03_cm_25_claude_code_by_its_document() {
    replay("claude-code.toml");
}

#[test]
fn ri_08_dr_06_claude_code_registers_and_names_no_resource() {
    replay("claude-code-registers.toml");
}

#[test]
fn cm_25_vs_code_by_its_document() {
    replay("vscode.toml");
}

#[test]
fn ru_13_vs_code_registers() {
    replay("vscode-registers.toml");
}

#[test]
fn prm_01_gemini_cli_registers_and_asks_for_every_scope() {
    replay("gemini-cli.toml");
}

#[test]
fn dr_09_ru_07_cursor_registers_three_redirect_uris_at_once() {
    replay("cursor.toml");
}

#[test]
fn cm_25_ru_14_chatgpt_by_its_document() {
    replay("chatgpt.toml");
}

#[test]
fn ru_14_chatgpt_registers_a_connector() {
    replay("chatgpt-registers.toml");
}
