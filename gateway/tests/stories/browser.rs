//! A person with a browser: signing in, coming back, staying signed in, signing out; and what others cannot do with it.

use crate::harness::{Browser, Request, Response, Site, Wire, eventually, form, query, send};

const FORM: &str = "name=\"password\"";

/// Whether a browser is let through to the main app now.
fn is_in(site: &Site, browser: &mut Browser) -> bool {
    browser.is_let_in(&site.main("/"))
}

#[track_caller]
fn assert_login_page(page: &Response) {
    assert!(page.status < 500 && page.text().contains(FORM), "no login page: {} {}", page.status, page.text());
}

#[test]
fn a_person_signs_in_once_and_is_back_where_they_wanted() {
    let site = Site::start();
    let mut browser = site.browser();
    let page = browser.open(&site.main("/deep/page?x=%2F&y=1"));
    assert_login_page(&page);
    assert!(page.url.starts_with(&site.login("/")) && page.text().contains("Main app"));
    let page = browser.sign_in(&site.main("/deep/page?x=%2F&y=1"), &site.ada()).expect(200);
    assert_eq!(page.url, site.main("/deep/page?x=%2F&y=1"));
    assert_eq!(site.upstream.last().header("x-forwarded-email"), Some("ada@example.com"));
    // The next app knows the person already.
    let page = browser.open(&site.url("wiki.test", "/home")).expect(200);
    assert_eq!(page.url, site.url("wiki.test", "/home"));
    assert_eq!(browser.send(Request::get(&site.main("/"))).status, 200, "without `Accept: text/html` too");
    let who = browser.send(Request::get(&site.main("/.doorward/identity"))).expect(200).json();
    assert_eq!((who["email"].as_str(), who["via"].as_str()), (Some("ada@example.com"), Some("browser")));
}

#[test]
fn a_wrong_password_opens_nothing_and_says_no_more_than_that() {
    let site = Site::start();
    let texts = [site.ada().name, "nobody@example.com"].map(|username| {
        let mut browser = site.browser();
        let page = browser.open(&site.main("/"));
        let refused = browser.submit(&page, &[("username", username), ("password", "wrong")]).expect(403);
        assert_login_page(&refused);
        assert!(browser.cookie("localhost", "doorward-login").is_none());
        // The page can be used again.
        assert!(!is_in(&site, &mut browser));
        refused.text().replace(username, "").split("type=\"hidden\"").next().unwrap_or_default().to_owned()
    });
    assert_eq!(texts[0], texts[1], "whether an account exists is not said");
    let mut browser = site.browser();
    let page = browser.open(&site.main("/"));
    let again = browser.submit(&page, &[("username", site.ada().name), ("password", "wrong")]);
    browser.submit(&again, &[("username", site.ada().name), ("password", &site.ada().password)]).expect(303);
    assert_eq!(browser.open(&site.main("/")).url, site.main("/"));
}

#[test]
fn passwords_cannot_be_tried_forever() {
    let site = Site::start();
    let mut browser = site.browser();
    let mut page = browser.open(&site.main("/"));
    for _ in 0..10 {
        page = browser.submit(&page, &[("username", site.ada().name), ("password", "wrong")]).expect(403);
    }
    let refused =
        browser.submit(&page, &[("username", site.ada().name), ("password", &site.ada().password)]).expect(429);
    assert!(refused.header("retry-after").is_some());
    // Nobody else has to wait.
    assert_eq!(site.browser().sign_in(&site.main("/"), &site.bob()).status, 200);
}

