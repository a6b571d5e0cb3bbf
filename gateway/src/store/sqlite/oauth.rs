//! OAuth state in SQLite: each act of the protocol as one transaction.

use super::{
    Sqlite, attempts, clients, codes, consents, credentials, devices, factors, grants, keys, provider_sessions, used,
};
use async_trait::async_trait;
use oauth::client::{Client, ClientId};
use oauth::secret::SecretHash;
use oauth::store::{
    Code, ConsentRecord, Credential, DeviceAuthorization, DeviceDecision, DeviceKept, DeviceLimits, EndedBecause,
    Grant, GrantFilter, GrantState, Issued, Listed, Polled, Redeemed, Registered, RegistrationLimits, Rotation, Store,
    StoreError, StoredKey, Successor,
};
use oauth::world::Timestamp;
use rusqlite::Connection;
use std::time::Duration;

#[async_trait]
impl Store for Sqlite {
    async fn keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        self.read(keys::all).await
    }

    async fn add_key(&self, key: &StoredKey, predecessor: Option<(&str, Timestamp)>) -> Result<bool, StoreError> {
        let (key, predecessor) = (key.clone(), predecessor.map(|(id, until)| (id.to_owned(), until)));
        let add =
            move |db: &Connection| keys::add(db, &key, predecessor.as_ref().map(|(id, until)| (id.as_str(), *until)));
        self.write(add).await
    }

    async fn revoke_key(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write(move |db| keys::revoke(db, &id, now)).await
    }

    async fn register_client(
        &self,
        client: &Client,
        limits: RegistrationLimits,
        now: Timestamp,
    ) -> Result<Registered, StoreError> {
        let client = client.clone();
        self.write(move |db| clients::register(db, &client, limits, now)).await
    }

    async fn keep_client(&self, client: &Client) -> Result<(), StoreError> {
        let client = client.clone();
        self.write(move |db| clients::keep(db, &client)).await
    }

    async fn replace_client(&self, known: &Client, new: &Client) -> Result<bool, StoreError> {
        let (known, new) = (known.clone(), new.clone());
        self.write(move |db| clients::replace(db, &known, &new)).await
    }

    async fn remove_client(&self, app: &str, id: &ClientId, now: Timestamp) -> Result<bool, StoreError> {
        let (app, id) = (app.to_owned(), id.clone());
        self.write(move |db| clients::remove(db, &app, &id, now)).await
    }

    async fn clients(&self, app: Option<&str>) -> Result<Vec<Client>, StoreError> {
        let app = app.map(str::to_owned);
        self.read(move |db| clients::list(db, app.as_deref())).await
    }

    async fn client(&self, app: &str, id: &ClientId) -> Result<Option<Client>, StoreError> {
        let (app, id) = (app.to_owned(), id.clone());
        self.read(move |db| clients::find(db, &app, &id)).await
    }

    async fn keep_consent(&self, consent: &ConsentRecord) -> Result<(), StoreError> {
        let consent = consent.clone();
        self.write(move |db| consents::keep(db, &consent)).await
    }

    async fn consents(&self, app: &str, client: &ClientId, subject: &str) -> Result<Vec<ConsentRecord>, StoreError> {
        let (app, client, subject) = (app.to_owned(), client.clone(), subject.to_owned());
        self.read(move |db| consents::find(db, &app, &client, &subject)).await
    }

    async fn issue_code(&self, code: &Code) -> Result<Issued, StoreError> {
        let code = code.clone();
        self.write(move |db| codes::issue(db, &code)).await
    }

    async fn is_consent_used(&self, consent: &str) -> Result<bool, StoreError> {
        let consent = consent.to_owned();
        self.read(move |db| codes::is_consent_used(db, &consent)).await
    }

    async fn code(&self, hash: &SecretHash) -> Result<Option<Code>, StoreError> {
        let hash = *hash;
        self.read(move |db| codes::find(db, &hash)).await
    }

    async fn redeem_code(
        &self,
        hash: &SecretHash,
        grant: &Grant,
        credential: &Credential,
        now: Timestamp,
    ) -> Result<Redeemed, StoreError> {
        let (hash, grant, credential) = (*hash, grant.clone(), credential.clone());
        self.write(move |db| codes::redeem(db, &hash, &grant, &credential, now)).await
    }

    async fn keep_device(
        &self,
        device: &DeviceAuthorization,
        limits: DeviceLimits,
        now: Timestamp,
    ) -> Result<DeviceKept, StoreError> {
        let device = device.clone();
        self.write(move |db| devices::keep(db, &device, limits, now)).await
    }

    async fn device(&self, user_code: &SecretHash) -> Result<Option<DeviceAuthorization>, StoreError> {
        let user_code = *user_code;
        self.read(move |db| devices::find(db, &user_code)).await
    }

    async fn decide_device(
        &self,
        user_code: &SecretHash,
        decision: &DeviceDecision,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (user_code, decision) = (*user_code, decision.clone());
        self.write(move |db| devices::decide(db, &user_code, &decision, now)).await
    }

    async fn poll_device(
        &self,
        device_code: &SecretHash,
        by: (&str, &ClientId),
        now: Timestamp,
    ) -> Result<Option<Polled>, StoreError> {
        let (device_code, app, client) = (*device_code, by.0.to_owned(), by.1.clone());
        self.write(move |db| devices::poll(db, &device_code, (&app, &client), now)).await
    }

    async fn redeem_device(
        &self,
        device_code: &SecretHash,
        grant: &Grant,
        credential: &Credential,
        now: Timestamp,
    ) -> Result<Redeemed, StoreError> {
        let (device_code, grant, credential) = (*device_code, grant.clone(), credential.clone());
        self.write(move |db| devices::redeem(db, &device_code, &grant, &credential, now)).await
    }

    async fn open_grant(&self, grant: &Grant, credential: &Credential) -> Result<(), StoreError> {
        let (grant, credential) = (grant.clone(), credential.clone());
        self.write(move |db| grants::open(db, &grant, &credential)).await
    }

    async fn renew_grant(&self, grant: &Grant, now: Timestamp) -> Result<Option<Grant>, StoreError> {
        let grant = grant.clone();
        self.write(move |db| grants::renew(db, &grant, now)).await
    }

    async fn credential(&self, hash: &SecretHash) -> Result<Option<(Credential, Grant)>, StoreError> {
        let hash = *hash;
        self.read(move |db| credentials::find_with_grant(db, &hash)).await
    }

    async fn prolong_session(&self, hash: &SecretHash, until: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let hash = *hash;
        self.write(move |db| credentials::prolong(db, &hash, until, now)).await
    }

    async fn rotate(
        &self,
        predecessor: &SecretHash,
        successor: &Successor,
        grace: Duration,
        now: Timestamp,
    ) -> Result<Rotation, StoreError> {
        let (predecessor, successor) = (*predecessor, successor.clone());
        self.write(move |db| credentials::rotate(db, &predecessor, &successor, grace, now)).await
    }

    async fn grant(&self, id: &str) -> Result<Option<Grant>, StoreError> {
        let id = id.to_owned();
        self.read(move |db| grants::find(db, &id)).await
    }

    async fn grants(&self, filter: &GrantFilter, now: Timestamp) -> Result<Vec<Listed>, StoreError> {
        let filter = filter.clone();
        self.read(move |db| grants::list(db, &filter, now)).await
    }

    async fn revoke_grant(&self, id: &str, because: EndedBecause, now: Timestamp) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write(move |db| Ok(grants::end(db, &id, because, now)? > 0)).await
    }

    async fn revoke_grants(
        &self,
        filter: &GrantFilter,
        because: EndedBecause,
        now: Timestamp,
    ) -> Result<Vec<Grant>, StoreError> {
        let filter = GrantFilter { state: GrantState::Live, ..filter.clone() };
        self.write(move |db| grants::end_all(db, &filter, because, now)).await
    }

    async fn use_once(&self, namespace: &str, value: &str, until: Timestamp) -> Result<bool, StoreError> {
        let hash = SecretHash::of_two(namespace, value);
        self.write(move |db| used::take(db, &hash, until)).await
    }

    async fn epoch(&self) -> Result<u64, StoreError> {
        self.read(grants::epoch).await
    }

    async fn collect_garbage(&self, now: Timestamp) -> Result<u64, StoreError> {
        let collect = move |db: &Connection| {
            let asked = codes::collect(db, now)? + devices::collect(db, now)? + used::collect(db, now)?;
            let asked = asked + attempts::collect(db, now)? + provider_sessions::collect(db, now)?;
            let asked = asked + factors::collect(db, now)?;
            let given = credentials::collect(db, now)? + grants::collect(db, now)? + consents::collect(db, now)?;
            Ok(asked + given + keys::collect(db, now)?)
        };
        self.write(collect).await
    }
}
