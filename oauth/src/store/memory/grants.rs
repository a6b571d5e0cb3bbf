//! Grants, and what came from them.

use super::State;
use crate::store::{Credential, EndedBecause, Grant, GrantFilter, Listed};
use crate::world::Timestamp;
use std::collections::HashSet;

impl State {
    pub(super) fn open_grant(&mut self, grant: &Grant, credential: &Credential) {
        self.grants.insert(grant.id.clone(), grant.clone());
        self.keep_credential(credential);
    }

    pub(super) fn renew_grant(&mut self, grant: &Grant, now: Timestamp) -> Option<Grant> {
        if !self.parent_holds(grant, now) {
            return None;
        }
        let known = self.grants.values().find(|known| known.is_live(now) && known.is_renewed_by(grant));
        let kept = match known {
            Some(known) => Grant { id: known.id.clone(), created_at: known.created_at, ..grant.clone() },
            None => grant.clone(),
        };
        self.grants.insert(kept.id.clone(), kept.clone());
        Some(kept)
    }

    pub(super) fn parent_holds(&self, grant: &Grant, now: Timestamp) -> bool {
        grant.parent.as_ref().is_none_or(|id| self.grants.get(id).is_some_and(|parent| parent.is_live(now)))
    }

    pub(super) fn list(&self, filter: &GrantFilter, now: Timestamp) -> Vec<Listed> {
        let mut grants: Vec<_> = self.grants.values().filter(|grant| filter.holds(grant, now)).cloned().collect();
        grants.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        let listed = |grant: Grant| {
            let client = self.clients.get(&(grant.app.clone(), grant.client.clone())).cloned();
            Listed { grant, client }
        };
        grants.into_iter().map(listed).collect()
    }

    /// Ends what is live among `grants` and everything that came from them, at whatever remove.
    pub(super) fn end(&mut self, grants: Vec<String>, because: EndedBecause, now: Timestamp) -> u64 {
        let mut seen: HashSet<String> = HashSet::new();
        let mut waiting = grants;
        let mut ended = 0;
        while let Some(id) = waiting.pop() {
            let came_from_it = self.grants.values().filter(|grant| grant.parent.as_ref() == Some(&id));
            waiting.extend(came_from_it.map(|grant| grant.id.clone()).filter(|child| !seen.contains(child)));
            if let Some(grant) = self.grants.get_mut(&id).filter(|grant| grant.is_live(now)) {
                grant.revoked_at = Some(now);
                grant.details.ended_because = Some(because);
                ended += 1;
                let (app, client, subject) = (&grant.app, &grant.client, &grant.subject);
                self.consents.end(now, |of| (&of.app, &of.client, &of.subject) == (app, client, subject));
            }
            seen.insert(id);
        }
        self.epoch += u64::from(ended > 0);
        ended
    }
}
