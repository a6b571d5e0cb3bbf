//! A machine without a browser is let in by a code that a person enters elsewhere (RFC 8628), and what keeps that from
//! letting strangers in (RFC 10027).

use crate::harness::{Agent, Browser, Request, Response, Site, Tokens, User, eventually, form, send};
use serde_json::{Value, json};

const PAGE: &str = "/.doorward/device";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const ON: &str = "\n[apps.main.oauth.device]\nenabled = true\ninterval = \"1s\"\n";

/// A site whose main app lets devices in.
fn site() -> Site {
    Site::with(|config| config + ON)
}

/// A device that has registered and asked.
struct Device {
    agent: Agent,
    asked: Value,
}

impl Device {
    fn new(site: &Site) -> Self {
        Self::from(site, "203.0.113.9")
    }

    /// It asks from this address, if the site believes the header.
    fn from(site: &Site, address: &str) -> Self {
        let mut agent = site.agent(&site.main("/"));
        let metadata = json!({
            "client_name": "A headless box",
            "redirect_uris": [],
            "grant_types": [DEVICE_CODE, "refresh_token"],
            "token_endpoint_auth_method": "none",
        });
        let client = send(&Request::post(agent.endpoint("registration_endpoint")).json(&metadata)).expect(201).json();
        client["client_id"].as_str().unwrap().clone_into(&mut agent.client_id);
        let asked = Self::ask(&agent, address).expect(200).json();
        Self { agent, asked }
    }

    fn ask(agent: &Agent, address: &str) -> Response {
        let form =
            [("client_id", agent.client_id.as_str()), ("resource", &agent.resource), ("scope", "access notes:write")];
        let request = Request::post(agent.endpoint("device_authorization_endpoint"));
        send(&request.header("X-Forwarded-For", address).form(&form))
    }

    fn poll(&self) -> Response {
        let (client_id, device_code) = (self.agent.client_id.as_str(), self.text("device_code"));
        self.agent.token(&[("grant_type", DEVICE_CODE), ("client_id", client_id), ("device_code", device_code)])
    }

    /// Waits out the interval, and asks again.
    fn error(&self) -> String {
        std::thread::sleep(std::time::Duration::from_secs(1));
        self.poll().expect(400).json()["error"].as_str().unwrap().to_owned()
    }

    fn text(&self, member: &str) -> &str {
        self.asked[member].as_str().unwrap()
    }

    fn code(&self) -> &str {
        self.text("user_code")
    }
}

/// Opens the page where codes are entered, signing in on the way if need be.
fn open(site: &Site, browser: &mut Browser, user: &User) -> Response {
    browser.sign_in(&site.login(PAGE), user).expect(200)
}

/// Enters a code and sends it.
fn enter(site: &Site, browser: &mut Browser, user: &User, code: &str) -> Response {
    let page = open(site, browser, user);
    browser.submit(&page, &[("user_code", code)])
}

/// The page that asks about a device.
fn confirmation(site: &Site, browser: &mut Browser, user: &User, device: &Device) -> Response {
    enter(site, browser, user, device.code()).expect(200)
}

const ALLOW: &[(&str, &str)] = &[("decision", "allow")];

#[test]
fn dv_01_dv_02_dv_04_a_device_is_let_in_from_a_browser() {
    let site = site();
    let device = Device::new(&site);
    assert_eq!(device.poll().expect(400).json()["error"], "authorization_pending");
    let mut browser = site.browser();
    let page = browser.sign_in(device.text("verification_uri_complete"), &site.ada()).expect(200);
    assert!(page.url.starts_with(&site.login(PAGE)), "{}", page.url);
    assert!(
        page.text().contains(&format!("value=\"{}\"", device.code())),
        "the link fills the code in: {}",
        page.text()
    );
    assert!(!page.text().contains("A headless box"), "and nothing more happens before it is sent");
    let page = browser.submit(&page, &[("user_code", &device.code().to_lowercase().replace('-', " "))]).expect(200);
    for shown in
        ["A headless box", "Unverified", "Main app", "Change notes", device.code(), "127.0.0.1", "ada@example.com"]
    {
        assert!(page.text().contains(shown), "no `{shown}` in {}", page.text());
    }
    assert_eq!(device.error(), "authorization_pending", "to look is not to allow");
    let done = browser.submit(&page, ALLOW).expect(200);
    assert!(done.text().contains("Go back to your device"), "{}", done.text());
    let tokens = Tokens::of(&device.poll().expect(200));
    assert_eq!(tokens.scope, "access notes:write");
    send(&Request::get(&device.agent.resource).bearer(&tokens.access)).expect(200);
    send(&Request::post(&site.main("/notes/1")).bearer(&tokens.access)).expect(200);
    site.logged("the device's request", |event| event["via"] == "device" && event["status"] == 200);
    site.logged("the decision", |event| event["act"] == "device_allowed");
    let refreshed = device.agent.refresh(&tokens.refresh).expect(200);
    send(&Request::get(&device.agent.resource).bearer(&Tokens::of(&refreshed).access)).expect(200);
}

