//! The login page: the ways in that are offered for a purpose, the likeliest first.

use maud::{Markup, html};

use super::Look;
use super::layout::{Width, document};
use super::parts::{self, PasskeyOffer, passkey_button, title};
use super::text::{claimed_name, label, link};
use super::time::waiting;

/// What the login form shows and sends.
#[derive(Clone, Copy, Debug)]
pub struct LoginPage<'a> {
    /// The app that the person is on the way to.
    pub app: Option<&'a str>,
    /// The name that an agent gave itself, when an agent sent the person.
    pub client: Option<&'a str>,
    /// Where the form is posted.
    pub action: &'a str,
    /// The hidden field `form`.
    pub form_token: &'a str,
    /// What was typed as `username` before.
    pub username: &'a str,
    /// The ways in.
    pub ways: Ways<'a>,
    /// What is asked of this sign-in, if not any one does.
    pub notice: Option<LoginNotice>,
    /// Why the form is shown again.
    pub problem: Option<LoginProblem>,
}

/// The ways in that a login page offers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ways<'a> {
    /// The built-in accounts: fields `username` and `password`.
    pub password: bool,
    /// A code by e-mail to the address in `username`: what the field `provider` says then.
    pub email_code: Option<&'a str>,
    /// A passkey.
    pub passkey: Option<PasskeyOffer<'a>>,
    /// Other identity providers: a button for each.
    pub providers: &'a [ProviderButton<'a>],
    /// The link for who has forgotten their password.
    pub forgotten: Option<&'a str>,
}

/// The button of an identity provider.
#[derive(Clone, Copy, Debug)]
pub struct ProviderButton<'a> {
    /// What the field `provider` says.
    pub name: &'a str,
    /// What people call it.
    pub label: &'a str,
}

/// What is asked of a sign-in, if not any one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginNotice {
    /// The person signed in too long ago for what they want.
    Fresher,
    /// What they want needs a stronger proof of who they are.
    Stronger,
}

/// Why a login did not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginProblem {
    /// No such account, or another password; which of them is not said.
    WrongPassword,
    /// The account or the address has to wait.
    TooManyAttempts {
        /// How long, from now.
        retry_after_seconds: u64,
    },
    /// The form token is too old, or not this browser's.
    FormExpired,
    /// The passkey is not known, or was not used as it must be.
    PasskeyRefused,
    /// What was typed is no e-mail address.
    NoAddress,
    /// The app does not accept the way that was just used.
    NotAdmitted,
}

/// The login page.
#[must_use]
pub fn login(look: &Look<'_>, page: &LoginPage<'_>) -> String {
    let heading = match page.app {
        Some(app) => look.say_with("login-to-app", &[("app", label(app).into())]),
        None => look.say("sign-in"),
    };
    let has_form = page.ways.password || page.ways.email_code.is_some();
    let has_others = page.ways.passkey.is_some() || !page.ways.providers.is_empty();
    let content = html! {
        h1 { (heading) }
        @if let Some(client) = page.client { (sent_by(look, client)) }
        @if let Some(notice) = page.notice { p.note role="note" { (look.say(notice_text(notice))) } }
        @if let Some(problem) = page.problem { (parts::problem(&problem_text(look, problem))) }
        @if has_form { (form(look, page)) }
        @if has_form && has_others { p.or { span { (look.say("login-or")) } } }
        @if let Some(offer) = &page.ways.passkey {
            (passkey_button(offer, "sign-in", &look.say("passkey-sign-in"), &look.say("passkey-failed")))
        }
        @if !page.ways.providers.is_empty() { (providers(look, page)) }
        @if !has_form && !has_others { p { (look.say("login-no-way")) } }
    };
    document(look, Width::Narrow, &title(look, &heading, page.problem.is_some()), &content)
}

fn sent_by(look: &Look<'_>, client: &str) -> Markup {
    let client = html! { bdi.claimed { (claimed_name(look, client)) } };
    html! { p { (look.html("login-sent-by", &[("client", client)])) } }
}

/// The fields of the built-in accounts, the address for a code, or both.
fn form(look: &Look<'_>, page: &LoginPage<'_>) -> Markup {
    let described_by = page.problem.map(|_| "problem");
    let invalid = (page.problem == Some(LoginProblem::WrongPassword)).then_some("true");
    let username_known = !page.username.is_empty();
    let fields = html! {
        label for="username" { (look.say("login-username")) }
        input #username name="username" type="text" inputmode="email" autocomplete="username webauthn"
            autocapitalize="none" spellcheck="false" required value=(page.username)
            autofocus[!username_known || !page.ways.password]
            aria-invalid=[invalid] aria-describedby=[described_by];
        @if page.ways.password {
            label for="password" { (look.say("login-password")) }
            input #password name="password" type="password" autocomplete="current-password" required
                autofocus[username_known]
                aria-invalid=[invalid] aria-describedby=[described_by];
            button.primary type="submit" { (look.say("sign-in")) }
        }
        @if let Some(provider) = page.ways.email_code { (send_code(look, page, provider)) }
        @if let Some(href) = page.ways.forgotten.and_then(link) {
            p.more { a href=(href) { (look.say("forgotten-heading")) } }
        }
    };
    parts::form(page.action, page.form_token, &fields)
}

/// Beside a password, the code is the second choice, and needs none of the password's field.
fn send_code(look: &Look<'_>, page: &LoginPage<'_>, provider: &str) -> Markup {
    let (class, text) = match page.ways.password {
        true => ("quiet", "login-send-code-instead"),
        false => ("primary", "login-send-code"),
    };
    html! {
        button class=(class) type="submit" name="provider" value=(provider) formnovalidate[page.ways.password] {
            (look.say(text))
        }
    }
}

fn providers(look: &Look<'_>, page: &LoginPage<'_>) -> Markup {
    let buttons = html! {
        @for provider in page.ways.providers {
            button.quiet type="submit" name="provider" value=(provider.name) {
                (look.html("login-with", &[("provider", html! { bdi { (label(provider.label)) } })]))
            }
        }
    };
    html! { div.providers { (parts::form(page.action, page.form_token, &buttons)) } }
}

fn notice_text(notice: LoginNotice) -> &'static str {
    match notice {
        LoginNotice::Fresher => "login-fresher",
        LoginNotice::Stronger => "login-stronger",
    }
}

fn problem_text(look: &Look<'_>, problem: LoginProblem) -> String {
    match problem {
        LoginProblem::WrongPassword => look.say("login-wrong"),
        LoginProblem::TooManyAttempts { retry_after_seconds } => {
            look.say_with("login-too-many", &[("time", waiting(look, retry_after_seconds).into())])
        }
        LoginProblem::FormExpired => look.say("login-expired"),
        LoginProblem::PasskeyRefused => look.say("passkey-refused"),
        LoginProblem::NoAddress => look.say("login-no-address"),
        LoginProblem::NotAdmitted => look.say("login-not-admitted"),
    }
}