#[test]
fn bs_01_bs_02_the_session_cookie_is_opaque_and_for_this_host_alone() {
    let site = Site::start();
    let mut seen = std::collections::HashSet::new();
    for _ in 0..3 {
        let mut browser = site.browser();
        let page = browser.open(&site.main("/"));
        let signed_in =
            browser.submit(&page, &[("username", site.ada().name), ("password", &site.ada().password)]).expect(303);
        let code = browser.send(Request::get(signed_in.location()).html()).expect(302);
        let callback = browser.send(Request::get(code.location()).html()).expect(302);
        for (response, name) in [(&signed_in, "doorward-login="), (&callback, "doorward-main=")] {
            let cookie = response.all("set-cookie").into_iter().find(|cookie| cookie.starts_with(name)).unwrap();
            for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Lax"] {
                assert!(cookie.contains(attribute), "{cookie}");
            }
            assert!(!cookie.contains("Domain"), "{cookie}");
            let value = cookie[name.len()..].split(';').next().unwrap().to_owned();
            assert!(value.len() >= 32 && name.len() + value.len() < 100);
            assert!(seen.insert(value), "a session's secret came twice");
        }
    }
    let store = std::fs::read(site.database()).unwrap();
    let journal = std::fs::read(site.database().with_extension("db-wal")).unwrap_or_default();
    for value in seen {
        let inside = |bytes: &[u8]| bytes.windows(value.len()).any(|window| window == value.as_bytes());
        assert!(!inside(&store) && !inside(&journal), "a cookie can be read from the store");
    }
}

#[test]
fn bs_01_over_https_the_cookie_is_bound_to_the_host() {
    let app = "\n[apps.secure]\nurl = \"https://secure.test\"\nupstream = \"UPSTREAM\"\npolicies = [\"people\"]\n";
    let site = Site::with(|config| config + app);
    let begin = send(&Request::get(&site.main("/")).host("secure.test").html()).expect(302);
    let mark = begin.header("set-cookie").unwrap();
    assert!(mark.starts_with("__Host-doorward.browser=") && mark.ends_with("; Secure"), "{mark}");
    let mut browser = site.signed_in(&site.ada());
    let code = browser.send(Request::get(begin.location()).html()).expect(302);
    let target = code.location().strip_prefix("https://secure.test").unwrap();
    let mark = mark.split(';').next().unwrap();
    let done = send(&Request::get(&site.main(target)).host("secure.test").html().header("Cookie", mark)).expect(302);
    let cookie = done.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-doorward-secure=dw_se_") && cookie.contains("; Secure"), "{cookie}");
}

#[test]
fn bs_03_a_session_from_before_is_never_the_one_after() {
    let site = Site::start();
    let mut attacker = site.signed_in(&site.bob());
    let planted: Vec<_> =
        [("localhost", "doorward-login"), ("127.0.0.1", "doorward-main"), ("127.0.0.1", "doorward.browser")]
            .map(|(host, name)| (host, name, attacker.cookie(host, name).unwrap_or_default().to_owned()))
            .to_vec();
    // Bob signs out, and has left his cookies in Ada's browser.
    let page = attacker.open(&site.main("/.doorward/logout?everywhere"));
    attacker.submit(&page, &[]).expect(200);
    let mut browser = site.browser();
    for (host, name, value) in &planted {
        browser.set_cookie(host, name, value);
    }
    browser.sign_in(&site.main("/"), &site.ada()).expect(200);
    for (host, name, value) in &planted[..2] {
        assert_ne!(browser.cookie(host, name), Some(value.as_str()), "{name} is still the planted one");
    }
    assert!(!is_in(&site, &mut attacker), "the planted cookie was not raised");
}

#[test]
fn bs_04_a_cookie_that_comes_twice_is_none() {
    let site = Site::start();
    let browser = site.signed_in(&site.ada());
    let good = browser.cookie("127.0.0.1", "doorward-main").unwrap();
    let status = |cookies: &[&str]| {
        let request =
            cookies.iter().fold(Request::get(&site.main("/")), |request, cookie| request.header("Cookie", cookie));
        send(&request).status
    };
    let good = format!("doorward-main={good}");
    assert_eq!(status(&[&good]), 200);
    assert_eq!(status(&[&format!("a=1; {good}; b=2")]), 200);
    assert_eq!(status(&["a=1", &good]), 200);
    for tossed in ["doorward-main=x", "doorward-main=", &good] {
        assert_eq!(status(&[&format!("{tossed}; {good}")]), 401, "{tossed}");
        assert_eq!(status(&[&good, tossed]), 401, "{tossed}");
    }
    assert_eq!(status(&[&format!("__Host-doorward-main=x; {good}")]), 200, "another name is another cookie");
    assert_eq!(status(&[&format!("doorward-main={}", "x".repeat(4000))]), 401);
}

