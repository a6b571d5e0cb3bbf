//! Signing in by OpenID providers: a misbehaving one in most stories, told each time how.

mod certified;
mod discovery;
mod follow;
mod github;
mod id_token;
mod logout;
mod person;
mod sign_in;
mod step_up;

use crate::harness::{Agent, Browser, Provider, Request, Response, Site, Tokens, Wire, query};

/// Signs in with a new browser; what the gateway answers.
#[track_caller]
fn attempt(provider: &Provider, site: &Site) -> (Browser, Response) {
    let mut browser = site.browser();
    let answer = provider.sign_in(&mut browser, &site.main("/"));
    (browser, answer)
}

/// Signs in, and it must work.
#[track_caller]
fn succeeds(provider: &Provider, site: &Site) -> Browser {
    let (browser, answer) = attempt(provider, site);
    answer.expect(200);
    browser
}

/// Signs in, and it must not: nobody is signed in then, and the page says what to do.
#[track_caller]
fn fails(provider: &Provider, site: &Site, status: u16, what: &str) {
    let (browser, answer) = attempt(provider, site);
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
    assert!(browser.cookie("localhost", "doorward-login").is_none(), "{what}: there is a session");
    assert!(answer.is_html() && answer.text().contains("did not work"), "{what}: {}", answer.text());
}

/// An endless answer of the main app, to a page.
fn stream(site: &Site, browser: &Browser) -> Wire {
    let cookie = format!("doorward-main={}", browser.cookie("127.0.0.1", "doorward-main").unwrap());
    let mut wire = Wire::open(site.port);
    wire.write(&Request::get(&site.main("/x?do=endless")).header("Cookie", &cookie).bytes());
    assert_eq!(wire.head().unwrap().status, 200);
    wire.chunk().expect("an event");
    wire
}

/// Lets an agent in, in a browser in which somebody is signed in.
#[track_caller]
fn let_in(site: &Site, browser: &mut Browser) -> (Agent, Tokens) {
    let agent = site.agent(&site.main("/mcp"));
    let page = browser.open(&agent.authorization_url("st")).expect(200);
    let answer = browser.submit(&page, &[("decision", "allow")]).expect(303);
    let code = query(answer.location(), "code").unwrap();
    let tokens = Tokens::of(&agent.redeem(&code).expect(200));
    (agent, tokens)
}
