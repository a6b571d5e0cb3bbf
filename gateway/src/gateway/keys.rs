//! The keys of a running gateway: what other processes did to them is heeded, what the schedule asks for is done, and the
//! audit log hears of both.

use super::{World, as_oauth};
use oauth::keys::{Change, HEED, KeyPlan, Keyring};
use oauth::seal::Sealer;
use oauth::store::{Store, StoreError, StoredKey};
use oauth::world::{Random, Timestamp};
use std::sync::atomic::Ordering;

/// Loads the keys, and makes those that are missing. None of a store that is in use is used before all nodes know it.
pub(super) async fn open_keys(
    store: &dyn Store,
    at_rest: &Sealer,
    random: &dyn Random,
    plan: &KeyPlan,
    now: Timestamp,
) -> Result<Keyring, StoreError> {
    let known = store.keys().await?.len();
    let keys = Keyring::load(store, at_rest, random, plan, now).await?;
    if known > 0 && keys.stored().len() > known {
        tokio::time::sleep(HEED).await;
    }
    Ok(keys)
}

impl World {
    /// Looks at the keys again. What was verified by a key that is gone is forgotten afterwards.
    pub(crate) async fn refresh_keys(&self) -> Result<(), StoreError> {
        self.heed_changes(self.keys.refresh(&*as_oauth(&self.store)).await)
    }

    /// Adds the keys that are missing or due.
    pub(crate) async fn keep_up_keys(&self, plan: &KeyPlan) -> Result<(), StoreError> {
        let store = as_oauth(&self.store);
        self.heed_changes(self.keys.keep_up(&*store, &*self.random, plan, self.clock.now()).await)
    }

    /// Makes what a new configuration needs and no other has needed, before it is used, and lets all nodes hear of it.
    pub(crate) async fn need_keys(&self, plan: &KeyPlan) -> Result<(), StoreError> {
        if plan.kinds.iter().any(|kind| !self.keys.has(*kind)) {
            self.keep_up_keys(plan).await?;
            tokio::time::sleep(HEED).await;
        }
        Ok(())
    }

    fn heed_changes(&self, changes: Result<Vec<Change>, StoreError>) -> Result<(), StoreError> {
        self.keys_unknown.store(changes.is_err(), Ordering::Release);
        let changes = changes?;
        if !changes.is_empty() {
            self.memory.forget();
        }
        changes.iter().for_each(log);
        Ok(())
    }
}

fn log(change: &Change) {
    let (act, key) = match change {
        Change::Added(key) => ("key_add", key),
        Change::Revoked(key) => ("key_revoke", key),
    };
    let StoredKey { id: kid, purpose, algorithm, .. } = key;
    let (purpose, algorithm, signs_from) = (purpose.as_str(), algorithm.as_str(), key.signs_from.seconds());
    tracing::info!(target: "audit", act, kid, purpose, algorithm, signs_from);
}
