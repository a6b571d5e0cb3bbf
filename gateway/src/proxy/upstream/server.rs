//! One server of an app: how it is, and how often it is chosen.

use crate::config::UpstreamServer;
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One server, and how it is.
pub(super) struct Server {
    pub(super) config: UpstreamServer,
    pub(super) url: String,
    pub(super) key: u64,
    pub(super) connect_timeout: Duration,
    healthy: AtomicBool,
    /// Answers in a row that speak against its state.
    against: AtomicU32,
    pub(super) in_flight: AtomicUsize,
    rests_until: Mutex<Option<Instant>>,
    pub(super) next_check: Mutex<Option<Instant>>,
}

/// How long a server that could not be connected to is left alone while others can be asked.
const REST: Duration = Duration::from_secs(10);

impl Server {
    pub(super) fn new(config: &UpstreamServer, key: u64, healthy: bool, connect_timeout: Duration) -> Self {
        Self {
            config: config.clone(),
            url: config.url(),
            key,
            connect_timeout,
            healthy: AtomicBool::new(healthy),
            against: AtomicU32::new(0),
            in_flight: AtomicUsize::new(0),
            rests_until: Mutex::new(None),
            next_check: Mutex::new(None),
        }
    }

    pub(super) fn is_healthy(&self) -> bool {
        self.healthy.load(Ordering::Relaxed)
    }

    /// Whether it failed lately.
    pub(super) fn rests(&self, now: Instant) -> bool {
        self.rests_until.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| now < until)
    }

    /// It could not be connected to.
    pub(super) fn rest(&self) {
        *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + REST);
    }

    /// It has answered a question after its health; true if that changes its state.
    pub(super) fn checked(&self, good: bool, after: u32) -> bool {
        if good == self.is_healthy() {
            self.against.store(0, Ordering::Relaxed);
            return false;
        }
        if self.against.fetch_add(1, Ordering::Relaxed) + 1 < after {
            return false;
        }
        self.against.store(0, Ordering::Relaxed);
        self.healthy.store(good, Ordering::Relaxed);
        if good {
            *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        true
    }

    /// Its draw for a value: the same at all times and on all nodes, and high as often as it weighs.
    pub(super) fn draw(&self, value: &str) -> f64 {
        let hash = Sha256::new().chain_update(value).chain_update([0]).chain_update(&self.url).finalize();
        let number = u32::try_from(first_eight(&hash) >> 32).unwrap_or_default();
        let even = (f64::from(number) + 0.5) / (f64::from(u32::MAX) + 1.0);
        -f64::from(self.config.weight) / even.ln()
    }
}

/// The first eight bytes of a hash, as a number.
pub(super) fn first_eight(hash: &[u8]) -> u64 {
    hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}
