//! A store that forgets everything with the process: for tests and trials.
//!
//! INVARIANT: every method locks once, does all its work without waiting, and unlocks; that makes it one transaction.

mod consents;
mod devices;

use super::{
    Code, ConsentRecord, Credential, DeviceAuthorization, DeviceDecision, DeviceKept, DeviceLimits, EndedBecause,
    Grant, GrantFilter, GrantState, Issued, Listed, Polled, Redeemed, Registered, RegistrationLimits, Rotation, Store,
    StoreError, StoredKey, Successor,
};
use crate::client::{Client, ClientId, RegisteredBy};
use crate::secret::SecretHash;
use crate::world::Timestamp;
use async_trait::async_trait;
use consents::Consents;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

/// Keeps everything in plain maps.
#[derive(Default)]
pub struct Memory {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// In the order in which they were added.
    keys: Vec<StoredKey>,
    clients: HashMap<(String, ClientId), Client>,
    codes: HashMap<SecretHash, KeptCode>,
    /// By device code.
    devices: HashMap<SecretHash, devices::Kept>,
    grants: HashMap<String, Grant>,
    credentials: HashMap<SecretHash, KeptCredential>,
    used: HashMap<SecretHash, Timestamp>,
    consents: Consents,
    epoch: u64,
}

struct KeptCode {
    code: Code,
    /// Id of the grant that its redemption opened.
    opened: Option<String>,
}

struct KeptCredential {
    credential: Credential,
    /// The response that its successor went out with; there exactly when it was rotated.
    sealed_response: Option<Vec<u8>>,
}

