//! Codes that prove an account besides its password: those of an app, and those for when it is lost.

use crate::pages::Look;
use crate::pages::layout::{Here, Width, document_of_person};
use crate::pages::parts::{code_field, form, link_button, problem, title};
use crate::pages::qr::qr;
use crate::pages::second_factor::{CodeProblem, code_problem};
use crate::pages::text::label;
use maud::html;

/// Where time-based codes are set up.
#[derive(Clone, Copy, Debug)]
pub struct TotpPage<'a> {
    /// The address that an authenticator app reads: `otpauth://totp/…`.
    pub uri: &'a str,
    /// The secret as text, in Base32.
    pub secret: &'a str,
    /// Where the form is posted: `code`.
    pub action: &'a str,
    /// The hidden field `form`.
    pub form_token: &'a str,
    /// Why the page is shown again.
    pub problem: Option<CodeProblem>,
    /// The link back to the account.
    pub back: &'a str,
}

/// The page that sets up time-based codes.
#[must_use]
pub fn totp(look: &Look<'_>, page: &TotpPage<'_>) -> String {
    let heading = look.say("account-totp-add");
    let fields = html! {
        (code_field(look, "totp-code", page.problem == Some(CodeProblem::Wrong)))
        button.primary type="submit" { (look.say("totp-submit")) }
    };
    let content = html! {
        h1 { (heading) }
        @if let Some(why) = page.problem { (problem(&code_problem(look, why))) }
        p { (look.say("totp-scan")) }
        @if let Some(code) = qr(page.uri, &look.say("totp-qr")) { (code) }
        details {
            summary { (look.say("totp-type")) }
            p { code.secret { (grouped(page.secret)) } }
        }
        (form(page.action, page.form_token, &fields))
        p.more { a href=(page.back) { (look.say("account-back")) } }
    };
    let title = title(look, &heading, page.problem.is_some());
    document_of_person(look, Here::Below, Width::Narrow, &title, &content)
}

/// A secret in groups of four, as people type it.
fn grouped(secret: &str) -> String {
    let chars: Vec<char> = secret.chars().filter(char::is_ascii_alphanumeric).collect();
    chars.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// New recovery codes, which are shown this once.
#[derive(Clone, Copy, Debug)]
pub struct RecoveryCodesPage<'a> {
    /// The codes.
    pub codes: &'a [String],
    /// The link back to the account.
    pub back: &'a str,
}

/// The page that shows them.
#[must_use]
pub fn recovery_codes(look: &Look<'_>, page: &RecoveryCodesPage<'_>) -> String {
    let heading = look.say("recovery-heading");
    let content = html! {
        h1 { (heading) }
        p { (look.say("recovery-keep")) }
        ol.codes { @for code in page.codes { li { code { (label(code)) } } } }
        p.warning role="note" { strong { (look.say("recovery-once")) } " " (look.say("recovery-replaced")) }
        (link_button(page.back, &look.say("recovery-kept")))
    };
    document_of_person(look, Here::Below, Width::Narrow, &heading, &content)
}
