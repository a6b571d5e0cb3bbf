//! Parts that several pages have: a form with its token, a field with its label, a message, the way to a passkey.

use super::Look;
use maud::{Markup, html};

/// A form, posted to `action` with its token.
pub(super) fn form(action: &str, token: &str, content: &Markup) -> Markup {
    html! {
        form method="post" action=(action) {
            input type="hidden" name="form" value=(token);
            (content)
        }
    }
}

/// A message above a form that did not work; fields refer to it by its id.
pub(super) fn problem(text: &str) -> Markup {
    html! { p #problem .problem role="alert" { (text) } }
}

/// A message that something was done.
pub(super) fn done(text: &str) -> Markup {
    html! { p.done role="status" { (text) } }
}

/// The title of a page: that something went wrong is said first.
pub(super) fn title(look: &Look<'_>, heading: &str, has_problem: bool) -> String {
    if has_problem { look.say_with("title-of-error", &[("page", heading.into())]) } else { heading.to_owned() }
}

/// A link that looks like a button.
pub(super) fn link_button(href: &str, text: &str) -> Markup {
    html! { p.next { a.quiet href=(href) { (text) } } }
}

/// The field of a code that was sent or is shown elsewhere: filled in by the browser where it can.
pub(super) fn code_field(look: &Look<'_>, label: &str, has_problem: bool) -> Markup {
    let (invalid, described_by) = (has_problem.then_some("true"), has_problem.then_some("problem"));
    html! {
        label for="code" { (look.say(label)) }
        input #code .code name="code" type="text" inputmode="numeric" autocomplete="one-time-code" maxlength="12"
            spellcheck="false" required autofocus aria-invalid=[invalid] aria-describedby=[described_by];
    }
}

/// A new password, typed twice.
pub(super) fn new_password_fields(look: &Look<'_>, least: usize, has_problem: bool) -> Markup {
    let invalid = has_problem.then_some("true");
    let described_by = if has_problem { "problem password-help" } else { "password-help" };
    html! {
        label for="new_password" { (look.say("password-new")) }
        input #new_password name="new_password" type="password" autocomplete="new-password" required
            aria-invalid=[invalid] aria-describedby=(described_by);
        p #password-help .help { (look.say_with("password-help", &[("least", least.into())])) }
        label for="again" { (look.say("password-again")) }
        input #again name="again" type="password" autocomplete="new-password" required aria-invalid=[invalid];
    }
}

/// Where the script is that uses passkeys.
pub const PASSKEY_SCRIPT: &str = "/.doorward/passkey.js";

/// The script that uses passkeys.
pub const PASSKEY_SOURCE: &str = include_str!("passkey.js");

/// Passkeys need a script; without one, what it would show stays hidden.
#[derive(Clone, Copy, Debug)]
pub struct PasskeyOffer<'a> {
    /// Where the script asks for a challenge and brings the answer.
    pub endpoint: &'a str,
    /// What the script sends along, to be known again: a form token.
    pub token: &'a str,
}

/// The button that begins with a passkey. The script shows it where passkeys work, and puts what went wrong beside it.
pub(super) fn passkey_button(offer: &PasskeyOffer<'_>, ceremony: &str, text: &str, failed: &str) -> Markup {
    html! {
        div #passkey hidden data-ceremony=(ceremony) data-endpoint=(offer.endpoint) data-token=(offer.token) {
            button #passkey-button .quiet.with-icon type="button" { (key()) span { (text) } }
            p #passkey-problem .problem role="alert" hidden { (failed) }
        }
        script src=(PASSKEY_SCRIPT) defer {}
    }
}

fn key() -> Markup {
    html! {
        svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false" {
            circle cx="8" cy="9" r="4.5" {}
            path d="M11.5 12.5 20 21m-3-3 2.5-2.5M14 15l2-2" {}
        }
    }
}
