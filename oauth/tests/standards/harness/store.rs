//! A store that fails on command, and remembers everything that it was given to keep.

use async_trait::async_trait;
use oauth::client::{Client, ClientId};
use oauth::secret::SecretHash;
use oauth::store::memory::Memory;
use oauth::store::{
    Code, ConsentRecord, Credential, DeviceAuthorization, DeviceDecision, DeviceKept, DeviceLimits, EndedBecause,
    Grant, GrantFilter, Issued, Listed, Polled, Redeemed, Registered, RegistrationLimits, Rotation, Store, StoreError,
    StoredKey, Successor,
};
use oauth::world::Timestamp;
use std::sync::Mutex;
use std::time::Duration;

/// When an act fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fault {
    #[default]
    Never,
    Always,
    /// The act after this many others fails, and is not done.
    Nth(usize),
    /// The act after this many others is done, but its answer is lost.
    LostAnswerOfNth(usize),
}

#[derive(Default)]
pub(crate) struct TestStore {
    inner: Memory,
    fault: Mutex<Fault>,
    kept: Mutex<Vec<u8>>,
}

impl TestStore {
    pub(crate) fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    /// Whether the ordered fault has not happened yet.
    pub(crate) fn is_armed(&self) -> bool {
        *self.fault.lock().unwrap() != Fault::Never
    }

    /// Everything that was ever kept, except for the keys.
    pub(crate) fn dump(&self) -> String {
        String::from_utf8_lossy(&self.kept.lock().unwrap()).into_owned()
    }

    fn keep(&self, value: &impl serde::Serialize) {
        self.kept.lock().unwrap().extend(serde_json::to_vec(value).unwrap());
    }

    /// Does an act, unless its turn to fail has come.
    async fn act<T>(&self, act: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let fault = *self.fault.lock().unwrap();
        let (next, fails, done) = match fault {
            Fault::Never => (Fault::Never, false, true),
            Fault::Always => (Fault::Always, true, false),
            Fault::Nth(0) => (Fault::Never, true, false),
            Fault::Nth(n) => (Fault::Nth(n - 1), false, true),
            Fault::LostAnswerOfNth(0) => (Fault::Never, true, true),
            Fault::LostAnswerOfNth(n) => (Fault::LostAnswerOfNth(n - 1), false, true),
        };
        self.set(next);
        let broken = || Err(StoreError("the disk is full of bees".to_owned()));
        match (done, fails) {
            (false, _) => broken(),
            (true, true) => act.await.and_then(|_| broken()),
            (true, false) => act.await,
        }
    }
}

