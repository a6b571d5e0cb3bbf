//! The login form of the built-in accounts.

use maud::{Markup, html};

use super::layout::{Brand, Width, document};
use super::text::{claimed_name, label};

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
pub fn login(brand: &Brand<'_>, page: &LoginPage<'_>) -> String {
    let heading = match page.app {
        Some(app) => format!("Sign in to {}", label(app)),
        None => "Sign in".to_owned(),
    };
    let title = match page.problem {
        Some(_) => format!("Error: {heading}"),
        None => heading.clone(),
    };
    let content = html! {
        h1 { (heading) }
        @if let Some(client) = page.client { (sent_by(client)) }
        @if let Some(problem) = page.problem {
            p #problem .problem role="alert" { (problem_text(problem)) }
        }
        (form(page))
    };
    document(brand, Width::Narrow, &title, &content)
}

fn sent_by(client: &str) -> Markup {
    html! {
        p {
            "A program that calls itself " bdi.claimed { (claimed_name(client)) }
            " sent you here. After you sign in, you decide what it may do."
        }
    }
}

fn form(page: &LoginPage<'_>) -> Markup {
    let described_by = page.problem.map(|_| "problem");
    let invalid = (page.problem == Some(LoginProblem::WrongPassword)).then_some("true");
    let username_known = !page.username.is_empty();
    html! {
        form method="post" action=(page.action) {
            input type="hidden" name="form" value=(page.form_token);
            label for="username" { "E-mail address" }
            input #username name="username" type="text" inputmode="email" autocomplete="username"
                autocapitalize="none" spellcheck="false" required value=(page.username)
                autofocus[!username_known]
                aria-invalid=[invalid] aria-describedby=[described_by];
            label for="password" { "Password" }
            input #password name="password" type="password" autocomplete="current-password" required
                autofocus[username_known]
                aria-invalid=[invalid] aria-describedby=[described_by];
            button.primary type="submit" { "Sign in" }
        }
    }
}

fn problem_text(problem: LoginProblem) -> String {
    match problem {
        LoginProblem::WrongPassword => "Wrong e-mail address or password.".to_owned(),
        LoginProblem::TooManyAttempts { retry_after_seconds } => {
            format!("Too many attempts. Try again in {}.", waiting_time(retry_after_seconds))
        }
        LoginProblem::FormExpired => "This page was open for too long. Please sign in again.".to_owned(),
    }
}

/// Rounded up, so that whoever waits that long has waited long enough.
pub(super) fn waiting_time(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..60 => (seconds.max(1), "second"),
        60..3600 => (seconds.div_ceil(60), "minute"),
        _ => (seconds.div_ceil(3600), "hour"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_times_read_well() {
        assert_eq!(waiting_time(0), "1 second");
        assert_eq!(waiting_time(59), "59 seconds");
        assert_eq!(waiting_time(60), "1 minute");
        assert_eq!(waiting_time(61), "2 minutes");
        assert_eq!(waiting_time(3600), "1 hour");
        assert_eq!(waiting_time(3601), "2 hours");
    }
}
