//! Several servers for one app: who gets which request, and what happens when some of them are not there.

use crate::harness::{Request, Response, Scripted, Silent, Site, eventually, free_port, ok, say, send};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

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
    let app = |name: &str| {
        Site::lab(&format!("name = {name:?}\n{}\nload_balancing = \"least_connections\"", listed(&[&a, &b])))
    };
    let site = Site::with(|config| config + &app("One"));
    thread::scope(|scope| {
        let busy = scope.spawn(|| ask(&site, "/slow").expect(200).text());
        eventually("the slow request is there", || !a.seen().is_empty() || !b.seen().is_empty());
        let mut others: Vec<_> = (0..10).map(|_| ask(&site, "/").expect(200).text()).collect();
        site.reload(|config| config + &app("Two"));
        others.extend((0..10).map(|_| ask(&site, "/").expect(200).text()));
        released.store(true, Ordering::Release);
        // One that has just been answered may count for a moment still.
        let the_busy = busy.join().unwrap();
        let to_the_busy = others.iter().filter(|server| **server == the_busy).count();
        assert!(to_the_busy <= 4, "the idle one takes them all: {others:?}");
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
fn a_cookie_that_a_server_set_leads_back_to_it() {
    let server = |name: &'static str| {
        Scripted::start(move |seen, writer| match seen.header("x-visitor") {
            Some(visitor) => say(
                writer,
                &format!("HTTP/1.1 200 OK\r\nSet-Cookie: shop={name}{visitor}; Path=/\r\nContent-Length: 0\r\n\r\n"),
            ),
            None => ok(writer, name),
        })
    };
    let (a, b) = (server("a"), server("b"));
    let site = Site::with_lab(&format!("{}\nload_balancing = {{ hash = \"cookie:shop\" }}", listed(&[&a, &b])));
    for visitor in 0..20 {
        let first = send(&Request::get(&site.at_lab("/")).header("X-Visitor", &visitor.to_string())).expect(200);
        let (cookie, _) = first.header("set-cookie").unwrap().split_once(';').unwrap();
        let next = send(&Request::get(&site.at_lab("/")).header("Cookie", cookie)).expect(200);
        assert!(cookie.starts_with(&format!("shop={}", next.text())), "{cookie} went to {}", next.text());
    }
}

#[test]
fn a_followed_redirect_stays_with_its_server() {
    let server = |name: &'static str| {
        Scripted::start(move |seen, writer| match seen.target() {
            "/mcp" => say(writer, &format!("HTTP/1.1 307 Moved\r\nLocation: /of-{name}\r\nContent-Length: 0\r\n\r\n")),
            target => ok(writer, &format!("{name} {target}")),
        })
    };
    let (a, b) = (server("a"), server("b"));
    let site = Site::with_lab(&format!("{}\nfollow_redirects = true", listed(&[&a, &b])));
    for _ in 0..6 {
        let told = ask(&site, "/mcp").expect(200).text();
        assert!(["a /of-a", "b /of-b"].contains(&told.as_str()), "{told}");
    }
}

#[test]
fn a_server_that_takes_no_connections_is_waited_for_once() {
    let (silent, b) = (Silent::start(), Scripted::named("b"));
    let servers = format!("upstreams = [\"http://127.0.0.1:{}\", {:?}]", silent.port, b.url());
    let site = Site::with_lab(&format!("{servers}\ntimeouts.connect = \"3s\""));
    let started = Instant::now();
    for _ in 0..8 {
        assert_eq!(ask(&site, "/").expect(200).text(), "b");
    }
    assert!(started.elapsed() < Duration::from_secs(9), "four would have waited: {:?}", started.elapsed());
}

