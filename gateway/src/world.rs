//! The real clock and the real randomness.

use oauth::world::{Clock, Random, Timestamp};
use std::time::{SystemTime, UNIX_EPOCH};

/// The system's clock and random source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct System;

impl Clock for System {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_seconds(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }
}

impl Random for System {
    /// # Panics
    /// When the operating system has no randomness: nothing safe can be done without.
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            panic!("the operating system gives no random bytes: {error}");
        }
    }
}
