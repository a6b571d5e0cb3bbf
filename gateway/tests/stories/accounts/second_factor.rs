//! A second factor: after the password, in this browser, a code that is good once.

use super::{ACCOUNT, at_account, give_password, post, set_up_app, token};
use crate::harness::{Request, Site};

/// Whether a browser is signed in at the login origin.
fn is_in(site: &Site, browser: &mut crate::harness::Browser) -> bool {
    browser.send(Request::get(&site.login("/.doorward/identity"))).status == 200
}

#[test]
fn a_password_alone_opens_nothing_once_an_app_is_set_up() {
    let site = Site::start();
    let (app, _) = set_up_app(&site, &mut at_account(&site, &site.ada()));
    let mut browser = site.browser();
    let asked = give_password(&site, &mut browser, &site.ada()).expect(200);
    assert!(asked.text().contains("name=\"code\""), "{}", asked.text());
    assert!(!is_in(&site, &mut browser));
    browser.submit(&asked, &[("code", "000000")]).expect(403);
    assert!(!is_in(&site, &mut browser));
    browser.submit(&asked, &[("code", &app.code(1))]).expect(303);
    assert!(is_in(&site, &mut browser));
    site.logged("how she signed in", |event| event["act"] == "sign_in" && event["amr"] == "pwd otp mfa");
}

#[test]
fn the_first_factor_signs_out_who_came_in_without_it() {
    let site = Site::start();
    let (mut thief, mut app) = (at_account(&site, &site.ada()), site.signed_in(&site.ada()));
    let form = thief.open(&site.login("/.doorward/account/password")).expect(200);
    let mut own = at_account(&site, &site.ada());
    own.open(&site.main("/x")).expect(200);
    set_up_app(&site, &mut own);
    assert!(!is_in(&site, &mut thief));
    assert_eq!(app.send(Request::get(&site.main("/x"))).status, 401);
    let fields = [("form", &*token(&form)), ("act", "renew_recovery_codes")];
    assert_ne!(post(&site, &mut thief, ACCOUNT, &fields).status, 200, "no codes for a stranger");
    assert!(is_in(&site, &mut own));
    assert_eq!(own.send(Request::get(&site.main("/x"))).status, 200);
}

#[test]
fn a_code_is_good_once_and_so_is_the_step() {
    let site = Site::start();
    let (app, _) = set_up_app(&site, &mut at_account(&site, &site.ada()));
    let code = app.code(1);
    let mut browser = site.browser();
    let asked = give_password(&site, &mut browser, &site.ada()).expect(200);
    browser.submit(&asked, &[("code", &code)]).expect(303);
    browser.submit(&asked, &[("code", &code)]).expect(403);
    let mut another = site.browser();
    let asked = give_password(&site, &mut another, &site.ada()).expect(200);
    another.submit(&asked, &[("code", &code)]).expect(403);
    assert!(!is_in(&site, &mut another));
}

#[test]
fn the_second_step_belongs_to_the_browser_that_gave_the_password() {
    let site = Site::start();
    let (app, _) = set_up_app(&site, &mut at_account(&site, &site.ada()));
    let asked = give_password(&site, &mut site.browser(), &site.ada()).expect(200);
    let mut thief = site.browser();
    thief.open(&site.login("/.doorward/login"));
    thief.submit(&asked, &[("code", &app.code(1))]).expect(403);
    assert!(!is_in(&site, &mut thief));
}

#[test]
fn five_wrong_codes_end_the_step_even_for_the_right_one() {
    let site = Site::start();
    let (app, _) = set_up_app(&site, &mut at_account(&site, &site.ada()));
    let mut browser = site.browser();
    let asked = give_password(&site, &mut browser, &site.ada()).expect(200);
    for _ in 0..5 {
        browser.submit(&asked, &[("code", "000000")]);
    }
    let refused = browser.submit(&asked, &[("code", &app.code(1))]);
    assert!(refused.status == 403 || refused.status == 429, "{}", refused.status);
    assert!(!is_in(&site, &mut browser));
}

#[test]
fn a_recovery_code_replaces_the_app_once() {
    let site = Site::start();
    let (_, codes) = set_up_app(&site, &mut at_account(&site, &site.ada()));
    let mut browser = site.browser();
    let asked = give_password(&site, &mut browser, &site.ada()).expect(200);
    let typed = codes[3].to_uppercase().replace('-', " ");
    browser.submit(&asked, &[("recovery_code", &typed)]).expect(303);
    assert!(is_in(&site, &mut browser));
    assert!(browser.open(&site.login(ACCOUNT)).text().contains("9 recovery codes"));
    let mut another = site.browser();
    let asked = give_password(&site, &mut another, &site.ada()).expect(200);
    another.submit(&asked, &[("recovery_code", &codes[3])]).expect(403);
    assert!(!is_in(&site, &mut another));
    let database = String::from_utf8_lossy(&std::fs::read(site.database()).unwrap()).into_owned();
    assert!(codes.iter().all(|code| !database.contains(code.as_str())), "codes are kept in clear");
}

#[test]
fn bs_09_nothing_changes_without_a_form_of_this_session() {
    let site = Site::start();
    let mut browser = at_account(&site, &site.ada());
    set_up_app(&site, &mut browser);
    let page = browser.open(&site.login(ACCOUNT)).expect(200);
    let own = token(&page);
    let mut bob = at_account(&site, &site.bob());
    let bobs = token(&bob.open(&site.login("/.doorward/account/password")));
    for (form, from) in [(own.as_str(), "cross-site"), ("", "same-origin"), (&bobs, "same-origin")] {
        let request = Request::post(&site.login(ACCOUNT)).html().header("Sec-Fetch-Site", from);
        browser.send(request.form(&[("form", form), ("act", "remove_totp")])).expect(403);
    }
    assert!(browser.open(&site.login(ACCOUNT)).text().contains("Turn off codes"));
    post(&site, &mut browser, ACCOUNT, &[("form", &own), ("act", "remove_totp")]).expect(200);
    assert!(!browser.open(&site.login(ACCOUNT)).text().contains("Turn off codes"));
}
