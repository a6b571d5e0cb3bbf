//! The list of what a person has let in: browsers in which they are signed in, and agents, each with a button to end it.

use maud::{Markup, html};

use super::layout::{Brand, Width, document};
use super::text::{claimed_name, host, identifier, label};

/// Whose list it is, what is on it, and what its forms send.
#[derive(Clone, Copy, Debug)]
pub struct ConnectedPage<'a> {
    /// Who is signed in.
    pub person: &'a str,
    /// What ended so that they should know.
    pub notices: &'a [NoticeLine<'a>],
    /// Their signed-in browsers, each followed by its sessions at apps.
    pub browsers: &'a [BrowserLine<'a>],
    /// The apps at which agents hold a grant.
    pub apps: &'a [ConnectedApp<'a>],
    /// Where the forms are posted.
    pub action: &'a str,
    /// The hidden field `form`.
    pub form_token: &'a str,
    /// The link back to the login origin's own page.
    pub back: &'a str,
}

/// A grant on the list.
#[derive(Clone, Copy, Debug)]
pub struct GrantLine<'a> {
    /// Its id, sent as the hidden field `grant`.
    pub id: &'a str,
    /// When it was given (RFC 3339, UTC).
    pub since: &'a str,
    /// When it ends by itself (RFC 3339, UTC).
    pub until: &'a str,
    /// Its last use, if it is known.
    pub last_use: Option<UseLine<'a>>,
}

/// A use of a grant.
#[derive(Clone, Copy, Debug)]
pub struct UseLine<'a> {
    /// When (RFC 3339, UTC).
    pub at: &'a str,
    /// From which address.
    pub address: &'a str,
    /// What the program said that it is.
    pub agent: Option<&'a str>,
}

/// A grant that ended because somebody else may have had its token.
#[derive(Clone, Copy, Debug)]
pub struct NoticeLine<'a> {
    /// Its id.
    pub id: &'a str,
    /// The name that the client gave itself.
    pub client_name: &'a str,
    /// The app's name.
    pub app: &'a str,
    /// What came twice.
    pub what: &'a str,
    /// When (RFC 3339, UTC).
    pub at: &'a str,
    /// Who brought it the second time, if it is known.
    pub brought_by: Option<UseLine<'a>>,
}

/// A signed-in browser, or its session at one app.
#[derive(Clone, Copy, Debug)]
pub struct BrowserLine<'a> {
    /// The grant.
    pub grant: GrantLine<'a>,
    /// The app of the session; `None` for the sign-in itself.
    pub app: Option<&'a str>,
    /// It is the browser that shows the page.
    pub this: bool,
}

/// An app and the agents that may use it.
#[derive(Clone, Copy, Debug)]
pub struct ConnectedApp<'a> {
    /// The app's id.
    pub id: &'a str,
    /// The app's name.
    pub name: &'a str,
    /// Its agents.
    pub agents: &'a [AgentLine<'a>],
}

/// An agent at an app. What it says of itself is its own word.
#[derive(Clone, Copy, Debug)]
pub struct AgentLine<'a> {
    /// The grant.
    pub grant: GrantLine<'a>,
    /// The name that the client gave itself.
    pub client_name: &'a str,
    /// The client's id.
    pub client_id: &'a str,
    /// The hosts that may get its authorization codes.
    pub redirect_hosts: &'a [String],
    /// What it may do, space-separated.
    pub scope: &'a str,
    /// The same client holds other grants too.
    pub elsewhere: bool,
}

/// The page that lists them (CN-11).
#[must_use]
pub fn connected(brand: &Brand<'_>, page: &ConnectedPage<'_>) -> String {
    let content = html! {
        h1 { "What is connected" }
        p { "What you, " bdi { strong { (label(page.person)) } } ", have let in. Whatever you revoke ends at once." }
        @for line in page.notices { (notice(page, line)) }
        h2 { "Signed-in browsers" }
        ul.held { @for line in page.browsers { (browser(page, line)) } }
        p.aside.fine {
            "Revoking a browser signs it out of all apps. Revoking one app signs out there, until it is opened again."
        }
        @if page.browsers.iter().any(|line| !line.this) {
            (act(page, "sign_out_elsewhere", ("grant", ""), "Sign out in all other browsers"))
        }
        h2 { "Connected agents" }
        @if page.apps.is_empty() {
            p.aside { "No agent can act for you." }
        }
        @for app in page.apps {
            h3 { bdi { (label(app.name)) } }
            ul.held { @for line in app.agents { (agent(page, line)) } }
            @if app.agents.len() > 1 {
                (act(page, "revoke_app", ("app", app.id), "Revoke all agents here"))
            }
        }
        @if !page.apps.is_empty() {
            p.aside.fine { "An agent gave its name itself. If you do not know it, revoke it." }
        }
        p.next { a.quiet href=(page.back) { "Your apps" } }
    };
    document(brand, Width::Wide, "What is connected", &content)
}

