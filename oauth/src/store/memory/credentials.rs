//! What a grant is used by: sessions and refresh tokens.

use super::{KeptCredential, State};
use crate::secret::SecretHash;
use crate::store::{Credential, EndedBecause, Rotation, Successor};
use crate::world::Timestamp;
use std::time::Duration;

impl State {
    pub(super) fn keep_credential(&mut self, credential: &Credential) {
        let kept = KeptCredential { credential: credential.clone(), sealed_response: None };
        self.credentials.insert(credential.hash, kept);
    }

    pub(super) fn prolong_session(&mut self, hash: &SecretHash, until: Timestamp, now: Timestamp) {
        let Some(of) = self.credentials.get(hash).map(|kept| kept.credential.grant.clone()) else { return };
        let parent = self.grants.get(&of).and_then(|grant| grant.parent.clone());
        for kept in self.credentials.values_mut() {
            let credential = &mut kept.credential;
            let concerned = credential.grant == of || parent.as_ref() == Some(&credential.grant);
            let end =
                self.grants.get(&credential.grant).filter(|grant| grant.is_live(now)).map(|grant| grant.expires_at);
            if let (true, Some(end)) = (concerned && now < credential.expires_at, end) {
                credential.expires_at = credential.expires_at.max(until.min(end));
            }
        }
    }

    pub(super) fn rotate(
        &mut self,
        predecessor: &SecretHash,
        successor: &Successor,
        grace: Duration,
        now: Timestamp,
    ) -> Rotation {
        let Some(kept) = self.credentials.get_mut(predecessor) else { return Rotation::Unknown };
        let grant = kept.credential.grant.clone();
        if !self.grants.get(&grant).is_some_and(|grant| grant.is_live(now)) {
            return Rotation::Unknown;
        }
        match (kept.credential.rotated_at, &kept.sealed_response) {
            (None, _) if now >= kept.credential.expires_at => Rotation::Unknown,
            (None, _) => {
                kept.credential.rotated_at = Some(now);
                kept.sealed_response = Some(successor.sealed_response.clone());
                self.keep_credential(&successor.credential);
                if let Some(grant) = self.grants.get_mut(&grant) {
                    grant.expires_at = successor.credential.expires_at;
                }
                Rotation::Rotated
            }
            (Some(at), Some(sealed_response)) if now.since(at) <= grace => {
                Rotation::Replay { sealed_response: sealed_response.clone() }
            }
            (Some(_), _) => {
                self.end(vec![grant], EndedBecause::RefreshReused, now);
                Rotation::Reused
            }
        }
    }
}
