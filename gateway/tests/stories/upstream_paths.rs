//! What an upstream is asked for and told, as its app's configuration says: paths, `Host`, headers, sockets, redirects, closing.

use crate::harness::{Folder, Http2, Request, Scripted, Site, ok, say, send};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn hp_11_prefixes_change_the_path_and_nothing_else() {
    let server = Scripted::named("x");
    let site = Site::with(|config| {
        config
            + &Site::lab(&format!("upstream = \"{}/in\"", server.url()))
            + &Site::lab(&format!("upstream = {:?}\nstrip_prefix = \"/a\"\nhost_header = \"upstream\"", server.url()))
                .replace("lab", "cut")
            + &Site::lab(&format!(
                "upstream = {:?}\nstrip_prefix = \"/a\"\nadd_prefix = \"/b\"\nhost_header = \"inner.ex\"",
                server.url()
            ))
            .replace("lab", "both")
    });
    let upstream = format!("127.0.0.1:{}", server.port);
    let public = |host: &str| format!("{host}:{}", site.port);
    for (host, target, sent, names, prefix) in [
        ("lab.test", "/x%C3%A4/?q=%2F..", "/in/x%C3%A4/?q=%2F..", public("lab.test"), None),
        ("cut.test", "/a/x?y", "/x?y", upstream.clone(), Some("/a")),
        ("cut.test", "/%61/x", "/x", upstream.clone(), Some("/a")),
        ("cut.test", "/ab", "/ab", upstream, None),
        ("both.test", "/a", "/b", "inner.ex".to_owned(), Some("/a")),
        ("both.test", "/c", "/b/c", "inner.ex".to_owned(), None),
    ] {
        let request = Request::get(&site.url(host, target)).header("X-Forwarded-Prefix", "/forged");
        for ask in [send as fn(&Request) -> _, |request: &Request| Http2::open(request.port).send(request)] {
            ask(&request).expect(200);
            let seen = server.last();
            assert_eq!((seen.target(), seen.header("host")), (sent, Some(names.as_str())), "{host}{target}");
            assert_eq!(seen.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("host")).count(), 1);
            assert_eq!(seen.header("x-forwarded-prefix"), prefix);
            assert_eq!(seen.header("x-forwarded-host"), Some(public(host).as_str()));
        }
    }
}

#[test]
fn a_redirect_to_the_upstreams_own_address_leads_to_the_public_one() {
    let server = Scripted::start(|seen, writer| {
        let (_, location) = seen.target().split_once("to=").unwrap_or_default();
        say(writer, &format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"))
    });
    let own = server.url();
    let site = Site::with(|config| config + &Site::lab(&format!("upstream = \"{own}/in\"\nstrip_prefix = \"/a\"")));
    let public = site.at_lab("");
    for (location, seen) in [
        (format!("{own}/in/x"), format!("{public}/a/x")),
        ("/in/x".to_owned(), "/a/x".to_owned()),
        (format!("{own}/elsewhere"), format!("{own}/elsewhere")),
        ("https://other.example/in".to_owned(), "https://other.example/in".to_owned()),
        ("x".to_owned(), "x".to_owned()),
    ] {
        let answer = send(&Request::get(&site.at_lab(&format!("/a/go?to={location}")))).expect(302);
        assert_eq!(answer.location(), seen);
    }
}

#[test]
fn headers_are_set_and_removed_as_configured() {
    let server = Scripted::start(|_, writer| {
        say(
            writer,
            "HTTP/1.1 200 OK\r\nServer: theirs\r\nService-Worker-Allowed: /\r\nX-Old: 1\r\nX-Old: 2\r\nContent-Length: 0\r\n\r\n",
        )
    });
    let site = Site::with_lab(&format!(
        "upstream = {:?}\n[apps.lab.request_headers]\nset = {{ X-Site = \"north\", X-Client = \"ours\" }}\nremove = [\"Accept-Encoding\"]\n\
         [apps.lab.response_headers]\nset = {{ X-Frame-Options = \"DENY\", X-Old = \"new\" }}\nremove = [\"Server\"]",
        server.url()
    ));
    let request = Request::get(&site.at_lab("/")).header("X-Client", "theirs").header("Accept-Encoding", "gzip");
    let answer = send(&request).expect(200);
    let seen = server.last();
    let clients: Vec<_> = seen.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("x-client")).collect();
    assert_eq!((clients.len(), clients[0].1.as_str()), (1, "ours"));
    assert_eq!((seen.header("x-site"), seen.header("accept-encoding")), (Some("north"), None));
    assert_eq!((answer.header("x-frame-options"), answer.header("server")), (Some("DENY"), None));
    assert_eq!(answer.all("x-old"), ["new"]);
    assert_eq!(answer.header("service-worker-allowed"), None, "a script rules no more than its own path");
}

#[test]
fn an_app_on_a_unix_socket() {
    let (server, folder) = (Scripted::named("by socket"), Folder::new());
    let socket = folder.path().join("app.sock");
    server.also_at(&socket);
    let site = Site::with_lab(&format!("upstream = \"unix:{}\"\nhost_header = \"upstream\"", socket.display()));
    for _ in 0..3 {
        assert_eq!(send(&Request::post(&site.at_lab("/x")).body(b"1")).expect(200).text(), "by socket");
    }
    assert_eq!(server.last().header("host"), Some("localhost"));
    std::fs::remove_file(&socket).unwrap();
    let site = Site::with_lab(&format!("upstream = \"unix:{}\"", socket.display()));
    assert_eq!(send(&Request::get(&site.at_lab("/x"))).expect(502).json()["error"], "upstream_failed");
}

