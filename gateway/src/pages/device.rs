//! Letting a device in by its code (RFC 8628 section 3.3): the page where the code is entered, and the one that tells how
//! it went on.

use maud::{Markup, html};

use super::layout::{Brand, Width, document};
use super::login::waiting_time;
use super::text::{label, link};

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
pub fn device(brand: &Brand<'_>, page: &DevicePage<'_>) -> String {
    let heading = "Let a device in";
    let title = if page.problem.is_some() { format!("Error: {heading}") } else { heading.to_owned() };
    let described_by = page.problem.map(|_| "problem");
    let invalid = (page.problem == Some(DeviceProblem::Unknown)).then_some("true");
    let content = html! {
        h1 { (heading) }
        p { "Enter the code that your device or program shows." }
        @if let Some(problem) = page.problem {
            p #problem .problem role="alert" { (problem_text(problem)) }
        }
        form method="post" action=(page.action) {
            input type="hidden" name="form" value=(page.form_token);
            label for="user_code" { "Code" }
            input #user_code .code name="user_code" type="text" autocomplete="off" autocapitalize="characters"
                spellcheck="false" required autofocus value=(label(page.user_code))
                aria-invalid=[invalid] aria-describedby=[described_by];
            (warning())
            button.primary type="submit" { "Continue" }
        }
    };
    document(brand, Width::Narrow, &title, &content)
}

/// RFC 10027: the person is the only one who can know.
fn warning() -> Markup {
    html! {
        p.warning role="note" {
            strong { "Did somebody send you this code, or the link to this page?" }
            " Then close it: whoever sent it would come in as you. Go on only with a code that you yourself asked for."
        }
    }
}

fn problem_text(problem: DeviceProblem) -> String {
    match problem {
        DeviceProblem::Unknown => {
            "This code is not known, or no longer good. Look again, or let your device show a new one.".to_owned()
        }
        DeviceProblem::TooManyAttempts { retry_after_seconds } => {
            format!("Too many codes were tried. Try again in {}.", waiting_time(retry_after_seconds))
        }
        DeviceProblem::FormExpired => "This page was open for too long. Please send the code again.".to_owned(),
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
pub fn device_done(brand: &Brand<'_>, page: &DeviceDonePage<'_>) -> String {
    let heading = if page.allowed { "Go back to your device" } else { "The device was not let in" };
    let content = html! {
        h1 { (heading) }
        @if page.allowed {
            p { "It may use " bdi { strong { (label(page.app)) } } " as you now, and goes on by itself within seconds." }
            p.aside { "You can close this page." }
        } @else {
            p { "It gets nothing of " bdi { strong { (label(page.app)) } } "." }
            p.aside {
                "If you did not start this yourself, somebody tried to come in as you. Tell whoever runs the app, and "
                "whom the code came from."
            }
        }
        @if let Some(href) = link(page.connected) {
            p.next { a.quiet href=(href) { "What is connected" } }
        }
    };
    document(brand, Width::Narrow, heading, &content)
}
