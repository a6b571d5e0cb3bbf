//! Authorization codes.

use super::{KeptCode, State};
use crate::secret::SecretHash;
use crate::store::{Code, Credential, EndedBecause, Grant, Issued, Redeemed};
use crate::world::Timestamp;

impl State {
    pub(super) fn issue_code(&mut self, code: &Code) -> Issued {
        if self.is_consent_used(&code.consent) {
            return Issued::ConsentUsed;
        }
        self.codes.insert(code.hash, KeptCode { code: code.clone(), opened: None });
        Issued::New
    }

    pub(super) fn is_consent_used(&self, consent: &str) -> bool {
        self.codes.values().any(|kept| kept.code.consent == consent)
    }

    pub(super) fn redeem_code(
        &mut self,
        hash: &SecretHash,
        grant: &Grant,
        credential: &Credential,
        now: Timestamp,
    ) -> Redeemed {
        let parent_holds = self.parent_holds(grant, now);
        let Some(kept) = self.codes.get_mut(hash) else { return Redeemed::Unknown };
        if let Some(opened) = kept.opened.clone() {
            self.end(vec![opened.clone()], EndedBecause::CodeReplayed, now);
            return Redeemed::Replayed { grant: opened };
        }
        if now >= kept.code.expires_at || !parent_holds {
            return Redeemed::Unknown;
        }
        kept.opened = Some(grant.id.clone());
        self.open_grant(grant, credential);
        Redeemed::Opened
    }
}
