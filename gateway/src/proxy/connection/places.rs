//! How many connections there may be at once, in all and of one address.

use crate::config::{Limits, Server};
use crate::limits::network;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The places that connections take.
#[derive(Debug, Default)]
pub(super) struct Places(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by: HashMap<IpAddr, usize>,
}

/// The limit that a connection met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full(pub(super) &'static str);

/// A place that is taken until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    address: Option<IpAddr>,
}

impl Places {
    /// Takes a place for a connection of `peer`. Trusted proxies bring the clients of many addresses, so theirs is none.
    pub(super) fn take(self: &Arc<Self>, peer: Option<IpAddr>, server: &Server) -> Result<Place, Full> {
        let address = counted(peer, server);
        let mut taken = self.taken();
        check(&taken, address, &server.limits)?;
        taken.all += 1;
        if let Some(address) = address {
            *taken.by.entry(address).or_default() += 1;
        }
        Ok(Place { places: Arc::clone(self), address })
    }

    /// Whether there is a place, for a connection that is not worth a handshake otherwise.
    pub(super) fn check(&self, peer: Option<IpAddr>, server: &Server) -> Result<(), Full> {
        check(&self.taken(), counted(peer, server), &server.limits)
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn counted(peer: Option<IpAddr>, server: &Server) -> Option<IpAddr> {
    let peer = peer?.to_canonical();
    let trusted = server.trusted_proxies.iter().any(|network| network.contains(&peer));
    (!trusted).then(|| network(peer))
}

fn check(taken: &Taken, address: Option<IpAddr>, limits: &Limits) -> Result<(), Full> {
    if taken.all >= limits.connections {
        return Err(Full("connections"));
    }
    let of_address = address.and_then(|address| taken.by.get(&address)).copied().unwrap_or_default();
    if of_address >= limits.connections_per_address {
        return Err(Full("connections_per_address"));
    }
    Ok(())
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all -= 1;
        let Some(address) = self.address else { return };
        if let Some(count) = taken.by.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                taken.by.remove(&address);
            }
        }
    }
}
