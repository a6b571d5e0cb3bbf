//! How much is held of bodies that are read whole before anybody decides: in all, and of one address. Everything else streams.

use super::network;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is held, in bytes.
#[derive(Debug, Default)]
pub(crate) struct Held(Mutex<Bytes>);

#[derive(Debug, Default)]
struct Bytes {
    all: usize,
    by: HashMap<IpAddr, usize>,
}

/// Most in all.
const MOST: usize = 256 * 1024 * 1024;

/// Most of one address with several bodies; a single one may be as large as its own limit says.
const MOST_OF_ONE: usize = 32 * 1024 * 1024;

/// The room that one body takes until it is dropped.
#[derive(Debug)]
pub(crate) struct Room {
    held: Arc<Held>,
    address: IpAddr,
    bytes: usize,
}

impl Held {
    /// Room for a body from an address, none of it taken yet.
    pub(crate) fn room(self: &Arc<Self>, address: IpAddr) -> Room {
        Room { held: Arc::clone(self), address: network(address), bytes: 0 }
    }

    fn bytes(&self) -> MutexGuard<'_, Bytes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    /// Takes room for so many bytes more; `false` where there is none.
    pub(crate) fn grow(&mut self, more: usize) -> bool {
        let mut held = self.held.bytes();
        let of_one = held.by.get(&self.address).copied().unwrap_or_default();
        let alone = of_one == self.bytes;
        if held.all + more > MOST || (!alone && of_one + more > MOST_OF_ONE) {
            return false;
        }
        held.all += more;
        *held.by.entry(self.address).or_default() += more;
        self.bytes += more;
        true
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut held = self.held.bytes();
        held.all -= self.bytes;
        if let Some(of_one) = held.by.get_mut(&self.address) {
            *of_one -= self.bytes;
            if *of_one == 0 {
                held.by.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(held: &Arc<Held>, last: u8) -> Room {
        held.room([192, 0, 2, last].into())
    }

    #[test]
    fn hp_25_one_address_holds_its_share_or_one_body_alone() {
        let held = Arc::new(Held::default());
        let (mut large, mut second, mut others) = (room(&held, 1), room(&held, 1), room(&held, 2));
        assert!(large.grow(2 * MOST_OF_ONE), "alone it may be large");
        assert!(!second.grow(1) && others.grow(1), "but nothing beside it, and nobody else minds");
        drop(large);
        assert!(second.grow(MOST_OF_ONE - 1));
        let mut third = room(&held, 1);
        assert!(third.grow(1) && !third.grow(1));
        drop((second, third, others));
        assert!(held.bytes().all == 0 && held.bytes().by.is_empty());
    }

    #[test]
    fn hp_25_all_together_hold_no_more_than_there_is() {
        let held = Arc::new(Held::default());
        let mut rooms: Vec<_> = (0..8).map(|last| room(&held, last)).collect();
        assert!(rooms.iter_mut().all(|room| room.grow(MOST / 8)));
        assert!(!room(&held, 9).grow(1));
        rooms.pop();
        assert!(room(&held, 9).grow(1));
    }
}