#[async_trait]
impl Store for TestStore {
    async fn keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        self.act(self.inner.keys()).await
    }

    async fn add_key(&self, key: &StoredKey, predecessor: Option<(&str, Timestamp)>) -> Result<bool, StoreError> {
        self.act(self.inner.add_key(key, predecessor)).await
    }

    async fn revoke_key(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        self.act(self.inner.revoke_key(id, now)).await
    }

    async fn register_client(
        &self,
        client: &Client,
        limits: RegistrationLimits,
        now: Timestamp,
    ) -> Result<Registered, StoreError> {
        self.keep(client);
        self.act(self.inner.register_client(client, limits, now)).await
    }

    async fn keep_client(&self, client: &Client) -> Result<(), StoreError> {
        self.keep(client);
        self.act(self.inner.keep_client(client)).await
    }

    async fn replace_client(&self, known: &Client, new: &Client) -> Result<bool, StoreError> {
        self.keep(new);
        self.act(self.inner.replace_client(known, new)).await
    }

    async fn remove_client(&self, app: &str, id: &ClientId, now: Timestamp) -> Result<bool, StoreError> {
        self.act(self.inner.remove_client(app, id, now)).await
    }

    async fn clients(&self, app: Option<&str>) -> Result<Vec<Client>, StoreError> {
        self.act(self.inner.clients(app)).await
    }

    async fn client(&self, app: &str, id: &ClientId) -> Result<Option<Client>, StoreError> {
        self.act(self.inner.client(app, id)).await
    }

    async fn keep_consent(&self, consent: &ConsentRecord) -> Result<(), StoreError> {
        self.keep(consent);
        self.act(self.inner.keep_consent(consent)).await
    }

    async fn consents(&self, app: &str, client: &ClientId, subject: &str) -> Result<Vec<ConsentRecord>, StoreError> {
        self.act(self.inner.consents(app, client, subject)).await
    }

    async fn issue_code(&self, code: &Code) -> Result<Issued, StoreError> {
        self.keep(code);
        self.act(self.inner.issue_code(code)).await
    }

    async fn is_consent_used(&self, consent: &str) -> Result<bool, StoreError> {
        self.act(self.inner.is_consent_used(consent)).await
    }

    async fn code(&self, hash: &SecretHash) -> Result<Option<Code>, StoreError> {
        self.act(self.inner.code(hash)).await
    }

    async fn redeem_code(
        &self,
        hash: &SecretHash,
        grant: &Grant,
        credential: &Credential,
        now: Timestamp,
    ) -> Result<Redeemed, StoreError> {
        self.keep(&(grant, credential));
        self.act(self.inner.redeem_code(hash, grant, credential, now)).await
    }

    async fn keep_device(
        &self,
        device: &DeviceAuthorization,
        limits: DeviceLimits,
        now: Timestamp,
    ) -> Result<DeviceKept, StoreError> {
        self.keep(device);
        self.act(self.inner.keep_device(device, limits, now)).await
    }

    async fn device(&self, user_code: &SecretHash) -> Result<Option<DeviceAuthorization>, StoreError> {
        self.act(self.inner.device(user_code)).await
    }

    async fn decide_device(
        &self,
        user_code: &SecretHash,
        decision: &DeviceDecision,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.keep(decision);
        self.act(self.inner.decide_device(user_code, decision, now)).await
    }

    async fn poll_device(
        &self,
        device_code: &SecretHash,
        by: (&str, &ClientId),
        now: Timestamp,
    ) -> Result<Option<Polled>, StoreError> {
        self.act(self.inner.poll_device(device_code, by, now)).await
    }

    async fn redeem_device(
        &self,
        device_code: &SecretHash,
        grant: &Grant,
        credential: &Credential,
        now: Timestamp,
    ) -> Result<Redeemed, StoreError> {
        self.keep(&(grant, credential));
        self.act(self.inner.redeem_device(device_code, grant, credential, now)).await
    }

    async fn open_grant(&self, grant: &Grant, credential: &Credential) -> Result<(), StoreError> {
        self.keep(&(grant, credential));
        self.act(self.inner.open_grant(grant, credential)).await
    }

    async fn renew_grant(&self, grant: &Grant, now: Timestamp) -> Result<Option<Grant>, StoreError> {
        self.keep(grant);
        self.act(self.inner.renew_grant(grant, now)).await
    }

    async fn credential(&self, hash: &SecretHash) -> Result<Option<(Credential, Grant)>, StoreError> {
        self.act(self.inner.credential(hash)).await
    }

    async fn prolong_session(&self, hash: &SecretHash, until: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        self.act(self.inner.prolong_session(hash, until, now)).await
    }

    async fn rotate(
        &self,
        predecessor: &SecretHash,
        successor: &Successor,
        grace: Duration,
        now: Timestamp,
    ) -> Result<Rotation, StoreError> {
        self.keep(&successor.credential);
        self.kept.lock().unwrap().extend(&successor.sealed_response);
        self.act(self.inner.rotate(predecessor, successor, grace, now)).await
    }

    async fn grant(&self, id: &str) -> Result<Option<Grant>, StoreError> {
        self.act(self.inner.grant(id)).await
    }

    async fn grants(&self, filter: &GrantFilter, now: Timestamp) -> Result<Vec<Listed>, StoreError> {
        self.act(self.inner.grants(filter, now)).await
    }

    async fn revoke_grant(&self, id: &str, because: EndedBecause, now: Timestamp) -> Result<bool, StoreError> {
        self.act(self.inner.revoke_grant(id, because, now)).await
    }

    async fn revoke_grants(
        &self,
        filter: &GrantFilter,
        because: EndedBecause,
        now: Timestamp,
    ) -> Result<Vec<Grant>, StoreError> {
        self.act(self.inner.revoke_grants(filter, because, now)).await
    }

    async fn use_once(&self, namespace: &str, value: &str, until: Timestamp) -> Result<bool, StoreError> {
        self.act(self.inner.use_once(namespace, value, until)).await
    }

    async fn epoch(&self) -> Result<u64, StoreError> {
        self.act(self.inner.epoch()).await
    }

    async fn collect_garbage(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.act(self.inner.collect_garbage(now)).await
    }
}
