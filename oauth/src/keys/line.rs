//! The keys of one purpose and algorithm, each succeeding the one before it: which of them works now.

use crate::store::{KeyAlgorithm, KeyPurpose, StoredKey};
use crate::world::Timestamp;

/// A line of keys.
pub type Kind = (KeyPurpose, KeyAlgorithm);

/// An opened key.
#[derive(Clone)]
pub(super) struct Opened<T> {
    pub(super) key: StoredKey,
    pub(super) half: T,
}

/// The last key of a line that has taken over. One that holds and has not is better than none: the node that made it may
/// have a clock that is ahead of ours.
pub(super) fn current<'a, T>(
    line: impl Iterator<Item = &'a Opened<T>> + Clone,
    now: Timestamp,
) -> Option<&'a Opened<T>> {
    let holding = line.filter(move |opened| opened.key.holds(now));
    let started = holding.clone().filter(|opened| opened.key.signs_from <= now).last();
    started.or_else(|| holding.clone().next())
}

/// The key of a line that the next one follows.
pub(super) fn last(stored: &[StoredKey], (purpose, algorithm): Kind) -> Option<&StoredKey> {
    let in_line = |key: &&StoredKey| (key.purpose, key.algorithm) == (purpose, algorithm) && key.revoked_at.is_none();
    stored.iter().rfind(in_line)
}