#[test]
fn a_closed_app_says_so_to_those_who_may_pass_and_nothing_to_others() {
    let site = Site::with(|config| {
        config.replacen(
            "name = \"Main app\"",
            "name = \"Main app\"\nmaintenance = { enabled = true, message = \"Back at noon\", retry_after = \"10m\" }",
            1,
        )
    });
    let mut browser = site.browser();
    let page = browser.sign_in(&site.main("/x"), &site.ada()).expect(503);
    assert!(page.is_html() && page.text().contains("Back at noon"), "{}", page.text());
    assert_eq!(page.header("retry-after"), Some("600"));
    let json = browser.send(Request::get(&site.main("/x"))).expect(503);
    assert_eq!((json.json()["error"].as_str(), json.header("retry-after")), (Some("maintenance"), Some("600")));
    browser.send(Request::get(&site.main("/.doorward/identity"))).expect(200);
    let stranger = send(&Request::get(&site.main("/x"))).expect(401);
    assert!(!stranger.text().contains("noon") && stranger.header("retry-after").is_none());
    let mut eve = site.browser();
    eve.sign_in(&site.main("/x"), &site.eve()).expect(403);
    assert!(site.upstream.seen().is_empty());
    site.reload(|config| config);
    browser.send(Request::get(&site.main("/x"))).expect(200);
}

#[test]
fn mt_05_redirects_of_an_mcp_server_to_itself_are_followed_as_far_as_policy_goes() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let server = Scripted::start(move |seen, writer| {
        count.fetch_add(1, Ordering::SeqCst);
        let to = match seen.target() {
            "/mcp" => "/mcp/",
            "/away" => "http://other.example/mcp/",
            "/private" => "/secret/x",
            "/loop" => "/loop",
            _ => return ok(writer, &format!("{} {}", seen.line, seen.body.len())),
        };
        say(writer, &format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"))
    });
    let site = Site::with(|config| {
        let lab = Site::lab(&format!("upstream = {:?}\nfollow_redirects = true", server.url()));
        let guarded = "include = [{ ip = \"127.0.0.0/8\" }], exclude = [{ path = \"/secret/*\" }]";
        config + &lab.replace("include = [{ ip = \"127.0.0.0/8\" }]", guarded)
    });
    let post = |target: &str, body: &[u8]| send(&Request::post(&site.at_lab(target)).body(body));
    assert_eq!(post("/mcp", b"{\"id\":1}").expect(200).text(), "POST /mcp/ HTTP/1.1 8");
    assert_eq!(post("/mcp", &[b'x'; 60_000]).expect(200).text(), "POST /mcp/ HTTP/1.1 60000");
    assert_eq!(post("/mcp", b"").expect(200).text(), "POST /mcp/ HTTP/1.1 0");
    assert_eq!(post("/away", b"{}").expect(307).location(), "http://other.example/mcp/");
    assert_eq!(
        post("/private", b"{}").expect(307).location(),
        "/secret/x",
        "where the client may not go, it is not taken"
    );
    assert!(server.seen().iter().all(|seen| !seen.target().starts_with("/secret")));
    asked.store(0, Ordering::SeqCst);
    post("/loop", b"{}").expect(307);
    assert_eq!(asked.load(Ordering::SeqCst), 4, "three are followed, and no more");
    assert_eq!(post("/mcp", &[b'x'; 300_000]).expect(307).location(), "/mcp/", "a long body is not kept");
    assert_eq!(post("/mcp", b"{}").expect(200).status, 200);
}

#[test]
fn mt_05_only_307_and_308_are_followed_where_it_is_asked_for_and_within_the_app() {
    let server = Scripted::start(|seen, writer| {
        let Some((_, redirect)) = seen.target().split_once("go=") else {
            return ok(writer, &format!("{} {}", seen.line, seen.body.len()));
        };
        let (status, to) = redirect.split_once(':').unwrap();
        say(writer, &format!("HTTP/1.1 {status} Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"))
    });
    let app = |id: &str, path: &str, more: &str| {
        let lab =
            Site::lab(&format!("upstream = {:?}\n{more}", server.url())).replace("apps.lab", &format!("apps.{id}"));
        lab.replace("lab.test:PORT", &format!("lab.test:PORT{path}"))
    };
    let site = Site::with(|config| {
        config
            + &app("mcp", "/mcp", "follow_redirects = true\nlimits.body = \"64KiB\"")
            + &app("other", "/other", "")
            + &app("rest", "", "")
    });
    let post = |target: &str, body: usize| send(&Request::post(&site.at_lab(target)).body(&vec![b'x'; body]));
    for status in [307, 308] {
        let followed = post(&format!("/mcp?go={status}:/mcp/"), 2).expect(200);
        assert_eq!(followed.text(), "POST /mcp/ HTTP/1.1 2", "method and body as they were");
    }
    for status in [301, 302, 303] {
        assert_eq!(post(&format!("/mcp?go={status}:/mcp/"), 2).expect(status).location(), "/mcp/");
    }
    assert_eq!(post("/other?go=307:/other/", 2).expect(307).location(), "/other/", "nobody asked for it");
    assert_eq!(post("/mcp?go=307:/other/", 2).expect(307).location(), "/other/", "another app's");
    assert_eq!(post("/mcp?go=307:/x", 2).expect(307).location(), "/x", "another app's");
    post("/mcp?go=307:/mcp/", 60_000).expect(200);
    post("/mcp", 70_000).expect(413);
}
