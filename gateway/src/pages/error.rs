//! The page of a failure: a request that made no sense, or something that is broken.

use maud::html;

use super::Look;
use super::layout::{Width, decision, document};
use super::text::{label, sentence};

/// What went wrong, and what to do about it.
#[derive(Clone, Copy, Debug)]
pub struct ErrorPage<'a> {
    /// The HTTP status of the response.
    pub status: u16,
    /// The failure in a few words.
    pub title: &'a str,
    /// The failure in a sentence.
    pub sentence: &'a str,
    /// What is only there in English, for whoever looks into it.
    pub detail: Option<&'a str>,
    /// What the reader can do.
    pub hint: Option<&'a str>,
    /// The id under which it is logged.
    pub decision_id: Option<&'a str>,
}

/// The page that says what went wrong.
#[must_use]
pub fn error(look: &Look<'_>, page: &ErrorPage<'_>) -> String {
    let title = label(page.title);
    let content = html! {
        p.status { (look.say_with("error-status", &[("status", page.status.into())])) }
        h1 { (title) }
        p { (sentence(page.sentence)) }
        @if let Some(hint) = page.hint { p.aside { (sentence(hint)) } }
        @if let Some(detail) = page.detail {
            p.aside { (look.say("error-detail")) " " span lang="en" { (sentence(detail)) } }
        }
        @if let Some(id) = page.decision_id { (decision(look, id)) }
    };
    document(look, Width::Narrow, &title, &content)
}
