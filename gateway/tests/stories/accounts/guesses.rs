//! Guessing from many addresses: it gets nobody in, and locks nobody out who was there before.

use super::at_account;
use crate::harness::{Browser, Request, Response, Site, User};

/// Gives a password from an address behind a trusted proxy.
fn try_from(site: &Site, browser: &mut Browser, address: &str, user: &User) -> Response {
    let page =
        browser.send(Request::get(&site.login("/.doorward/account?prove")).html().header("X-Forwarded-For", address));
    let form = crate::harness::form(&page, &[("username", user.name), ("password", &user.password)]);
    browser.send(form.header("X-Forwarded-For", address))
}

#[test]
fn strangers_with_many_addresses_are_stopped_and_the_owner_is_not() {
    let site = Site::with(|config| config.replace("threads = 2", "threads = 2\ntrusted_proxies = [\"127.0.0.1\"]"));
    let mut own = at_account(&site, &site.ada());
    let wrong = User { name: site.ada().name, password: "wrong".to_owned() };
    let mut refused = 0;
    for n in 0..60 {
        let answer = try_from(&site, &mut site.browser(), &format!("198.51.100.{n}"), &wrong);
        assert!(answer.status == 403 || answer.status == 429, "{}", answer.status);
        refused += usize::from(answer.status == 429);
    }
    assert_eq!(refused, 10, "fifty tries of all strangers together, and no more");
    // Even the right password is worth nothing to a stranger now: who guesses it does not learn it.
    try_from(&site, &mut site.browser(), "203.0.113.1", &site.ada()).expect(429);
    // The owner comes in as ever: in her browser wherever she is, and in a new one where she was before.
    try_from(&site, &mut own, "203.0.113.2", &site.ada()).expect(303);
    try_from(&site, &mut site.browser(), "127.0.0.1", &site.ada()).expect(303);
    // And nobody else is concerned.
    try_from(&site, &mut site.browser(), "203.0.113.1", &site.bob()).expect(303);
}
