//! Streams that are open when what let them in is taken away: they end, and nobody else's does.

use crate::harness::{Agent, Browser, Request, Site, Tokens, Wire, send};
use serde_json::Value;
use std::time::{Duration, Instant};

/// A revocation reaches open streams within this time.
const SOON: Duration = Duration::from_secs(2);

/// Ada with an agent and a browser.
struct Ada {
    site: Site,
    agent: Agent,
    browser: Browser,
    tokens: Tokens,
}

impl Ada {
    fn start() -> Self {
        Self::at(Site::start())
    }

    fn at(site: Site) -> Self {
        let agent = site.agent(&site.main("/"));
        let mut browser = site.browser();
        let tokens = agent.authorize(&mut browser, &site.ada());
        browser.open(&site.main("/")).expect(200);
        Self { site, agent, browser, tokens }
    }

    fn cookie(&self) -> String {
        format!("doorward-main={}", self.browser.cookie("127.0.0.1", "doorward-main").unwrap())
    }

    /// Events of the agent's.
    fn events(&self) -> Wire {
        self.open(&Request::get(&self.site.main("/x?do=endless")).bearer(&self.tokens.access))
    }

    /// Events of the browser's.
    fn page_events(&self) -> Wire {
        self.open(&Request::get(&self.site.main("/x?do=endless")).header("Cookie", &self.cookie()))
    }

    fn websocket(&self) -> Wire {
        let request = Request::get(&self.site.main("/ws")).header("Connection", "Upgrade");
        let request = request.header("Upgrade", "websocket").header("Sec-WebSocket-Version", "13");
        let request = request.header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==").bearer(&self.tokens.access);
        let mut wire = Wire::open(self.site.port);
        assert_eq!(wire.send(&request).status, 101);
        wire
    }

    fn open(&self, request: &Request) -> Wire {
        let mut wire = Wire::open(self.site.port);
        wire.write(&request.bytes());
        assert_eq!(wire.head().unwrap().status, 200);
        assert!(wire.chunk().is_some(), "the stream runs");
        wire
    }

    fn grant(&self) -> String {
        let grants: Value = serde_json::from_str(&self.site.cli_ok(&["grant", "list", "--json"])).unwrap();
        let mut grants = grants.as_array().unwrap().iter();
        grants.find(|grant| grant["client"]["id"] == self.agent.client_id.as_str()).expect("the agent's")["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

/// Whether the stream ends soon.
#[track_caller]
fn ends(wire: &mut Wire) {
    let started = Instant::now();
    while wire.chunk().is_some() {
        assert!(started.elapsed() < SOON, "the stream goes on");
    }
}

/// Whether it is there still, after the time in which others ended.
#[track_caller]
fn goes_on(wire: &mut Wire) {
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(300) {
        assert!(wire.chunk().is_some(), "the stream was ended");
    }
}

#[test]
fn a_revoked_grant_ends_its_streams_and_no_others() {
    let ada = Ada::start();
    let (mut events, mut page, mut socket) = (ada.events(), ada.page_events(), ada.websocket());
    let grant = ada.grant();
    ada.site.cli_ok(&["grant", "revoke", grant.as_str()]);
    ends(&mut events);
    assert!(socket.is_closed_within(SOON), "the silent WebSocket too");
    goes_on(&mut page);
    let of_the_stream = |line: &Value| line["error"] == "permission_ended" && line["path"] == "/x";
    let told = ada.site.logged("the end of the stream", of_the_stream);
    assert_eq!((&told["grant"], &told["status"]), (&grant.into(), &200.into()), "the one event of the request");
}

#[test]
fn tk_22_o_09_a_reused_refresh_token_ends_the_open_streams() {
    let site = Site::with(|config| config + "\n[apps.main.oauth.grant]\nrefresh_grace = \"1s\"\n");
    let ada = Ada::at(site);
    let mut events = ada.events();
    ada.agent.refresh(&ada.tokens.refresh).expect(200);
    goes_on(&mut events);
    std::thread::sleep(Duration::from_millis(2100));
    ada.agent.refresh(&ada.tokens.refresh).expect(400);
    ends(&mut events);
}

#[test]
fn a_sign_out_ends_the_pages_streams_and_leaves_the_agents() {
    let mut ada = Ada::start();
    let (mut events, mut page) = (ada.events(), ada.page_events());
    let question = ada.browser.open(&ada.site.main("/.doorward/logout"));
    ada.browser.submit(&question, &[]);
    ends(&mut page);
    goes_on(&mut events);
}

#[test]
fn a_disabled_account_ends_all_its_streams() {
    let ada = Ada::start();
    let (mut events, mut page) = (ada.events(), ada.page_events());
    ada.site.cli_ok(&["user", "revoke", ada.site.ada().name]);
    ends(&mut events);
    ends(&mut page);
}

#[test]
fn a_tighter_policy_ends_streams_and_an_unrelated_change_none() {
    let ada = Ada::start();
    let mut events = ada.events();
    ada.site.reload(|config| config.replace("Main app", "Other name"));
    std::thread::sleep(Duration::from_millis(300));
    goes_on(&mut events);
    ada.site.reload(|config| config.replace("policies = [\"people\"]", "policies = [\"nobody\"]") + NOBODY);
    ends(&mut events);
    send(&Request::get(&ada.site.main("/")).bearer(&ada.tokens.access)).expect(403);
}

#[test]
fn mt_13_a_grant_that_ends_by_itself_ends_its_streams() {
    let lifetimes = "\n[apps.main.oauth.grant]\naccess_token_lifetime = \"2s\"\nsession_duration = \"4s\"\n";
    let ada = Ada::at(Site::with(|config| config + lifetimes));
    let (mut events, opened) = (ada.events(), Instant::now());
    while opened.elapsed() < Duration::from_millis(2500) {
        assert!(events.chunk().is_some(), "the end of an access token ends no stream");
    }
    while events.chunk().is_some() {
        assert!(opened.elapsed() < Duration::from_secs(11), "the stream outlives its grant");
    }
}

const NOBODY: &str = "\n[policies.nobody]\naction = \"allow\"\ninclude = [{ email = \"nobody@example.com\" }]\n";