/// What ended, and what to do if it was not the person.
fn notice(page: &ConnectedPage<'_>, line: &NoticeLine<'_>) -> Markup {
    html! {
        section.warning.notice aria-label="Security notice" {
            p {
                strong { "An old " (line.what) " was used again" } ": that of "
                bdi.claimed { (claimed_name(line.client_name)) } " for " bdi { (label(line.app)) } ", " (time("on", line.at))
                @if let Some(by) = &line.brought_by {
                    ", from " code { (label(by.address)) }
                    @if let Some(agent) = by.agent { " (" bdi { (label(agent)) } ")" }
                }
                ". Its access was ended."
            }
            p {
                "It may be the program itself, after a restored backup or on a second machine. If you do not know that "
                "address, somebody may have copied its tokens: look over the machine where it runs, and tell whoever runs "
                "this app. To go on, connect the program again."
            }
            (act(page, "dismiss", ("grant", line.id), "I have read this"))
        }
    }
}

/// A form of one button that does `name` with one more field.
fn act(page: &ConnectedPage<'_>, name: &str, (field, value): (&str, &str), text: &str) -> Markup {
    html! {
        form.act method="post" action=(page.action) {
            input type="hidden" name="form" value=(page.form_token);
            input type="hidden" name="act" value=(name);
            input type="hidden" name=(field) value=(value);
            button.quiet type="submit" { (text) }
        }
    }
}

fn browser(page: &ConnectedPage<'_>, line: &BrowserLine<'_>) -> Markup {
    let whose = if line.this { "this browser" } else { "another browser" };
    let what = html! {
        @match line.app {
            None => strong id=(line.grant.id) { (if line.this { "This browser" } else { "Another browser" }) },
            Some(app) => span id=(line.grant.id) { bdi { (label(app)) } " in " (whose) },
        }
    };
    entry(page, &line.grant, (line.app.is_some(), false), &what)
}

fn agent(page: &ConnectedPage<'_>, line: &AgentLine<'_>) -> Markup {
    let what = html! {
        bdi.claimed id=(line.grant.id) { (claimed_name(line.client_name)) }
        code { (identifier(line.client_id)) }
        small {
            "May use "
            @for (index, scope) in line.scope.split(' ').enumerate() {
                @if index > 0 { ", " }
                code { (label(scope)) }
            }
        }
        @if !line.redirect_hosts.is_empty() {
            small {
                "Answers go to "
                @for (index, redirect) in line.redirect_hosts.iter().enumerate() {
                    @if index > 0 { ", " }
                    bdi { (host(redirect)) }
                }
            }
        }
    };
    entry(page, &line.grant, (false, line.elsewhere), &what)
}

/// All buttons are named alike, as people look for them; what each one ends is its description.
fn entry(page: &ConnectedPage<'_>, grant: &GrantLine<'_>, (below, elsewhere): (bool, bool), what: &Markup) -> Markup {
    html! {
        li.below[below] {
            div {
                (what)
                small { (time("Since", grant.since)) " " (time("until", grant.until)) }
                @if let Some(last) = &grant.last_use {
                    small {
                        (time("Last used", last.at)) " from " code { (label(last.address)) }
                        @if let Some(agent) = last.agent { " by " bdi { (label(agent)) } }
                    }
                }
            }
            form method="post" action=(page.action) {
                input type="hidden" name="form" value=(page.form_token);
                input type="hidden" name="grant" value=(grant.id);
                button.quiet type="submit" aria-describedby=(grant.id) { "Revoke" }
                @if elsewhere {
                    button.quiet type="submit" name="act" value="revoke_client" aria-describedby=(grant.id) { "Revoke all" }
                }
            }
        }
    }
}

/// `2026-11-22T09:30:00Z` as `2026-11-22 09:30 UTC`.
fn time(word: &str, at: &str) -> Markup {
    let minutes = at.get(..16).map(|minutes| format!("{} UTC", minutes.replace('T', " ")));
    html! { span.when { (word) " " time datetime=(at) { (label(minutes.as_deref().unwrap_or(at))) } } }
}
