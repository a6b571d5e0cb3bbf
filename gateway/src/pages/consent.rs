//! The question whether a client may use an app as the person signed in.

use maud::{Markup, html};

use super::layout::{Brand, Width, document};
use super::text::{claimed_name, host, identifier, label, sentence};

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
    /// How long the grant lasts, for people: "14 days".
    pub lifetime: &'a str,
    /// How long it lasts if the person does not let the client stay connected; `None` if there is no such choice.
    pub without_refresh: Option<&'a str>,
    /// The day on which the person first let the client in at this app, in UTC; `None` if they never did.
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
    /// How long ago it asked, for people: "30 seconds".
    pub ago: &'a str,
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
pub fn consent(brand: &Brand<'_>, page: &ConsentPage<'_>) -> String {
    let app = label(page.app);
    let content = html! {
        h1 {
            bdi.claimed { (claimed_name(page.client_name)) }
            " wants to use " bdi { (app) } " as you"
        }
        (facts(page))
        @if page.loopback { (loopback_warning()) }
        @if let Some(device) = page.device { (device_warning(&device)) }
        form method="post" action=(page.action) {
            input type="hidden" name="consent" value=(page.consent_token);
            (scopes(page))
            (duration(page))
            @if page.nothing_ticked {
                p.problem role="alert" { "Tick at least one thing that it may do, or press Deny." }
            }
            div.choice {
                button.quiet type="submit" name="decision" value="deny" { "Deny" }
                button.primary type="submit" name="decision" value="allow" { "Allow" }
            }
        }
    };
    // The title is a place that the client must not get to write in.
    document(brand, Width::Wide, &format!("Allow access to {app}?"), &content)
}

fn facts(page: &ConsentPage<'_>) -> Markup {
    html! {
        dl.facts {
            (fact("You are", &html! { bdi { (label(page.person)) } }))
            (fact("Who asks", &client(page)))
            (fact("Vouched for by", &vouched_by(page)))
            @if let Some(redirect_host) = page.redirect_host {
                (fact("Answer goes to", &redirect(page, redirect_host)))
            }
            @if let Some(device) = page.device {
                (fact("Device shows", &html! {
                    code.code { (label(device.user_code)) }
                    small { "If it shows another code, deny." }
                }))
                (fact("Asked from", &asked_from(&device)))
            } @else {
                (fact("So far", &html! {
                    @match page.first_seen {
                        Some(day) => { "You first let it in on " bdi.day { (label(day)) } }
                        None => { strong { "New to you" } ": not let in here before" }
                    }
                }))
            }
            (fact("App", &html! {
                bdi { (label(page.app)) }
                code { (identifier(page.resource)) }
            }))
        }
    }
}

fn fact(term: &str, value: &Markup) -> Markup {
    html! { div { dt { (term) } dd { (value) } } }
}

fn client(page: &ConsentPage<'_>) -> Markup {
    html! {
        bdi { (claimed_name(page.client_name)) }
        code { (identifier(page.client_id)) }
        @if let Some(site) = page.client_uri_host {
            small { "Says its web site is " bdi { (host(site)) } }
        }
    }
}

/// DR-16, DR-17: whatever its name, a client that registered itself is unverified. CM-17: a host vouches for what is sent
/// back to it, and for nothing that runs on a person's own computer.
fn vouched_by(page: &ConsentPage<'_>) -> Markup {
    match page.vouched_by {
        VouchedBy::SelfRegistered => html! {
            strong.unverified { "Unverified" }
            span { "Nobody: it registered itself" }
        },
        VouchedBy::Document { host: owner } => html! {
            bdi.host { (host(owner)) }
            small { "Describes the client on this web site" }
            (unless_on_this_computer(page))
        },
        VouchedBy::Pinned { host: owner } => html! {
            bdi.host { (host(owner)) }
            small { "Describes the client on this web site; it is one that this gateway knows" }
            (unless_on_this_computer(page))
        },
        VouchedBy::Administrator => html! { span { "Registered by an administrator" } },
    }
}

fn unless_on_this_computer(page: &ConsentPage<'_>) -> Markup {
    html! {
        @if page.loopback {
            strong.unverified { "Unverified" }
            span { "Any program on this computer can say that it is this client" }
        }
    }
}

fn redirect(page: &ConsentPage<'_>, redirect_host: &str) -> Markup {
    html! {
        bdi.host { (host(redirect_host)) }
        @if page.loopback { small { "A program on this computer" } }
    }
}

fn asked_from(device: &DeviceLine<'_>) -> Markup {
    html! {
        bdi { (identifier(device.from)) } ", " (label(device.ago)) " ago"
        @if let Some(here) = device.elsewhere {
            small {
                strong.unverified { "Elsewhere" }
                "That is not where you are: you come from " bdi { (identifier(here)) }
            }
        } @else {
            small { "The network that you are in" }
        }
    }
}

/// DV-05: nobody but the person can tell their own device from a stranger's.
fn device_warning(device: &DeviceLine<'_>) -> Markup {
    html! {
        p.warning role="note" {
            strong { "Did you start this yourself, on a device in front of you?" }
            " If somebody sent you the code or a link, deny: they would come in as you."
            @if device.elsewhere.is_some() {
                " The device that asks is in another network than you. If you think that it stands next to you, deny too."
            }
        }
    }
}

/// Each scope is a field of the form: one to tick where the person may choose, a hidden one elsewhere.
fn scopes(page: &ConsentPage<'_>) -> Markup {
    html! {
        fieldset {
            legend { "It may" }
            @for scope in page.scopes {
                @let name = format!("{}{}", oauth::consent::TICK, scope.name);
                @if scope.optional {
                    (tick(&name, &scope_line(scope)))
                } @else {
                    div.given { input type="hidden" name=(name) value="on"; span { (scope_line(scope)) } }
                }
            }
        }
    }
}

fn scope_line(scope: &ScopeLine<'_>) -> Markup {
    html! {
        @if !scope.description.is_empty() { span { (sentence(scope.description)) } " " }
        code { (label(scope.name)) }
        @if !scope.includes.is_empty() {
            small { "With: " (scope.includes.iter().map(|one| sentence(one)).collect::<Vec<_>>().join("; ")) }
        }
    }
}

fn duration(page: &ConsentPage<'_>) -> Markup {
    let long = html! { bdi { (label(page.lifetime)) } };
    let name = format!("{}{}", oauth::consent::TICK, oauth::scope::OFFLINE_ACCESS);
    html! {
        fieldset {
            legend { "For how long" }
            @if let Some(short) = page.without_refresh {
                (tick(&name, &html! {
                    span { "Stay connected for " (long) ", or until you take it back" }
                    small { "Without it: " bdi { (label(short)) } ", then it has to ask you again" }
                }))
            } @else {
                div.given { span { (long) ", or until you take it back" } }
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
fn loopback_warning() -> Markup {
    html! {
        p.warning role="note" {
            strong { "Did you just start this yourself?" }
            " Any program on this computer could be the one asking. If you did not, deny."
        }
    }
}