#[test]
fn bs_05_a_session_ends_by_itself() {
    let site =
        Site::with(|config| config.replace("name = \"Main app\"", "name = \"Main app\"\nsession_duration = \"2s\""));
    let mut browser = site.signed_in(&site.ada());
    eventually("the session has ended", || !is_in(&site, &mut browser));
    // The single sign-on session goes on.
    browser.open(&site.main("/x")).expect(200);
}

#[test]
fn bs_06_the_cookie_of_one_app_is_worth_nothing_at_another() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    browser.open(&site.url("tools.test", "/mcp/x")).expect(200);
    let main = browser.cookie("127.0.0.1", "doorward-main").unwrap().to_owned();
    let tools = browser.cookie("tools.test", "doorward-tools").unwrap().to_owned();
    let login = browser.cookie("localhost", "doorward-login").unwrap().to_owned();
    let cases = [
        ("wiki.test", "/", "doorward-wiki", &main),
        ("wiki.test", "/", "doorward-main", &main),
        ("tools.test", "/vault/x", "doorward-vault", &tools),
        ("tools.test", "/vault/x", "doorward-tools", &tools),
        ("127.0.0.1", "/", "doorward-main", &login),
        ("127.0.0.1", "/", "doorward-main", &tools),
    ];
    for (host, target, name, value) in cases {
        let request = Request::get(&site.url(host, target)).header("Cookie", &format!("{name}={value}"));
        assert_eq!(send(&request).status, 401, "{name} at {host}{target}");
    }
    // A session of an app does not sign in at the login origin.
    let who = Request::get(&site.login("/.doorward/identity")).header("Cookie", &format!("doorward-login={main}"));
    send(&who).expect(403);
}

#[test]
fn bs_07_nobody_is_sent_elsewhere_after_signing_in() {
    let site = Site::start();
    let mut browser = site.browser();
    browser.sign_in(&site.main("/"), &site.ada()).expect(200);
    for evil in [
        "//evil.test",
        "///evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "https:evil.test",
        "https://evil.test",
        "http://evil.test/",
        "/%2f/evil.test",
        "/%2fevil.test",
        "/%5cevil.test",
        "/x\r\nSet-Cookie: a=b",
        "/%0d%0aX: y",
        "@evil.test",
        ".evil.test",
        "javascript:alert(1)",
        "/\u{2215}evil.test",
        "/\u{ff0f}evil.test",
        "/a/../b",
        "/..//evil.test",
        "",
        " ",
        "/ /evil.test",
        "/\t/evil.test",
        "/.doorward/logout",
        "/%2edoorward/logout",
        "evil.test",
        "?x",
        "#x",
        "data:text/html,x",
    ] {
        let escaped = query_value(evil);
        let page = browser.open(&site.main(&format!("/.doorward/login?return_to={escaped}"))).expect(200);
        assert_eq!(page.url, site.main("/"), "{evil:?}");
    }
    let page =
        browser.open(&site.main(&format!("/.doorward/login?return_to={}", query_value("/wiki?a=//b")))).expect(200);
    assert_eq!(page.url, site.main("/wiki?a=//b"));
}

