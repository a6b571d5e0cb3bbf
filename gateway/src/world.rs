//! The real clock and the real randomness.

use oauth::world::{Clock, Random, Timestamp};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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

/// A moment as people and programs read it (RFC 3339), in UTC.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    let since = at.since(Timestamp::default()).min(LAST);
    humantime::format_rfc3339_seconds(UNIX_EPOCH + since).to_string()
}

/// The end of the year 9999, after which RFC 3339 has no words.
const LAST: Duration = Duration::from_secs(253_402_300_799);

impl Random for System {
    /// # Panics
    /// When the operating system has no randomness: nothing safe can be done without.
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            panic!("the operating system gives no random bytes: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_in_utc() {
        for (seconds, expected) in
            [(1_700_000_000, "2023-11-14T22:13:20Z"), (-1, "1970-01-01T00:00:00Z"), (i64::MAX, "9999-12-31T23:59:59Z")]
        {
            assert_eq!(rfc3339(Timestamp::from_seconds(seconds)), expected);
        }
    }
}
