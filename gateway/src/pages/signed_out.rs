//! The page after signing out.

use maud::html;

use super::layout::{Brand, Width, document};
use super::text::{label, link};

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
pub fn signed_out(brand: &Brand<'_>, page: &SignedOutPage<'_>) -> String {
    let content = html! {
        h1 { "You are signed out" }
        @if page.everywhere {
            p { "You are signed out of every app." }
        } @else if let Some(app) = page.app {
            p { "You are signed out of " bdi { strong { (label(app)) } } ". You may still be signed in to other apps." }
        }
        @if let Some(href) = page.back.and_then(link) {
            p.next { a.quiet href=(href) { "Sign in again" } }
        }
    };
    document(brand, Width::Narrow, "You are signed out", &content)
}
