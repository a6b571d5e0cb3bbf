//! Attacks by paths, routes and policies: P-01 to P-12 of the checklist, as far as no other story holds them.

use crate::harness::{Request, Site, send};

#[test]
fn p_02_no_rule_looks_at_a_query_or_a_fragment() {
    let site = Site::start();
    // `/public/*` is open to everybody; nothing else is.
    for target in [
        "/x?/public/",
        "/x?path=/public/x",
        "/x?public",
        "/x/?/../public/x",
        "/x?a=b/public/",
        "/x%3F/public/x",
        "/x%23/public/x",
        "/publicx?/public/",
    ] {
        send(&Request::get(&site.url("plain.test", target))).expect(401);
    }
    for target in ["/x#/public/x", "/x?a#/public/", "/#/public/x", "/public/x#"] {
        send(&Request::get(&site.url("plain.test", target))).expect(400);
    }
    assert!(site.upstream.seen().is_empty());
    send(&Request::get(&site.url("plain.test", "/public/x?/../../y"))).expect(200);
    assert_eq!(site.upstream.last().target(), "/public/x?/../../y");
}

#[test]
fn p_03_p_04_a_host_that_is_almost_ours_is_not() {
    let site = Site::start();
    let port = site.port;
    for host in ["wiki.test.evil", "evil-wiki.test", "x.wiki.test", "wiki.tes", "iki.test", "wiki_test", "[::1]"] {
        send(&Request::get(&site.url("wiki.test", "/x")).host(&format!("{host}:{port}"))).expect(404);
    }
    for host in
        ["wiki.test/?#b", "wiki.test?", "wiki.test#", "user@wiki.test", "wiki.test:", "wiki.test\\x", "wiki..test"]
    {
        send(&Request::get(&site.url("wiki.test", "/x")).host(host)).expect(400);
    }
    for host in ["WIKI.test", "wiki.test.", "Wiki.Test."] {
        let refused = send(&Request::get(&site.url("wiki.test", "/x")).host(&format!("{host}:{port}"))).expect(401);
        assert!(refused.challenge().contains("realm=\"wiki\""), "{host}: {}", refused.challenge());
    }
    assert!(site.upstream.seen().is_empty());
    // The app gets the spelling that was decided on: a server of several hosts may know no other.
    for host in ["PLAIN.test", "plain.test.", "Plain.Test."] {
        send(&Request::get(&site.url("plain.test", "/public/x")).host(&format!("{host}:{port}"))).expect(200);
        assert_eq!(site.upstream.last().header("host"), Some(format!("plain.test:{port}").as_str()), "{host}");
    }
}

#[test]
fn p_06_no_method_and_no_empty_body_gets_past_the_sign_in() {
    let site = Site::start();
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "QUERY", "REPORT"] {
        for request in [
            Request::new(method, &site.main("/x")),
            Request::new(method, &site.main("/x")).body(b""),
            Request::new(method, &site.main("/x")).header("X-HTTP-Method-Override", "GET"),
            Request::new(method, &site.main("/x")).header("Origin", &site.main("")),
            Request::new(method, &site.main("/x")).header("Access-Control-Request-Method", "GET"),
        ] {
            let status = send(&request).status;
            assert!(matches!(status, 401 | 403), "{status} for {request:?}");
        }
    }
    assert!(site.upstream.seen().is_empty());
}

#[test]
fn p_08_paths_that_look_like_ours_belong_to_the_app() {
    let site = Site::start();
    for target in [
        "/x/.doorward/login",
        "/.doorwardx/login",
        "/.doorward-x",
        "/.Doorward/login",
        "/.well-known/oauth-protected-resourcex",
        "/.well-known/Oauth-Protected-Resource",
        "/.well-known/oauth-authorization-serverx",
        "/.well-known/acme-challenge/x",
        "/x?/.doorward/login",
        "/x/token",
        "/register",
        "/client-registration",
        "/app/client-registration",
        "/healthz",
        "/cdn-cgi/access/certs",
    ] {
        send(&Request::get(&site.main(target))).expect(401);
        send(&Request::post(&site.main(target)).body(b"x")).expect(401);
    }
    assert!(site.upstream.seen().is_empty());
    // What is ours never goes on to the app, in whatever spelling, whoever asks.
    let token = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada()).access;
    for target in ["/.doorward/nothing", "/%2edoorward/nothing", "/.%64oorward/login", "/.doorward/", "/.doorward/x/y"]
    {
        send(&Request::get(&site.main(target)).bearer(&token));
        let seen = site.upstream.seen();
        assert!(seen.iter().all(|seen| !seen.target().contains("oorward")), "{target}: {seen:?}");
    }
}

#[test]
fn p_10_a_restriction_that_is_not_understood_is_no_configuration() {
    let site = Site::start();
    for (wrong, told) in [
        ("include = [{ email_domian = \"example.com\" }]", "email_domian"),
        ("include = [{ everyone = true }]\nrequired = [{ group = \"x\" }]", "required"),
        ("include = [{ group = \"nobody-wrote-it\" }]", "unknown group"),
        ("include = [{ everyone = true }]\nrequire = [{ country = \"CH\" }]", "country"),
        ("include = [{ everyone = true }]\nexclude = [{ ip = \"10.0.0.1/8/9\" }]", "ip"),
        ("include = [{ everyone = true }]\nrequire = [{ method = \"get\" }]", "method"),
    ] {
        site.configure(|config| format!("{config}\n[policies.wrong]\naction = \"allow\"\n{wrong}\n"));
        let output = site.cli(&["check"]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(64), "{wrong}: {text}");
        assert!(text.contains(told), "{wrong}: {text}");
        // What ran before goes on.
        send(&Request::get(&site.main("/x"))).expect(401);
    }
}
