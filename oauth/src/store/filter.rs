//! Which grants an act or a list is about.

use super::{ConsentRecord, Grant};
use crate::world::Timestamp;

/// All that is named must hold of a grant; the empty filter holds of every live one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrantFilter {
    /// Whose they are.
    pub subject: Option<String>,
    /// At which app.
    pub app: Option<String>,
    /// Of which client.
    pub client: Option<String>,
    /// Given in this single sign-on session.
    pub session: Option<String>,
    /// By whom the person came.
    pub login_method: Option<String>,
    /// All but this one.
    pub except: Option<String>,
    /// Live ones, or others.
    pub state: GrantState,
}

/// Whether a grant still holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GrantState {
    /// Those that hold.
    #[default]
    Live,
    /// Those that have ended and are still remembered.
    Ended,
}

impl GrantFilter {
    /// The live grants of a person.
    pub fn of(subject: &str) -> Self {
        Self { subject: Some(subject.to_owned()), ..Self::default() }
    }

    /// Whether it holds of `grant`.
    pub(super) fn holds(&self, grant: &Grant, now: Timestamp) -> bool {
        let is = |wanted: &Option<String>, value: &str| wanted.as_ref().is_none_or(|wanted| wanted == value);
        is(&self.subject, &grant.subject)
            && is(&self.app, &grant.app)
            && is(&self.client, grant.client.as_str())
            && self.session.as_ref().is_none_or(|session| grant.details.session.as_ref() == Some(session))
            && is(&self.login_method, &grant.login_method)
            && self.except.as_ref().is_none_or(|except| *except != grant.id)
            && (self.state == GrantState::Live) == grant.is_live(now)
    }

    /// Whether grants that it holds of may have come from `consent`. What ends with a session or a way in takes no consent
    /// back.
    pub(super) fn holds_for(&self, consent: &ConsentRecord) -> bool {
        if self.session.is_some() || self.login_method.is_some() {
            return false;
        }
        let is = |wanted: &Option<String>, value: &str| wanted.as_ref().is_none_or(|wanted| wanted == value);
        is(&self.subject, &consent.subject) && is(&self.app, &consent.app) && is(&self.client, consent.client.as_str())
    }
}