fn query_value(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[test]
fn bs_08_rp_04_a_callback_works_only_in_the_browser_that_began() {
    let site = Site::start();
    let mut ada = site.browser();
    let page = ada.open(&site.main("/x"));
    let signed_in = ada.submit(&page, &[("username", site.ada().name), ("password", &site.ada().password)]).expect(303);
    let callback = ada.send(Request::get(signed_in.location()).html()).expect(302).location().to_owned();
    assert!(callback.starts_with(&site.main("/.doorward/callback?")));
    // In a fresh browser, and in one that has begun a sign-in of its own.
    let mut fresh = site.browser();
    let mut other = site.browser();
    other.open(&site.main("/"));
    for victim in [&mut fresh, &mut other] {
        let refused = victim.send(Request::get(&callback).html()).expect(400);
        assert!(refused.all("set-cookie").iter().all(|cookie| !cookie.starts_with("doorward-main=")));
        assert!(!is_in(&site, victim));
    }
    // With a state of its own, the code of another browser is worth nothing either.
    let begun = other.send(Request::get(&site.main("/")).html()).expect(302);
    let mixed = callback.replace(&query(&callback, "state").unwrap(), &query(begun.location(), "state").unwrap());
    assert_ne!(mixed, callback);
    other.send(Request::get(&mixed).html());
    assert!(!is_in(&site, &mut other));
    // Where it belongs it still works: nobody could burn it.
    assert_eq!(ada.send(Request::get(&callback).html()).expect(302).location(), site.main("/x"));
    assert!(is_in(&site, &mut ada));
}

#[test]
fn a_callback_opened_again_ends_well() {
    let site = Site::start();
    let mut browser = site.browser();
    let page = browser.open(&site.main("/x"));
    let signed_in =
        browser.submit(&page, &[("username", site.ada().name), ("password", &site.ada().password)]).expect(303);
    let callback = browser.send(Request::get(signed_in.location()).html()).expect(302).location().to_owned();
    browser.send(Request::get(&callback).html()).expect(302);
    // The back button, or a reloaded tab.
    let page = browser.open(&callback).expect(200);
    assert_eq!(page.url, site.main("/x"));
    assert!(is_in(&site, &mut browser));
}

#[test]
fn parallel_sign_ins_do_not_disturb_each_other() {
    let site = Site::start();
    let mut browser = site.browser();
    let first = browser.open(&site.main("/first"));
    let second = browser.open(&site.main("/second"));
    let third = browser.open(&site.url("wiki.test", "/third"));
    let fields = [("username", site.ada().name), ("password", &site.ada().password)];
    for (page, end) in
        [(second, site.main("/second")), (first, site.main("/first")), (third, site.url("wiki.test", "/third"))]
    {
        assert_login_page(&page);
        let location = browser.submit(&page, &fields).expect(303).location().to_owned();
        assert_eq!(browser.open(&location).expect(200).url, end);
    }
}

#[test]
fn bs_09_bs_11_forms_count_only_from_our_own_pages() {
    let site = Site::start();
    let mut browser = site.browser();
    let page = browser.open(&site.main("/"));
    let (ada, login) = (site.ada(), site.login("/.doorward/login"));
    let token = page.text().split("name=\"form\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let fields = [("username", ada.name), ("password", ada.password.as_str())];
    let with_token = [("form", token.as_str()), fields[0], fields[1]];
    let mut refused = |request: Request| {
        let response = browser.send(request).expect(403);
        assert!(response.all("set-cookie").iter().all(|cookie| !cookie.starts_with("doorward-login=")));
    };
    refused(Request::post(&login).form(&fields));
    refused(Request::post(&login).form(&[("form", "x"), fields[0], fields[1]]));
    refused(Request::post(&login).header("Origin", "http://evil.test").form(&with_token));
    refused(Request::post(&login).header("Origin", "null").form(&with_token));
    refused(Request::post(&login).header("Origin", &site.main("")).form(&with_token));
    refused(Request::post(&login).header("Sec-Fetch-Site", "cross-site").form(&with_token));
    refused(Request::post(&login).header("Sec-Fetch-Site", "same-site").form(&with_token));
    // The token of another browser.
    let mut other = site.browser();
    other.open(&site.main("/"));
    other.send(Request::post(&login).form(&with_token)).expect(403);
    send(&Request::post(&login).form(&with_token)).expect(403);
    // A browser that sends `Sec-Fetch-Site` alone, and one that sends neither.
    browser.send(Request::post(&login).header("Sec-Fetch-Site", "same-origin").form(&with_token)).expect(303);
    browser.send(Request::post(&login).form(&with_token)).expect(303);
}

#[test]
fn bs_10_ch_14_a_page_of_another_site_cannot_act_in_the_persons_name() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    site.upstream.forget();
    for origin in ["http://evil.test", "null", &site.url("wiki.test", ""), "http://127.0.0.1", &site.login("")] {
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            browser.send(Request::new(method, &site.main("/x")).header("Origin", origin).body(b"")).expect(403);
        }
    }
    assert!(site.upstream.seen().is_empty());
    browser.send(Request::post(&site.main("/x")).header("Origin", &site.main("")).body(b"")).expect(200);
    browser.send(Request::post(&site.main("/x")).body(b"")).expect(200);
}

