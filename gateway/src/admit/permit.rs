//! The permission to ask an upstream. Only [`super::admit`] can make one.

use super::Allowed;
use crate::config::{App, Origin};
use crate::known::Known;
use crate::mcp::Messages;
use crate::refusal::At;
use http::HeaderValue;
use policy::Action;
use std::sync::Arc;

/// A request may go to its app, as this identity, by this rule.
#[derive(Debug)]
pub(crate) struct Permit {
    app: Arc<App>,
    origin: Origin,
    known: Option<Arc<Known>>,
    rule: Arc<str>,
    action: Action,
    messages: Messages,
    session: Option<HeaderValue>,
    session_owner: String,
}

impl Permit {
    /// INVARIANT: visible inside `admit` alone, so a request that was not decided on cannot reach an upstream.
    pub(super) fn new(at: At, known: Option<Arc<Known>>, Allowed { rule, action }: Allowed) -> Self {
        let (messages, session, session_owner) = (Messages::Unread, None, String::new());
        Self { app: at.app, origin: at.origin, known, rule, action, messages, session, session_owner }
    }

    /// The same for a request whose MCP messages were decided on, in this session of the server's; sessions that it begins
    /// belong to this subject.
    pub(super) fn with_messages(self, messages: Messages, session: Option<HeaderValue>, owner: String) -> Self {
        Self { messages, session, session_owner: owner, ..self }
    }

    /// The app.
    pub(crate) fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// The app, and the origin by which it was reached.
    pub(crate) fn at(&self) -> At {
        At { app: Arc::clone(&self.app), origin: self.origin.clone() }
    }

    /// The origin by which it was reached.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Who asks; `None` is anonymous, let through by a bypass.
    pub(crate) fn known(&self) -> Option<&Arc<Known>> {
        self.known.as_ref()
    }

    /// The MCP messages that it carries.
    pub(crate) fn messages(&self) -> &Messages {
        &self.messages
    }

    /// The id of the MCP session that it names, as the server knows it.
    pub(crate) fn session(&self) -> Option<&HeaderValue> {
        self.session.as_ref()
    }

    /// The subject to whom MCP sessions of this request belong; empty for nobody.
    pub(crate) fn session_owner(&self) -> &str {
        &self.session_owner
    }

    /// The rule that let it through.
    pub(crate) fn rule(&self) -> &str {
        &self.rule
    }

    /// The action of that rule.
    pub(crate) fn action(&self) -> Action {
        self.action
    }
}
