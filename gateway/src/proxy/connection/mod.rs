//! Connections of clients, and the end of the requests on them that would no longer be let through.
//!
//! A WebSocket or an event stream is decided on once and then open for hours. Whenever something was taken away, and at
//! times otherwise, each request under way is decided on again; one that is no longer permitted is ended.

mod exchange;
mod farewell;
mod front;
mod places;
mod proxy_protocol;
mod side;
mod socket;
mod stream;

pub(crate) use exchange::{Handle, Why};
pub(super) use exchange::{UnderWay, begin, cut, end, ending, handle, head_is_read, waited};
pub(super) use farewell::{Frames, say};
pub(crate) use front::Front;
pub(crate) use side::Side;

use crate::admit::{Review, Standing};
use crate::gateway::Gateway;
use exchange::Exchange;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All connections of HTTP/1.1 and streams of HTTP/2 that are open.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    open: Mutex<HashMap<u64, Arc<Exchange>>>,
    next: AtomicU64,
    /// Requests that were read and not answered to the end.
    requests: Arc<AtomicUsize>,
}

impl Connections {
    /// Decides again on every request under way, and ends those that would not be let through now.
    /// What cannot be decided, because the store is out of reach, goes on until it can.
    pub(crate) async fn review(&self, gateway: &Gateway) {
        let snapshot = gateway.snapshot();
        let mut review = Review::new(&gateway.world, &snapshot);
        for (exchange, request) in self.busy() {
            match review.standing(&request.permit, &request.request).await {
                Ok(Standing::Permitted) | Err(_) => {}
                Ok(Standing::Ended) => exchange.cut(&request, Why::Ended),
                Ok(Standing::Denied) => exchange.cut(&request, Why::Denied),
            }
        }
    }

    /// Ends every request that is still under way, because the gateway stops.
    pub(crate) fn end_all(&self) {
        for (exchange, request) in self.busy() {
            exchange.cut(&request, Why::GoingAway);
        }
    }

    /// How many requests are not answered to the end.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Acquire)
    }

    /// Whether no client is connected.
    pub(crate) fn is_empty(&self) -> bool {
        self.open().is_empty()
    }

    /// Counts a request until what is returned is dropped.
    pub(super) fn count(&self) -> Counted {
        self.requests.fetch_add(1, Ordering::AcqRel);
        Counted(Arc::clone(&self.requests))
    }

    fn busy(&self) -> Vec<(Arc<Exchange>, Arc<UnderWay>)> {
        let open = self.open();
        let busy = |exchange: &Arc<Exchange>| {
            let request = exchange.under_way().clone()?;
            Some((Arc::clone(exchange), request))
        };
        open.values().filter_map(busy).collect()
    }

    fn open(&self) -> MutexGuard<'_, HashMap<u64, Arc<Exchange>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self) -> Entered<'_> {
        let (number, exchange) = (self.next.fetch_add(1, Ordering::Relaxed), Arc::<Exchange>::default());
        self.open().insert(number, Arc::clone(&exchange));
        Entered { connections: self, number, exchange }
    }
}

/// An open one, while it is served.
struct Entered<'a> {
    connections: &'a Connections,
    number: u64,
    exchange: Arc<Exchange>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.connections.open().remove(&self.number);
    }
}

/// A request that counts as not answered to the end.
#[derive(Debug)]
pub(super) struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
