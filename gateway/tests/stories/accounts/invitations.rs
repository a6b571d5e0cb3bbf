//! Links to set a password by: an administrator's invitation, and the one for who has forgotten theirs.

use super::{at_account, give_password, post, set_up_app};
use crate::harness::{Browser, MailServer, Request, Response, Site, User};
use serde_json::Value;

const NEW: &str = "seventeen quiet otters";

fn with_mail(mail: &MailServer) -> Site {
    let section = format!(
        "\n[mail]\nurl = \"smtp://127.0.0.1:{}\"\nstarttls = false\nfrom = \"Door <door@example.com>\"\n",
        mail.port
    );
    Site::with(|config| config + &section)
}

/// The link that a command prints.
fn link(site: &Site, arguments: &[&str]) -> String {
    let said: Value = serde_json::from_str(&site.cli_ok(&[arguments, &["--json"]].concat())).unwrap();
    said["url"].as_str().unwrap().to_owned()
}

fn set(browser: &mut Browser, page: &Response, password: &str) -> Response {
    browser.submit(page, &[("new_password", password), ("again", password)])
}

fn signs_in(site: &Site, name: &'static str, password: &str) -> bool {
    let user = User { name, password: password.to_owned() };
    give_password(site, &mut site.browser(), &user).status == 303
}

#[test]
fn an_invitation_sets_a_password_once_and_lets_in() {
    let site = Site::start();
    let url = link(&site, &["user", "invite", "zoe@example.com", "--name", "Zoe", "--group", "staff"]);
    assert!(url.starts_with(&site.login("/.doorward/invitation?key=")), "{url}");
    // Programs that read mail look at links.
    site.browser().open(&url).expect(200);
    let mut browser = site.browser();
    let page = browser.open(&url).expect(200);
    assert!(page.text().contains("zoe@example.com"));
    for weak in ["short", "password1234", "zoe@example.com", "otters"] {
        set(&mut browser, &page, weak).expect(400);
    }
    browser.submit(&page, &[("new_password", NEW), ("again", "seventeen loud otters")]).expect(400);
    set(&mut browser, &page, NEW).expect(303);
    browser.open(&site.main("/")).expect(200);
    assert_eq!(site.upstream.last().header("x-forwarded-groups"), Some("staff"));
    browser.open(&url).expect(410);
    set(&mut browser, &page, "eighteen quiet otters").expect(410);
    assert!(signs_in(&site, "zoe@example.com", NEW));
    assert!(!signs_in(&site, "zoe@example.com", "eighteen quiet otters"));
    let again = site.cli(&["user", "invite", "zoe@example.com"]);
    assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains("already"));
}

#[test]
fn a_link_is_over_in_time_and_with_the_password_it_was_made_for() {
    let site = Site::start();
    let short = link(&site, &["user", "invite", "zoe@example.com", "--expires", "1s"]);
    std::thread::sleep(std::time::Duration::from_secs(2));
    site.browser().open(&short).expect(410);
    let older = link(&site, &["user", "reset", "bob@example.com"]);
    let newer = link(&site, &["user", "reset", "bob@example.com"]);
    let mut browser = site.browser();
    let page = browser.open(&newer).expect(200);
    set(&mut browser, &page, NEW).expect(303);
    site.browser().open(&older).expect(410);
    for key in ["", "x", "%00"] {
        let status = site.browser().open(&site.login(&format!("/.doorward/invitation?key={key}"))).status;
        assert!(status == 410 || status == 400, "{key}: {status}");
    }
}

#[test]
fn a_reset_signs_out_everywhere_and_still_asks_for_the_second_factor() {
    let site = Site::start();
    let mut elsewhere = at_account(&site, &site.ada());
    set_up_app(&site, &mut elsewhere);
    elsewhere.open(&site.main("/")).expect(200);
    let url = link(&site, &["user", "reset", "ada@example.com"]);
    let mut browser = site.browser();
    let page = browser.open(&url).expect(200);
    let next = set(&mut browser, &page, NEW).expect(200);
    assert!(next.text().contains("name=\"code\""), "the mailbox is not the second factor: {}", next.text());
    assert_ne!(browser.send(Request::get(&site.main("/")).html()).status, 200);
    assert_ne!(elsewhere.send(Request::get(&site.main("/")).html()).status, 200);
}

#[test]
fn a_form_of_another_site_or_browser_sets_nothing() {
    let site = Site::start();
    let url = link(&site, &["user", "invite", "zoe@example.com"]);
    let mut browser = site.browser();
    let page = browser.open(&url).expect(200);
    let sealed = super::token(&page);
    let fields = [("form", sealed.as_str()), ("new_password", NEW), ("again", NEW)];
    let mut thief = site.browser();
    thief.open(&site.login("/.doorward/login"));
    post(&site, &mut thief, "/.doorward/invitation", &fields).expect(410);
    let foreign = Request::post(&site.login("/.doorward/invitation")).html().header("Sec-Fetch-Site", "cross-site");
    browser.send(foreign.header("Origin", "https://evil.example").form(&fields)).expect(410);
    assert!(!signs_in(&site, "zoe@example.com", NEW));
}

#[test]
fn who_has_forgotten_their_password_gets_a_link_and_nobody_learns_who_has_an_account() {
    let mail = MailServer::start();
    let site = with_mail(&mail);
    let login = site.browser().open(&site.login("/.doorward/login"));
    assert!(login.text().contains("href=\"/.doorward/forgotten\""));
    let told = ["bob@example.com", "nobody@example.com"].map(|address| {
        let mut browser = site.browser();
        let page = browser.open(&site.login("/.doorward/forgotten")).expect(200);
        browser.submit(&page, &[("username", address)]).expect(200).text().replace(address, "")
    });
    assert_eq!(told[0], told[1]);
    let sent = mail.last_of(1);
    assert!(sent.contains("To: bob@example.com"), "{sent}");
    // Quoted-printable breaks long lines.
    let plain = sent.replace("=\n", "").replace("=3D", "=");
    let key = plain.split("invitation?key=").nth(1).unwrap_or_else(|| panic!("no link in {plain}"));
    let key: String = key.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
    let mut browser = site.browser();
    let page = browser.open(&site.login(&format!("/.doorward/invitation?key={key}"))).expect(200);
    set(&mut browser, &page, NEW).expect(303);
    assert!(signs_in(&site, "bob@example.com", NEW));
    let told = mail.last_of(2);
    assert!(told.contains("To: bob@example.com") && !told.contains("key="), "that it was changed: {told}");
}

#[test]
fn without_mail_nobody_can_ask_for_a_link() {
    let site = Site::start();
    assert!(!site.browser().open(&site.login("/.doorward/login")).text().contains("/.doorward/forgotten"));
    site.browser().open(&site.login("/.doorward/forgotten")).expect(404);
}
