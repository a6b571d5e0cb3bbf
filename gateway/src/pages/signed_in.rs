//! The login origin's own page for someone who signed in without being on the way to an app.

use maud::{Markup, html};

use super::Look;
use super::layout::{Width, document};
use super::text::{identifier, label, link, strong};

/// Who is signed in, and where they can go from here.
#[derive(Clone, Copy, Debug)]
pub struct SignedInPage<'a> {
    /// Who is signed in.
    pub person: &'a str,
    /// The apps that the person may open; may be empty.
    pub apps: &'a [AppLink<'a>],
    /// The link to the list of what is connected.
    pub connected: &'a str,
    /// The link to sign out.
    pub logout: &'a str,
}

/// An app to open.
#[derive(Clone, Copy, Debug)]
pub struct AppLink<'a> {
    /// The app's name.
    pub name: &'a str,
    /// Where it is.
    pub url: &'a str,
}

/// The page that lists the apps.
#[must_use]
pub fn signed_in(look: &Look<'_>, page: &SignedInPage<'_>) -> String {
    let heading = look.say("signed-in-heading");
    let content = html! {
        h1 { (heading) }
        p { (look.html("signed-in-as", &[("person", strong(page.person))])) }
        @if page.apps.is_empty() {
            p.aside { (look.say("signed-in-open")) }
        } @else {
            h2 { (look.say("your-apps")) }
            ul.apps { @for app in page.apps { (entry(app)) } }
        }
        @if let Some(href) = link(page.connected) {
            p.next { a.quiet href=(href) { (look.say("what-is-connected")) } }
        }
        @if let Some(href) = link(page.logout) {
            p.next { a.quiet href=(href) { (look.say("sign-out")) } }
        }
    };
    document(look, Width::Narrow, &heading, &content)
}

fn entry(app: &AppLink<'_>) -> Markup {
    let Some(href) = link(app.url) else {
        return html! {};
    };
    let (_, shown) = app.url.split_once("://").unwrap_or(("", app.url));
    html! {
        li {
            a href=(href) {
                bdi { (label(app.name)) }
                small { (identifier(shown.trim_end_matches('/'))) }
            }
        }
    }
}
