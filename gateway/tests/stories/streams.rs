//! Streams that are open when what let them in is taken away: they end, and nobody else's does.

use crate::harness::{
    Agent, Browser, Ended, Http2, Incoming, Part, Request, Scripted, Site, Tokens, Wire, eventually, say, send,
};
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

    /// The agent's request for what the upstream does by that name.
    fn asks_for(&self, what: &str) -> Request {
        Request::get(&self.site.main(&format!("/x?do={what}"))).bearer(&self.tokens.access)
    }

    fn revoke(&self) {
        self.site.cli_ok(&["grant", "revoke", self.grant().as_str()]);
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
    ada.revoke();
    assert_eq!(events.ends_within(SOON), Ended::Whole, "what came after the last event is none");
    let close = socket.rest();
    assert_eq!(close[..4], [0x88, 26, 0x03, 0xf0], "the silent WebSocket is closed with 1008");
    assert_eq!(&close[4..], b"the permission has ended");
    goes_on(&mut page);
    let of_the_stream = |line: &Value| line["error"] == "permission_ended" && line["path"] == "/x";
    let told = ada.site.logged("the end of the stream", of_the_stream);
    assert_eq!((&told["grant"], &told["status"]), (&grant.into(), &200.into()), "the one event of the request");
}

#[test]
fn a_revoked_download_breaks_off_so_that_nobody_takes_it_for_whole() {
    let ada = Ada::start();
    let mut download = ada.open(&ada.asks_for("download"));
    ada.revoke();
    assert_eq!(download.ends_within(SOON), Ended::Broken);
}

#[test]
fn a_silent_stream_ends_too_and_the_upstream_is_told() {
    let ada = Ada::start();
    let mut events = ada.open(&ada.asks_for("silence"));
    ada.revoke();
    assert_eq!(events.ends_within(SOON), Ended::Whole);
    eventually("the upstream sees it", || ada.site.upstream.closed_streams() == 1);
}

#[test]
fn a_client_that_reads_nothing_does_not_keep_its_stream() {
    let ada = Ada::start();
    let mut flood = Wire::open(ada.site.port);
    flood.write(&ada.asks_for("flood").bytes());
    eventually("the client's buffers are full", || ada.site.upstream.blocked_streams() == 1);
    ada.revoke();
    eventually("the upstream sees the end", || ada.site.upstream.closed_streams() == 1);
}

#[test]
fn what_was_not_answered_yet_is_answered_with_the_reason() {
    let ada = Ada::start();
    let mut waiting = Wire::open(ada.site.port);
    waiting.write(&ada.asks_for("never").bytes());
    eventually("the upstream has it", || ada.site.upstream.seen().iter().any(|seen| seen.target() == "/x?do=never"));
    ada.revoke();
    let refused = waiting.answer(false).expect("an answer");
    assert_eq!((refused.status, &refused.json()["error"]), (401, &"permission_ended".into()));
}

#[test]
fn over_http2_a_revoked_grant_ends_its_streams_and_no_others() {
    let ada = Ada::start();
    let mut connection = Http2::open(ada.site.port);
    let page = Request::get(&ada.site.main("/x?do=endless")).header("Cookie", &ada.cookie());
    let (mut page, mut events) = (connection.begin(&page), connection.begin(&ada.asks_for("endless")));
    let mut silent = connection.begin(&ada.asks_for("silence"));
    let mut download = connection.begin(&ada.asks_for("download"));
    ada.revoke();
    assert_eq!(end_of(&mut events), Part::End(Vec::new()));
    assert_eq!(end_of(&mut silent), Part::End(Vec::new()));
    assert!(matches!(end_of(&mut download), Part::Reset(Some(_))), "a part is not the whole");
    let refused = connection.send(&Request::get(&ada.site.main("/")).bearer(&ada.tokens.access));
    assert_eq!(refused.status, 401, "the connection serves others");
    for _ in 0..20 {
        assert!(matches!(page.part(), Part::Data(_)), "the browser's stream was ended");
    }
}

