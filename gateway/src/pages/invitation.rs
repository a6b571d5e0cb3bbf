//! The page behind an invitation, and behind a link to set a forgotten password anew.

use super::Look;
use super::layout::{Width, document};
use super::parts::{form, link_button, new_password_fields, problem, title};
use super::text::{label, sentence, strong};
use super::time::waiting;
use maud::html;

/// What the page shows and sends.
#[derive(Clone, Copy, Debug)]
pub struct InvitationPage<'a> {
    /// Whose account it is: the user name, which password managers keep.
    pub person: &'a str,
    /// The account has a password, and this sets another.
    pub reset: bool,
    /// Fewest characters of a password.
    pub least: usize,
    /// Where the form is posted: `new_password` and `again`.
    pub action: &'a str,
    /// The hidden field `form`.
    pub form_token: &'a str,
    /// Why the page is shown again.
    pub problem: Option<PasswordProblem<'a>>,
}

/// Why a new password was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordProblem<'a> {
    /// It is too weak; the sentence says how.
    Weak(&'a str),
    /// The second one differs from the first.
    Different,
    /// The password of now was wrong.
    WrongPassword,
    /// Too many were tried.
    TooManyAttempts {
        /// How long to wait, from now.
        retry_after_seconds: u64,
    },
    /// The form was open for too long.
    Expired,
}

/// What to tell of a password that was not taken.
pub(super) fn password_problem(look: &Look<'_>, problem: PasswordProblem<'_>) -> String {
    match problem {
        PasswordProblem::Weak(how) => sentence(how),
        PasswordProblem::Different => look.say("password-different"),
        PasswordProblem::WrongPassword => look.say("password-wrong"),
        PasswordProblem::TooManyAttempts { retry_after_seconds } => {
            look.say_with("login-too-many", &[("time", waiting(look, retry_after_seconds).into())])
        }
        PasswordProblem::Expired => look.say("form-expired"),
    }
}

/// The page on which a person sets a password.
#[must_use]
pub fn invitation(look: &Look<'_>, page: &InvitationPage<'_>) -> String {
    let heading = look.say(if page.reset { "invitation-reset-heading" } else { "invitation-heading" });
    let intro = if page.reset { "invitation-reset" } else { "invitation-welcome" };
    let fields = html! {
        input name="username" type="hidden" autocomplete="username" value=(label(page.person));
        (new_password_fields(look, page.least, page.problem.is_some()))
        button.primary type="submit" { (look.say("invitation-submit")) }
    };
    let content = html! {
        h1 { (heading) }
        p { (look.html(intro, &[("person", strong(page.person))])) }
        @if let Some(why) = page.problem { (problem(&password_problem(look, why))) }
        (form(page.action, page.form_token, &fields))
    };
    document(look, Width::Narrow, &title(look, &heading, page.problem.is_some()), &content)
}

/// The page of a link that is used, too old, or none of ours.
#[must_use]
pub fn invitation_over(look: &Look<'_>, login: &str) -> String {
    let heading = look.say("invitation-over-heading");
    let content = html! {
        h1 { (heading) }
        p { (look.say("invitation-over")) }
        (link_button(login, &look.say("sign-in")))
    };
    document(look, Width::Narrow, &heading, &content)
}

/// Where a link to set a new password is asked for.
#[derive(Clone, Copy, Debug)]
pub struct ForgottenPage<'a> {
    /// Where the form is posted: `username`.
    pub action: &'a str,
    /// The hidden field `form`.
    pub form_token: &'a str,
    /// What was typed as `username` before.
    pub username: &'a str,
    /// It was sent: the answer is the same for every address.
    pub sent: bool,
    /// The link back to the login page.
    pub login: &'a str,
}

/// The page of a forgotten password.
#[must_use]
pub fn forgotten(look: &Look<'_>, page: &ForgottenPage<'_>) -> String {
    let heading = look.say("forgotten-heading");
    let fields = html! {
        label for="username" { (look.say("login-username")) }
        input #username name="username" type="text" inputmode="email" autocomplete="username" autocapitalize="none"
            spellcheck="false" required autofocus value=(page.username);
        button.primary type="submit" { (look.say("forgotten-submit")) }
    };
    let content = html! {
        h1 { (heading) }
        @if page.sent {
            p role="status" { (look.html("forgotten-sent", &[("address", strong(page.username))])) }
        } @else {
            p { (look.say("forgotten-intro")) }
            (form(page.action, page.form_token, &fields))
        }
        p.more { a href=(page.login) { (look.say("start-over")) } }
    };
    document(look, Width::Narrow, &heading, &content)
}
