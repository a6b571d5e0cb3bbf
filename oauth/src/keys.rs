//! The server's keys: made by whichever node is first, kept in the store, one line of them per purpose and algorithm
//! (RFC 8037 for Ed25519, RFC 7518 for P-256, RFC 7517 for JWKS).
//!
//! INVARIANT: a key serves the purpose that it was made for and no other; what signed decides by which algorithm a
//! signature is checked, the token does not.

mod algorithm;
mod line;
mod rotation;
mod set;
mod signing_key;

pub use algorithm::SigningAlgorithm;
pub use line::{KeyState, Kind};
pub use rotation::{HEED, KeyPlan, LONGEST_KEPT};
pub use set::Change;
pub use signing_key::{Signer, SigningKey};

use crate::seal::Sealer;
use crate::store::{KeyAlgorithm, KeyPurpose, Store, StoreError, StoredKey};
use crate::world::{Random, Timestamp};
use arc_swap::ArcSwap;
use set::KeySet;
use std::fmt;
use std::sync::Arc;
use tokio::sync::Mutex;

/// All keys of a gateway, as the store had them at the last look. Nobody waits for the store to use one.
pub struct Keyring {
    at_rest: Sealer,
    current: ArcSwap<KeySet>,
    /// One look at a time, so that an earlier one never replaces a later one.
    looking: Mutex<()>,
}

impl Keyring {
    /// Loads the keys; makes those that `plan` wants and that are missing. All nodes end with the same ones. The store
    /// keeps them sealed by `at_rest`, so that who reads the store cannot sign.
    ///
    /// # Errors
    /// When the store fails, or its keys were sealed under another key.
    pub async fn load(
        store: &dyn Store,
        at_rest: &Sealer,
        random: &dyn Random,
        plan: &KeyPlan,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let set = KeySet::open(store.keys().await?, at_rest, &KeySet::default())?;
        let keys = Self { at_rest: at_rest.clone(), current: ArcSwap::from_pointee(set), looking: Mutex::default() };
        keys.keep_up(store, random, plan, now).await?;
        Ok(keys)
    }

    /// Looks at the store again, and says what has changed since the last look.
    ///
    /// # Errors
    /// When the store fails, or holds a key that was sealed under another store key. The keys stay as they were then.
    pub async fn refresh(&self, store: &dyn Store) -> Result<Vec<Change>, StoreError> {
        let _alone = self.looking.lock().await;
        let (stored, before) = (store.keys().await?, self.current.load_full());
        if stored == before.stored() {
            return Ok(Vec::new());
        }
        let set = KeySet::open(stored, &self.at_rest, &before)?;
        let changes = before.changes(&set);
        self.current.store(Arc::new(set));
        Ok(changes)
    }

    /// What signs now for a purpose.
    ///
    /// # Errors
    /// When there is no such key, which `plan` prevents.
    pub fn signer(&self, purpose: KeyPurpose, by: SigningAlgorithm, now: Timestamp) -> Result<Signer, StoreError> {
        let missing = || StoreError(format!("there is no key to sign by {} for `{}`", by.as_str(), purpose.as_str()));
        self.current.load().signer(purpose, by, now).ok_or_else(missing)
    }

    /// The key of a purpose that is called `kid`, if what it signed still holds.
    pub fn verifier(&self, purpose: KeyPurpose, kid: &str, now: Timestamp) -> Option<Arc<SigningKey>> {
        self.current.load().verifier(purpose, kid, now)
    }

    /// The keys whose signatures somebody may meet: of this purpose and these algorithms, those to come included.
    pub fn published(&self, purpose: KeyPurpose, algorithms: &[KeyAlgorithm], now: Timestamp) -> Vec<Arc<SigningKey>> {
        self.current.load().published(purpose, algorithms, now)
    }

    /// Seals under the sealing key of now, and opens what an earlier one sealed that still holds.
    pub fn sealer(&self, now: Timestamp) -> Sealer {
        self.current.load().sealer(now)
    }

    /// Whether there is a key of this kind that is not revoked.
    pub fn has(&self, kind: Kind) -> bool {
        line::last(self.current.load().stored(), kind).is_some()
    }

    /// All keys of the last look, in the order in which they were added.
    pub fn stored(&self) -> Vec<StoredKey> {
        self.current.load().stored().to_vec()
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keyring").field(&self.current.load().stored()).finish()
    }
}
