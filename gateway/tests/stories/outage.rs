//! The store is out of reach, locked or full: who was let in goes on for a while, everything else gets 503, and nothing has to
//! be started again.

use crate::harness::{Browser, Request, Site, Wire, eventually, send};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn site(grace: &str) -> Site {
    Site::with(|config| {
        config.replace("url = \"sqlite:DATABASE\"", &format!("url = \"sqlite:DATABASE\"\noutage_grace = \"{grace}\""))
    })
}

/// Another process that keeps the database from being used, until it is dropped.
struct Lock(Child);

impl Lock {
    /// Nobody reads or writes: every lock of the index of the write-ahead log is taken.
    fn of_everything(site: &Site) -> Self {
        Self::hold(site, "f = open(sys.argv[1] + '-shm', 'r+b'); fcntl.lockf(f, fcntl.LOCK_EX, 8, 120)")
    }

    /// Nobody writes.
    fn of_writes(site: &Site) -> Self {
        Self::hold(site, "db = sqlite3.connect(sys.argv[1], timeout=10); db.execute('BEGIN EXCLUSIVE')")
    }

    fn hold(site: &Site, how: &str) -> Self {
        let script = format!("import fcntl, sqlite3, sys\n{how}\nprint('held', flush=True)\nsys.stdin.read()");
        let mut python = Command::new("python3");
        python.args(["-c", &script]).arg(site.database()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = python.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "held");
        Self(child)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn ask(browser: &mut Browser, site: &Site) -> u16 {
    browser.send(Request::get(&site.main("/x"))).status
}

fn token(site: &Site) -> String {
    site.agent(&site.main("/")).authorize(&mut site.browser(), &site.bob()).access
}

#[test]
fn hp_30_who_was_let_in_goes_on_for_a_time_and_everything_else_is_refused() {
    let site = site("12s");
    let mut ada = site.signed_in(&site.ada());
    let (warm, cold) = (token(&site), token(&site));
    let by = |token: &str| send(&Request::get(&site.main("/x")).bearer(token)).status;
    assert_eq!((ask(&mut ada, &site), by(&warm)), (200, 200));
    let mut stream = Wire::open(site.port);
    stream.write(&Request::get(&site.main("/x?do=endless")).bearer(&warm).bytes());
    assert_eq!(stream.head().unwrap().status, 200);

    let (lock, began) = (Lock::of_everything(&site), Instant::now());
    // Also when the store has been asked in vain for a while, and requests under way were looked at.
    while began.elapsed() < Duration::from_secs(7) {
        assert_eq!((ask(&mut ada, &site), by(&warm)), (200, 200), "they were let in before");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(site.upstream.closed_streams(), 0, "the stream goes on");
    assert!(site.upstream.last().header("doorward-assertion").is_some(), "assertions are signed as ever");
    let ready = || send(&Request::get(&format!("http://127.0.0.1:{}/readyz", site.admin))).status;
    let asked = Instant::now();
    assert_eq!(ready(), 503, "others are told to ask elsewhere");
    assert!(asked.elapsed() < Duration::from_secs(5), "without waiting for the store: {:?}", asked.elapsed());
    let refused = send(&Request::get(&site.main("/x")).bearer(&cold)).expect(503);
    assert_eq!(refused.json()["error"], "unavailable");
    assert!(refused.header("retry-after").is_some());
    send(&Request::get(&site.main("/x"))).expect(401);
    eventually("the time is over", || ask(&mut ada, &site) == 503);
    let lasted = began.elapsed();
    assert!(lasted > Duration::from_secs(9) && lasted < Duration::from_secs(35), "{lasted:?}");
    assert_eq!(by(&warm), 503);
    eventually("the stream has ended", || site.upstream.closed_streams() == 1);

    drop(lock);
    eventually("the store is back", || ask(&mut ada, &site) == 200 && by(&warm) == 200 && by(&cold) == 200);
    eventually("that is told", || ready() == 200);
}

#[test]
fn hp_30_without_a_grace_nobody_goes_on() {
    let site = site("0s");
    let mut ada = site.signed_in(&site.ada());
    assert_eq!(ask(&mut ada, &site), 200);
    let lock = Lock::of_everything(&site);
    eventually("she is refused", || ask(&mut ada, &site) == 503);
    let page = ada.send(Request::get(&site.main("/x")).html()).expect(503);
    assert!(page.is_html() && page.all("set-cookie").is_empty(), "she stays signed in");
    drop(lock);
    eventually("the store is back", || ask(&mut ada, &site) == 200);
}

#[test]
fn hp_30_what_is_revoked_in_an_outage_is_heeded_when_it_is_over() {
    let site = site("1m");
    let (mut ada, token) = (site.signed_in(&site.ada()), token(&site));
    let by_token = || send(&Request::get(&site.main("/x")).bearer(&token)).status;
    assert_eq!((ask(&mut ada, &site), by_token()), (200, 200));
    let lock = Lock::of_everything(&site);
    // It waits for the database, too.
    let mut revoking = site.command(&["user", "revoke", "bob@example.com"]).stdout(Stdio::null()).spawn().unwrap();
    assert_eq!((ask(&mut ada, &site), by_token()), (200, 200));
    drop(lock);
    eventually("he is revoked", || revoking.try_wait().unwrap().is_some_and(|status| status.success()));
    let began = Instant::now();
    eventually("that is heeded", || by_token() == 401);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(ask(&mut ada, &site), 200);
}

#[test]
fn hp_30_a_store_that_takes_no_writes_still_answers() {
    let open = "{ action = \"bypass\", include = [{ ip = \"127.0.0.0/8\" }] }";
    let services = "{ action = \"service_auth\", include = [{ any_service_token = true }] }";
    let site = Site::with(|config| config + &Site::lab("upstream = \"UPSTREAM\"").replace(open, services));
    let (mut ada, cold) = (site.signed_in(&site.ada()), token(&site));
    let made: Value = serde_json::from_str(&site.cli_ok(&["service-token", "add", "nightly", "--json"])).unwrap();
    let (lock, began) = (Lock::of_writes(&site), Instant::now());
    assert_eq!(ask(&mut ada, &site), 200);
    send(&Request::get(&site.main("/x")).bearer(&cold)).expect(200);
    send(&Request::get(&site.at_lab("/x")).bearer(made["client_secret"].as_str().unwrap())).expect(200);
    assert!(began.elapsed() < Duration::from_secs(7), "its last use is no reason to wait: {:?}", began.elapsed());
    drop(lock);
}

#[test]
fn hp_30_a_full_disk_ends_nothing_and_refuses_what_must_be_kept() {
    let mut site = site("1m");
    site.kill();
    // A write beyond the limit fails then, as on a full disk, and does not end the process.
    site.run_in("trap '' XFSZ; exec \"$@\"");
    let (mut ada, cold) = (site.signed_in(&site.ada()), token(&site));
    let pid = site.pid().to_string();
    let limit = |bytes: &str| {
        let status = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}:unlimited")]).status();
        assert!(status.unwrap().success());
    };
    limit("4096");
    assert_eq!(ask(&mut ada, &site), 200);
    send(&Request::get(&site.main("/x")).bearer(&cold)).expect(200);
    let page = site.browser().open(&site.main("/"));
    assert!(matches!(page.status, 200 | 503), "{}", page.status);
    let mut bob = site.browser();
    let tried = bob.try_sign_in(&site.main("/"), &site.bob());
    assert_eq!(tried, 503, "a sign-in that cannot be kept is none");
    limit("unlimited");
    bob.sign_in(&site.main("/"), &site.bob()).expect(200);
    assert_eq!(ask(&mut ada, &site), 200);
}
