//! Several servers for one app: who gets which request, and what happens when some of them are not there.

use crate::harness::{Request, Response, Scripted, Site, eventually, free_port, ok, say, send};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

fn listed(servers: &[&Scripted]) -> String {
    let urls: Vec<_> = servers.iter().map(|server| format!("{:?}", server.url())).collect();
    format!("upstreams = [{}]", urls.join(", "))
}

fn ask(site: &Site, target: &str) -> Response {
    send(&Request::get(&site.at_lab(target)))
}

fn counts(answers: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    answers.fold(BTreeMap::new(), |mut counts, name| {
        *counts.entry(name).or_default() += 1;
        counts
    })
}

#[test]
fn each_server_gets_its_share() {
    let (a, b) = (Scripted::named("a"), Scripted::named("b"));
    let weighted = format!("upstreams = [{:?}, {{ url = {:?}, weight = 3 }}]", a.url(), b.url());
    let site = Site::with_lab(&weighted);
    let shares = counts((0..40).map(|_| ask(&site, "/").expect(200).text()));
    assert_eq!(shares, BTreeMap::from([("a".to_owned(), 10), ("b".to_owned(), 30)]));
    site.reload(|config| config + &Site::lab(&listed(&[&a, &b])));
    let shares = counts((0..40).map(|_| ask(&site, "/").expect(200).text()));
    assert_eq!(shares, BTreeMap::from([("a".to_owned(), 20), ("b".to_owned(), 20)]));
}

#[test]
fn who_has_the_fewest_requests_gets_the_next() {
    let released = Arc::new(AtomicBool::new(false));
    let slow = |name: &'static str| {
        let released = Arc::clone(&released);
        Scripted::start(move |seen, writer| {
            while seen.target() == "/slow" && !released.load(Ordering::Acquire) {
                thread::sleep(Duration::from_millis(10));
            }
            ok(writer, name)
        })
    };
    let (a, b) = (slow("a"), slow("b"));
    let site = Site::with_lab(&format!("{}\nload_balancing = \"least_connections\"", listed(&[&a, &b])));
    thread::scope(|scope| {
        let busy = scope.spawn(|| ask(&site, "/slow").expect(200).text());
        eventually("the slow request is there", || !a.seen().is_empty() || !b.seen().is_empty());
        let others = counts((0..10).map(|_| ask(&site, "/").expect(200).text()));
        released.store(true, Ordering::Release);
        // One that has just been answered may count for a moment still.
        let to_the_busy = others.get(&busy.join().unwrap()).copied().unwrap_or_default();
        assert!(to_the_busy <= 2, "the idle one takes them all: {others:?}");
    });
}

#[test]
fn the_same_value_leads_to_the_same_server() {
    let servers = [Scripted::named("a"), Scripted::named("b"), Scripted::named("c")];
    let [a, b, c] = &servers;
    let with = |servers: &[&Scripted], by: &str| format!("{}\nload_balancing = {{ hash = {by:?} }}", listed(servers));
    let site = Site::with_lab(&with(&[a, b, c], "header:X-Tenant"));
    let who =
        |header: &str, value: &str| send(&Request::get(&site.at_lab("/")).header(header, value)).expect(200).text();
    let tenants: Vec<_> = (0..60).map(|number| format!("tenant-{number}")).collect();
    let before: Vec<_> = tenants.iter().map(|tenant| who("X-Tenant", tenant)).collect();
    let again: Vec<_> = tenants.iter().map(|tenant| who("X-Tenant", tenant)).collect();
    assert_eq!(before, again);
    let shares = counts(before.iter().cloned());
    assert!(shares.len() == 3 && shares.values().all(|share| *share >= 8), "{shares:?}");
    // Without one of them, only its own tenants move.
    site.reload(|config| config + &Site::lab(&with(&[a, c], "header:X-Tenant")));
    for (tenant, server) in tenants.iter().zip(&before) {
        let now = who("X-Tenant", tenant);
        assert!(now == *server || server == "b", "{tenant} moved from {server} to {now}");
    }
    site.reload(|config| config + &Site::lab(&with(&[a, b, c], "cookie:shop")));
    let cookies: Vec<_> = (0..20).map(|number| who("Cookie", &format!("x=1; shop={number}; y=2"))).collect();
    let again: Vec<_> = (0..20).map(|number| who("Cookie", &format!("shop={number}"))).collect();
    assert_eq!(cookies, again);
    assert!(counts(cookies.into_iter()).len() > 1);
    site.reload(|config| config + &Site::lab(&with(&[a, b, c], "address")));
    assert_eq!(counts((0..12).map(|_| ask(&site, "/").text())).len(), 1);
}

#[test]
fn mt_05_a_session_of_an_mcp_server_stays_with_the_server_that_chose_its_id() {
    sessions_stay("");
}

#[test]
fn mt_01_a_sealed_session_stays_with_its_server_too() {
    sessions_stay("mcp.enabled = true");
}

