//! A store that forgets everything with the process: for tests and trials.
//!
//! INVARIANT: every method locks once, does all its work without waiting, and unlocks; that makes it one transaction.

mod clients;
mod codes;
mod consents;
mod credentials;
mod devices;
mod garbage;
mod grants;
mod keys;

use super::{
    Code, ConsentRecord, Credential, DeviceAuthorization, DeviceDecision, DeviceKept, DeviceLimits, EndedBecause,
    Grant, GrantFilter, GrantState, Issued, Listed, Polled, Redeemed, Registered, RegistrationLimits, Rotation, Store,
    StoreError, StoredKey, Successor,
};
use crate::client::{Client, ClientId};
use crate::secret::SecretHash;
use crate::world::Timestamp;
use async_trait::async_trait;
use consents::Consents;
use std::collections::HashMap;
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
        Ok(self.lock()?.issue_code(code))
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
