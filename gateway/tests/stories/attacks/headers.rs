//! Attacks by headers: H-01 to H-12 of the checklist, as far as no other story holds them.

use crate::harness::{Jwt, Request, Site, Wire, send};
use std::time::Duration;

#[test]
fn h_03_h_04_what_a_client_nominates_on_an_upgrade_cannot_remove_what_we_say() {
    let site = Site::start();
    let token = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada()).access;
    for nominated in ["Upgrade, Doorward-Assertion", "upgrade, x-forwarded-email, x-forwarded-user", "Upgrade, Cookie"]
    {
        site.upstream.forget();
        let request = Request::get(&site.main("/ws")).bearer(&token).header("Connection", nominated);
        let request = request.header("Upgrade", "websocket").header("Sec-WebSocket-Version", "13");
        let request = request.header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        let request = request.header("Doorward-Assertion", "forged").header("X_Forwarded_Email", "forged");
        let status = send(&request).status;
        assert!(matches!(status, 101 | 400), "{nominated}: {status}");
        for seen in site.upstream.seen() {
            assert_eq!(seen.header("x-forwarded-email"), Some("ada@example.com"), "{nominated}: {seen:?}");
            assert!(seen.header("doorward-assertion").is_some_and(|value| value != "forged"), "{nominated}: {seen:?}");
            assert!(seen.header("authorization").is_none() && !format!("{seen:?}").contains("forged"), "{seen:?}");
        }
    }
}

#[test]
fn h_07_a_cookie_that_cannot_be_read_is_nobodys() {
    let site = Site::start();
    let browser = site.signed_in(&site.ada());
    let good = browser.cookie("127.0.0.1", "doorward-main").unwrap().to_owned();
    let at = good.len() - 3;
    let changed = format!("{}{}{}", &good[..at], if &good[at..=at] == "0" { "1" } else { "0" }, &good[at + 1..]);
    site.upstream.forget();
    for cookie in [
        format!("doorward-main={changed}"),
        format!("doorward-main={}", &good[..at]),
        format!("doorward-main={good}x"),
        format!("doorward-main=\"{good}\""),
        format!("doorward-main= {good}"),
        format!("doorward-main ={good}"),
        format!("Doorward-Main={good}"),
        format!("doorward-wiki={good}"),
        format!("doorward-main={good}; doorward-main={good}"),
        format!("doorward-main=x; doorward-main={good}"),
        "doorward-main=".to_owned(),
        "doorward-main".to_owned(),
        "=;;;=\u{7f}".replace('\u{7f}', "%7f"),
        "doorward-main=dw_se_\\u0000".to_owned(),
    ] {
        let response = send(&Request::get(&site.main("/x")).header("Cookie", &cookie));
        assert!(matches!(response.status, 400 | 401), "{} for {cookie}", response.status);
        let seen = site.upstream.seen();
        assert!(seen.is_empty(), "{cookie} let {seen:?} through");
    }
    // On a public path it is nobody's either, and nothing of it goes on.
    send(&Request::get(&site.url("plain.test", "/public/x")).header("Cookie", &format!("doorward-plain={changed}")))
        .expect(200);
    let seen = site.upstream.last();
    assert!(seen.header("x-forwarded-user").is_none() && seen.header("cookie").is_none(), "{seen:?}");
}

