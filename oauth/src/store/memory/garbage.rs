//! What is forgotten, and when.

use super::State;
use crate::world::Timestamp;
use std::collections::HashSet;
use std::time::Duration;

/// A code is remembered this long after its expiry, to notice a replay and a consent used twice.
pub(super) const CODE_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// A grant is remembered this long after its end, to notice a reuse and to say what became of it.
const GRANT_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A key is remembered this long after its end, to say what became of it.
const KEY_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

impl State {
    pub(super) fn collect_garbage(&mut self, now: Timestamp) -> u64 {
        let before = self.count_collectable();
        self.codes.retain(|_, kept| kept.code.expires_at >= now.minus(CODE_KEPT));
        self.collect_devices(now);
        let parents: HashSet<_> = self.grants.values().filter_map(|grant| grant.parent.clone()).collect();
        self.grants.retain(|id, grant| {
            let end = grant.revoked_at.map_or(grant.expires_at, |at| at.min(grant.expires_at));
            end >= now.minus(GRANT_KEPT) || parents.contains(id)
        });
        self.credentials.retain(|_, kept| {
            kept.credential.expires_at >= now.minus(GRANT_KEPT) && self.grants.contains_key(&kept.credential.grant)
        });
        self.used.retain(|_, until| *until >= now);
        self.keys.retain(|key| key.ends_at().is_none_or(|end| end >= now.minus(KEY_KEPT)));
        self.consents.collect(now);
        before - self.count_collectable()
    }

    fn count_collectable(&self) -> u64 {
        let asked = self.codes.len() + self.devices.len() + self.used.len() + self.consents.len();
        (asked + self.grants.len() + self.credentials.len() + self.keys.len()) as u64
    }
}
