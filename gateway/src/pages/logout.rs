//! The question before signing out: a form, so that no link elsewhere can sign anyone out.

use maud::html;

use super::layout::{Brand, Width, document};
use super::text::label;

/// Who signs out of what, and what the form sends.
#[derive(Clone, Copy, Debug)]
pub struct LogoutPage<'a> {
    /// Who is signed in, if known.
    pub person: Option<&'a str>,
    /// The app to sign out of, unless everywhere.
    pub app: Option<&'a str>,
    /// Where the form is posted.
    pub action: &'a str,
    /// The hidden field `form`.
    pub form_token: &'a str,
    /// Sign out of every app; sent as the hidden field `everywhere` = `1`.
    pub everywhere: bool,
}

/// The page that asks.
#[must_use]
pub fn logout(brand: &Brand<'_>, page: &LogoutPage<'_>) -> String {
    let heading = match page.app {
        _ if page.everywhere => "Sign out everywhere?".to_owned(),
        Some(app) => format!("Sign out of {}?", label(app)),
        None => "Sign out?".to_owned(),
    };
    let content = html! {
        h1 { (heading) }
        @if let Some(person) = page.person {
            p { "You are signed in as " bdi { strong { (label(person)) } } "." }
        }
        @if page.everywhere { p.aside { "This signs you out of every app." } }
        form method="post" action=(page.action) {
            input type="hidden" name="form" value=(page.form_token);
            @if page.everywhere { input type="hidden" name="everywhere" value="1"; }
            button.primary type="submit" { "Sign out" }
        }
    };
    document(brand, Width::Narrow, &heading, &content)
}