#[test]
fn dv_02_dv_03_a_person_says_no_and_a_code_is_good_once() {
    let site = site();
    let mut browser = site.browser();
    let denied = Device::new(&site);
    let page = confirmation(&site, &mut browser, &site.ada(), &denied);
    let done = browser.submit(&page, &[("decision", "deny")]).expect(200);
    assert!(done.text().contains("not let in"), "{}", done.text());
    assert_eq!(denied.error(), "access_denied");
    // The same form once more, and the same code.
    let again = browser.submit(&page, ALLOW).expect(400);
    assert!(again.text().contains("not known"), "{}", again.text());
    enter(&site, &mut browser, &site.ada(), denied.code()).expect(400);
    assert_eq!(denied.error(), "access_denied");
    let allowed = Device::new(&site);
    let page = confirmation(&site, &mut browser, &site.ada(), &allowed);
    browser.submit(&page, ALLOW).expect(200);
    let tokens = Tokens::of(&allowed.poll().expect(200));
    assert_eq!(allowed.poll().expect(400).json()["error"], "invalid_grant");
    let call = Request::get(&allowed.agent.resource).bearer(&tokens.access);
    assert_eq!(send(&call).status, 401, "whoever has the code, two have: what came of it has ended");
}

#[test]
fn dv_04_nothing_is_sent_by_a_link_or_by_another_site() {
    let site = site();
    let device = Device::new(&site);
    let mut ada = site.browser();
    let page = open(&site, &mut ada, &site.ada());
    let fields = [("user_code", device.code())];
    let bare = Request::post(&site.login(PAGE)).html().form(&fields);
    ada.send(bare.clone()).expect(403);
    let from_elsewhere = form(&page, &fields).header("X", "y");
    let replaced = |name: &str, value: &str| {
        let mut request = from_elsewhere.clone();
        request.headers.retain(|(other, _)| other != name);
        request.header(name, value)
    };
    ada.send(replaced("Sec-Fetch-Site", "cross-site")).expect(403);
    let mut bob = site.browser();
    let of_bob = open(&site, &mut bob, &site.bob());
    ada.send(form(&of_bob, &fields)).expect(403);
    // What Bob is asked, Ada cannot answer; nor can another site.
    let asked = bob.submit(&of_bob, &fields).expect(200);
    let refused = ada.send(form(&asked, ALLOW)).expect(403);
    assert!(!refused.text().contains("Go back"), "{}", refused.text());
    let mut other_site = form(&asked, ALLOW);
    other_site.headers.retain(|(name, _)| name != "Sec-Fetch-Site");
    bob.send(other_site.header("Sec-Fetch-Site", "cross-site")).expect(403);
    // Signed out, the form is worth nothing.
    let mut nobody = site.browser();
    let away = nobody.send(form(&asked, ALLOW)).expect(303);
    assert_eq!(away.location(), site.login(PAGE));
    assert_eq!(device.error(), "authorization_pending");
    bob.submit(&asked, ALLOW).expect(200);
    device.poll().expect(200);
}

#[test]
fn dv_03_whoever_guesses_is_stopped_and_the_code_stays_good() {
    let site = site();
    let device = Device::new(&site);
    let (mut ada, mut bob) = (site.browser(), site.browser());
    let guesses = ["BBBB-BBBB", "BBBB-BBBC", "AAAA-AAAA", "x", "BBBB-BBBD"];
    let pages: Vec<_> = guesses.iter().map(|guess| enter(&site, &mut ada, &site.ada(), guess).expect(400)).collect();
    assert!(pages.iter().all(|page| page.text().contains("not known")));
    let stopped = enter(&site, &mut ada, &site.ada(), device.code()).expect(429);
    assert_eq!(stopped.header("retry-after"), Some("300"));
    let mut again = site.browser();
    enter(&site, &mut again, &site.ada(), device.code()).expect(429);
    site.logged("the guesses", |event| event["act"] == "device_codes_guessed");
    let page = confirmation(&site, &mut bob, &site.bob(), &device);
    bob.submit(&page, ALLOW).expect(200);
    device.poll().expect(200);
}

#[test]
fn dv_03_unknown_and_used_codes_are_answered_alike() {
    let site = site();
    let mut browser = site.browser();
    let used = Device::new(&site);
    let page = confirmation(&site, &mut browser, &site.ada(), &used);
    browser.submit(&page, &[("decision", "deny")]).expect(200);
    let text = |code: &str, browser: &mut Browser| {
        let page = enter(&site, browser, &site.ada(), code).expect(400);
        let shown = page.text().replace(code, "CODE");
        let (before, after) = shown.split_once("name=\"form\" value=\"").unwrap();
        format!("{before}{}", after.split_once('"').unwrap().1)
    };
    assert_eq!(text(used.code(), &mut browser), text("BCDF-GHJK", &mut browser));
}

