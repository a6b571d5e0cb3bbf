//! HTTP/2 from clients: the same answers as by HTTP/1.1, under the same rules.

use crate::harness::{Http2, Part, Request, Site, send};

#[test]
fn the_same_request_gets_the_same_answer_by_both_versions() {
    let site = Site::start();
    let browser = site.signed_in(&site.ada());
    let cookie = format!("doorward-main={}", browser.cookie("127.0.0.1", "doorward-main").unwrap());
    let page = |url: &str| Request::get(url).html();
    let mut connection = Http2::open(site.port);
    for request in [
        page(&site.main("/")),
        Request::get(&site.main("/")),
        page(&site.main("/x")).header("Cookie", &cookie),
        page(&site.main("/missing?do=404")).header("Cookie", &cookie),
        Request::get(&site.main("/.well-known/oauth-protected-resource")),
        Request::new("HEAD", &site.main("/x?do=200")).header("Cookie", &cookie),
        Request::get(&site.main("/a/../b")),
        Request::get(&site.url("nobody.test", "/")),
        Request::new("TRACE", &site.main("/")),
    ] {
        let (first, second) = (send(&request), connection.send(&request));
        let seen = |response: &crate::harness::Response| {
            let headers = response.headers.iter().map(|(name, _)| name.to_ascii_lowercase());
            let connections = ["connection", "keep-alive", "transfer-encoding"];
            let mut names: Vec<_> = headers.filter(|name| !connections.contains(&name.as_str())).collect();
            names.sort();
            (response.status, names, response.challenge().to_owned())
        };
        assert_eq!(seen(&first), seen(&second), "{request:?}");
    }
}

#[test]
fn a_body_arrives_whole_and_cookies_in_one_field() {
    let site = Site::start();
    let browser = site.signed_in(&site.ada());
    let session = format!("doorward-main={}", browser.cookie("127.0.0.1", "doorward-main").unwrap());
    let body = vec![b'x'; 300_000];
    let request = Request::post(&site.main("/form")).header("Cookie", "a=1").header("Cookie", &session);
    let request = request.header("Cookie", "b=2").header("Origin", &site.main("")).body(&body);
    Http2::open(site.port).send(&request).expect(200);
    let seen = site.upstream.last();
    assert_eq!((seen.line.as_str(), seen.body.len()), ("POST /form HTTP/1.1", body.len()));
    let cookies: Vec<_> = seen.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("cookie")).collect();
    assert_eq!(cookies.len(), 1);
    assert_eq!(seen.header("cookie"), Some("a=1; b=2"), "ours are gone, theirs are joined");
    assert_eq!(seen.header("host"), Some(format!("127.0.0.1:{}", site.port).as_str()));
}

#[test]
fn an_answer_that_breaks_off_is_reset_and_not_ended() {
    let site = Site::start();
    let tokens = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada());
    let mut connection = Http2::open(site.port);
    let mut half = connection.begin(&Request::get(&site.main("/x?do=half")).bearer(&tokens.access));
    let end = loop {
        match half.part() {
            Part::Data(_) => {}
            end => break end,
        }
    };
    assert!(matches!(end, Part::Reset(Some(_))), "{end:?}");
    connection.send(&Request::get(&site.main("/x")).bearer(&tokens.access)).expect(200);
}

#[test]
fn hp_15_each_request_of_a_connection_is_decided_on_by_its_own_authority() {
    let site = Site::start();
    let tokens = site.agent(&site.main("/")).authorize(&mut site.browser(), &site.ada());
    let mut connection = Http2::open(site.port);
    connection.send(&Request::get(&site.main("/")).bearer(&tokens.access)).expect(200);
    connection.send(&Request::get(&site.url("wiki.test", "/")).bearer(&tokens.access)).expect(401);
    connection.send(&Request::get(&site.url("nobody.test", "/")).bearer(&tokens.access)).expect(404);
    let other =
        Request::get(&site.main("/")).bearer(&tokens.access).header("Host", &format!("wiki.test:{}", site.port));
    let refused = connection.try_begin(&other).map(|incoming| incoming.head.status);
    assert!(matches!(refused, Ok(400) | Err(_)), "{refused:?}");
}
