//! The page on which the code that was sent by e-mail is entered. It says the same whether one was sent or not.

use super::Look;
use super::layout::{Width, document};
use super::parts::{code_field, form, problem, title};
use super::second_factor::{CodeProblem, code_problem};
use super::text::strong;
use super::time::lasting;
use maud::html;
use std::time::Duration;

/// What the page shows and sends.
#[derive(Clone, Copy, Debug)]
pub struct EmailCodePage<'a> {
    /// Where the code was sent, as typed.
    pub address: &'a str,
    /// How long a code is good.
    pub lifetime: Duration,
    /// Where the forms are posted: `code`, or `act` = `resend`.
    pub action: &'a str,
    /// The hidden field `form`.
    pub form_token: &'a str,
    /// Why the page is shown again.
    pub problem: Option<CodeProblem>,
    /// A new code was asked for.
    pub sent_again: bool,
    /// The link to begin anew.
    pub start_over: &'a str,
}

/// The page that asks for the code.
#[must_use]
pub fn email_code(look: &Look<'_>, page: &EmailCodePage<'_>) -> String {
    let heading = look.say("mailed-heading");
    let sent = [("address", strong(page.address)), ("time", html! { (lasting(look, page.lifetime)) })];
    let fields = html! {
        (code_field(look, "mailed-code", page.problem == Some(CodeProblem::Wrong)))
        button.primary type="submit" { (look.say("sign-in")) }
    };
    let again = html! { button.quiet type="submit" name="act" value="resend" { (look.say("mailed-resend")) } };
    let content = html! {
        h1 { (heading) }
        p { (look.html("mailed-sent", &sent)) }
        @if page.sent_again { p.done role="status" { (look.say("mailed-again")) } }
        @if let Some(why) = page.problem { (problem(&code_problem(look, why))) }
        (form(page.action, page.form_token, &fields))
        (form(page.action, page.form_token, &again))
        p.aside.fine { (look.say("mailed-help")) }
        p.more { a href=(page.start_over) { (look.say("start-over")) } }
    };
    document(look, Width::Narrow, &title(look, &heading, page.problem.is_some()), &content)
}
