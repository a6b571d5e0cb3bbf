//! The question whether a client may use an app as the person signed in.

use maud::{Markup, html};

use super::Look;
use super::layout::{Width, document};
use super::text::{claimed_name, host, identifier, label, sentence};
use super::time::{after, day, lasting};
use std::time::Duration;

/// What the person has to know to decide, and what the form sends.
#[derive(Clone, Copy, Debug)]
pub struct ConsentPage<'a> {
    /// Who is signed in.
    pub person: &'a str,
    /// The name that the client gave itself.
    pub client_name: &'a str,
    /// The client's id.
    pub client_id: &'a str,
    /// Who says that the client is what it says.
    pub vouched_by: VouchedBy<'a>,
    /// The host of the web site that the client names.
    pub client_uri_host: Option<&'a str>,
    /// The host that gets the answer, in its ASCII form; `None` if nobody is sent anywhere.
    pub redirect_host: Option<&'a str>,
    /// The client can only be reached on this computer.
    pub loopback: bool,
    /// The app's name.
    pub app: &'a str,
    /// The URL of the resource asked for.
    pub resource: &'a str,
    /// The scopes asked for.
    pub scopes: &'a [ScopeLine<'a>],
    /// How long the grant lasts.
    pub lifetime: Duration,
    /// How long it lasts if the person does not let the client stay connected; `None` if there is no such choice.
    pub without_refresh: Option<Duration>,
    /// The day (`2026-11-22`) on which the person first let the client in at this app, in UTC; `None` if they never did.
    pub first_seen: Option<&'a str>,
    /// The form was sent with everything left out.
    pub nothing_ticked: bool,
    /// The device that waits for the answer; `None` if the client sent the person here.
    pub device: Option<DeviceLine<'a>>,
    /// Where the form is posted.
    pub action: &'a str,
    /// The hidden field `consent`.
    pub consent_token: &'a str,
}

/// Who says that a client is what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VouchedBy<'a> {
    /// Nobody: all that is known about the client comes from the client.
    SelfRegistered,
    /// The owner of a host, where a document about the client is.
    Document {
        /// The host, in its ASCII form.
        host: &'a str,
    },
    /// The same, and the document came with this program.
    Pinned {
        /// The host, in its ASCII form.
        host: &'a str,
    },
    /// An administrator entered the client.
    Administrator,
}

/// A device that waits for the answer: what the person can compare.
#[derive(Clone, Copy, Debug)]
pub struct DeviceLine<'a> {
    /// The code that it shows.
    pub user_code: &'a str,
    /// The address that it asked from.
    pub from: &'a str,
    /// The person's own address, if that is another network.
    pub elsewhere: Option<&'a str>,
    /// How long ago it asked.
    pub ago: Duration,
}

/// One scope asked for.
#[derive(Clone, Debug)]
pub struct ScopeLine<'a> {
    /// The scope as the client asked for it.
    pub name: &'a str,
    /// What it permits, for people; may be empty.
    pub description: &'a str,
    /// What the scopes permit that it includes.
    pub includes: Vec<&'a str>,
    /// Whether the person may leave it out.
    pub optional: bool,
}

/// The page that asks (CN-02, RU-15): who asks, for what, where the answer goes, and for how long.
#[must_use]
pub fn consent(look: &Look<'_>, page: &ConsentPage<'_>) -> String {
    let client = html! { bdi.claimed { (claimed_name(look, page.client_name)) } };
    let app = html! { bdi { (label(page.app)) } };
    let content = html! {
        h1 { (look.html("consent-heading", &[("client", client), ("app", app)])) }
        (facts(look, page))
        @if page.loopback { (warning(look, "consent-did-you-start", "consent-loopback")) }
        @if let Some(device) = page.device { (device_warning(look, &device)) }
        form method="post" action=(page.action) {
            input type="hidden" name="consent" value=(page.consent_token);
            (scopes(look, page))
            (duration(look, page))
            @if page.nothing_ticked {
                p.problem role="alert" { (look.say("consent-nothing-ticked")) }
            }
            div.choice {
                button.quiet type="submit" name="decision" value="deny" { (look.say("consent-deny")) }
                button.primary type="submit" name="decision" value="allow" { (look.say("consent-allow")) }
            }
        }
    };
    // The title is a place that the client must not get to write in.
    let title = look.say_with("consent-title", &[("app", label(page.app).into())]);
    document(look, Width::Wide, &title, &content)
}

fn facts(look: &Look<'_>, page: &ConsentPage<'_>) -> Markup {
    let fact = |term, value| fact(look, term, value);
    html! {
        dl.facts {
            (fact("consent-you", html! { bdi { (label(page.person)) } }))
            (fact("consent-who", client(look, page)))
            (fact("consent-vouched", vouched_by(look, page)))
            @if let Some(redirect_host) = page.redirect_host {
                (fact("consent-answer", redirect(look, page, redirect_host)))
            }
            @if let Some(device) = page.device {
                (fact("consent-device", html! {
                    code.code { (label(device.user_code)) }
                    small { (look.say("consent-device-compare")) }
                }))
                (fact("consent-asked-from", asked_from(look, &device)))
            } @else {
                (fact("consent-so-far", so_far(look, page)))
            }
            (fact("consent-app", html! {
                bdi { (label(page.app)) }
                code { (identifier(page.resource)) }
            }))
        }
    }
}

fn fact(look: &Look<'_>, term: &str, value: Markup) -> Markup {
    html! { div { dt { (look.say(term)) } dd { (value) } } }
}

