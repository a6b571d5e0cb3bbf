//! The second step of a sign-in: a time-based code, a passkey, or a recovery code.

use super::Look;
use super::layout::{Width, document};
use super::parts::{PasskeyOffer, code_field, form, passkey_button, problem, title};
use super::text::strong;
use super::time::waiting;
use maud::{Markup, html};

/// What the second step shows and sends.
#[derive(Clone, Copy, Debug)]
pub struct SecondFactorPage<'a> {
    /// Who gave the password.
    pub person: &'a str,
    /// Where the forms are posted: `code`, or `recovery_code`.
    pub action: &'a str,
    /// The hidden field `form`.
    pub form_token: &'a str,
    /// The account has time-based codes.
    pub totp: bool,
    /// The account has recovery codes left.
    pub recovery: bool,
    /// The account has passkeys.
    pub passkey: Option<PasskeyOffer<'a>>,
    /// Why the page is shown again.
    pub problem: Option<CodeProblem>,
    /// The link to begin anew.
    pub start_over: &'a str,
}

/// Why a code did not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeProblem {
    /// It is another one, or it was used.
    Wrong,
    /// Too many were tried.
    TooManyAttempts {
        /// How long to wait, from now.
        retry_after_seconds: u64,
    },
    /// The passkey is none of this account's, or was not used as it must be.
    PasskeyRefused,
    /// The page was open for too long, or the code is too old.
    Expired,
}

/// What to tell of a code that did not do.
pub(super) fn code_problem(look: &Look<'_>, problem: CodeProblem) -> String {
    match problem {
        CodeProblem::Wrong => look.say("code-wrong"),
        CodeProblem::TooManyAttempts { retry_after_seconds } => {
            look.say_with("login-too-many", &[("time", waiting(look, retry_after_seconds).into())])
        }
        CodeProblem::PasskeyRefused => look.say("passkey-refused"),
        CodeProblem::Expired => look.say("code-expired"),
    }
}

/// The page of the second step.
#[must_use]
pub fn second_factor(look: &Look<'_>, page: &SecondFactorPage<'_>) -> String {
    let heading = look.say("second-heading");
    let content = html! {
        h1 { (heading) }
        p.aside { (look.html("second-person", &[("person", strong(page.person))])) }
        @if let Some(why) = page.problem { (problem(&code_problem(look, why))) }
        @if let Some(offer) = &page.passkey {
            (passkey_button(offer, "second-factor", &look.say("passkey-use"), &look.say("passkey-failed")))
        }
        @if page.totp { (form(page.action, page.form_token, &totp(look, page))) }
        @if page.recovery { (recovery(look, page)) }
        p.more { a href=(page.start_over) { (look.say("start-over")) } }
    };
    document(look, Width::Narrow, &title(look, &heading, page.problem.is_some()), &content)
}

fn totp(look: &Look<'_>, page: &SecondFactorPage<'_>) -> Markup {
    html! {
        (code_field(look, "second-code", page.problem == Some(CodeProblem::Wrong)))
        button.primary type="submit" { (look.say("sign-in")) }
    }
}

/// Folded away while there is another way.
fn recovery(look: &Look<'_>, page: &SecondFactorPage<'_>) -> Markup {
    let fields = html! {
        label for="recovery_code" { (look.say("second-recovery-code")) }
        input #recovery_code .code name="recovery_code" type="text" autocomplete="off" autocapitalize="none"
            spellcheck="false" required;
        button.quiet type="submit" { (look.say("sign-in")) }
    };
    let is_only_way = !page.totp && page.passkey.is_none();
    html! {
        details open[is_only_way] {
            summary { (look.say("second-recovery")) }
            (form(page.action, page.form_token, &fields))
        }
    }
}
