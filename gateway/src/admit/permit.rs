//! The permission to ask an upstream. Only [`super::admit`] can make one.

use crate::config::{App, Origin};
use crate::known::Known;
use crate::refusal::At;
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
}

impl Permit {
    /// INVARIANT: visible inside `admit` alone, so a request that was not decided on cannot reach an upstream.
    pub(super) fn new(at: At, known: Option<Arc<Known>>, rule: Arc<str>, action: Action) -> Self {
        Self { app: at.app, origin: at.origin, known, rule, action }
    }

    /// The app.
    pub(crate) fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// The origin by which it was reached.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Who asks; `None` is anonymous, let through by a bypass.
    pub(crate) fn known(&self) -> Option<&Arc<Known>> {
        self.known.as_ref()
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