/// What follows the data, which must be soon.
#[track_caller]
fn end_of(stream: &mut Incoming) -> Part {
    let started = Instant::now();
    loop {
        assert!(started.elapsed() < SOON, "the stream goes on");
        match stream.part_within(SOON).expect("the stream is silent and goes on") {
            Part::Data(_) => {}
            end => return end,
        }
    }
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
fn a_request_that_is_over_is_not_ended_and_its_connection_goes_on() {
    let ada = Ada::start();
    let agents = Request::get(&ada.site.main("/x")).bearer(&ada.tokens.access);
    let mut wire = Wire::open(ada.site.port);
    wire.send(&agents).expect(200);
    ada.revoke();
    eventually("that is heeded", || send(&agents).status == 401);
    std::thread::sleep(Duration::from_millis(500));
    wire.send(&Request::get(&ada.site.main("/x")).header("Cookie", &ada.cookie())).expect(200);
}

#[test]
fn an_app_that_is_taken_out_or_leaves_a_provider_out_ends_its_streams() {
    let ada = Ada::at(Site::with(|config| config + &Site::lab("upstream = \"UPSTREAM\"")));
    let mut lab = ada.open(&Request::get(&ada.site.at_lab("/x?do=endless")));
    let (mut events, mut page) = (ada.events(), ada.page_events());
    ada.site.reload(|config| config);
    ends(&mut lab);
    goes_on(&mut events);
    let provider = format!(
        "\n[identity_providers.local]\ntype = \"local\"\n[identity_providers.corporate]\ntype = \"github\"\n\
         client_id = \"x\"\nclient_secret = {{ file = {:?} }}\n",
        ada.site.config()
    );
    let only = "name = \"Main app\"\nallowed_identity_providers = [\"corporate\"]";
    ada.site.reload(|config| config.replacen("name = \"Main app\"", only, 1) + &provider);
    ends(&mut events);
    ends(&mut page);
}

#[test]
fn within_a_frame_a_websocket_is_cut_off_without_a_word() {
    const WHOLE: &[u8] = &[0x82, 3, 1, 2, 3];
    const PART: &[u8] = &[0x82, 100, 1, 2, 3];
    let server = Scripted::start(|seen, writer| {
        writer.write_all(b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n").ok()?;
        writer.write_all(if seen.target() == "/part" { PART } else { WHOLE }).ok()
    });
    let upstream = format!("upstream = {:?}", server.url());
    let site = Site::with_lab(&upstream);
    let open = |target: &str, begun: &[u8]| {
        let request = Request::get(&site.at_lab(target)).header("Connection", "Upgrade").header("Upgrade", "websocket");
        let key = request.header("Sec-WebSocket-Version", "13").header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        let mut wire = Wire::open(site.port);
        assert_eq!(wire.send(&key).status, 101);
        assert_eq!(wire.exactly(begun.len()).unwrap(), begun);
        wire
    };
    let (mut whole, mut part) = (open("/whole", WHOLE), open("/part", PART));
    site.reload(|config| config + &Site::lab(&upstream).replace("127.0.0.0/8", "192.0.2.0/24"));
    assert_eq!(whole.rest()[..4], [0x88, 19, 0x03, 0xf0], "1008: no longer allowed");
    assert_eq!(part.rest(), [0; 0], "it would be taken for data");
}

#[test]
fn mt_13_a_redirect_that_was_followed_is_reviewed_by_where_it_led() {
    let server = Scripted::start(|seen, writer| {
        if seen.target() == "/begin" {
            let to = "HTTP/1.1 307 Temporary Redirect\r\nLocation: /events\r\nContent-Length: 0\r\n\r\n";
            return say(writer, to);
        }
        say(writer, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")?;
        loop {
            say(writer, "9\r\ndata: x\n\n\r\n")?;
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let lab = Site::lab(&format!("upstream = {:?}\nfollow_redirects = true", server.url()));
    let site = Site::with(|config| config + &lab);
    let mut wire = Wire::open(site.port);
    wire.write(&Request::get(&site.at_lab("/begin")).bytes());
    assert_eq!(wire.head().unwrap().status, 200);
    goes_on(&mut wire);
    let guarded = "include = [{ ip = \"127.0.0.0/8\" }], exclude = [{ path = \"/events\" }]";
    site.reload(|config| config + &lab.replace("include = [{ ip = \"127.0.0.0/8\" }]", guarded));
    ends(&mut wire);
}

#[test]
fn mt_13_a_grant_that_ends_by_itself_ends_its_streams() {
    let lifetimes = "\n[apps.main.oauth.grant]\naccess_token_lifetime = \"2s\"\nsession_duration = \"9s\"\n";
    let ada = Ada::at(Site::with(|config| config + lifetimes));
    let (mut events, opened) = (ada.events(), Instant::now());
    while opened.elapsed() < Duration::from_secs(3) {
        assert!(events.chunk().is_some(), "the end of an access token ends no stream");
    }
    while events.chunk().is_some() {
        assert!(opened.elapsed() < Duration::from_secs(17), "the stream outlives its grant");
    }
}

const NOBODY: &str = "\n[policies.nobody]\naction = \"allow\"\ninclude = [{ email = \"nobody@example.com\" }]\n";
