//! The keys of one purpose and algorithm, each succeeding the one before it: which of them works now.

use crate::store::{KeyAlgorithm, KeyPurpose, StoredKey};
use crate::world::Timestamp;

/// A line of keys.
pub type Kind = (KeyPurpose, KeyAlgorithm);

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It is known already, and takes over later.
    Published,
    /// It signs or seals.
    Signing,
    /// What it made still holds.
    Verifying,
    /// Nothing of it holds any more.
    Ended,
    /// It was ended at once.
    Revoked,
}

impl KeyState {
    /// What `key` does now, as one of all that are `stored`.
    pub fn of(key: &StoredKey, stored: &[StoredKey], now: Timestamp) -> Self {
        let line = || in_line(stored, (key.purpose, key.algorithm));
        let place = |id: &str| line().position(|other| other.id == id);
        let working = current(line(), now).and_then(|working| place(&working.id));
        match (place(&key.id), working) {
            (None, _) => Self::Revoked,
            (Some(own), Some(working)) if own == working => Self::Signing,
            _ if !key.holds(now) => Self::Ended,
            (Some(own), Some(working)) if own > working => Self::Published,
            _ => Self::Verifying,
        }
    }

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Signing => "signing",
            Self::Verifying => "verifying",
            Self::Ended => "ended",
            Self::Revoked => "revoked",
        }
    }
}

/// An opened key.
#[derive(Clone)]
pub(super) struct Opened<T> {
    pub(super) key: StoredKey,
    pub(super) half: T,
}

impl<T> AsRef<StoredKey> for Opened<T> {
    fn as_ref(&self) -> &StoredKey {
        &self.key
    }
}

impl AsRef<StoredKey> for StoredKey {
    fn as_ref(&self) -> &StoredKey {
        self
    }
}

/// The last key of a line that has taken over. One that holds and has not is better than none: the node that made it may
/// have a clock that is ahead of ours.
pub(super) fn current<'a, T: AsRef<StoredKey>>(
    line: impl Iterator<Item = &'a T> + Clone,
    now: Timestamp,
) -> Option<&'a T> {
    let holding = line.filter(move |key| (*key).as_ref().holds(now));
    let started = holding.clone().filter(|key| (*key).as_ref().signs_from <= now).last();
    started.or_else(|| holding.clone().next())
}

/// The key of a line that the next one follows.
pub(super) fn last(stored: &[StoredKey], kind: Kind) -> Option<&StoredKey> {
    in_line(stored, kind).last()
}

fn in_line(stored: &[StoredKey], kind: Kind) -> impl Iterator<Item = &StoredKey> + Clone {
    stored.iter().filter(move |key| (key.purpose, key.algorithm) == kind && key.revoked_at.is_none())
}