#[async_trait]
impl Store for Memory {
    async fn keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        Ok(self.lock()?.keys.clone())
    }

    async fn add_key(&self, key: &StoredKey, predecessor: Option<(&str, Timestamp)>) -> Result<bool, StoreError> {
        Ok(self.lock()?.add_key(key, predecessor))
    }

    async fn revoke_key(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.lock()?.revoke_key(id, now))
    }

    async fn register_client(
        &self,
        client: &Client,
        limits: RegistrationLimits,
        now: Timestamp,
    ) -> Result<Registered, StoreError> {
        Ok(self.lock()?.register_client(client, limits, now))
    }

    async fn keep_client(&self, client: &Client) -> Result<(), StoreError> {
        self.lock()?.clients.insert((client.app.clone(), client.id.clone()), client.clone());
        Ok(())
    }

    async fn replace_client(&self, known: &Client, new: &Client) -> Result<bool, StoreError> {
        let mut state = self.lock()?;
        let kept = state.clients.get_mut(&(known.app.clone(), known.id.clone())).filter(|kept| *kept == known);
        Ok(kept.map(|kept| *kept = new.clone()).is_some())
    }

    async fn remove_client(&self, app: &str, id: &ClientId, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.lock()?.remove_client(app, id, now))
    }

    async fn clients(&self, app: Option<&str>) -> Result<Vec<Client>, StoreError> {
        let state = self.lock()?;
        let mut clients: Vec<_> =
            state.clients.values().filter(|client| app.is_none_or(|app| client.app == app)).cloned().collect();
        clients.sort_by(|a, b| (&a.app, a.registered_at, &a.id).cmp(&(&b.app, b.registered_at, &b.id)));
        Ok(clients)
    }

    async fn client(&self, app: &str, id: &ClientId) -> Result<Option<Client>, StoreError> {
        Ok(self.lock()?.clients.get(&(app.to_owned(), id.clone())).cloned())
    }

    async fn keep_consent(&self, consent: &ConsentRecord) -> Result<(), StoreError> {
        self.lock()?.consents.keep(consent);
        Ok(())
    }

    async fn consents(&self, app: &str, client: &ClientId, subject: &str) -> Result<Vec<ConsentRecord>, StoreError> {
        Ok(self.lock()?.consents.of(app, client, subject))
    }

    async fn issue_code(&self, code: &Code) -> Result<Issued, StoreError> {
        let mut state = self.lock()?;
        if state.is_consent_used(&code.consent) {
            return Ok(Issued::ConsentUsed);
        }
        state.codes.insert(code.hash, KeptCode { code: code.clone(), opened: None });
        Ok(Issued::New)
    }

    async fn is_consent_used(&self, consent: &str) -> Result<bool, StoreError> {
        Ok(self.lock()?.is_consent_used(consent))
    }

    async fn code(&self, hash: &SecretHash) -> Result<Option<Code>, StoreError> {
        Ok(self.lock()?.codes.get(hash).map(|kept| kept.code.clone()))
    }

    async fn redeem_code(
        &self,
        hash: &SecretHash,
        grant: &Grant,
        credential: &Credential,
        now: Timestamp,
    ) -> Result<Redeemed, StoreError> {
        Ok(self.lock()?.redeem_code(hash, grant, credential, now))
    }

    async fn keep_device(
        &self,
        device: &DeviceAuthorization,
        limits: DeviceLimits,
        now: Timestamp,
    ) -> Result<DeviceKept, StoreError> {
        Ok(self.lock()?.keep_device(device, limits, now))
    }

    async fn device(&self, user_code: &SecretHash) -> Result<Option<DeviceAuthorization>, StoreError> {
        Ok(self.lock()?.device(user_code))
    }

    async fn decide_device(
        &self,
        user_code: &SecretHash,
        decision: &DeviceDecision,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.lock()?.decide_device(user_code, decision, now))
    }

    async fn poll_device(
        &self,
        device_code: &SecretHash,
        by: (&str, &ClientId),
        now: Timestamp,
    ) -> Result<Option<Polled>, StoreError> {
        Ok(self.lock()?.poll_device(device_code, by, now))
    }

    async fn redeem_device(
        &self,
        device_code: &SecretHash,
        grant: &Grant,
        credential: &Credential,
        now: Timestamp,
    ) -> Result<Redeemed, StoreError> {
        Ok(self.lock()?.redeem_device(device_code, grant, credential, now))
    }

    async fn open_grant(&self, grant: &Grant, credential: &Credential) -> Result<(), StoreError> {
        self.lock()?.open_grant(grant, credential);
        Ok(())
    }

    async fn renew_grant(&self, grant: &Grant, now: Timestamp) -> Result<Option<Grant>, StoreError> {
        Ok(self.lock()?.renew_grant(grant, now))
    }

    async fn prolong_session(&self, hash: &SecretHash, until: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        self.lock()?.prolong_session(hash, until, now);
        Ok(())
    }

    async fn credential(&self, hash: &SecretHash) -> Result<Option<(Credential, Grant)>, StoreError> {
        let state = self.lock()?;
        let Some(KeptCredential { credential, .. }) = state.credentials.get(hash) else { return Ok(None) };
        Ok(state.grants.get(&credential.grant).map(|grant| (credential.clone(), grant.clone())))
    }

    async fn rotate(
        &self,
        predecessor: &SecretHash,
        successor: &Successor,
        grace: Duration,
        now: Timestamp,
    ) -> Result<Rotation, StoreError> {
        Ok(self.lock()?.rotate(predecessor, successor, grace, now))
    }

    async fn grant(&self, id: &str) -> Result<Option<Grant>, StoreError> {
        Ok(self.lock()?.grants.get(id).cloned())
    }

    async fn grants(&self, filter: &GrantFilter, now: Timestamp) -> Result<Vec<Listed>, StoreError> {
        Ok(self.lock()?.list(filter, now))
    }

    async fn revoke_grant(&self, id: &str, because: EndedBecause, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.lock()?.end(vec![id.to_owned()], because, now) > 0)
    }

    async fn revoke_grants(
        &self,
        filter: &GrantFilter,
        because: EndedBecause,
        now: Timestamp,
    ) -> Result<Vec<Grant>, StoreError> {
        let mut state = self.lock()?;
        let filter = GrantFilter { state: GrantState::Live, ..filter.clone() };
        let ended: Vec<_> = state.list(&filter, now).into_iter().map(|listed| listed.grant).collect();
        state.end(ended.iter().map(|grant| grant.id.clone()).collect(), because, now);
        state.consents.end(now, |consent| filter.holds_for(consent));
        Ok(ended)
    }

    async fn use_once(&self, namespace: &str, value: &str, until: Timestamp) -> Result<bool, StoreError> {
        Ok(self.lock()?.used.insert(SecretHash::of_two(namespace, value), until).is_none())
    }

    async fn epoch(&self) -> Result<u64, StoreError> {
        Ok(self.lock()?.epoch)
    }

    async fn collect_garbage(&self, now: Timestamp) -> Result<u64, StoreError> {
        Ok(self.lock()?.collect_garbage(now))
    }
}

impl Memory {
    fn lock(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        self.state.lock().map_err(|_| StoreError("an earlier act was broken off".to_owned()))
    }
}

