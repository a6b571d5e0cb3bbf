//! How long a browser stays signed in, and what it has to carry meanwhile.

use crate::harness::{Browser, Request, Response, Site, query};
use std::thread::sleep;
use std::time::Duration;

fn is_in(site: &Site, browser: &mut Browser) -> bool {
    browser.is_let_in(&site.main("/"))
}

#[test]
fn bs_05_a_session_in_use_goes_on_and_one_that_lies_idle_ends() {
    let site = Site::with(|config| {
        config.replacen("[store]", "session_duration = \"1h\"\nidle_timeout = \"3s\"\n\n[store]", 1)
    });
    let mut busy = site.signed_in(&site.ada());
    let mut idle = site.signed_in(&site.bob());
    for _ in 0..10 {
        sleep(Duration::from_millis(500));
        assert!(is_in(&site, &mut busy), "it is used twice a second");
    }
    assert!(!is_in(&site, &mut idle), "nobody used it for five seconds");
    // What is used at an app keeps the sign-in that it came from.
    busy.open(&site.url("wiki.test", "/")).expect(200);
    let page = idle.open(&site.url("wiki.test", "/")).expect(200);
    assert!(page.text().contains("name=\"password\""), "the sign-in lay idle too");
    sleep(Duration::from_secs(4));
    assert!(!is_in(&site, &mut busy));
}

#[test]
fn bs_05_use_does_not_prolong_a_session_beyond_its_end() {
    let site = Site::with(|config| {
        config.replacen("[store]", "session_duration = \"4s\"\nidle_timeout = \"3s\"\n\n[store]", 1)
    });
    let mut browser = site.signed_in(&site.ada());
    let mut in_for = 0;
    while is_in(&site, &mut browser) {
        sleep(Duration::from_millis(250));
        in_for += 1;
        assert!(in_for < 40, "it never ends");
    }
}

#[test]
fn an_idle_timeout_that_never_comes_is_a_mistake() {
    let site = Site::start();
    site.configure(|config| config.replacen("[store]", "idle_timeout = \"25h\"\n\n[store]", 1));
    let output = site.cli(&["check"]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("auth.idle_timeout: is longer than `session_duration`"), "{text}");
}

#[test]
fn bs_15_a_hundred_abandoned_sign_ins_leave_small_cookies() {
    let site = Site::start();
    let mut browser = site.browser();
    let apps = ["127.0.0.1", "wiki.test", "plain.test", "classic.test"];
    for attempt in 0..100 {
        let page = browser.open(&site.url(apps[attempt % apps.len()], &format!("/page/{attempt}?x=1")));
        match attempt % 3 {
            0 => drop(browser.submit(&page, &[("username", site.eve().name), ("password", "wrong")])),
            1 => drop(browser.open(&site.login("/.doorward/login"))),
            _ => {}
        }
    }
    let jars = browser.jar_bytes();
    assert!(jars.values().all(|bytes| *bytes < 2048), "{jars:?}");
    assert!(jars.values().all(|bytes| *bytes < 200), "they are far smaller: {jars:?}");
    browser.sign_in(&site.main("/"), &site.ada()).expect(200);
}

/// The request and answer of every step of a flow, until somebody must do something; no more than ten redirects.
fn steps(browser: &mut Browser, start: Request) -> Vec<Response> {
    let mut steps = vec![browser.send(start)];
    while (300..400).contains(&steps.last().unwrap().status) {
        let next = steps.last().unwrap().location().to_owned();
        steps.push(browser.send(Request::get(&next).html()));
        assert!(steps.len() <= 11, "more than ten redirects");
    }
    steps
}

#[test]
fn bs_15_no_flow_has_large_headers_or_many_redirects() {
    let site = Site::start();
    let (mut largest, mut longest_url) = (("", 0), ("", 0));
    let mut note = |flow: &'static str, steps: &[Response]| {
        for step in steps {
            let header = step.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
            largest = if header > largest.1 { (flow, header) } else { largest };
            longest_url = if step.url.len() > longest_url.1 { (flow, step.url.len()) } else { longest_url };
        }
    };
    let mut browser = site.browser();
    let page = steps(&mut browser, Request::get(&site.main("/deep/page?x=1")).html());
    note("to the login page", &page);
    let (name, password) = (site.ada().name, site.ada().password);
    let form = crate::harness::form(page.last().unwrap(), &[("username", name), ("password", &password)]);
    note("sign-in", &steps(&mut browser, form));
    note("second app", &steps(&mut browser, Request::get(&site.url("wiki.test", "/")).html()));
    let agent = site.agent(&site.main("/"));
    note("consent", &steps(&mut browser, Request::get(&agent.authorization_url("s")).html()));
    note("account", &steps(&mut browser, Request::get(&site.login("/.doorward/connected")).html()));
    for stale in ["doorward-main", "doorward.browser"] {
        browser.set_cookie("127.0.0.1", stale, "stale");
        note("stale cookie", &steps(&mut browser, Request::get(&site.main("/")).html()));
    }
    let jars = browser.jar_bytes();
    println!("largest headers {largest:?}, longest URL {longest_url:?}, cookies {jars:?}");
    assert!(largest.1 < 2048 && longest_url.1 < 2048, "{largest:?} {longest_url:?}");
    assert!(jars.values().all(|bytes| *bytes < 400), "{jars:?}");
}

#[test]
fn bs_04_two_cookies_of_one_name_end_at_a_page_and_not_in_a_circle() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let planted = |request: Request, browser: &Browser| {
        let mark = browser.cookie("127.0.0.1", "doorward.browser").unwrap_or_default().to_owned();
        let mark = if mark.is_empty() { String::new() } else { format!("doorward.browser={mark}; ") };
        request.header("Cookie", &format!("{mark}doorward-main=a; doorward-main=b"))
    };
    let begun = crate::harness::send(&planted(Request::get(&site.main("/")).html(), &browser)).expect(302);
    if let Some(mark) = begun.header("set-cookie") {
        let value = mark.split(['=', ';']).nth(1).unwrap();
        browser.set_cookie("127.0.0.1", "doorward.browser", value);
    }
    let code = browser.send(Request::get(begun.location()).html()).expect(302);
    assert!(query(code.location(), "code").is_some());
    let ended = crate::harness::send(&planted(Request::get(code.location()).html(), &browser)).expect(400);
    assert!(ended.text().contains("two cookies"), "{}", ended.text());
}