#[test]
fn cn_06_a_consent_page_belongs_to_one_browser_and_counts_once() {
    let site = Site::start();
    let agent = site.agent(&site.main("/"));
    let mut ada = site.signed_in(&site.ada());
    let mut bob = site.signed_in(&site.bob());
    let mut elsewhere = site.signed_in(&site.ada());
    let page = ada.open(&agent.authorization_url("st")).expect(200);
    for thief in [&mut bob, &mut elsewhere, &mut site.browser()] {
        let refused = thief.submit(&page, &[("decision", "allow")]).expect(403);
        assert!(refused.header("location").is_none() && refused.is_html());
    }
    for origin in ["http://evil.test", "null", &site.main("")] {
        let mut request = form(&page, &[("decision", "allow")]);
        request.headers.retain(|(name, _)| name != "Origin" && name != "Sec-Fetch-Site");
        ada.send(request.header("Origin", origin)).expect(403);
    }
    for place in ["cross-site", "same-site"] {
        let mut request = form(&page, &[("decision", "allow")]);
        request.headers.retain(|(name, _)| name != "Sec-Fetch-Site");
        ada.send(request.header("Sec-Fetch-Site", place)).expect(403);
    }
    assert!(ada.submit(&page, &[("decision", "maybe")]).header("location").is_none());
    let allowed = ada.submit(&page, &[("decision", "allow")]).expect(303);
    assert!(query(allowed.location(), "code").is_some());
    let again = ada.submit(&page, &[("decision", "allow")]);
    assert!(again.header("location").is_none(), "one consent, one code: {:?}", again.header("location"));
}

#[test]
fn lo_01_signing_out_of_an_app_ends_its_session_and_is_not_undone_silently() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    browser.open(&site.url("wiki.test", "/")).expect(200);
    let old = browser.clone();
    let page = browser.send(Request::get(&site.main("/.doorward/logout")).html()).expect(200);
    assert!(is_in(&site, &mut browser), "only the form signs out");
    for request in [
        Request::post(&site.main("/.doorward/logout")).form(&[]),
        Request::post(&site.main("/.doorward/logout")).form(&[("form", "x")]),
        Request::post(&site.main("/.doorward/logout")).header("Origin", "http://evil.test").form(&[]),
    ] {
        browser.send(request).expect(403);
    }
    assert!(is_in(&site, &mut browser));
    let done = browser.submit(&page, &[]).expect(200);
    let cleared = done.all("set-cookie").into_iter().find(|cookie| cookie.starts_with("doorward-main=")).unwrap();
    assert!(
        cleared.starts_with("doorward-main=;") && cleared.contains("Path=/") && cleared.contains("Max-Age=0"),
        "{cleared}"
    );
    assert!(!is_in(&site, &mut old.clone()), "the old cookie is worth nothing");
    assert_eq!(
        browser.send(Request::get(&site.url("wiki.test", "/")).html()).status,
        200,
        "another app is not concerned"
    );
    assert_login_page(&browser.open(&site.main("/x")));
    assert_eq!(browser.sign_in(&site.main("/x"), &site.ada()).expect(200).url, site.main("/x"));
}

