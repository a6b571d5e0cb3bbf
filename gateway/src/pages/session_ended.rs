//! What a person sees whose session ended while a page of an app was open: nothing is lost without a word.

use super::Look;
use super::layout::{Width, document_at_app};
use super::text::{label, link};
use maud::{Markup, html};

/// What was sent, and what can be done with it.
#[derive(Clone, Copy, Debug)]
pub struct SessionEndedPage<'a> {
    /// The app's name.
    pub app: &'a str,
    /// Where to sign in, in a new tab, so that this page stays.
    pub login: &'a str,
    /// What was sent, if it can be sent again from here.
    pub again: Option<SendAgain<'a>>,
}

/// A form that was sent, kept on the page alone.
#[derive(Clone, Copy, Debug)]
pub struct SendAgain<'a> {
    /// Where it was sent.
    pub action: &'a str,
    /// Its fields.
    pub fields: &'a [(String, String)],
}

/// The page that says that nothing was passed on.
#[must_use]
pub fn session_ended(look: &Look<'_>, page: &SessionEndedPage<'_>) -> String {
    let heading = look.say("ended-heading");
    let app = html! { bdi { strong { (label(page.app)) } } };
    let content = html! {
        h1 { (heading) }
        p { (look.html("ended-not-passed-on", &[("app", app)])) }
        @match &page.again {
            Some(again) => (steps(look, page, again)),
            None => {
                p { (look.say("ended-go-back")) }
                (sign_in(look, page))
            }
        }
    };
    document_at_app(look, Width::Narrow, &heading, &content)
}

fn steps(look: &Look<'_>, page: &SessionEndedPage<'_>, again: &SendAgain<'_>) -> Markup {
    html! {
        ol.steps {
            li { p { (look.say("ended-first")) } (sign_in(look, page)) }
            li {
                p { (look.say("ended-then")) }
                @if let Some(action) = link(again.action) {
                    form method="post" action=(action) {
                        @for (name, value) in again.fields { input type="hidden" name=(name) value=(value); }
                        button.primary type="submit" { (look.say("ended-send-again")) }
                    }
                }
            }
        }
    }
}

fn sign_in(look: &Look<'_>, page: &SessionEndedPage<'_>) -> Markup {
    html! {
        @if let Some(href) = link(page.login) {
            p.next { a.quiet href=(href) target="_blank" rel="noopener" { (look.say("ended-sign-in")) } }
        }
    }
}
