//! A code by e-mail: only the mailbox tells whether there is one.

use super::set_up_app;
use crate::harness::{Browser, MailServer, Response, Site};

fn start(mail: &MailServer) -> Site {
    let sections = format!(
        "\n[mail]\nurl = \"smtp://127.0.0.1:{}\"\nstarttls = false\nfrom = \"Door <door@example.com>\"\n\
         [identity_providers.local]\ntype = \"local\"\n[identity_providers.mailed]\ntype = \"email_code\"\n",
        mail.port
    );
    Site::with(|config| format!("{config}{sections}"))
}

/// Asks for a code at the login page of the main app.
fn ask(site: &Site, browser: &mut Browser, address: &str) -> Response {
    let page = browser.open(&site.main("/")).expect(200);
    browser.submit(&page, &[("username", address), ("password", ""), ("provider", "mailed")])
}

fn code_in(mail: &str) -> String {
    let (_, rest) = mail.split_once("Subject: ").unwrap();
    let code: String = rest.chars().take(6).collect();
    assert!(code.bytes().all(|byte| byte.is_ascii_digit()), "{mail}");
    code
}

fn is_in(site: &Site, browser: &mut Browser) -> bool {
    browser.is_let_in(&site.main("/"))
}

#[test]
fn a_code_from_the_mailbox_signs_in_somebody_new_once() {
    let mail = MailServer::start();
    let site = start(&mail);
    let mut browser = site.browser();
    let asked = ask(&site, &mut browser, "Zoe@Example.com").expect(200);
    let sent = mail.last_of(1);
    assert!(sent.contains("To: zoe@example.com") && sent.contains("127.0.0.1") && sent.contains("text/html"), "{sent}");
    let code = code_in(&sent);
    let done = browser.submit(&asked, &[("code", &code)]).expect(303);
    browser.open(done.location()).expect(200);
    assert_eq!(site.upstream.last().header("x-forwarded-email"), Some("zoe@example.com"));
    browser.submit(&asked, &[("code", &code)]).expect(403);
    site.logged("how she signed in", |event| event["act"] == "sign_in" && event["amr"] == "otp");
}

#[test]
fn the_answer_is_the_same_for_whom_no_policy_lets_in_and_nothing_is_sent() {
    let mail = MailServer::start();
    let site = start(&mail);
    let addresses = ["ada@example.com", "nobody@example.com", "eve@example.net", "nobody@example.net"];
    let texts = addresses.map(|address| {
        let page = ask(&site, &mut site.browser(), address).expect(200).text().replace(address, "");
        page.split("name=\"form\"").next().unwrap_or_default().to_owned()
    });
    assert!(texts.iter().all(|text| *text == texts[0]), "who may come in is not said");
    mail.last_of(2);
    let to: Vec<_> = mail
        .mails()
        .iter()
        .filter_map(|mail| mail.lines().find(|line| line.starts_with("To: ")).map(str::to_owned))
        .collect();
    assert!(to.iter().all(|to| to.ends_with("@example.com")), "{to:?}");
}

#[test]
fn a_code_is_tried_five_times_and_is_worth_nothing_in_another_browser() {
    let mail = MailServer::start();
    let site = start(&mail);
    let mut browser = site.browser();
    let asked = ask(&site, &mut browser, "bob@example.com").expect(200);
    let code = code_in(&mail.last_of(1));
    let mut thief = site.browser();
    thief.open(&site.main("/"));
    thief.submit(&asked, &[("code", &code)]).expect(403);
    assert!(!is_in(&site, &mut thief));
    for _ in 0..5 {
        browser.submit(&asked, &[("code", if code == "000000" { "000001" } else { "000000" })]);
    }
    let refused = browser.submit(&asked, &[("code", &code)]);
    assert!(refused.status == 403 || refused.status == 429, "{}", refused.status);
    assert!(!is_in(&site, &mut browser));
}

#[test]
fn a_new_code_ends_the_older_one() {
    let mail = MailServer::start();
    let site = start(&mail);
    let mut browser = site.browser();
    let first = ask(&site, &mut browser, "bob@example.com").expect(200);
    let old = code_in(&mail.last_of(1));
    let second = browser.submit(&first, &[("act", "resend")]).expect(200);
    let new = code_in(&mail.last_of(2));
    if old != new {
        browser.submit(&second, &[("code", &old)]).expect(403);
    }
    browser.submit(&second, &[("code", &new)]).expect(303);
}

#[test]
fn codes_are_not_sent_without_end() {
    let mail = MailServer::start();
    let site = start(&mail);
    let statuses: Vec<_> = (0..5).map(|_| ask(&site, &mut site.browser(), "bob@example.com").status).collect();
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
    assert_eq!(ask(&site, &mut site.browser(), "ada@example.com").status, 200, "others are not concerned");
}

#[test]
fn a_mailbox_does_not_replace_a_second_factor() {
    let mail = MailServer::start();
    let site = start(&mail);
    let (app, _) = set_up_app(&site, &mut super::at_account(&site, &site.ada()));
    let mut browser = site.browser();
    let asked = ask(&site, &mut browser, "ada@example.com").expect(200);
    let second = browser.submit(&asked, &[("code", &code_in(&mail.last_of(1)))]).expect(200);
    assert!(!is_in(&site, &mut browser));
    browser.submit(&second, &[("code", &app.code(1))]).expect(303);
    site.logged("no second kind of factor", |event| event["act"] == "sign_in" && event["amr"] == "otp");
}
