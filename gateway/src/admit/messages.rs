//! Requests to MCP servers, whose messages are read between who asks and whether they may: each message of a body is decided
//! on by itself, and all of them must be let through.

use super::{Allowed, Permit, checked, conclude, facts};
use crate::config::Mcp;
use crate::known::Known;
use crate::mcp::{Called, Fault, Messages, SESSION_HEADER, Sessions};
use crate::refusal::{At, Refusal};
use crate::request::Request;
use http::{HeaderMap, HeaderValue};
use oauth::seal::Sealer;
use policy::Message;
use std::sync::Arc;

/// A request that is let through if its messages are.
#[derive(Debug)]
pub(crate) struct Unread {
    at: At,
    known: Option<Arc<Known>>,
    mcp: Mcp,
}

impl Unread {
    /// Refuses what no message could make good, before anything of the body is read.
    pub(super) fn new(at: At, known: Option<Arc<Known>>, request: &Request) -> Result<Self, Refusal> {
        let decision = at.app.policies.may_yet(&facts(request, known.as_deref(), Message::Unread));
        conclude(&at, known.as_deref(), decision)?;
        // INVARIANT: only apps with this table come here; without it nothing would fit into the limit.
        let mcp = at.app.mcp.unwrap_or(Mcp { max_body: 0 });
        Ok(Self { at, known, mcp })
    }

    /// The largest body that is read, in bytes.
    pub(crate) fn limit(&self) -> usize {
        let of_app = self.at.app.limits.body.and_then(|bytes| usize::try_from(bytes).ok());
        of_app.map_or(self.mcp.max_body, |bytes| bytes.min(self.mcp.max_body))
    }

    /// Refuses it because of what it carries.
    pub(crate) fn refuse(&self, fault: Fault) -> Refusal {
        Refusal::Message(self.at.clone(), fault)
    }

    /// Decides, now that the messages are known.
    pub(crate) fn decide(
        self,
        (request, headers): (&Request, &HeaderMap),
        messages: Messages,
        sealer: &Sealer,
    ) -> Result<Permit, Refusal> {
        let mut allowed = None;
        for (message, called) in messages.each() {
            let by = self.decide_on(request, message).map_err(|refusal| about(refusal, called))?;
            // The first is named in the log, unless a later one says that nobody is known.
            if allowed.as_ref().is_none_or(|_| by.action == policy::Action::Bypass) {
                allowed = Some(by);
            }
        }
        let Some(allowed) = allowed else { return Err(self.refuse(Fault::invalid("there is no message"))) };
        let known = checked(&self.at, self.known.clone(), &allowed, request)?;
        // Whoever comes with a credential has a session with it, also where a bypass lets one of its messages pass.
        let owner = self.known.as_ref().map(|known| known.identity.subject.clone()).unwrap_or_default();
        let session = self.session(headers, &Sessions::of(sealer, &self.at.app.id, &owner))?;
        Ok(Permit::new(self.at, known, allowed).with_messages(messages, session, owner))
    }

    fn decide_on(&self, request: &Request, message: Message<'_>) -> Result<Allowed, Refusal> {
        let known = self.known.as_deref();
        conclude(&self.at, known, self.at.app.policies.decide(&facts(request, known, message)))
    }

    /// The server's id of the session that the request names, if it is the caller's.
    fn session(&self, headers: &HeaderMap, sessions: &Sessions<'_>) -> Result<Option<HeaderValue>, Refusal> {
        let mut named = headers.get_all(SESSION_HEADER).iter();
        let Some(sealed) = named.next() else { return Ok(None) };
        if named.next().is_some() {
            return Err(self.refuse(Fault::session()));
        }
        sessions.open(sealed).map(Some).map_err(|fault| self.refuse(fault))
    }
}

/// Says of a refusal which message it is about.
fn about(refusal: Refusal, called: Option<&Called>) -> Refusal {
    match (refusal, called) {
        (Refusal::Denied(at, mut denial), Some(called)) => {
            denial.called = Some(called.clone());
            Refusal::Denied(at, denial)
        }
        (other, _) => other,
    }
}
