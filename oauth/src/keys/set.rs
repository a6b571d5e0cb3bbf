//! The keys as the store had them at one look, opened.

use super::line::{Opened, current};
use super::{Signer, SigningAlgorithm, SigningKey};
use crate::seal::Sealer;
use crate::store::{KeyAlgorithm, KeyPurpose, StoreError, StoredKey};
use crate::world::Timestamp;
use std::sync::Arc;
use zeroize::Zeroizing;

/// All that was stored, and those of it that work.
#[derive(Default)]
pub(super) struct KeySet {
    stored: Vec<StoredKey>,
    signing: Vec<Opened<Arc<SigningKey>>>,
    sealing: Vec<Opened<Sealer>>,
}

/// What has become of a key since the last look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was added.
    Added(StoredKey),
    /// It was revoked.
    Revoked(StoredKey),
}

impl KeySet {
    /// Opens what was stored; what `before` has open already is not opened again.
    pub(super) fn open(stored: Vec<StoredKey>, at_rest: &Sealer, before: &Self) -> Result<Self, StoreError> {
        let mut set = Self::default();
        for key in stored.iter().filter(|key| key.revoked_at.is_none()) {
            match key.algorithm {
                KeyAlgorithm::XChaCha20Poly1305 => {
                    let half = reuse(&before.sealing, key).map_or_else(|| open_sealing(key, at_rest), Ok)?;
                    set.sealing.push(Opened { key: key.clone(), half });
                }
                KeyAlgorithm::Ed25519 | KeyAlgorithm::P256 => {
                    let half = reuse(&before.signing, key).map_or_else(|| open_signing(key, at_rest), Ok)?;
                    set.signing.push(Opened { key: key.clone(), half });
                }
            }
        }
        set.stored = stored;
        Ok(set)
    }

    pub(super) fn stored(&self) -> &[StoredKey] {
        &self.stored
    }

    pub(super) fn changes(&self, after: &Self) -> Vec<Change> {
        let before = |key: &StoredKey| self.stored.iter().find(|known| known.id == key.id);
        let of = |key: &StoredKey| match before(key) {
            None => Some(Change::Added(key.clone())),
            Some(known) if known.revoked_at != key.revoked_at => Some(Change::Revoked(key.clone())),
            Some(_) => None,
        };
        after.stored.iter().filter_map(of).collect()
    }

    pub(super) fn signer(&self, purpose: KeyPurpose, by: SigningAlgorithm, now: Timestamp) -> Option<Signer> {
        let line =
            self.signing.iter().filter(|opened| (opened.key.purpose, opened.key.algorithm) == (purpose, by.key()));
        let Opened { key, half } = current(line, now)?;
        Some(Signer::new(Arc::clone(half), by, key.verifies_until))
    }

    pub(super) fn verifier(&self, purpose: KeyPurpose, kid: &str, now: Timestamp) -> Option<Arc<SigningKey>> {
        let is_it = |opened: &&Opened<Arc<SigningKey>>| {
            opened.key.purpose == purpose && opened.key.id == kid && opened.key.holds(now)
        };
        self.signing.iter().find(is_it).map(|opened| Arc::clone(&opened.half))
    }

    pub(super) fn published(
        &self,
        purpose: KeyPurpose,
        algorithms: &[KeyAlgorithm],
        now: Timestamp,
    ) -> Vec<Arc<SigningKey>> {
        let is_public = |opened: &&Opened<_>| {
            let StoredKey { purpose: of, algorithm, .. } = &opened.key;
            *of == purpose && algorithms.contains(algorithm) && opened.key.holds(now)
        };
        self.signing.iter().filter(is_public).map(|opened| Arc::clone(&opened.half)).collect()
    }

    pub(super) fn sealer(&self, now: Timestamp) -> Sealer {
        let line = self.sealing.iter().filter(|opened| opened.key.purpose == KeyPurpose::Sealing);
        let holding = line.clone().filter(|opened| opened.key.holds(now)).map(|opened| &opened.half);
        Sealer::of_line(current(line.clone(), now).map(|opened| &opened.half), holding)
    }
}

fn reuse<T: Clone>(opened: &[Opened<T>], key: &StoredKey) -> Option<T> {
    opened.iter().find(|known| known.key.id == key.id).map(|known| known.half.clone())
}

fn open_signing(key: &StoredKey, at_rest: &Sealer) -> Result<Arc<SigningKey>, StoreError> {
    let opened = SigningKey::from_secret(key.algorithm, &*secret(key, at_rest)?);
    opened.filter(|opened| opened.kid() == key.id).map(Arc::new).ok_or_else(|| damaged(key))
}

fn open_sealing(key: &StoredKey, at_rest: &Sealer) -> Result<Sealer, StoreError> {
    let opened = Sealer::new(secret(key, at_rest)?);
    if opened.id() == key.id { Ok(opened) } else { Err(damaged(key)) }
}

fn secret(key: &StoredKey, at_rest: &Sealer) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    let opened = at_rest.open_bytes(&place(key.purpose, key.algorithm), &key.sealed).map(Zeroizing::new);
    let bytes = opened.and_then(|bytes| <[u8; 32]>::try_from(&bytes[..]).ok()).map(Zeroizing::new);
    bytes.ok_or_else(|| StoreError("its keys were sealed under another store key than the one that was given".into()))
}

fn damaged(key: &StoredKey) -> StoreError {
    StoreError(format!("the key `{}` is damaged", key.id))
}

/// What a key is sealed for: it opens as nothing else.
pub(super) fn place(purpose: KeyPurpose, algorithm: KeyAlgorithm) -> String {
    format!("{} {}", purpose.as_str(), algorithm.as_str())
}
