//! Why a request ends at the door. Each has a stable code; [`crate::refuse`] alone turns it into bytes.

use crate::config::{App, Origin};
use crate::known::Known;
use crate::limits::TooMany;
use crate::mcp::{Called, Fault};
use oauth::world::Timestamp;
use policy::{Identity, StepUp, Via};
use std::sync::Arc;

/// The app that a refusal concerns, and the origin by which it was reached.
#[derive(Clone, Debug)]
pub(crate) struct At {
    pub(crate) app: Arc<App>,
    pub(crate) origin: Origin,
}

/// A refused request.
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    /// It could be read in two ways, or not at all: 400.
    Malformed(&'static str),
    /// The request or its headers are too large: 413, 414, 431. The app, if it is one that says so.
    TooLarge(u16, Option<At>),
    /// There are too many requests of one who asks: 429.
    TooMany(Option<At>, TooMany, Option<Box<Denial>>),
    /// The handshake of the connection was not for this host, or its certificate is no good any more: 421.
    Misdirected(At),
    /// No app is there: 404 that says nothing.
    NoSuchApp,
    /// Nobody is signed in: 302 to login, or 401.
    LoginRequired(At),
    /// A credential was presented and is bad: 401, never a fall-through.
    InvalidToken(At, BadCredential),
    /// The policy refuses who asks: 403.
    Denied(At, Box<Denial>),
    /// The policy would let in who asks after a stronger or fresher sign-in: 302 to it, or 401.
    StepUp(At, StepUp, Box<Denial>),
    /// The token lacks scopes that the request needs: 403.
    InsufficientScope(At, String, Box<Denial>),
    /// What it says to an MCP server cannot be passed on: 400, 404, 411, 413.
    Message(At, Fault),
    /// A page of another site sent it in the person's name: 403.
    CrossOrigin(At, Box<Denial>),
    /// Whoever may pass finds the app closed for now: 503.
    Maintenance(At),
    /// The store or a key is out of order: 503, never "anonymous", never "allow".
    Unavailable(String),
}

/// What was wrong with a presented credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadCredential {
    /// Stable code, such as `bearer_token_expired`.
    pub(crate) code: &'static str,
    /// For the caller.
    pub(crate) description: &'static str,
}

/// The code of a proof of possession that is missing or bad.
pub(crate) const INVALID_PROOF: &str = "dpop_proof_invalid";

/// The code of a proof that lacks a good nonce.
pub(crate) const NONCE_NEEDED: &str = "dpop_nonce_needed";

/// A policy's refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Denial {
    /// Stable code, such as `no_rule_matched`.
    pub(crate) reason: &'static str,
    /// The rule that refused, if one did.
    pub(crate) rule: Option<String>,
    /// Who was refused.
    pub(crate) identity: Option<Identity>,
    /// Through which transport.
    pub(crate) via: Via,
    /// Through which client, if not the browser.
    pub(crate) client: Option<String>,
    /// The app whose upstream acts for the person, if one does.
    pub(crate) linked_app: Option<String>,
    /// When the person signed in.
    pub(crate) authenticated_at: Option<Timestamp>,
    /// The MCP message that was refused, if it was one.
    pub(crate) called: Option<Called>,
}

impl Denial {
    /// Refuses a known credential, or somebody anonymous.
    pub(crate) fn of(known: Option<&Known>, reason: &'static str, rule: Option<String>) -> Box<Self> {
        let client = known.and_then(|known| known.oauth_client());
        Box::new(Self {
            reason,
            rule,
            identity: known.map(|known| known.identity.clone()),
            via: known.map_or(Via::Browser, |known| known.via),
            client: client.map(|(client, _)| client.to_string()),
            linked_app: known.and_then(|known| known.linked_app.clone()),
            authenticated_at: known.and_then(|known| known.authenticated_at),
            called: None,
        })
    }

    /// The person's name, as shown to themselves.
    pub(crate) fn person(&self) -> Option<&str> {
        self.identity.as_ref()?.email.as_deref()
    }
}

impl Refusal {
    /// The stable code of the outcome.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed_request",
            Self::TooLarge(..) => "request_too_large",
            Self::TooMany(..) => TOO_MANY,
            Self::Misdirected(_) => "misdirected_request",
            Self::NoSuchApp => "no_such_app",
            Self::LoginRequired(_) => "login_required",
            Self::InvalidToken(_, bad) => bad.code,
            Self::Denied(_, denial) | Self::StepUp(_, _, denial) => denial.reason,
            Self::InsufficientScope(..) => "insufficient_scope",
            Self::CrossOrigin(..) => "cross_origin",
            Self::Message(_, fault) => fault.outcome(),
            Self::Maintenance(_) => "maintenance",
            Self::Unavailable(_) => "unavailable",
        }
    }

    /// Who was refused, where that is known.
    pub(crate) fn denial(&self) -> Option<&Denial> {
        match self {
            Self::Denied(_, denial) | Self::CrossOrigin(_, denial) => Some(denial),
            Self::StepUp(_, _, denial) | Self::InsufficientScope(_, _, denial) => Some(denial),
            Self::TooMany(_, _, denial) => denial.as_deref(),
            _ => None,
        }
    }

    /// More than its code says, for whoever runs the gateway.
    pub(crate) fn detail(&self) -> Option<String> {
        match self {
            Self::Malformed(why) => Some((*why).to_owned()),
            Self::Unavailable(why) => Some(why.clone()),
            Self::TooMany(_, TooMany { limit, .. }, _) => Some(limit.to_string()),
            _ => None,
        }
    }

    /// The app that it concerns.
    pub(crate) fn at(&self) -> Option<&At> {
        match self {
            Self::LoginRequired(at)
            | Self::Misdirected(at)
            | Self::InvalidToken(at, _)
            | Self::Denied(at, _)
            | Self::StepUp(at, ..)
            | Self::InsufficientScope(at, ..)
            | Self::Message(at, _)
            | Self::CrossOrigin(at, _)
            | Self::Maintenance(at) => Some(at),
            Self::TooLarge(_, at) | Self::TooMany(at, ..) => at.as_ref(),
            Self::Malformed(_) | Self::NoSuchApp | Self::Unavailable(_) => None,
        }
    }
}

/// The code of too many requests.
pub(crate) const TOO_MANY: &str = "too_many_requests";

impl From<oauth::store::StoreError> for Refusal {
    fn from(broken: oauth::store::StoreError) -> Self {
        Self::Unavailable(broken.to_string())
    }
}
