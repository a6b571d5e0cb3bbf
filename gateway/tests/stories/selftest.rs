//! `doorward selftest`: what a stranger gets who goes round the gateway.

use crate::harness::{Folder, Scripted, Site, ok, say};
use serde_json::Value;

const REFUSED: &str = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";

/// The result for a server, what is said of it, and whether the command found nothing wrong.
fn tried(server: &Scripted, arguments: &[&str]) -> (String, String, bool) {
    let site = Site::with(|config| config + &Site::lab(&format!("upstream = {:?}", server.url())));
    let output = site.cli(&[&["selftest", "--json", "--app", "lab"], arguments].concat());
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told[0]["app"], &told[0]["upstream"]), (&"lab".into(), &server.url().into()));
    let text = |name: &str| told[0][name].as_str().unwrap().to_owned();
    (text("result"), text("what"), output.status.success())
}

#[test]
fn h_12_an_upstream_that_believes_headers_is_found() {
    for name in ["X-Forwarded-Email", "Remote-User", "X-WEBAUTH-USER"] {
        let server = Scripted::start(move |seen, writer| match seen.header(name) {
            Some(_) => ok(writer, "welcome"),
            None => say(writer, REFUSED),
        });
        let (result, what, _) = tried(&server, &[]);
        assert_eq!(result, "depends", "{name}: on this machine alone");
        assert_eq!(what, "believes a forged identity (401 Unauthorized without, 200 OK with it)");
    }
    // One that decodes the assertion and does not verify it.
    let server = Scripted::start(|seen, writer| match seen.header("doorward-assertion") {
        Some(assertion) if assertion.split('.').count() == 3 => ok(writer, "welcome"),
        _ => say(writer, REFUSED),
    });
    assert!(tried(&server, &[]).1.starts_with("believes"));
    // One that is open to all, and greets by name.
    let server = Scripted::start(|seen, writer| ok(writer, seen.header("remote-user").unwrap_or("nobody")));
    assert!(tried(&server, &["--as", "eve@example.com"]).1.starts_with("believes"));
    assert_eq!(server.last().header("remote-user"), Some("eve@example.com"));
    // One that leads on whom it knows, and all others to its login page.
    let server = Scripted::start(|seen, writer| {
        let to = seen.header("remote-user").map_or("/login?state=1", |_| "/home");
        say(writer, &format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"))
    });
    assert!(tried(&server, &[]).1.starts_with("believes"));
}

#[test]
fn h_12_an_upstream_that_believes_nobody_is_told_from_one_that_is_open() {
    let strict = Scripted::start(|_, writer| say(writer, REFUSED));
    let (result, what, right) = tried(&strict, &["--path", "/private?x=1"]);
    assert_eq!((result.as_str(), right), ("good", true));
    assert_eq!(what, "refuses strangers (401 Unauthorized), with a forged identity or without");
    assert_eq!(strict.seen().len(), 2);
    assert_eq!(strict.last().target(), "/private?x=1");

    let open = Scripted::named("anybody");
    let (result, what, right) = tried(&open, &[]);
    assert_eq!((result.as_str(), right), ("good", true));
    assert_eq!(what, "serves anybody (200 OK), but only programs of this machine reach it");
}

#[test]
fn h_12_what_could_not_be_tried_is_no_success() {
    let gone = Scripted::named("gone");
    gone.stop();
    let (result, what, right) = tried(&gone, &[]);
    assert_eq!((result.as_str(), right), ("failed", false));
    assert!(what.starts_with("could not be asked: "), "{what}");

    let folder = Folder::new();
    let server = Scripted::named("socket");
    server.also_at(&folder.path().join("app.sock"));
    let upstream = format!("upstream = \"unix:{}/app.sock\"", folder.path().display());
    let site = Site::with(|config| config + &Site::lab(&upstream));
    assert!(site.cli_ok(&["selftest", "--app", "lab"]).starts_with("good     lab  unix:"));
    let unknown = site.cli(&["selftest", "--app", "other"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("there is no app `other`"));
    for (arguments, what) in [(["--as", ""], "is not an e-mail address"), (["--path", "x"], "does not begin with `/`")]
    {
        let wrong = site.cli(&[&["selftest"], &arguments[..]].concat());
        let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
        assert!(wrong.status.code() == Some(1) && said.contains(what) && !said.contains("panicked"), "{said}");
    }
}
