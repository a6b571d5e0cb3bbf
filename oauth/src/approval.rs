//! The questions that the authorization server asks of the policy: may this person, or this service, hold a token for this
//! app?

use crate::app::App;
use crate::client::{Client, ClientId};
use crate::grant_type::GrantType;
use crate::world::Timestamp;
use async_trait::async_trait;
use std::time::Duration;

/// Decides by the app's policies, with what is known of the person now.
#[async_trait]
pub trait Approval: Send + Sync {
    /// May `ask.subject` hold a token or session at `ask.app`?
    ///
    /// # Errors
    /// [`Unavailable`] when it cannot be known now: nothing is granted, and nothing is used up.
    async fn approve(&self, ask: Ask<'_>) -> Result<Verdict, Unavailable>;

    /// May this client hold a token for `app` in its own name?
    ///
    /// # Errors
    /// As [`Approval::approve`].
    async fn approve_client(&self, app: &App, client: &Client) -> Result<Verdict, Unavailable>;

    /// The subject of the person whom an administrator linked with this identity.
    ///
    /// # Errors
    /// [`Unavailable`] when it cannot be known now.
    async fn person_of(&self, identity: ForeignIdentity<'_>) -> Result<Option<String>, Unavailable>;
}

/// A person as a trusted issuer knows them. An address is no part of it: these are given to others one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignIdentity<'a> {
    /// `iss`
    pub issuer: &'a str,
    /// `tenant`, if the issuer has several.
    pub tenant: Option<&'a str>,
    /// `sub`
    pub subject: &'a str,
}

/// Who wants what, through which client.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The app.
    pub app: &'a App,
    /// The client that would hold the token.
    pub client: &'a ClientId,
    /// How the grant is, or would be, opened.
    pub opened_by: GrantType,
    /// The person.
    pub subject: &'a str,
    /// The identity provider by which the person signed in.
    pub login_method: &'a str,
    /// How the person proved who they are (RFC 8176).
    pub amr: &'a [String],
    /// When.
    pub authenticated_at: Timestamp,
    /// The app whose upstream asks in the person's name, if one does (RFC 8693).
    pub linked_app: Option<&'a str>,
    /// The time of the request.
    pub now: Timestamp,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Some request of this person would be let through.
    Approved,
    /// None would.
    Refused {
        /// Stable code of the reason.
        reason: &'static str,
        /// The rule that refused, if one did.
        rule: Option<String>,
    },
    /// One would after a stronger or fresher sign-in.
    StepUp {
        /// What it must be.
        step_up: StepUp,
        /// The rule that refused, if one did.
        rule: Option<String>,
    },
}

impl Verdict {
    /// The stable code of the reason why there is nothing, and the rule that refused.
    pub fn reason(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::Approved => ("approved", None),
            Self::Refused { reason, rule } => (reason, rule.as_deref()),
            Self::StepUp { rule, .. } => (INSUFFICIENT_USER_AUTHENTICATION, rule.as_deref()),
        }
    }
}

/// What a sign-in must be (RFC 9470).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepUp {
    /// Proven by all of these (RFC 8176).
    pub amr: Vec<String>,
    /// Not older than this; zero is now.
    pub max_age: Option<Duration>,
}

/// The stable code of a sign-in that is too weak or too old (RFC 9470 section 3).
pub const INSUFFICIENT_USER_AUTHENTICATION: &str = "insufficient_user_authentication";

/// What decides is out of order.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);
