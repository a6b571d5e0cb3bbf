//! Letting a device in by its code (RFC 8628 section 3.3): the page where the code is entered, and the one that tells how
//! it went on.

use maud::{Markup, html};

use super::Look;
use super::layout::{Width, document};
use super::text::{label, link, strong};
use super::time::waiting;

/// What the page shows and sends.
#[derive(Clone, Copy, Debug)]
pub struct DevicePage<'a> {
    /// The code that the link to this page had, or that was typed before.
    pub user_code: &'a str,
    /// Where the form is posted.
    pub action: &'a str,
    /// The hidden field `form`.
    pub form_token: &'a str,
    /// Why the form is shown again.
    pub problem: Option<DeviceProblem>,
}

/// Why a code did not lead further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceProblem {
    /// Unknown, expired or used; which of them is not said.
    Unknown,
    /// Too many codes were tried.
    TooManyAttempts {
        /// How long to wait, from now.
        retry_after_seconds: u64,
    },
    /// The form token is too old, or not this browser's.
    FormExpired,
}

/// The page where a code is entered. A link can fill it in, but not send it.
#[must_use]
pub fn device(look: &Look<'_>, page: &DevicePage<'_>) -> String {
    let heading = look.say("device-heading");
    let title = match page.problem {
        Some(_) => look.say_with("title-of-error", &[("page", heading.as_str().into())]),
        None => heading.clone(),
    };
    let described_by = page.problem.map(|_| "problem");
    let invalid = (page.problem == Some(DeviceProblem::Unknown)).then_some("true");
    let content = html! {
        h1 { (heading) }
        p { (look.say("device-enter")) }
        @if let Some(problem) = page.problem {
            p #problem .problem role="alert" { (problem_text(look, problem)) }
        }
        form method="post" action=(page.action) {
            input type="hidden" name="form" value=(page.form_token);
            label for="user_code" { (look.say("device-code")) }
            input #user_code .code name="user_code" type="text" autocomplete="off" autocapitalize="characters"
                spellcheck="false" required autofocus value=(label(page.user_code))
                aria-invalid=[invalid] aria-describedby=[described_by];
            (warning(look))
            button.primary type="submit" { (look.say("continue")) }
        }
    };
    document(look, Width::Narrow, &title, &content)
}

/// RFC 10027: the person is the only one who can know.
fn warning(look: &Look<'_>) -> Markup {
    html! {
        p.warning role="note" {
            strong { (look.say("device-sent-to-you")) } " " (look.say("device-danger"))
        }
    }
}

fn problem_text(look: &Look<'_>, problem: DeviceProblem) -> String {
    match problem {
        DeviceProblem::Unknown => look.say("device-unknown"),
        DeviceProblem::TooManyAttempts { retry_after_seconds } => {
            look.say_with("device-too-many", &[("time", waiting(look, retry_after_seconds).into())])
        }
        DeviceProblem::FormExpired => look.say("device-expired"),
    }
}

/// How a request of a device ended.
#[derive(Clone, Copy, Debug)]
pub struct DeviceDonePage<'a> {
    /// Whether the person let it in.
    pub allowed: bool,
    /// The app's name.
    pub app: &'a str,
    /// The link to the list of what is connected.
    pub connected: &'a str,
}

/// The last page on the way.
#[must_use]
pub fn device_done(look: &Look<'_>, page: &DeviceDonePage<'_>) -> String {
    let app = [("app", strong(page.app))];
    let heading = look.say(if page.allowed { "device-allowed" } else { "device-denied" });
    let content = html! {
        h1 { (heading) }
        @if page.allowed {
            p { (look.html("device-goes-on", &app)) }
            p.aside { (look.say("device-close")) }
        } @else {
            p { (look.html("device-gets-nothing", &app)) }
            p.aside { (look.say("device-tell")) }
        }
        @if let Some(href) = link(page.connected) {
            p.next { a.quiet href=(href) { (look.say("what-is-connected")) } }
        }
    };
    document(look, Width::Narrow, &heading, &content)
}
