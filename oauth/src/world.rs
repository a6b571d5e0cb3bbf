//! Everything that is not a function of its arguments: the time, randomness, and what others publish.

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;
use url::Url;

/// A moment, in whole seconds since the Unix epoch (the grain of a JWT `NumericDate`, RFC 7519 section 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `seconds` after the Unix epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since the Unix epoch.
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// The moment `duration` (rounded down to seconds) later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)))
    }

    /// The moment `duration` (rounded down to seconds) earlier.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero if it is before.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Tells the time. Read once per request; below that, `now` is an argument.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// Gives unpredictable bytes.
pub trait Random: Send + Sync {
    /// Fills `bytes` from a cryptographically secure source.
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Random + '_ {
    /// `N` unpredictable bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }
}

/// Counts the secrets of clients that one caller tries, and says when it is enough.
pub trait Guesses: Send + Sync {
    /// Whether a secret of the client with this id may be tried; counts as a wrong one until it was right.
    fn may_try(&self, client: &str) -> bool;

    /// It was right: the try does not count.
    fn was_right(&self, client: &str);
}

/// Reads what others publish.
///
/// INVARIANT: whoever can name a URL here can name any host, so an implementation reaches public addresses alone, follows
/// no redirect, and bounds time and size.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// One GET of an https URL, whatever the status of its answer.
    ///
    /// # Errors
    /// When there is no whole answer that may be read.
    async fn fetch(&self, url: &Url) -> Result<Fetched, FetchError>;
}

/// An answer as received.
#[derive(Clone, Debug, Default)]
pub struct Fetched {
    /// The status code.
    pub status: u16,
    /// `Content-Type`, as sent.
    pub content_type: Option<String>,
    /// How long it may be kept (RFC 9111 section 5.2.2); zero when it says not at all, `None` when it does not say.
    pub max_age: Option<Duration>,
    /// The body.
    pub body: Bytes,
}

/// Why nothing was read. The text is for the log alone: told to whoever named the URL, it would map the network behind
/// the gateway.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// A rule of ours forbids it: no https, or an address that is not public.
    #[error("not fetched: {0}")]
    Forbidden(String),
    /// It could not be reached, or not in time.
    #[error("no answer: {0}")]
    Failed(String),
    /// The answer is larger than what is read.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}