#[test]
fn lo_01_signing_out_everywhere_ends_all_sessions_of_this_browser() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    browser.open(&site.url("wiki.test", "/")).expect(200);
    let mut elsewhere = site.signed_in(&site.ada());
    let old = browser.clone();
    let page = browser.send(Request::get(&site.main("/.doorward/logout?everywhere")).html()).expect(200);
    browser.submit(&page, &[]).expect(200);
    for browser in [&mut browser, &mut old.clone()] {
        for url in [site.main("/"), site.url("wiki.test", "/")] {
            browser.send(Request::get(&url).html()).expect(302);
            assert_login_page(&browser.open(&url));
        }
    }
    assert!(is_in(&site, &mut elsewhere), "another browser stays signed in");
}

#[test]
fn lo_01_an_earlier_sign_in_of_this_browser_does_not_outlive_everywhere() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let wiki = site.url("wiki.test", "/");
    browser.open(&wiki).expect(200);
    let page = browser.open(&site.url("wiki.test", "/.doorward/logout")).expect(200);
    browser.submit(&page, &[]).expect(200);
    // Asked to sign in again, the browser gets a second sign-in and forgets the first.
    browser.sign_in(&wiki, &site.ada()).expect(200);
    let page = browser.open(&site.url("wiki.test", "/.doorward/logout?everywhere")).expect(200);
    browser.submit(&page, &[]).expect(200);
    for url in [site.main("/"), wiki] {
        browser.send(Request::get(&url).html()).expect(302);
        assert_login_page(&browser.open(&url));
    }
}

#[test]
fn lo_01_everywhere_without_a_session_here_goes_on_to_the_login_origin() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    browser.set_cookie("127.0.0.1", "doorward-main", "gone");
    let asked = browser.send(Request::get(&site.main("/.doorward/logout?everywhere")).html()).expect(302);
    assert_eq!(asked.location(), site.login("/.doorward/logout?everywhere"), "nothing has ended yet");
    let page = browser.open(&site.main("/.doorward/logout?everywhere")).expect(200);
    browser.submit(&page, &[]).expect(200);
    assert_login_page(&browser.open(&site.main("/")));
}

#[test]
fn signing_out_at_the_login_origin_ends_all() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let page = browser.open(&site.login("/.doorward/logout")).expect(200);
    browser.submit(&page, &[]).expect(200);
    assert!(!is_in(&site, &mut browser));
    assert_login_page(&browser.open(&site.login("/")));
    // Signing out twice is no error.
    browser.open(&site.login("/.doorward/logout")).expect(200);
}

#[test]
fn stale_cookies_never_lead_in_a_circle() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    site.cli_ok(&["user", "revoke", site.ada().name]);
    eventually("the session has ended", || !is_in(&site, &mut browser));
    assert_login_page(&browser.open(&site.main("/")));
    site.cli_ok(&["user", "revoke", site.ada().name, "--undo"]);
    assert!(!is_in(&site, &mut browser), "what has ended stays ended");
    browser.sign_in(&site.main("/"), &site.ada()).expect(200);
    // Nonsense in every cookie of ours.
    for (host, name) in [
        ("localhost", "doorward-login"),
        ("127.0.0.1", "doorward-main"),
        ("127.0.0.1", "doorward.browser"),
        ("localhost", "doorward.browser"),
        ("127.0.0.1", "doorward.out-main"),
    ] {
        browser.set_cookie(host, name, "nonsense");
    }
    browser.sign_in(&site.main("/"), &site.ada()).expect(200);
}