#[test]
fn a_request_is_not_tried_twice_with_the_same_server() {
    let (a, b) = (Scripted::named("a"), Scripted::named("b"));
    let site = Site::with_lab(&format!("{}\nload_balancing = {{ hash = \"header:X-Tenant\" }}", listed(&[&a, &b])));
    a.stop();
    b.stop();
    let tenant = |number: usize| Request::get(&site.at_lab("/")).header("X-Tenant", &number.to_string());
    send(&tenant(0)).expect(502);
    b.come_back();
    for number in 0..20 {
        assert_eq!(send(&tenant(number)).expect(200).text(), "b", "tenant {number}");
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
    let app = |name: &str, weight: usize| {
        let dead = format!("{{ url = \"http://127.0.0.1:{dead}\", weight = {weight} }}");
        let servers = format!("upstreams = [{dead}, {:?}]", b.url());
        let check = "[apps.lab.health_check]\ninterval = \"1s\"\nunhealthy_after = 1";
        Site::lab(&format!("name = {name:?}\n{servers}\n{check}"))
    };
    let site = Site::with(|config| config + &app("One", 1));
    let metrics = || send(&Request::get(&format!("http://127.0.0.1:{}/metrics", site.admin))).text();
    let down = format!("doorward_upstream_up{{app=\"lab\",upstream=\"http://127.0.0.1:{dead}\"}} 0");
    eventually("it is down", || metrics().contains(&down));
    for (name, weight) in [("Two", 1), ("Two", 2)] {
        site.reload(|config| config + &app(name, weight));
        assert!(metrics().contains(&down), "what is known of a server outlives a reload");
        for _ in 0..4 {
            ask(&site, "/").expect(200);
        }
        assert!(metrics().contains(&down), "{name}, {weight}");
    }
    site.reload(|config| config);
    eventually("it is forgotten", || !metrics().contains(&format!("upstream=\"http://127.0.0.1:{dead}\"}} 0")));
}

#[test]
fn health_changes_after_so_many_answers_in_a_row() {
    const GOOD: usize = 0;
    const BAD: usize = 1;
    const IN_TURN: usize = 2;
    let (mode, asked) = (Arc::new(AtomicUsize::new(GOOD)), Arc::new(AtomicUsize::new(0)));
    let (of_server, count) = (Arc::clone(&mode), Arc::clone(&asked));
    let server = Scripted::start(move |_, writer| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        match of_server.load(Ordering::SeqCst) {
            GOOD => ok(writer, "well"),
            IN_TURN if number.is_multiple_of(2) => ok(writer, "well"),
            _ => say(writer, "HTTP/1.1 500 Sick\r\nContent-Length: 0\r\n\r\n"),
        }
    });
    let check = "[apps.lab.health_check]\ninterval = \"1s\"\nhealthy_after = 2\nunhealthy_after = 2";
    let site = Site::with_lab(&format!("upstream = {:?}\n{check}", server.url()));
    let up = || {
        let metrics = send(&Request::get(&format!("http://127.0.0.1:{}/metrics", site.admin))).text();
        metrics.contains(&format!("doorward_upstream_up{{app=\"lab\",upstream=\"{}\"}} 1", server.url()))
    };
    let stays = |what: bool| {
        mode.store(IN_TURN, Ordering::SeqCst);
        let until = asked.load(Ordering::SeqCst) + 5;
        eventually("five more were asked", || {
            assert_eq!(up(), what, "one answer after another decides");
            asked.load(Ordering::SeqCst) >= until
        });
    };
    let started = Instant::now();
    eventually("it is asked", || asked.load(Ordering::SeqCst) > 0 && up());
    stays(true);
    mode.store(BAD, Ordering::SeqCst);
    eventually("it is unwell", || !up());
    stays(false);
    mode.store(GOOD, Ordering::SeqCst);
    eventually("it is well", up);
    let (asked, seconds) = (asked.load(Ordering::SeqCst), started.elapsed().as_secs());
    assert!(asked as u64 <= seconds + 3, "{asked} times in {seconds} s");
}

#[test]
fn a_healthy_server_answers_in_time_and_with_the_wanted_status() {
    let hanging = Arc::new(AtomicBool::new(false));
    let hangs = Arc::clone(&hanging);
    let server = Scripted::start(move |_, writer| {
        while hangs.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(20));
        }
        say(writer, "HTTP/1.1 204 Well\r\n\r\n")
    });
    let with = |more: &str| {
        let check =
            format!("[apps.lab.health_check]\ninterval = \"1s\"\nhealthy_after = 1\nunhealthy_after = 1\n{more}");
        Site::lab(&format!("upstream = {:?}\n{check}", server.url()))
    };
    let site = Site::with(|config| config + &with("timeout = \"1s\""));
    let metrics = || send(&Request::get(&format!("http://127.0.0.1:{}/metrics", site.admin))).text();
    let up = |up: u8| metrics().contains(&format!("{{app=\"lab\",upstream=\"{}\"}} {up}", server.url()));
    eventually("it is asked", || !server.seen().is_empty() && up(1));
    hanging.store(true, Ordering::SeqCst);
    eventually("it does not answer in time", || up(0));
    hanging.store(false, Ordering::SeqCst);
    eventually("it answers", || up(1));
    site.reload(|config| config + &with("status = 200"));
    eventually("another status was wanted", || up(0));
    site.reload(|config| config + &with("status = 204"));
    eventually("this one", || up(1));
}

#[test]
fn a_server_that_is_well_again_gets_its_share_at_once() {
    let (a, b) = (Scripted::named("a"), Scripted::named("b"));
    let check = "[apps.lab.health_check]\ninterval = \"1s\"\nhealthy_after = 1\nunhealthy_after = 1";
    let site = Site::with_lab(&format!("{}\n{check}", listed(&[&a, &b])));
    let metrics = || send(&Request::get(&format!("http://127.0.0.1:{}/metrics", site.admin))).text();
    let up = |up: u8| metrics().contains(&format!("{{app=\"lab\",upstream=\"{}\"}} {up}", a.url()));
    eventually("it is asked", || !a.seen().is_empty() && up(1));
    a.stop();
    eventually("a request has met it", || {
        ask(&site, "/").expect(200);
        up(0)
    });
    a.come_back();
    eventually("it is well", || up(1));
    assert_eq!(counts((0..4).map(|_| ask(&site, "/").text()))["a"], 2);
}
