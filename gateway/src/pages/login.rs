//! The login form of the built-in accounts.

use maud::{Markup, html};

use super::Look;
use super::layout::{Width, document};
use super::text::{claimed_name, label};
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
    /// Why the form is shown again.
    pub problem: Option<LoginProblem>,
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
}

/// The page with the login form.
#[must_use]
pub fn login(look: &Look<'_>, page: &LoginPage<'_>) -> String {
    let heading = match page.app {
        Some(app) => look.say_with("login-to-app", &[("app", label(app).into())]),
        None => look.say("sign-in"),
    };
    let title = match page.problem {
        Some(_) => look.say_with("title-of-error", &[("page", heading.as_str().into())]),
        None => heading.clone(),
    };
    let content = html! {
        h1 { (heading) }
        @if let Some(client) = page.client { (sent_by(look, client)) }
        @if let Some(problem) = page.problem {
            p #problem .problem role="alert" { (problem_text(look, problem)) }
        }
        (form(look, page))
    };
    document(look, Width::Narrow, &title, &content)
}

fn sent_by(look: &Look<'_>, client: &str) -> Markup {
    let client = html! { bdi.claimed { (claimed_name(look, client)) } };
    html! { p { (look.html("login-sent-by", &[("client", client)])) } }
}

fn form(look: &Look<'_>, page: &LoginPage<'_>) -> Markup {
    let described_by = page.problem.map(|_| "problem");
    let invalid = (page.problem == Some(LoginProblem::WrongPassword)).then_some("true");
    let username_known = !page.username.is_empty();
    html! {
        form method="post" action=(page.action) {
            input type="hidden" name="form" value=(page.form_token);
            label for="username" { (look.say("login-username")) }
            input #username name="username" type="text" inputmode="email" autocomplete="username"
                autocapitalize="none" spellcheck="false" required value=(page.username)
                autofocus[!username_known]
                aria-invalid=[invalid] aria-describedby=[described_by];
            label for="password" { (look.say("login-password")) }
            input #password name="password" type="password" autocomplete="current-password" required
                autofocus[username_known]
                aria-invalid=[invalid] aria-describedby=[described_by];
            button.primary type="submit" { (look.say("sign-in")) }
        }
    }
}

fn problem_text(look: &Look<'_>, problem: LoginProblem) -> String {
    match problem {
        LoginProblem::WrongPassword => look.say("login-wrong"),
        LoginProblem::TooManyAttempts { retry_after_seconds } => {
            look.say_with("login-too-many", &[("time", waiting(look, retry_after_seconds).into())])
        }
        LoginProblem::FormExpired => look.say("login-expired"),
    }
}
