//! People who look after their own accounts: second factors, passwords, and who cannot lock them out.

mod email_code;
mod guesses;
mod invitations;
mod passwords;
mod second_factor;

use crate::harness::{Browser, Request, Response, Site, User, form};
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) const ACCOUNT: &str = "/.doorward/account";

/// The hidden field `form` of a page.
#[track_caller]
pub(crate) fn token(page: &Response) -> String {
    let text = page.text();
    let (_, rest) = text.split_once("name=\"form\" value=\"").unwrap_or_else(|| panic!("no form in {text}"));
    rest.split('"').next().unwrap().to_owned()
}

/// Sends what a form of ours at the login origin would.
pub(crate) fn post(site: &Site, browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Response {
    let request = Request::post(&site.login(path)).html().header("Sec-Fetch-Site", "same-origin");
    browser.send(request.header("Origin", "null").form(fields))
}

/// A browser in which somebody is signed in at the login origin.
pub(crate) fn at_account(site: &Site, user: &User) -> Browser {
    let mut browser = site.browser();
    browser.sign_in(&site.login(ACCOUNT), user).expect(200);
    browser
}

/// Gives the password at the login page; the answer is not followed.
pub(crate) fn give_password(site: &Site, browser: &mut Browser, user: &User) -> Response {
    let page = browser.open(&site.login("/.doorward/login"));
    browser.send(form(&page, &[("username", user.name), ("password", &user.password)]))
}

/// An authenticator app.
pub(crate) struct App(totp_rs::Totp);

impl App {
    /// Reads the secret that a page shows.
    #[track_caller]
    pub(crate) fn scan(page: &Response) -> Self {
        let text = page.text();
        let (_, rest) = text.split_once("<code class=\"secret\">").unwrap_or_else(|| panic!("no secret in {text}"));
        let secret = rest.split('<').next().unwrap().replace(' ', "");
        let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
        Self(totp_rs::Builder::new().with_secret(secret).build().unwrap())
    }

    /// The code of now, or of so many steps later.
    pub(crate) fn code(&self, steps: u64) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        self.0.generate(now + steps * 30).to_string()
    }
}

/// Sets up an app; gives it and the recovery codes.
pub(crate) fn set_up_app(site: &Site, browser: &mut Browser) -> (App, Vec<String>) {
    let page = browser.open(&site.login("/.doorward/account/totp")).expect(200);
    let app = App::scan(&page);
    let shown = browser.submit(&page, &[("code", &app.code(0))]).expect(200);
    let text = shown.text();
    let list = text.split_once("<ol class=\"codes\">").unwrap_or_else(|| panic!("no codes in {text}")).1;
    let list = list.split_once("</ol>").unwrap().0;
    let codes: Vec<_> = list.split("<code>").skip(1).map(|code| code.split('<').next().unwrap().to_owned()).collect();
    assert_eq!(codes.len(), 10);
    (app, codes)
}