impl State {
    fn add_key(&mut self, key: &StoredKey, predecessor: Option<(&str, Timestamp)>) -> bool {
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

    fn revoke_key(&mut self, id: &str, now: Timestamp) -> bool {
        let live = self.keys.iter_mut().find(|key| key.id == id && key.revoked_at.is_none());
        let Some(key) = live else { return false };
        key.revoked_at = Some(now);
        key.sealed.clear();
        self.epoch += 1;
        true
    }

    fn register_client(&mut self, client: &Client, limits: RegistrationLimits, now: Timestamp) -> Registered {
        let key = (client.app.clone(), client.id.clone());
        if self.clients.contains_key(&key) {
            return Registered::Known;
        }
        self.make_room(&client.app, limits, now);
        if self.count_clients(&client.app) >= limits.total {
            return Registered::Full;
        }
        self.clients.insert(key, client.clone());
        Registered::New
    }

    /// Forgets the oldest unused clients of `app`, as many as one more needs.
    fn make_room(&mut self, app: &str, limits: RegistrationLimits, now: Timestamp) {
        let excess = (self.count_clients(app) + 1).saturating_sub(limits.total);
        let oldest_kept = now.minus(limits.unused_for);
        let unused = |client: &&Client| {
            let holds = |grant: &Grant| grant.app == app && grant.client == client.id && grant.is_live(now);
            let registered_itself = client.registered_by == RegisteredBy::Itself;
            registered_itself
                && client.app == app
                && client.registered_at < oldest_kept
                && !self.grants.values().any(holds)
        };
        let mut unused: Vec<_> =
            self.clients.values().filter(unused).map(|c| (c.registered_at, c.id.clone())).collect();
        unused.sort();
        for (_, id) in unused.into_iter().take(usize::try_from(excess).unwrap_or(usize::MAX)) {
            self.clients.remove(&(app.to_owned(), id));
        }
    }

    fn count_clients(&self, app: &str) -> u64 {
        let counts = |client: &&Client| client.app == app && client.registered_by == RegisteredBy::Itself;
        self.clients.values().filter(counts).count() as u64
    }

    fn remove_client(&mut self, app: &str, id: &ClientId, now: Timestamp) -> bool {
        let held = self.grants.values().filter(|grant| grant.app == app && grant.client == *id);
        let held = held.map(|grant| grant.id.clone()).collect();
        self.end(held, EndedBecause::ClientRemoved, now);
        self.clients.remove(&(app.to_owned(), id.clone())).is_some()
    }

    fn is_consent_used(&self, consent: &str) -> bool {
        self.codes.values().any(|kept| kept.code.consent == consent)
    }

    fn redeem_code(&mut self, hash: &SecretHash, grant: &Grant, credential: &Credential, now: Timestamp) -> Redeemed {
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

    fn parent_holds(&self, grant: &Grant, now: Timestamp) -> bool {
        grant.parent.as_ref().is_none_or(|id| self.grants.get(id).is_some_and(|parent| parent.is_live(now)))
    }

    fn renew_grant(&mut self, grant: &Grant, now: Timestamp) -> Option<Grant> {
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

    fn open_grant(&mut self, grant: &Grant, credential: &Credential) {
        self.grants.insert(grant.id.clone(), grant.clone());
        self.keep_credential(credential);
    }

    fn prolong_session(&mut self, hash: &SecretHash, until: Timestamp, now: Timestamp) {
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

    fn keep_credential(&mut self, credential: &Credential) {
        let kept = KeptCredential { credential: credential.clone(), sealed_response: None };
        self.credentials.insert(credential.hash, kept);
    }

    fn rotate(&mut self, predecessor: &SecretHash, successor: &Successor, grace: Duration, now: Timestamp) -> Rotation {
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

    fn list(&self, filter: &GrantFilter, now: Timestamp) -> Vec<Listed> {
        let mut grants: Vec<_> = self.grants.values().filter(|grant| filter.holds(grant, now)).cloned().collect();
        grants.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        let listed = |grant: Grant| {
            let client = self.clients.get(&(grant.app.clone(), grant.client.clone())).cloned();
            Listed { grant, client }
        };
        grants.into_iter().map(listed).collect()
    }

    /// Ends what is live among `grants` and everything that came from them, at whatever remove.
    fn end(&mut self, grants: Vec<String>, because: EndedBecause, now: Timestamp) -> u64 {
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

    fn collect_garbage(&mut self, now: Timestamp) -> u64 {
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

/// A code is remembered this long after its expiry, to notice a replay and a consent used twice.
const CODE_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// A grant is remembered this long after its end, to notice a reuse and to say what became of it.
const GRANT_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A key is remembered this long after its end, to say what became of it.
const KEY_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance;
    use std::sync::Arc;

    #[tokio::test(flavor = "multi_thread")]
    async fn memory_is_a_store() {
        conformance::run(async || Arc::new(Memory::default()) as Arc<dyn Store>).await;
    }
}
