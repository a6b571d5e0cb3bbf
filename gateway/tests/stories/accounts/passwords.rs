//! Changing a password: not to a weak one, and not for whoever is in by the old one.

use super::{ACCOUNT, at_account, give_password};
use crate::harness::{Request, Site, User};

const NEW: &str = "gravel tulip anvil mooring";

#[test]
fn a_new_password_ends_other_sessions_and_the_old_password() {
    let site = Site::start();
    let mut elsewhere = site.signed_in(&site.ada());
    let mut browser = at_account(&site, &site.ada());
    let page = browser.open(&site.login("/.doorward/account/password")).expect(200);
    let changed = browser.submit(&page, &[("new_password", NEW), ("again", NEW)]).expect(200);
    assert!(changed.text().contains("Your password is changed"), "{}", changed.text());
    assert_eq!(elsewhere.send(Request::get(&site.main("/"))).status, 401);
    assert_eq!(browser.open(&site.login(ACCOUNT)).status, 200);
    give_password(&site, &mut site.browser(), &site.ada()).expect(403);
    let ada = User { name: site.ada().name, password: NEW.to_owned() };
    give_password(&site, &mut site.browser(), &ada).expect(303);
}

#[test]
fn a_weak_password_is_refused_with_a_reason_here_and_on_the_command_line() {
    let site = Site::start();
    let mut browser = at_account(&site, &site.ada());
    let page = browser.open(&site.login("/.doorward/account/password")).expect(200);
    for (new, again, said) in [
        ("short", "short", "at least 10 characters"),
        ("password1234", "password1234", "easy to guess"),
        ("ada@example.com", "ada@example.com", "easy to guess"),
        (NEW, "gravel tulip anvil", "not the same"),
    ] {
        let refused = browser.submit(&page, &[("new_password", new), ("again", again)]).expect(400);
        assert!(refused.text().contains(said), "{new}: {}", refused.text());
    }
    give_password(&site, &mut site.browser(), &site.ada()).expect(303);
    let mut command = site.command(&["user", "rotate", "bob@example.com", "--password-stdin"]);
    let mut child = command.stdin(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"password1234").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("easy to guess"));
}

#[test]
fn a_hash_is_renewed_at_sign_in_when_the_cost_has_risen() {
    let site = Site::start();
    let costly = "\n[identity_providers.local]\ntype = \"local\"\nargon2 = { iterations = 3 }\n";
    site.reload(|config| format!("{config}{costly}"));
    give_password(&site, &mut site.browser(), &site.ada()).expect(303);
    let database = std::fs::read(site.database()).unwrap();
    let log = std::fs::read(site.database().with_extension("db-wal")).unwrap_or_default();
    let all = [String::from_utf8_lossy(&database), String::from_utf8_lossy(&log)].concat();
    assert!(all.contains("m=19456,t=3,p=1"), "the hash is as it was");
    give_password(&site, &mut site.browser(), &site.ada()).expect(303);
}
