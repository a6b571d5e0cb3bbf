//! The launcher: the apps that a person may open.

use super::Look;
use super::layout::{Here, Width, document_of_person};
use super::text::{identifier, label, link, sentence, strong};
use maud::{Markup, html};

/// Who is signed in, and where they can go from here.
#[derive(Clone, Copy, Debug)]
pub struct AppsPage<'a> {
    /// Who is signed in.
    pub person: &'a str,
    /// The apps that the person may open; may be empty.
    pub apps: &'a [AppTile<'a>],
    /// The person has just signed in, without being on the way to an app.
    pub arrived: bool,
}

/// An app to open.
#[derive(Clone, Copy, Debug)]
pub struct AppTile<'a> {
    /// The app's name.
    pub name: &'a str,
    /// Where it is.
    pub url: &'a str,
    /// What it is for.
    pub description: Option<&'a str>,
}

/// The page that lists the apps.
#[must_use]
pub fn apps(look: &Look<'_>, page: &AppsPage<'_>) -> String {
    let heading = look.say(if page.arrived { "signed-in-heading" } else { "your-apps" });
    let content = html! {
        h1 { (heading) }
        p.aside { (look.html("signed-in-as", &[("person", strong(page.person))])) }
        @if page.apps.is_empty() {
            p { (look.say("apps-none")) }
        } @else {
            @if page.arrived { h2 { (look.say("your-apps")) } }
            ul.apps { @for app in page.apps { (tile(app)) } }
        }
    };
    document_of_person(look, Here::Apps, Width::Wide, &heading, &content)
}

fn tile(app: &AppTile<'_>) -> Markup {
    let Some(href) = link(app.url) else {
        return html! {};
    };
    let (_, shown) = app.url.split_once("://").unwrap_or(("", app.url));
    let name = label(app.name);
    let initial: String = name.chars().find(|c| c.is_alphanumeric()).into_iter().flat_map(char::to_uppercase).collect();
    html! {
        li {
            a href=(href) {
                span.initial aria-hidden="true" { (initial) }
                span.of {
                    bdi { (name) }
                    @if let Some(text) = app.description { span.what { (sentence(text)) } }
                    small { (identifier(shown.trim_end_matches('/'))) }
                }
            }
        }
    }
}
