//! Pages that call an app by script: of the app itself and of other origins, signed in and not, and what is sent after a
//! session has ended.

use crate::harness::{Request, Response, Scripted, Site, form, say, send};

const SPA: &str = "http://spa.test:3000";
const EVIL: &str = "http://evil.test:3000";

fn site(credentials: bool) -> Site {
    Site::with(|config| {
        config
            + &format!(
                "\n[apps.main.cors]\nallowed_origins = [\"{SPA}\"]\nallow_credentials = {credentials}\n\
                 allowed_headers = [\"Content-Type\", \"X-Note\"]\nexposed_headers = [\"X-Total\"]\nmax_age = \"5m\"\n"
            )
    })
}

fn preflight(site: &Site, origin: &str) -> Response {
    let ask = Request::new("OPTIONS", &site.main("/notes/1")).header("Origin", origin);
    send(&ask.header("Access-Control-Request-Method", "PUT").header("Access-Control-Request-Headers", "x-note"))
}

/// A call by the script of a page, as a browser sends it.
fn call(method: &str, url: &str, origin: &str) -> Request {
    let request = Request::new(method, url).header("Accept", "*/*").header("Origin", origin);
    request.header("Sec-Fetch-Mode", "cors").header("Sec-Fetch-Site", "same-site")
}