#[test]
fn h_08_an_assertion_for_another_app_is_replaced_by_one_for_this() {
    let site = Site::start();
    let token = |url: &str| site.agent(url).authorize(&mut site.browser(), &site.ada()).access;
    let [main, wiki] = [site.main("/"), site.url("wiki.test", "/")];
    let (for_main, for_wiki) = (token(&main), token(&wiki));
    send(&Request::get(&wiki).bearer(&for_wiki)).expect(200);
    let stolen = site.upstream.last().header("doorward-assertion").unwrap().to_owned();
    for name in ["Doorward-Assertion", "doorward_assertion", "Cf-Access-Jwt-Assertion", "X-Doorward-Assertion"] {
        send(&Request::get(&main).bearer(&for_main).header(name, &stolen)).expect(200);
        let seen = site.upstream.last();
        let assertions: Vec<_> =
            seen.headers.iter().filter(|(name, _)| name.to_lowercase().contains("asser")).collect();
        assert_eq!(assertions.len(), 1, "{name}: {seen:?}");
        let read = Jwt::read(&assertions[0].1).verify(&site.login("/.doorward/certs"));
        assert_eq!(
            (read.claims["aud"].as_str(), &read.claims["iss"]),
            (Some("main"), &site.login("").into()),
            "{name}"
        );
        // It is no credential at our own door.
        send(&Request::get(&main).header(name, &stolen)).expect(401);
    }
    send(&Request::get(&wiki).bearer(&stolen)).expect(401);
}

#[test]
fn h_09_nothing_of_a_request_gets_into_a_challenge() {
    let site = Site::start();
    let host = format!("127.0.0.1:{}", site.port);
    for (name, value) in [
        ("X-Forwarded-Host", "evil.test\", error=\"x"),
        ("X-Forwarded-Proto", "https\""),
        ("X-Forwarded-Prefix", "/\", resource_metadata=\"http://evil.test"),
        ("Forwarded", "host=\"evil.test\""),
        ("Origin", "http://evil.test"),
        ("Referer", "http://evil.test/"),
    ] {
        let refused = send(&Request::get(&site.main("/x")).header(name, value)).expect(401);
        let challenge = refused.challenge();
        assert!(!challenge.contains("evil") && challenge.matches("resource_metadata=").count() == 1, "{challenge}");
        assert!(challenge.contains(&format!("http://{host}/")), "{challenge}");
    }
    for target in ["/x%22,%20resource_metadata=%22http:/evil.test", "/x%22%20y", "/%5B%22", "/x'%22"] {
        let challenge = send(&Request::get(&site.main(target))).challenge().to_owned();
        let value = challenge.split("resource_metadata=\"").nth(1).unwrap_or_default();
        let (url, rest) = value.split_once('"').unwrap_or_default();
        assert!(rest.is_empty() && url.starts_with(&format!("http://{host}/.well-known/")), "{target}: {challenge}");
    }
    for host in ["127.0.0.1:PORT\", x=\"", "evil.test", "127.0.0.1:PORT@evil.test"] {
        let host = host.replace("PORT", &site.port.to_string());
        let refused = send(&Request::get(&site.main("/x")).host(&host));
        assert!(matches!(refused.status, 400 | 404) && refused.challenge().is_empty(), "{host}: {refused:?}");
    }
}

#[test]
fn h_11_odd_headers_reach_nobody() {
    let site = Site::start();
    let token = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada()).access;
    site.upstream.forget();
    let big = format!("X-Big: {}", "x".repeat(200_000));
    for field in [
        "X-Forwarded-User : forged",
        "X-Forwarded-User\t: forged",
        "X Forwarded User: forged",
        "X-Forwarded-User\0: forged",
        "X-Forwarded-User: a\0b",
        "X: y\rX-Forwarded-User: forged",
        "X: y\nX-Forwarded-User: forged",
        "\u{e4}: forged",
        "Host : evil.test",
        "(x): forged",
        "X/Y: forged",
        &big,
    ] {
        let mut wire = Wire::open(site.port);
        let host = format!("127.0.0.1:{}", site.port);
        wire.write(
            format!("GET /x HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n{field}\r\n\r\n").as_bytes(),
        );
        let status = wire.answer(false).map_or(0, |response| response.status);
        let what = &field[..field.len().min(60)];
        assert!(matches!(status, 0 | 400 | 431), "{status} for {what:?}");
        assert!(wire.is_closed_within(Duration::from_secs(3)), "the connection stays open after {what:?}");
        assert!(site.upstream.seen().is_empty(), "{what:?} reached the upstream");
    }
}
