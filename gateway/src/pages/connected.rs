//! The list of what a person has let in: browsers in which they are signed in, and agents, each with a button to end it.

use maud::{Markup, html};

use super::Look;
use super::layout::{Here, Width, document_of_person};
use super::text::{claimed_name, host, identifier, label, strong};
use super::time::moment;

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
    pub what: Reused,
    /// When (RFC 3339, UTC).
    pub at: &'a str,
    /// Who brought it the second time, if it is known.
    pub brought_by: Option<UseLine<'a>>,
}

/// What came a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reused {
    /// An authorization code.
    Code,
    /// A refresh token.
    Token,
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
pub fn connected(look: &Look<'_>, page: &ConnectedPage<'_>) -> String {
    let heading = look.say("what-is-connected");
    let content = html! {
        h1 { (heading) }
        p { (look.html("connected-intro", &[("person", strong(page.person))])) }
        @for line in page.notices { (notice(look, page, line)) }
        h2 { (look.say("connected-browsers")) }
        ul.held { @for line in page.browsers { (browser(look, page, line)) } }
        p.aside.fine { (look.say("connected-browsers-help")) }
        @if page.browsers.iter().any(|line| !line.this) {
            (act(page, "sign_out_elsewhere", ("grant", ""), &look.say("connected-sign-out-elsewhere")))
        }
        h2 { (look.say("connected-agents")) }
        @if page.apps.is_empty() {
            p.aside { (look.say("connected-no-agent")) }
        }
        @for app in page.apps {
            h3 { bdi { (label(app.name)) } }
            ul.held { @for line in app.agents { (agent(look, page, line)) } }
            @if app.agents.len() > 1 {
                (act(page, "revoke_app", ("app", app.id), &look.say("connected-revoke-app")))
            }
        }
        @if !page.apps.is_empty() {
            p.aside.fine { (look.say("connected-agents-help")) }
        }
    };
    document_of_person(look, Here::Connected, Width::Wide, &heading, &content)
}

/// What ended, and what to do if it was not the person.
fn notice(look: &Look<'_>, page: &ConnectedPage<'_>, line: &NoticeLine<'_>) -> Markup {
    let what = match line.what {
        Reused::Code => look.say("notice-code"),
        Reused::Token => look.say("notice-token"),
    };
    let whose = [
        ("client", html! { bdi.claimed { (claimed_name(look, line.client_name)) } }),
        ("app", html! { bdi { (label(line.app)) } }),
        ("at", when(look, line.at)),
    ];
    html! {
        section.warning.notice aria-label=(look.say("notice-label")) {
            p {
                strong { (what) } ". " (look.html("notice-whose", &whose))
                @if let Some(by) = &line.brought_by { " " (brought_by(look, by)) }
                " " (look.say("notice-ended"))
            }
            p { (look.say("notice-help")) }
            (act(page, "dismiss", ("grant", line.id), &look.say("notice-dismiss")))
        }
    }
}

fn brought_by(look: &Look<'_>, by: &UseLine<'_>) -> Markup {
    let address = ("address", html! { code { (label(by.address)) } });
    match by.agent {
        Some(agent) => look.html("notice-from-agent", &[address, ("agent", html! { bdi { (label(agent)) } })]),
        None => look.html("notice-from", &[address]),
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

fn browser(look: &Look<'_>, page: &ConnectedPage<'_>, line: &BrowserLine<'_>) -> Markup {
    let (browser, app_in) = match line.this {
        true => ("connected-this-browser", "connected-app-in-this"),
        false => ("connected-another-browser", "connected-app-in-another"),
    };
    let what = html! {
        @match line.app {
            None => strong id=(line.grant.id) { (look.say(browser)) },
            Some(app) => span id=(line.grant.id) { (look.html(app_in, &[("app", html! { bdi { (label(app)) } })])) },
        }
    };
    entry(look, page, &line.grant, (line.app.is_some(), false), &what)
}

fn agent(look: &Look<'_>, page: &ConnectedPage<'_>, line: &AgentLine<'_>) -> Markup {
    let scopes = listed(line.scope.split(' ').map(|scope| html! { code { (label(scope)) } }));
    let hosts = listed(line.redirect_hosts.iter().map(|redirect| html! { bdi { (host(redirect)) } }));
    let what = html! {
        bdi.claimed id=(line.grant.id) { (claimed_name(look, line.client_name)) }
        code { (identifier(line.client_id)) }
        small { (look.html("connected-scopes", &[("scopes", scopes)])) }
        @if !line.redirect_hosts.is_empty() {
            small { (look.html("connected-answers", &[("hosts", hosts)])) }
        }
    };
    entry(look, page, &line.grant, (false, line.elsewhere), &what)
}

fn listed(all: impl Iterator<Item = Markup>) -> Markup {
    html! {
        @for (index, one) in all.enumerate() {
            @if index > 0 { ", " }
            (one)
        }
    }
}

/// All buttons are named alike, as people look for them; what each one ends is its description.
fn entry(
    look: &Look<'_>,
    page: &ConnectedPage<'_>,
    grant: &GrantLine<'_>,
    (below, elsewhere): (bool, bool),
    what: &Markup,
) -> Markup {
    let at = |at| [("at", when(look, at))];
    html! {
        li.below[below] {
            div {
                (what)
                small {
                    (look.html("connected-since", &at(grant.since))) " "
                    (look.html("connected-until", &at(grant.until)))
                }
                @if let Some(last) = &grant.last_use {
                    small { (look.html("connected-last-used", &at(last.at))) " " (last_from(look, last)) }
                }
            }
            form method="post" action=(page.action) {
                input type="hidden" name="form" value=(page.form_token);
                input type="hidden" name="grant" value=(grant.id);
                button.quiet type="submit" aria-describedby=(grant.id) { (look.say("connected-revoke")) }
                @if elsewhere {
                    button.quiet type="submit" name="act" value="revoke_client" aria-describedby=(grant.id) {
                        (look.say("connected-revoke-all"))
                    }
                }
            }
        }
    }
}

fn last_from(look: &Look<'_>, last: &UseLine<'_>) -> Markup {
    let address = ("address", html! { code { (label(last.address)) } });
    match last.agent {
        Some(agent) => look.html("connected-last-by", &[address, ("agent", html! { bdi { (label(agent)) } })]),
        None => look.html("connected-last-from", &[address]),
    }
}

fn when(look: &Look<'_>, at: &str) -> Markup {
    html! { span.when { (moment(look, at)) } }
}
