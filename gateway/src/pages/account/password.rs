//! Where the password of an account is changed.

use crate::pages::Look;
use crate::pages::invitation::{PasswordProblem, password_problem};
use crate::pages::layout::{Here, Width, document_of_person};
use crate::pages::parts::{form, new_password_fields, problem, title};
use crate::pages::text::label;
use maud::{Markup, html};

/// Where the password is changed.
#[derive(Clone, Copy, Debug)]
pub struct PasswordPage<'a> {
    /// The user name, which password managers keep.
    pub person: &'a str,
    /// The password of now is asked for.
    pub ask_current: bool,
    /// Fewest characters of a password.
    pub least: usize,
    /// Where the form is posted: `password` (of now), `new_password`, `again`, `sign_out_elsewhere`.
    pub action: &'a str,
    /// The hidden field `form`.
    pub form_token: &'a str,
    /// Why the page is shown again.
    pub problem: Option<PasswordProblem<'a>>,
    /// The link back to the account.
    pub back: &'a str,
}

/// The page that changes the password.
#[must_use]
pub fn password(look: &Look<'_>, page: &PasswordPage<'_>) -> String {
    let heading = look.say("account-change-password");
    let wrong = page.problem == Some(PasswordProblem::WrongPassword);
    let weak = matches!(page.problem, Some(PasswordProblem::Weak(_) | PasswordProblem::Different));
    let fields = html! {
        input name="username" type="hidden" autocomplete="username" value=(label(page.person));
        @if page.ask_current { (current_password(look, wrong)) }
        (new_password_fields(look, page.least, weak))
        (tick("sign_out_elsewhere", &look.say("account-sign-out-elsewhere")))
        button.primary type="submit" { (look.say("account-change-password")) }
    };
    let content = html! {
        h1 { (heading) }
        @if let Some(why) = page.problem { (problem(&password_problem(look, why))) }
        (form(page.action, page.form_token, &fields))
        p.more { a href=(page.back) { (look.say("account-back")) } }
    };
    let title = title(look, &heading, page.problem.is_some());
    document_of_person(look, Here::Below, Width::Narrow, &title, &content)
}

fn current_password(look: &Look<'_>, wrong: bool) -> Markup {
    html! {
        label for="password" { (look.say("password-current")) }
        input #password name="password" type="password" autocomplete="current-password" required autofocus
            aria-invalid=[wrong.then_some("true")] aria-describedby=[wrong.then_some("problem")];
    }
}

fn tick(name: &str, text: &str) -> Markup {
    html! { label.tick.alone { input type="checkbox" name=(name) value="on" checked; span { (text) } } }
}
