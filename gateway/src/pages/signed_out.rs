//! The page after signing out.

use maud::html;

use super::Look;
use super::layout::{Width, document};
use super::text::{link, strong};

/// What the person is signed out of now.
#[derive(Clone, Copy, Debug)]
pub struct SignedOutPage<'a> {
    /// The app, unless everywhere.
    pub app: Option<&'a str>,
    /// The link to sign in again.
    pub back: Option<&'a str>,
    /// Every app, not just one.
    pub everywhere: bool,
}

/// The page that says so.
#[must_use]
pub fn signed_out(look: &Look<'_>, page: &SignedOutPage<'_>) -> String {
    let heading = look.say("signed-out-heading");
    let content = html! {
        h1 { (heading) }
        @if page.everywhere {
            p { (look.say("signed-out-everywhere")) }
        } @else if let Some(app) = page.app {
            p { (look.html("signed-out-of-app", &[("app", strong(app))])) }
        }
        @if let Some(href) = page.back.and_then(link) {
            p.next { a.quiet href=(href) { (look.say("sign-in-again")) } }
        }
    };
    document(look, Width::Narrow, &heading, &content)
}