#[test]
fn sc_08_who_is_signed_in_and_not_admitted_gets_403_and_no_circle() {
    let site = Site::start();
    let mut browser = site.browser();
    let page = browser.sign_in(&site.main("/"), &site.eve()).expect(403);
    assert!(page.is_html() && page.text().contains("eve@example.net"));
    assert!(page.text().contains("d_"), "a decision id to ask about");
    browser.open(&site.main("/")).expect(403);
    assert!(site.upstream.seen().is_empty());
    // The page leads to signing in as somebody else.
    let text = page.text();
    let href =
        text.split("href=\"").find(|rest| rest.contains("logout")).unwrap().split('"').next().unwrap().to_owned();
    let url = if href.starts_with('/') { site.login(&href) } else { href };
    let page = browser.open(&url.replace("&amp;", "&")).expect(200);
    browser.submit(&page, &[]).expect(200);
    browser.sign_in(&site.main("/"), &site.ada()).expect(200);
}

#[test]
fn bs_12_pages_are_hardened() {
    let site = Site::start();
    let mut browser = site.browser();
    let agent = site.agent(&site.main("/"));
    let login = browser.open(&site.main("/"));
    browser.sign_in(&site.main("/"), &site.ada()).expect(200);
    let consent = browser.open(&agent.authorization_url("s"));
    let logout = browser.open(&site.main("/.doorward/logout"));
    let refused = site.browser().sign_in(&site.main("/"), &site.eve());
    let missing = send(&Request::get(&site.login("/nothing")).html());
    for page in [login, consent, logout, refused] {
        let policy = page.header("content-security-policy").unwrap();
        for directive in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
            assert!(policy.contains(directive), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header("x-frame-options"), Some("DENY"));
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.header("cross-origin-opener-policy"), Some("same-origin"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert!(!page.text().replace("<script src=\"/.doorward/passkey.js\" defer></script>", "").contains("<script"));
    }
    assert_eq!(missing.status, 404);
}

#[test]
fn bs_18_our_own_prefix_is_never_the_upstreams() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    site.upstream.forget();
    for target in [
        "/.doorward",
        "/.doorward/",
        "/.doorward/x",
        "/.doorward/sw.js",
        "/%2edoorward/x",
        "/.d%6forward/identity",
        "/.doorward/oauth/main/nothing",
    ] {
        browser.send(Request::get(&site.main(target)));
    }
    assert!(site.upstream.seen().is_empty());
    // A prefix that only looks like it is the app's.
    browser.send(Request::get(&site.main("/.doorwardx"))).expect(200);
}

#[test]
fn a_path_app_has_its_own_session_on_a_shared_host() {
    let site = Site::start();
    let mut browser = site.browser();
    let tools = browser.sign_in(&site.url("tools.test", "/mcp/page"), &site.ada()).expect(200);
    assert_eq!(tools.url, site.url("tools.test", "/mcp/page"));
    assert_eq!(browser.send(Request::get(&site.url("tools.test", "/vault/x"))).status, 401);
    let vault = browser.open(&site.url("tools.test", "/vault/x")).expect(200);
    assert_eq!(vault.url, site.url("tools.test", "/vault/x"));
    let page = browser.open(&site.url("tools.test", "/.doorward/logout?app=vault")).expect(200);
    browser.submit(&page, &[]).expect(200);
    assert_eq!(browser.send(Request::get(&site.url("tools.test", "/vault/x"))).status, 401);
    assert_eq!(browser.send(Request::get(&site.url("tools.test", "/mcp/x"))).status, 200);
}

#[test]
fn a_session_outlives_its_connection_and_is_asked_for_each_time() {
    let site = Site::start();
    let mut browser = site.signed_in(&site.ada());
    let cookie = format!("doorward-main={}", browser.cookie("127.0.0.1", "doorward-main").unwrap());
    let mut wire = Wire::open(site.port);
    let with = Request::get(&site.main("/")).header("Cookie", &cookie);
    let without = Request::get(&site.main("/"));
    // One connection, by turns: what one request may, the next one may not.
    for _ in 0..3 {
        assert_eq!(wire.send(&with).status, 200);
        assert_eq!(wire.send(&without).status, 401);
    }
    let page = browser.open(&site.main("/.doorward/logout"));
    browser.submit(&page, &[]).expect(200);
    assert_eq!(wire.send(&with).status, 401, "the very next request sees it");
}
