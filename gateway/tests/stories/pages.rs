//! Every page of ours: nobody frames it, keeps it, or loads anything through it.

use crate::harness::{Browser, Request, Response, Site, send};

#[test]
fn az_19_az_17_az_18_bs_12_no_page_is_framed_kept_or_loads_anything() {
    let site = Site::start();
    let mut browser = site.browser();
    let login = browser.open(&site.main("/"));
    let wrong = browser.submit(&login, &[("username", "nobody@example.com"), ("password", "wrong")]);
    let mut signed_in = site.signed_in(&site.ada());
    let consent = open_consent(&site, &mut signed_in);
    let refused = site.browser().sign_in(&site.main("/"), &site.eve());
    let logout = signed_in.open(&site.main("/.doorward/logout"));
    let error = send(&Request::get(&site.login("/.doorward/oauth/main/authorize?client_id=nobody")).html());
    let missing = send(&Request::get(&site.main("/.doorward/nothing")).html());
    let pages = [
        ("login", login, 200),
        ("wrong password", wrong, 403),
        ("consent", consent, 200),
        ("refused", refused, 403),
        ("logout", logout, 200),
        ("error", error, 400),
        ("missing", missing, 404),
    ];
    for (name, page, status) in pages {
        assert_eq!(page.status, status, "{name}");
        assert!(page.is_html(), "{name}");
        assert_guarded(name, &page);
    }
}

fn open_consent(site: &Site, browser: &mut Browser) -> Response {
    let agent = site.agent(&site.main("/"));
    browser.open(&agent.authorization_url("state"))
}

fn assert_guarded(name: &str, page: &Response) {
    let policy = page.header("content-security-policy").unwrap_or_else(|| panic!("{name} has no policy"));
    for needed in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "style-src 'sha256-"] {
        assert!(policy.contains(needed), "{name}: {policy}");
    }
    for (header, value) in [
        ("x-frame-options", "DENY"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(page.header(header), Some(value), "{name}: {header}");
    }
    // The one script is ours, and permitted by its address alone.
    let passkeys = "<script src=\"/.doorward/passkey.js\" defer></script>";
    let is_permitted = policy.contains("; script-src http://localhost:") && policy.contains("/.doorward/passkey.js;");
    assert_eq!(page.text().contains(passkeys), is_permitted, "{name}: {policy}");
    let text = page.text().replace(passkeys, "");
    for foreign in ["<script", "<img", "<link", "<iframe", " style=", "src="] {
        assert!(!text.contains(foreign), "{name} contains {foreign}");
    }
}

#[test]
fn ru_16_nothing_on_our_pages_turns_a_loopback_redirect_into_https() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let page = open_consent(&site, &mut browser);
    assert!(!page.header("content-security-policy").unwrap().contains("upgrade-insecure-requests"));
    let answer = browser.submit(&page, &[("decision", "allow")]).expect(303);
    assert!(answer.location().starts_with("http://127.0.0.1:33418/"), "{}", answer.location());
    for response in [&page, &answer] {
        assert_eq!(response.header("strict-transport-security"), None);
    }
}

#[test]
fn jw_01_nothing_reaches_the_upstream_before_the_token_is_checked() {
    let site = Site::start();
    site.upstream.forget();
    let body = vec![b'x'; 100_000];
    let bad = Request::post(&site.main("/upload")).bearer("dw_not.a.token").body(&body);
    send(&bad).expect(401);
    send(&Request::post(&site.main("/upload")).body(&body)).expect(401);
    assert!(site.upstream.seen().is_empty(), "the upstream saw a request that nobody was allowed to make");
}

#[test]
fn mt_10_what_one_person_got_is_never_given_to_another() {
    let site = Site::start();
    let answers = [site.ada(), site.bob()].map(|user| {
        let agent = site.agent(&site.main("/"));
        let token = agent.authorize(&mut site.browser(), &user).access;
        send(&Request::get(&site.main("/shared")).bearer(&token)).expect(200).text()
    });
    assert!(answers[0].contains(site.ada().name) && !answers[0].contains(site.bob().name), "{}", answers[0]);
    assert!(answers[1].contains(site.bob().name) && !answers[1].contains(site.ada().name), "{}", answers[1]);
}
