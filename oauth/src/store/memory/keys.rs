//! The keys of the authorization server.

use super::State;
use crate::store::StoredKey;
use crate::world::Timestamp;

impl State {
    pub(super) fn add_key(&mut self, key: &StoredKey, predecessor: Option<(&str, Timestamp)>) -> bool {
        let in_line = |kept: &&mut StoredKey| {
            (kept.purpose, kept.algorithm) == (key.purpose, key.algorithm) && kept.revoked_at.is_none()
        };
        let last = self.keys.iter_mut().rfind(in_line);
        if last.as_ref().map(|last| last.id.as_str()) != predecessor.map(|(id, _)| id) {
            return false;
        }
        if let Some((last, (_, until))) = last.zip(predecessor) {
            last.verifies_until = Some(until);
        }
        self.keys.push(key.clone());
        self.epoch += 1;
        true
    }

    pub(super) fn revoke_key(&mut self, id: &str, now: Timestamp) -> bool {
        let live = self.keys.iter_mut().find(|key| key.id == id && key.revoked_at.is_none());
        let Some(key) = live else { return false };
        key.revoked_at = Some(now);
        key.sealed.clear();
        self.epoch += 1;
        true
    }
}