fn sessions_stay(more: &str) {
    const CALL: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    let server = |name: &'static str| {
        Scripted::start(move |seen, writer| {
            let id = match seen.header("mcp-session-id") {
                Some(id) if !id.starts_with(name) => {
                    return say(writer, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
                }
                Some(_) => String::new(),
                None => format!("Mcp-Session-Id: {name}{}\r\n", seen.header("x-number").unwrap_or_default()),
            };
            say(writer, &format!("HTTP/1.1 200 OK\r\n{id}Content-Length: 1\r\n\r\n{name}"))
        })
    };
    let (a, b, c) = (server("a"), server("b"), server("c"));
    let with = |servers: &[&Scripted]| {
        format!("{}\nload_balancing = {{ hash = \"header:Mcp-Session-Id\" }}\n{more}", listed(servers))
    };
    let site = Site::with_lab(&with(&[&a, &b]));
    let initialize = |number: usize| {
        let request = Request::post(&site.at_lab("/mcp")).header("X-Number", &number.to_string()).body(CALL);
        send(&request).expect(200).header("mcp-session-id").unwrap().to_owned()
    };
    let call = |id: &str| send(&Request::post(&site.at_lab("/mcp")).header("Mcp-Session-Id", id).body(CALL));
    let sessions: Vec<_> = (0..20).map(initialize).collect();
    assert_eq!(counts(sessions.iter().map(|id| id[..1].to_owned())).len(), 2, "new sessions go to both");
    let all_work = || sessions.iter().for_each(|id| assert_eq!(call(id).expect(200).text(), id[..1]));
    all_work();
    site.reload(|config| config + &Site::lab(&with(&[&c, &b, &a])));
    all_work();
    site.reload(|config| config + &Site::lab(&with(&[&a, &b])));
    all_work();
    // Of a server that is gone, the session is gone: another one says so, and the client begins anew.
    site.reload(|config| config + &Site::lab(&with(&[&b, &c])));
    for id in &sessions {
        assert_eq!(call(id).status, if id.starts_with('a') { 404 } else { 200 }, "{id}");
    }
}

#[test]
fn a_server_that_cannot_be_connected_to_costs_no_request() {
    let (a, b) = (Scripted::named("a"), Scripted::named("b"));
    let site = Site::with_lab(&listed(&[&a, &b]));
    a.stop();
    for _ in 0..10 {
        let post = Request::post(&site.at_lab("/")).body(b"once");
        assert_eq!(send(&post).expect(200).text(), "b", "nothing was sent to the dead one, so a POST may go on too");
    }
    assert_eq!(b.seen().len(), 10);
    b.stop();
    ask(&site, "/").expect(502);
    a.come_back();
    assert_eq!(ask(&site, "/").expect(200).text(), "a", "if all of them failed lately, each is tried again");
}

#[test]
fn a_server_that_is_not_well_gets_nothing_until_it_is() {
    let well = Arc::new(AtomicBool::new(true));
    let shared = Arc::clone(&well);
    let a = Scripted::start(move |seen, writer| match seen.target() == "/health" && !shared.load(Ordering::SeqCst) {
        true => say(writer, "HTTP/1.1 500 Sick\r\nContent-Length: 0\r\n\r\n"),
        false => ok(writer, "a"),
    });
    let b = Scripted::named("b");
    let check =
        "[apps.lab.health_check]\npath = \"/health\"\ninterval = \"1s\"\nhealthy_after = 1\nunhealthy_after = 1";
    let site = Site::with_lab(&format!("{}\n{check}", listed(&[&a, &b])));
    let metrics = || send(&Request::get(&format!("http://127.0.0.1:{}/metrics", site.admin))).expect(200).text();
    let up = |server: &Scripted, up: u8| {
        metrics().contains(&format!("doorward_upstream_up{{app=\"lab\",upstream=\"{}\"}} {up}", server.url()))
    };
    eventually("both are asked", || !a.seen().is_empty() && !b.seen().is_empty() && up(&a, 1) && up(&b, 1));
    let health = a.seen().into_iter().find(|seen| seen.target() == "/health").unwrap();
    assert_eq!(health.header("host"), Some(format!("127.0.0.1:{}", a.port).as_str()));
    well.store(false, Ordering::SeqCst);
    eventually("it is noticed", || up(&a, 0));
    assert_eq!(counts((0..10).map(|_| ask(&site, "/").expect(200).text())), BTreeMap::from([("b".to_owned(), 10)]));
    b.stop();
    eventually("the other is down too", || up(&b, 0));
    let none = ask(&site, "/").expect(503);
    assert_eq!((none.json()["error"].as_str(), none.header("retry-after")), (Some("upstream_unavailable"), Some("5")));
    let page = send(&Request::get(&site.at_lab("/")).html()).expect(503);
    assert!(page.is_html() && !page.text().contains("127.0.0.1:"), "{}", page.text());
    well.store(true, Ordering::SeqCst);
    eventually("it is well again", || up(&a, 1));
    assert_eq!(ask(&site, "/").expect(200).text(), "a");
    let text = metrics();
    assert!(text.contains("doorward_upstream_requests_total{app=\"lab\""), "{text}");
}

#[test]
fn a_health_check_that_no_reload_disturbs() {
    let dead = free_port();
    let b = Scripted::named("b");
    let app = |name: &str| {
        let servers = format!("upstreams = [\"http://127.0.0.1:{dead}\", {:?}]", b.url());
        let check = "[apps.lab.health_check]\ninterval = \"1s\"\nunhealthy_after = 1";
        Site::lab(&format!("name = {name:?}\n{servers}\n{check}"))
    };
    let site = Site::with(|config| config + &app("One"));
    let metrics = || send(&Request::get(&format!("http://127.0.0.1:{}/metrics", site.admin))).text();
    let down = format!("doorward_upstream_up{{app=\"lab\",upstream=\"http://127.0.0.1:{dead}\"}} 0");
    eventually("it is down", || metrics().contains(&down));
    site.reload(|config| config + &app("Two"));
    assert!(metrics().contains(&down), "what is known of a server outlives a reload");
    site.reload(|config| config);
    eventually("it is forgotten", || !metrics().contains(&format!("upstream=\"http://127.0.0.1:{dead}\"}} 0")));
}
