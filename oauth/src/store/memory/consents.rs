//! Consents in memory.

use crate::client::ClientId;
use crate::store::{CONSENT_KEPT, ConsentRecord};
use crate::world::Timestamp;

/// All of them, in no order.
#[derive(Default)]
pub(super) struct Consents(Vec<ConsentRecord>);

impl Consents {
    pub(super) fn keep(&mut self, consent: &ConsentRecord) {
        let is_same = |kept: &ConsentRecord| {
            (&kept.app, &kept.client, &kept.subject, &kept.redirect_uri)
                == (&consent.app, &consent.client, &consent.subject, &consent.redirect_uri)
        };
        match self.0.iter_mut().find(|kept| is_same(kept)) {
            Some(kept) => *kept = ConsentRecord { first_at: kept.first_at.min(consent.first_at), ..consent.clone() },
            None => self.0.push(consent.clone()),
        }
    }

    pub(super) fn of(&self, app: &str, client: &ClientId, subject: &str) -> Vec<ConsentRecord> {
        let is_asked_for = |kept: &&ConsentRecord| kept.app == app && kept.client == *client && kept.subject == subject;
        let mut found: Vec<_> = self.0.iter().filter(is_asked_for).cloned().collect();
        found.sort_by(|a, b| a.redirect_uri.cmp(&b.redirect_uri));
        found
    }

    /// Ends those that are asked for.
    pub(super) fn end(&mut self, now: Timestamp, is_asked_for: impl Fn(&ConsentRecord) -> bool) {
        for kept in self.0.iter_mut().filter(|kept| kept.expires_at > now && is_asked_for(kept)) {
            kept.expires_at = now;
        }
    }

    pub(super) fn collect(&mut self, now: Timestamp) {
        self.0.retain(|kept| kept.expires_at >= now.minus(CONSENT_KEPT));
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
