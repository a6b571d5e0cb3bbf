//! Which keys there must be, and when a new one follows an old one. Any node may add it; the first one wins, and the others
//! take what it made.
//!
//! A new key is published before it signs, for longer than anybody keeps what was published before; and it is kept after
//! its successor signs, until the last that it signed has ended.

use super::line::last;
use super::set::place;
use super::{Change, Keyring, Kind, SigningKey};
use crate::seal::Sealer;
use crate::store::{KeyAlgorithm, KeyPurpose, Store, StoreError, StoredKey};
use crate::world::{Random, Timestamp};
use std::time::Duration;
use zeroize::Zeroizing;

/// Within this time each node knows of a key that one of them added. Two seconds on the clock are more than one.
pub const HEED: Duration = Duration::from_secs(2);

/// Which keys there must be, and how long they serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPlan {
    /// The lines of keys that are in use.
    pub kinds: Vec<Kind>,
    /// How long a key signs before the next one follows.
    pub rotation_interval: Duration,
    /// How long a key is published before it signs.
    pub publish_ahead: Duration,
    /// The longest lifetime of an access token.
    pub longest_token: Duration,
}

impl KeyPlan {
    /// The algorithms of the keys that are in use for a purpose.
    pub fn algorithms(&self, purpose: KeyPurpose) -> Vec<KeyAlgorithm> {
        self.kinds.iter().filter(|(of, _)| *of == purpose).map(|(_, algorithm)| *algorithm).collect()
    }

    /// How long verifiers may keep what is published: a new key must reach all of them before it signs.
    pub fn max_age(&self) -> Duration {
        LONGEST_KEPT.min(self.publish_ahead / 2)
    }

    /// How long after its end of service a key still verifies: no shorter than the life of anything that it made.
    fn kept(&self, purpose: KeyPurpose) -> Duration {
        MARGIN
            + match purpose {
                KeyPurpose::AccessToken => self.longest_token,
                KeyPurpose::Assertion => LONGEST_ASSERTION,
                KeyPurpose::Sealing => LONGEST_SEALED,
            }
    }
}

/// How long a public document may be kept at most.
pub const LONGEST_KEPT: Duration = Duration::from_secs(300);

/// For clocks that are apart.
const MARGIN: Duration = Duration::from_secs(300);
const LONGEST_ASSERTION: Duration = Duration::from_secs(3600);
/// Forms, and people on their way through a sign-in.
const LONGEST_SEALED: Duration = Duration::from_secs(24 * 3600);

impl Keyring {
    /// Makes the keys that are missing or due by `plan`, and says what has changed since the last look. Asks nobody when
    /// nothing is due.
    ///
    /// # Errors
    /// When the store fails. What is not done is done at the next call.
    pub async fn keep_up(
        &self,
        store: &dyn Store,
        random: &dyn Random,
        plan: &KeyPlan,
        now: Timestamp,
    ) -> Result<Vec<Change>, StoreError> {
        let stored = self.stored();
        let mut changed = false;
        for kind in &plan.kinds {
            if let Some(signs_from) = due(last(&stored, *kind), plan, now) {
                self.add(store, random, (plan, *kind), (now, signs_from)).await?;
                changed = true;
            }
        }
        if changed { self.refresh(store).await } else { Ok(Vec::new()) }
    }

    /// Adds a key after the last one of its line, for an administrator; it signs after `ahead`. `None` when another node was
    /// faster: look again.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn add_next(
        &self,
        store: &dyn Store,
        random: &dyn Random,
        (plan, kind): (&KeyPlan, Kind),
        (now, ahead): (Timestamp, Duration),
    ) -> Result<Option<StoredKey>, StoreError> {
        let added = self.add(store, random, (plan, kind), (now, now.plus(ahead))).await?;
        self.refresh(store).await?;
        Ok(added)
    }

    /// Adds a key to a line, after the last one known here; `None` when another node was faster.
    async fn add(
        &self,
        store: &dyn Store,
        random: &dyn Random,
        (plan, kind): (&KeyPlan, Kind),
        (now, signs_from): (Timestamp, Timestamp),
    ) -> Result<Option<StoredKey>, StoreError> {
        let stored = self.stored();
        let (key, until) = (self.make(kind, random, (now, signs_from)), signs_from.plus(plan.kept(kind.0)));
        let added = store.add_key(&key, last(&stored, kind).map(|last| (last.id.as_str(), until))).await?;
        Ok(added.then_some(key))
    }

    fn make(
        &self,
        (purpose, algorithm): Kind,
        random: &dyn Random,
        (created_at, signs_from): (Timestamp, Timestamp),
    ) -> StoredKey {
        let (secret, id) = loop {
            let secret = Zeroizing::new(random.bytes::<32>());
            let id = match algorithm {
                KeyAlgorithm::XChaCha20Poly1305 => Some(Sealer::new(secret.clone()).id()),
                _ => SigningKey::from_secret(algorithm, &secret).map(|key| key.kid().to_owned()),
            };
            if let Some(id) = id {
                break (secret, id);
            }
        };
        let sealed = self.at_rest.seal_bytes(&place(purpose, algorithm), &secret[..], random);
        StoredKey { id, purpose, algorithm, sealed, created_at, signs_from, verifies_until: None, revoked_at: None }
    }
}

/// When the next key of a line signs, if it must be published now.
fn due(last: Option<&StoredKey>, plan: &KeyPlan, now: Timestamp) -> Option<Timestamp> {
    let Some(last) = last else { return Some(now) };
    // A last key that ends has lost its successor.
    let from = if last.verifies_until.is_some() { now } else { last.signs_from.plus(plan.rotation_interval) };
    let earliest = now.plus(plan.publish_ahead);
    (from <= earliest).then_some(earliest)
}
