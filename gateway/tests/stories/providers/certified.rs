//! A certified provider, oidc-provider: the good path from the first redirect to the last sign-out.

use super::stream;
use crate::harness::{Browser, Folder, Request, Response, Site, eventually, free_port, query};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A site, its provider, and a person's browser, with what it keeps for each.
struct World {
    site: Site,
    provider: Child,
    port: u16,
    _folder: Folder,
}

struct Person {
    here: Browser,
    there: Browser,
}

impl World {
    fn start() -> Self {
        let (port, folder) = (free_port(), Folder::new());
        let secret = folder.path().join("secret");
        std::fs::write(&secret, "a-secret-of-the-tests").unwrap();
        let table = format!(
            "\n[identity_providers.certified]\ntype = 'oidc'\nissuer = 'http://localhost:{port}'\nclient_id = 'doorward'\n\
             client_secret = {{ file = '{}' }}\nrefresh_interval = '1s'\n",
            secret.display()
        );
        // The provider is not there yet: that is no reason not to start.
        let site = Site::with(|config| config + &table);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/node/provider.mjs");
        let mut command = Command::new("node");
        command.arg(script).args(["--port", &port.to_string(), "--redirect", &site.login("/.doorward/callback")]);
        command.args(["--logout", &site.login("/.doorward/signed-out")]);
        command.args(["--backchannel", &site.login("/.doorward/backchannel_logout")]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut provider = command.spawn().unwrap_or_else(|error| panic!("{error}; run `.ci/install tests`"));
        let mut lines = BufReader::new(provider.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.any(|line| line == "ready"));
        // What it says further is read, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { site, provider, port, _folder: folder }
    }

    fn person(&self) -> Person {
        Person { here: self.site.browser(), there: Browser::new(self.port) }
    }

    /// Follows redirects, here and at the provider.
    #[track_caller]
    fn walk(&self, person: &mut Person, url: &str) -> Response {
        let mut url = url.to_owned();
        for _ in 0..20 {
            let theirs = url.starts_with(&format!("http://localhost:{}/", self.port));
            let browser = if theirs { &mut person.there } else { &mut person.here };
            let answer = browser.send(Request::get(&url).html());
            if !(300..400).contains(&answer.status) {
                return answer;
            }
            let next = answer.location();
            url = if next.starts_with('/') { format!("http://localhost:{}{next}", self.port) } else { next.to_owned() };
        }
        panic!("redirected in a circle, last to {url}");
    }

    /// Presses the button of the provider's sign-out page; where that leads.
    #[track_caller]
    fn confirm(&self, person: &mut Person, page: &Response) -> Response {
        let text = page.text();
        let (_, rest) = text.split_once("name=\"xsrf\" value=\"").unwrap_or_else(|| panic!("no form in {text}"));
        let xsrf = rest.split('"').next().unwrap();
        let confirm = Request::post(&format!("http://localhost:{}/session/end/confirm", self.port));
        person.there.send(confirm.form(&[("xsrf", xsrf), ("logout", "yes")]))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.provider.kill();
        let _ = self.provider.wait();
    }
}

#[test]
fn lo_02_lo_03_a_certified_provider_signs_in_is_followed_and_is_signed_out_of() {
    let world = World::start();
    let mut person = world.person();
    let page = world.walk(&mut person, &world.site.main("/notes?a=1")).expect(200);
    assert_eq!(page.json()["line"], "GET /notes?a=1 HTTP/1.1");
    let seen = world.site.upstream.last();
    assert_eq!(seen.header("x-forwarded-email"), Some("ada@example.com"));
    assert_eq!(seen.header("x-forwarded-groups"), Some("staff,ops"));
    // Refreshed by rotating tokens, more than once, and still there.
    let again = std::time::Instant::now();
    eventually("some seconds have passed", || again.elapsed().as_secs() >= 4);
    world.walk(&mut person, &world.site.main("/")).expect(200);
    assert!(!world.site.log_lines().join("\n").contains("could not be asked about"));
    let ask = person.here.open(&world.site.login("/.doorward/logout?everywhere")).expect(200);
    let there = person.here.submit(&ask, &[("everywhere", "on")]).expect(303).location().to_owned();
    let page = world.walk(&mut person, &there).expect(200);
    let back = world.confirm(&mut person, &page);
    assert!(query(back.location(), "state").is_some(), "{}", back.location());
    assert!(world.walk(&mut person, back.location()).expect(200).text().contains("You are signed out"));
}

#[test]
fn lo_04_lo_08_a_certified_provider_tells_that_somebody_has_signed_out() {
    let world = World::start();
    let mut person = world.person();
    world.walk(&mut person, &world.site.main("/")).expect(200);
    let mut streaming = stream(&world.site, &person.here);
    let page = world.walk(&mut person, &format!("http://localhost:{}/session/end", world.port)).expect(200);
    world.confirm(&mut person, &page);
    eventually("the stream ends", || streaming.chunk().is_none());
    let next = person.here.send(Request::get(&world.site.main("/")).html());
    assert_eq!(next.status, 302, "{}", next.text());
}