#[test]
fn dv_05_without_an_app_that_wants_it_there_is_nothing() {
    let off = Site::start();
    let mut browser = off.signed_in(&off.ada());
    browser.send(Request::get(&off.login(PAGE)).html()).expect(404);
    browser.send(Request::get(&off.main(PAGE)).html()).expect(404);
    let agent = off.agent(&off.main("/"));
    assert!(agent.metadata.get("device_authorization_endpoint").is_none());
    send(
        &Request::post(&off.main("/.doorward/oauth/main/device_authorization"))
            .form(&[("client_id", &agent.client_id)]),
    )
    .expect(404);
    let on = site();
    let away = send(&Request::get(&on.main(&format!("{PAGE}?user_code=BCDF-GHJK"))).html()).expect(302);
    assert_eq!(away.location(), on.login(PAGE));
    send(&Request::post(&on.main(PAGE)).form(&[("user_code", "x")])).expect(405);
    let wiki = send(&Request::get(&on.url("wiki.test", "/.well-known/oauth-authorization-server"))).expect(200).json();
    assert!(wiki.get("device_authorization_endpoint").is_none(), "the other apps do not");
    let agent = on.agent(&on.main("/"));
    let refused = Device::ask(&agent, "203.0.113.9").expect(400).json();
    assert_eq!(refused["error"], "unauthorized_client", "a client that did not register for it: {refused}");
}

#[test]
fn dv_05_the_person_is_told_that_the_device_is_elsewhere() {
    let site =
        Site::with(|config| config.replace("threads = 2", "threads = 2\ntrusted_proxies = ['127.0.0.0/8']") + ON);
    let mut browser = site.browser();
    for (address, elsewhere) in [("198.51.100.23", true), ("2001:db8::23", true), ("127.0.0.1", false)] {
        let device = Device::from(&site, address);
        let page = confirmation(&site, &mut browser, &site.ada(), &device);
        assert!(page.text().contains(address), "{}", page.text());
        assert_eq!(page.text().contains("not where you are"), elsewhere, "{address}: {}", page.text());
    }
}

#[test]
fn dv_04_the_policy_is_asked_and_knows_the_way_in() {
    let site = Site::with(|config| {
        let shut = "policies = [{ name = 'no-devices', action = 'block', include = [{ via = 'device' }] }, 'people']";
        config.replacen("policies = [\"people\"]", shut, 1) + ON
    });
    let device = Device::new(&site);
    let mut browser = site.browser();
    let page = enter(&site, &mut browser, &site.ada(), device.code()).expect(403);
    assert!(page.text().contains("blocks you"), "{}", page.text());
    assert_eq!(device.error(), "authorization_pending");
    site.agent(&site.main("/")).authorize(&mut browser, &site.ada());
    // What changes between Allow and the answer counts too, and then at each request.
    site.reload(|config| config + ON);
    let page = confirmation(&site, &mut browser, &site.ada(), &device);
    browser.submit(&page, ALLOW).expect(200);
    let other = Device::new(&site);
    let tokens = Tokens::of(&device.poll().expect(200));
    let page = confirmation(&site, &mut browser, &site.ada(), &other);
    browser.submit(&page, ALLOW).expect(200);
    site.reload(|config| {
        let shut = "policies = [{ name = 'no-devices', action = 'block', include = [{ via = 'device' }] }, 'people']";
        config.replacen("policies = [\"people\"]", shut, 1) + ON
    });
    assert_eq!(other.poll().expect(400).json()["error"], "invalid_grant");
    send(&Request::get(&device.agent.resource).bearer(&tokens.access)).expect(403);
}

#[test]
fn dv_05_az_19_the_pages_are_hardened_and_say_what_to_fear() {
    let site = site();
    let device = Device::new(&site);
    let mut browser = site.browser();
    let page = open(&site, &mut browser, &site.ada());
    let asked = confirmation(&site, &mut browser, &site.ada(), &device);
    assert!(page.text().contains("Did somebody send you this code"), "{}", page.text());
    assert!(asked.text().contains("in front of you"), "{}", asked.text());
    for page in [&page, &asked] {
        assert_eq!(page.header("x-frame-options"), Some("DENY"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self'"), "{policy}");
    }
}

#[test]
fn dv_03_op_03_an_address_asks_so_often_in_a_minute() {
    let site = site();
    let device = Device::new(&site);
    let answers: Vec<_> = (0..31).map(|_| Device::ask(&device.agent, "203.0.113.9")).collect();
    let last = answers.last().unwrap();
    assert_eq!((last.status, last.json()["error"].as_str()), (429, Some("too_many_requests")));
    assert_eq!(last.header("retry-after"), Some("60"));
    assert_eq!(device.error(), "authorization_pending", "its questions are counted apart");
}

#[test]
fn dv_03_a_power_cut_forgets_no_decision_and_no_redemption() {
    let mut site = site();
    let device = Device::new(&site);
    let mut browser = site.browser();
    let page = confirmation(&site, &mut browser, &site.ada(), &device);
    browser.submit(&page, ALLOW).expect(200);
    site.kill();
    site.run();
    let tokens = Tokens::of(&device.poll().expect(200));
    site.kill();
    site.run();
    assert_eq!(device.poll().expect(400).json()["error"], "invalid_grant");
    let call = Request::get(&device.agent.resource).bearer(&tokens.access);
    eventually("the replay ended the grant", || send(&call).status == 401);
}