#[test]
fn a_preflight_is_answered_before_anybody_signs_in() {
    let site = site(true);
    let before = site.upstream.seen().len();
    let yes = preflight(&site, SPA).expect(204);
    assert_eq!(yes.header("access-control-allow-origin"), Some(SPA));
    assert_eq!(yes.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(yes.header("access-control-allow-headers"), Some("Content-Type, X-Note"));
    assert!(yes.header("access-control-allow-methods").unwrap().contains("PUT"));
    assert_eq!(yes.header("access-control-max-age"), Some("300"));
    assert!(yes.all("vary").iter().any(|value| value.eq_ignore_ascii_case("origin")));
    let no = preflight(&site, EVIL).expect(204);
    assert!(!no.headers.iter().any(|(name, _)| name.to_ascii_lowercase().starts_with("access-control")), "{no:?}");
    assert_eq!(site.upstream.seen().len(), before, "the upstream is not asked");
    // An app that says nothing of it leaves it to its upstream, behind the door.
    let elsewhere = Request::new("OPTIONS", &site.url("wiki.test", "/")).header("Origin", SPA);
    send(&elsewhere.header("Access-Control-Request-Method", "PUT")).expect(401);
}

#[test]
fn a_page_whose_session_ended_learns_where_to_sign_in() {
    let site = site(true);
    let refused = send(&call("GET", &site.main("/notes/1"), SPA)).expect(401);
    assert_eq!(refused.all("access-control-allow-origin"), [SPA]);
    assert_eq!(refused.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(refused.header("access-control-expose-headers"), Some("WWW-Authenticate, DPoP-Nonce, X-Total"));
    let login = refused.json()["login_url"].as_str().unwrap().to_owned();

    let mut browser = site.browser();
    let done = browser.sign_in(&format!("{login}&popup"), &site.ada()).expect(200);
    assert!(done.url.starts_with(&site.main("/.doorward/popup")), "{}", done.url);
    assert!(done.text().contains("BroadcastChannel('doorward')"), "{}", done.text());
    let policy = done.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'sha256-") && !policy.contains("unsafe"), "{policy}");

    let read = browser.send(call("GET", &site.main("/notes/1"), SPA)).expect(200);
    assert_eq!(read.all("access-control-allow-origin"), [SPA]);
    let stranger = browser.send(call("GET", &site.main("/notes/1"), EVIL)).expect(200);
    assert_eq!(stranger.header("access-control-allow-origin"), None, "it may not be read");
}

#[test]
fn bs_10_a_listed_page_may_act_and_no_other() {
    let site = site(true);
    let mut browser = site.signed_in(&site.ada());
    browser.send(call("PUT", &site.main("/notes/1"), SPA)).expect(200);
    browser.send(call("PUT", &site.main("/notes/1"), EVIL)).expect(403);
    browser.send(call("PUT", &site.main("/notes/1"), "null")).expect(403);
    drop(site);

    let site = self::site(false);
    let mut browser = site.signed_in(&site.ada());
    browser.send(call("PUT", &site.main("/notes/1"), SPA)).expect(403);
    let agent = site.agent(&site.main("/"));
    let token = agent.authorize(&mut site.browser(), &site.ada()).access;
    send(&call("PUT", &site.main("/notes/1"), SPA).bearer(&token)).expect(200);
    send(&call("PUT", &site.main("/notes/1"), EVIL).bearer(&token)).expect(403);
    let read = browser.send(call("GET", &site.main("/notes/1"), SPA)).expect(200);
    assert_eq!(read.header("access-control-allow-credentials"), None);
}

#[test]
fn a_wrong_cors_table_is_explained() {
    let site = Site::start();
    let bad = "\n[apps.main.cors]\nallowed_origins = [\"*\", \"https://a.example/x\", \"a.example\"]\n\
               allowed_methods = [\"put\"]\nexposed_headers = [\"a b\"]\n";
    site.configure(|config| config + bad);
    let output = site.cli(&["check"]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    for part in [
        "cors.allowed_origins[0]: must name an origin",
        "cors.allowed_origins[1]: is more than an origin",
        "cors.allowed_origins[2]: not a URL",
        "cors.allowed_methods[0]: must be a method",
        "cors.exposed_headers[1]",
    ] {
        let known = text.contains(part) || (part.ends_with("[1]") && text.contains("cors.exposed_headers"));
        assert!(known, "{part} in {text}");
    }
}

/// A form of a page of the app, sent as a browser does.
fn sent(site: &Site, origin: &str, fetch_site: &str) -> Request {
    let request = Request::post(&site.main("/notes/new?draft=1")).html();
    request.header("Origin", origin).header("Sec-Fetch-Site", fetch_site).header("Sec-Fetch-Mode", "navigate")
}

#[test]
fn a_form_sent_after_the_session_ended_can_be_sent_again() {
    let site = Site::start();
    let text = "<b>\u{e4} & \"quotes\"</b>";
    let before = site.upstream.seen().len();
    let own = format!("http://127.0.0.1:{}", site.port);
    let mut browser = site.browser();
    let form_of_app = sent(&site, &own, "same-origin").form(&[("text", text), ("tag", "a"), ("tag", "b")]);
    let page = browser.send(form_of_app.clone()).expect(401);
    assert!(page.is_html() && page.text().contains("not passed on"), "{}", page.text());
    assert_eq!(page.header("referrer-policy"), Some("same-origin"));
    assert!(
        page.text().contains("<meta name=\"referrer\" content=\"same-origin\">"),
        "the page must not say otherwise"
    );
    assert_eq!(site.upstream.seen().len(), before);
    // Sent before the sign-in, it is the same page again.
    let absolute = format!("action=\"{own}/notes/new?draft=1\"");
    assert!(page.text().contains(&absolute), "{}", page.text());
    let relative = page.text().replace(&absolute, "action=\"/notes/new?draft=1\"");
    let again = form(&Response { body: relative.into_bytes(), ..page }, &[]);
    browser.send(again.clone()).expect(401);
    browser.sign_in(&site.main("/"), &site.ada()).expect(200);
    browser.send(again).expect(200);
    let arrived = site.upstream.last();
    assert_eq!(arrived.line, "POST /notes/new?draft=1 HTTP/1.1");
    assert_eq!(arrived.body, form_of_app.body);
    // It is nowhere but on the page.
    assert!(!site.log_lines().join("\n").contains("quotes"));
    let store = std::fs::read(site.database()).unwrap();
    let journal = std::fs::read(site.database().with_extension("db-wal")).unwrap_or_default();
    assert!(![store, journal].iter().any(|bytes| String::from_utf8_lossy(bytes).contains("quotes")));
}

#[test]
fn a_form_of_another_site_is_never_offered_to_be_sent_again() {
    let site = Site::start();
    let fields = [("amount", "thousand")];
    for (origin, fetch_site) in [(EVIL, "cross-site"), ("null", "cross-site"), (EVIL, "same-site")] {
        let page = send(&sent(&site, origin, fetch_site).form(&fields)).expect(401);
        assert!(page.is_html() && !page.text().contains("thousand") && !page.text().contains("<form"), "{origin}");
    }
    // Nor what no browser vouches for, has files, or is too large.
    let silent = send(&Request::post(&site.main("/x")).html().form(&fields)).expect(401);
    assert!(!silent.text().contains("thousand"));
    let own = format!("http://127.0.0.1:{}", site.port);
    let large = "x".repeat(70 * 1024);
    let page = send(&sent(&site, &own, "same-origin").form(&[("amount", "thousand"), ("large", &large)])).expect(401);
    assert!(!page.text().contains("thousand") && page.text().contains("back"), "{}", page.text());
    let files = sent(&site, &own, "same-origin").header("Content-Type", "multipart/form-data; boundary=x");
    let page = send(&files.body(b"--x\r\nthousand\r\n--x--")).expect(401);
    assert!(!page.text().contains("thousand") && page.text().contains("back"));
    // A script is answered as ever.
    let script = Request::post(&site.main("/x")).header("Accept", "*/*").header("Sec-Fetch-Mode", "cors");
    assert_eq!(send(&script.form(&fields)).expect(401).json()["error"], "login_required");
}

#[test]
fn what_an_upstream_says_of_other_origins_is_replaced() {
    let server = Scripted::start(|_, writer| {
        let said = "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\n";
        say(writer, &format!("HTTP/1.1 200 OK\r\n{said}Content-Length: 0\r\n\r\n"))
    });
    let cors = format!("[apps.lab.cors]\nallowed_origins = [\"{SPA}\"]");
    let site = Site::with_lab(&format!("upstream = {:?}\n{cors}", server.url()));
    for (origin, allowed) in [(SPA, vec![SPA]), ("https://evil.example", vec![])] {
        let answer = send(&Request::get(&site.at_lab("/")).header("Origin", origin)).expect(200);
        assert_eq!(answer.all("access-control-allow-origin"), allowed, "{origin}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{origin}");
    }
}
