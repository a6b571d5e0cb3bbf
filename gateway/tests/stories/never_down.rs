//! Changes under load: no request is lost, and none gets what is another's.

use crate::harness::{Browser, Request, Site, Wire};
use bytes::Bytes;
use serde_json::Value;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

fn cookie(browser: &Browser) -> String {
    format!("doorward-main={}", browser.cookie("127.0.0.1", "doorward-main").unwrap())
}

#[test]
fn op_05_reloads_under_load_lose_no_request_and_a_wrong_file_changes_nothing() {
    let site = Site::start();
    let cookie = cookie(&site.signed_in(&site.ada()));
    let (stop, served) = (AtomicBool::new(false), AtomicUsize::new(0));
    let client = || {
        let mut wire = Wire::open(site.port);
        while !stop.load(Ordering::Relaxed) {
            let answer = wire.send(&Request::get(&site.main("/x")).header("Cookie", &cookie));
            assert_eq!(answer.status, 200);
            assert_eq!(answer.json()["line"], "GET /x HTTP/1.1");
            served.fetch_add(1, Ordering::Relaxed);
        }
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..4).map(|_| scope.spawn(client)).collect();
        for n in 0..6 {
            site.reload(|config| config.replace("Main app", &format!("Main app {n}")));
            // Half of it is no configuration.
            site.configure(|config| config.split_once("[policies.people]").unwrap().0.to_owned() + "policies = 7\n");
            site.logged("the wrong file", |event| event.to_string().contains("the changed configuration is wrong"));
        }
        stop.store(true, Ordering::Relaxed);
        let lost = clients.into_iter().filter_map(|client| client.join().err()).count();
        assert_eq!(lost, 0, "of {served:?} requests");
    });
    assert!(served.load(Ordering::Relaxed) > 100, "{served:?}");
}

/// Whether an answer is the one to this request of this person.
fn is_own(answer: &Value, tag: &str, email: &str) -> bool {
    let headers = answer["headers"].as_array().unwrap();
    let said = |name: &str, value: &str| {
        headers
            .iter()
            .filter(|field| field[0].as_str().unwrap().eq_ignore_ascii_case(name))
            .all(|field| field[1] == value)
    };
    answer["line"] == format!("GET /{tag} HTTP/1.1") && said("x-tag", tag) && said("x-forwarded-email", email)
}

#[test]
fn hp_31_ten_thousand_requests_at_once_each_get_their_own_answer() {
    const EACH: usize = 1250;
    let site = Site::start();
    let people: Vec<_> =
        [site.ada(), site.bob()].iter().map(|user| (user.name, cookie(&site.signed_in(user)))).collect();
    thread::scope(|scope| {
        for client in 0..4 {
            let (name, cookie) = &people[client % 2];
            let (site, person) = (&site, (*name, cookie.as_str()));
            scope.spawn(move || by_http1(site, person, client, EACH));
            scope.spawn(move || by_http2(site, person, client, EACH));
        }
    });
    assert!(site.upstream.seen().len() >= 8 * EACH);
}

fn by_http1(site: &Site, (name, cookie): (&str, &str), client: usize, count: usize) {
    let mut wire = Wire::open(site.port);
    for n in 0..count {
        let tag = format!("one-{client}-{n}");
        let ask = Request::get(&site.main(&format!("/{tag}"))).header("X-Tag", &tag).header("Cookie", cookie);
        let answer = wire.send(&ask).expect(200);
        assert!(is_own(&answer.json(), &tag, name), "{tag}: {}", answer.text());
    }
}

/// Fifty at a time on one connection; of every tenth nobody waits for the answer, so that streams are reset among the others.
fn by_http2(site: &Site, (name, cookie): (&str, &str), client: usize, count: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = TcpStream::connect(("127.0.0.1", site.port)).await.unwrap();
        let (sender, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        let mut running = JoinSet::new();
        for n in 0..count {
            let tag = format!("two-{client}-{n}");
            let ask = http::Request::get(site.main(&format!("/{tag}"))).header("x-tag", &tag).header("cookie", cookie);
            let mut sender = sender.clone().ready().await.unwrap();
            let (answer, _) = sender.send_request(ask.body(()).unwrap(), true).unwrap();
            let name = name.to_owned();
            running.spawn(async move {
                if n % 10 == 9 {
                    return;
                }
                let body = whole(answer).await;
                let json = serde_json::from_slice(&body).unwrap();
                assert!(is_own(&json, &tag, &name), "{tag}: {json}");
            });
            if running.len() >= 50 {
                running.join_next().await.unwrap().unwrap();
            }
        }
        while let Some(done) = running.join_next().await {
            done.unwrap();
        }
    });
}

async fn whole(answer: h2::client::ResponseFuture) -> Bytes {
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), 200);
    let (mut incoming, mut body) = (answer.into_body(), Vec::new());
    while let Some(part) = incoming.data().await {
        let part = part.unwrap();
        let _ = incoming.flow_control().release_capacity(part.len());
        body.extend_from_slice(&part);
    }
    body.into()
}
