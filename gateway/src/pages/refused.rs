//! The page of a policy that said no.

use maud::html;

use super::Look;
use super::layout::{Width, decision, document};
use super::text::{label, link, sentence};

/// Who was refused what, and why.
#[derive(Clone, Copy, Debug)]
pub struct RefusedPage<'a> {
    /// Who is signed in, if anyone.
    pub person: Option<&'a str>,
    /// The app's name.
    pub app: Option<&'a str>,
    /// The id under which the decision is logged.
    pub decision_id: &'a str,
    /// The reason that may be told.
    pub sentence: &'a str,
    /// The link to sign in as someone else.
    pub sign_out: Option<&'a str>,
}

/// The page that says no.
#[must_use]
pub fn refused(look: &Look<'_>, page: &RefusedPage<'_>) -> String {
    let heading = match page.app {
        Some(app) => look.say_with("refused-app", &[("app", label(app).into())]),
        None => look.say("refused-page"),
    };
    let content = html! {
        h1 { (heading) }
        p { (sentence(page.sentence)) }
        @if let Some(person) = page.person {
            p.aside { (look.html("signed-in-as", &[("person", html! { bdi { (label(person)) } })])) }
        }
        (decision(look, page.decision_id))
        @if let Some(href) = page.sign_out.and_then(link) {
            p.next { a.quiet href=(href) { (look.say("refused-someone-else")) } }
        }
    };
    document(look, Width::Narrow, &heading, &content)
}
