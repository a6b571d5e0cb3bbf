//! What all pages share: the document around the card, and the wordmark.

use super::Look;
use super::text::label;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// How wide the card is.
#[derive(Clone, Copy)]
pub(super) enum Width {
    /// For a form or a few sentences.
    Narrow,
    /// For a list of facts.
    Wide,
}

/// Where among their own pages a person is.
#[derive(Clone, Copy)]
pub(super) enum Here {
    /// At the launcher.
    Apps,
    /// At what is connected.
    Connected,
    /// At the account.
    Account,
    /// At a page below one of these.
    Below,
}

/// A page of somebody who is signed in, with the way to their other ones.
pub(super) fn document_of_person(look: &Look<'_>, here: Here, width: Width, title: &str, content: &Markup) -> String {
    render(look, width, title, (&navigation(look, here), NOBODY), content)
}

/// A complete document with `content` in its one card.
pub(super) fn document(look: &Look<'_>, width: Width, title: &str, content: &Markup) -> String {
    render(look, width, title, (&html! {}, NOBODY), content)
}

/// A page on an app's host whose form goes to the app, which is told its own origin, as by a page of its own.
pub(super) fn document_at_app(look: &Look<'_>, width: Width, title: &str, content: &Markup) -> String {
    render(look, width, title, (&html! {}, "same-origin"), content)
}

/// AZ-17: the address of a login or consent page is nobody else's business.
const NOBODY: &str = "no-referrer";

fn render(
    look: &Look<'_>,
    width: Width,
    title: &str,
    (navigation, referrer): (&Markup, &str),
    content: &Markup,
) -> String {
    let name = label(look.brand().name());
    let page = html! {
        (DOCTYPE)
        html lang=(look.lang()) dir=(look.say("text-direction")) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                meta name="referrer" content=(referrer);
                meta name="color-scheme" content="light dark";
                title { (title) " · " (name) }
                style { (PreEscaped(look.brand().style())) }
            }
            body class=(match width { Width::Narrow => "narrow", Width::Wide => "wide" }) {
                header {
                    p.wordmark {
                        @match look.brand().logo() {
                            Some(logo) => img src=(logo.path()) alt="";,
                            None => (door()),
                        }
                        span { (name) }
                    }
                    (navigation)
                }
                main { (content) }
            }
        }
    };
    page.into_string()
}

/// All of them are on the login origin, which shows them.
fn navigation(look: &Look<'_>, here: Here) -> Markup {
    let item = |href: &str, current: bool, text: &str| {
        html! { li { a href=(href) aria-current=[current.then_some("page")] { (look.say(text)) } } }
    };
    html! {
        nav aria-label=(look.say("navigation")) {
            ul {
                (item("/.doorward/apps", matches!(here, Here::Apps), "nav-apps"))
                (item("/.doorward/account", matches!(here, Here::Account), "nav-account"))
                (item("/.doorward/connected", matches!(here, Here::Connected), "nav-connected"))
                (item("/.doorward/logout", false, "sign-out"))
            }
        }
    }
}

/// The id of the decision behind a page, ready to be copied, and what it is good for.
pub(super) fn decision(look: &Look<'_>, id: &str) -> Markup {
    html! {
        div.decision {
            p { (look.say("decision-id")) }
            p { code { (label(id)) } }
            p { (look.say("decision-help")) }
        }
    }
}

/// A door that stands ajar.
fn door() -> Markup {
    html! {
        svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false" {
            path class="frame" d="M4 22V11a8 8 0 0 1 16 0v11" {}
            path class="leaf" d="M7 22V10.6L14 7.5V22z" {}
            path class="sill" d="M2 22h20" {}
        }
    }
}
