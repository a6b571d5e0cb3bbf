//! A sign-in by an identity provider that did not come to a good end.

use super::Look;
use super::layout::{Width, decision, document};
use super::text::{label, link, sentence, strong};
use maud::html;

/// What went wrong, and what can be done.
#[derive(Clone, Copy, Debug)]
pub struct ProviderTroublePage<'a> {
    /// What people call the provider.
    pub provider: &'a str,
    /// What went wrong.
    pub trouble: ProviderTrouble,
    /// What the provider said of it, for whoever looks into it.
    pub detail: Option<&'a str>,
    /// The id under which it is logged.
    pub decision_id: &'a str,
    /// The link to try again, or in another way.
    pub again: Option<&'a str>,
    /// The link that sends the person back to the client with a refusal.
    pub cancel: Option<&'a str>,
}

/// What can go wrong at an identity provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderTrouble {
    /// It cannot be reached, or does not answer as it should: nobody here can help it.
    Down,
    /// Its answer is not to be trusted.
    Untrusted,
    /// It, or the person there, said no.
    Refused,
    /// The answer belongs to no sign-in of this browser, or to one that is over.
    NotBegun,
    /// It names more groups than it can send along.
    TooManyGroups,
    /// The sign-in is older or weaker than was asked for, as far as the provider says.
    TooWeak,
    /// The person is in none of the organisations that may sign in.
    NotAMember,
    /// The account is disabled.
    Disabled,
    /// The app takes nobody who came by this provider.
    NotAdmitted,
}

impl ProviderTrouble {
    fn text(self) -> &'static str {
        match self {
            Self::Down => "provider-down",
            Self::Untrusted => "provider-untrusted",
            Self::Refused => "provider-refused",
            Self::NotBegun => "provider-not-begun",
            Self::TooManyGroups => "provider-too-many-groups",
            Self::TooWeak => "provider-too-weak",
            Self::NotAMember => "provider-not-a-member",
            Self::Disabled => "provider-disabled",
            Self::NotAdmitted => "provider-not-admitted",
        }
    }
}

/// The page that says it.
#[must_use]
pub fn provider_trouble(look: &Look<'_>, page: &ProviderTroublePage<'_>) -> String {
    let heading = look.say_with("provider-heading", &[("provider", label(page.provider).into())]);
    let content = html! {
        h1 { (heading) }
        p { (look.html(page.trouble.text(), &[("provider", strong(page.provider))])) }
        @if let Some(detail) = page.detail {
            p.aside { (look.say("error-detail")) " " span lang="en" { (sentence(detail)) } }
        }
        (decision(look, page.decision_id))
        @if let Some(href) = page.again.and_then(link) {
            p.next { a.primary href=(href) { (look.say("provider-again")) } }
        }
        @if let Some(href) = page.cancel.and_then(link) {
            p.next { a.quiet href=(href) { (look.say("provider-cancel")) } }
        }
    };
    document(look, Width::Narrow, &heading, &content)
}
