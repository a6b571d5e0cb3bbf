//! The question before signing out: a form, so that no link elsewhere can sign anyone out.

use maud::html;

use super::Look;
use super::layout::{Width, document};
use super::text::{label, strong};

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
pub fn logout(look: &Look<'_>, page: &LogoutPage<'_>) -> String {
    let heading = match page.app {
        _ if page.everywhere => look.say("logout-everywhere"),
        Some(app) => look.say_with("logout-of-app", &[("app", label(app).into())]),
        None => look.say("logout-heading"),
    };
    let content = html! {
        h1 { (heading) }
        @if let Some(person) = page.person {
            p { (look.html("signed-in-as", &[("person", strong(person))])) }
        }
        @if page.everywhere { p.aside { (look.say("logout-every-app")) } }
        form method="post" action=(page.action) {
            input type="hidden" name="form" value=(page.form_token);
            @if page.everywhere { input type="hidden" name="everywhere" value="1"; }
            button.primary type="submit" { (look.say("sign-out")) }
        }
    };
    document(look, Width::Narrow, &heading, &content)
}
