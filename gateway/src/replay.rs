//! Proofs of possession that were used at the door (RFC 9449 section 11.1): remembered by this process as long as their age
//! alone would not refuse them, and up to a bound, beyond which requests with proofs are refused rather than believed.

use oauth::dpop::Proof;
use oauth::world::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Longer than a proof can be good: its time is at most a minute ahead, and good for a minute after.
const TURN: Duration = Duration::from_secs(121);

/// Most proofs of one turn, of 16 bytes each.
const MOST: usize = 500_000;

/// The proofs of this turn and of the one before.
#[derive(Debug, Default)]
pub(crate) struct Replays {
    turns: Mutex<Turns>,
}

#[derive(Debug, Default)]
struct Turns {
    began: Timestamp,
    now: HashSet<[u8; 16]>,
    before: HashSet<[u8; 16]>,
}

/// What became of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// It is used now.
    First,
    /// It was used before.
    Again,
    /// Nobody can say: there were too many.
    Full,
}

impl Replays {
    /// Uses a proof.
    pub(crate) fn take(&self, proof: &Proof, now: Timestamp) -> Use {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).take(place(proof), now, MOST)
    }
}

impl Turns {
    fn take(&mut self, place: [u8; 16], now: Timestamp, most: usize) -> Use {
        let age = now.since(self.began);
        if age >= TURN {
            self.before = std::mem::take(&mut self.now);
            if age >= TURN * 2 {
                self.before.clear();
            }
            self.began = now;
        }
        if self.before.contains(&place) || self.now.contains(&place) {
            return Use::Again;
        }
        if self.now.len() >= most {
            return Use::Full;
        }
        self.now.insert(place);
        Use::First
    }
}

/// Two keys may call their proofs alike.
fn place(proof: &Proof) -> [u8; 16] {
    let hash = Sha256::new().chain_update(&proof.jkt).chain_update([0]).chain_update(&proof.jti).finalize();
    let mut place = [0; 16];
    place.copy_from_slice(&hash[..16]);
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn px_09_a_proof_is_remembered_longer_than_it_is_good() {
        let mut turns = Turns::default();
        let at = |seconds: i64| Timestamp::from_seconds(1_000_000 + seconds);
        assert_eq!(turns.take([1; 16], at(0), 10), Use::First);
        for later in [0, 1, 60, 120] {
            assert_eq!(turns.take([1; 16], at(later), 10), Use::Again, "{later}");
        }
        assert_eq!(turns.take([2; 16], at(120), 10), Use::First);
        for later in [121, 200, 240] {
            assert_eq!(turns.take([2; 16], at(later), 10), Use::Again, "{later}");
        }
        assert_eq!(turns.take([1; 16], at(600), 10), Use::First);
    }

    #[test]
    fn px_09_what_cannot_be_remembered_is_not_believed() {
        let mut turns = Turns::default();
        let now = Timestamp::from_seconds(1_000_000);
        for n in 0..3 {
            assert_eq!(turns.take([n; 16], now, 3), Use::First);
        }
        assert_eq!(turns.take([9; 16], now, 3), Use::Full);
        assert_eq!(turns.take([1; 16], now, 3), Use::Again);
        assert_eq!(turns.take([9; 16], now.plus(TURN), 3), Use::First, "the next turn has room");
    }
}