fn client(look: &Look<'_>, page: &ConsentPage<'_>) -> Markup {
    html! {
        bdi { (claimed_name(look, page.client_name)) }
        code { (identifier(page.client_id)) }
        @if let Some(site) = page.client_uri_host {
            small { (look.html("consent-website", &[("host", html! { bdi { (host(site)) } })])) }
        }
    }
}

/// DR-16, DR-17: whatever its name, a client that registered itself is unverified. CM-17: a host vouches for what is sent
/// back to it, and for nothing that runs on a person's own computer.
fn vouched_by(look: &Look<'_>, page: &ConsentPage<'_>) -> Markup {
    match page.vouched_by {
        VouchedBy::SelfRegistered => html! {
            strong.unverified { (look.say("consent-unverified")) }
            span { (look.say("consent-nobody")) }
        },
        VouchedBy::Document { host: owner } => html! {
            bdi.host { (host(owner)) }
            small { (look.say("consent-document")) }
            (unless_on_this_computer(look, page))
        },
        VouchedBy::Pinned { host: owner } => html! {
            bdi.host { (host(owner)) }
            small { (look.say("consent-pinned")) }
            (unless_on_this_computer(look, page))
        },
        VouchedBy::Administrator => html! { span { (look.say("consent-administrator")) } },
    }
}

fn unless_on_this_computer(look: &Look<'_>, page: &ConsentPage<'_>) -> Markup {
    html! {
        @if page.loopback {
            strong.unverified { (look.say("consent-unverified")) }
            span { (look.say("consent-any-program")) }
        }
    }
}

fn redirect(look: &Look<'_>, page: &ConsentPage<'_>, redirect_host: &str) -> Markup {
    html! {
        bdi.host { (host(redirect_host)) }
        @if page.loopback { small { (look.say("consent-this-computer")) } }
    }
}

fn so_far(look: &Look<'_>, page: &ConsentPage<'_>) -> Markup {
    html! {
        @match page.first_seen {
            Some(at) => (look.html("consent-first-seen", &[("day", html! { bdi.day { (day(look, at)) } })])),
            None => { strong { (look.say("consent-new")) } ": " (look.say("consent-not-before")) }
        }
    }
}

fn asked_from(look: &Look<'_>, device: &DeviceLine<'_>) -> Markup {
    let from = html! { bdi { (identifier(device.from)) } };
    let ago = html! { (after(look, device.ago)) };
    html! {
        (look.html("consent-asked-ago", &[("address", from), ("time", ago)]))
        @if let Some(here) = device.elsewhere {
            small {
                strong.unverified { (look.say("consent-elsewhere")) }
                (look.html("consent-not-here", &[("address", html! { bdi { (identifier(here)) } })]))
            }
        } @else {
            small { (look.say("consent-same-network")) }
        }
    }
}

/// DV-05: nobody but the person can tell their own device from a stranger's.
fn device_warning(look: &Look<'_>, device: &DeviceLine<'_>) -> Markup {
    html! {
        (warning(look, "consent-device-question", "consent-device-danger"))
        @if device.elsewhere.is_some() {
            p.warning role="note" { (look.say("consent-device-network")) }
        }
    }
}

/// Each scope is a field of the form: one to tick where the person may choose, a hidden one elsewhere.
fn scopes(look: &Look<'_>, page: &ConsentPage<'_>) -> Markup {
    html! {
        fieldset {
            legend { (look.say("consent-scopes")) }
            @for scope in page.scopes {
                @let name = format!("{}{}", oauth::consent::TICK, scope.name);
                @if scope.optional {
                    (tick(&name, &scope_line(look, scope)))
                } @else {
                    div.given { input type="hidden" name=(name) value="on"; span { (scope_line(look, scope)) } }
                }
            }
        }
    }
}

fn scope_line(look: &Look<'_>, scope: &ScopeLine<'_>) -> Markup {
    let access = look.say("consent-access");
    let is_ours = scope.name == oauth::scope::ACCESS && scope.description == oauth::scope::ACCESS_DESCRIPTION;
    let description = if is_ours { &access } else { scope.description };
    let includes = scope.includes.iter().map(|one| sentence(one)).collect::<Vec<_>>().join("; ");
    html! {
        @if !description.is_empty() { span { (sentence(description)) } " " }
        code { (label(scope.name)) }
        @if !includes.is_empty() {
            small { (look.say_with("consent-includes", &[("scopes", includes.into())])) }
        }
    }
}

fn duration(look: &Look<'_>, page: &ConsentPage<'_>) -> Markup {
    let time = |duration| [("time", html! { bdi { (lasting(look, duration)) } })];
    let name = format!("{}{}", oauth::consent::TICK, oauth::scope::OFFLINE_ACCESS);
    html! {
        fieldset {
            legend { (look.say("consent-duration")) }
            @if let Some(short) = page.without_refresh {
                (tick(&name, &html! {
                    span { (look.html("consent-stay", &time(page.lifetime))) }
                    small { (look.html("consent-without", &time(short))) }
                }))
            } @else {
                div.given { span { (look.html("consent-until", &time(page.lifetime))) } }
            }
        }
    }
}

fn tick(name: &str, content: &Markup) -> Markup {
    html! {
        label.tick {
            input type="checkbox" name=(name) value="on" checked;
            span { (content) }
        }
    }
}

/// CN-14: nothing tells one program on a computer from another.
fn warning(look: &Look<'_>, question: &str, danger: &str) -> Markup {
    html! { p.warning role="note" { strong { (look.say(question)) } " " (look.say(danger)) } }
}
