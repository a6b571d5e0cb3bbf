//! How much a client may ask for: sizes, times and counts, of the front as a whole and of each app.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

/// `[server.limits]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of a request line with its headers; more gets 431 (RFC 6585 section 5).
    pub header_bytes: usize,
    /// Most header fields, all cookies counted as one; more gets 431.
    pub header_count: usize,
    /// Most bytes of path and query; more gets 414 (RFC 9110 section 15.5.15).
    pub url_length: usize,
    /// Time from the first byte of a request to the end of its headers.
    pub header_timeout: Duration,
    /// Time that a connection may be open without a request.
    pub idle_timeout: Duration,
    /// Most connections at once.
    pub connections: usize,
    /// Most connections at once of one address; those of trusted proxies are not counted.
    pub connections_per_address: usize,
    /// Most requests at once on one HTTP/2 connection (RFC 9113 section 5.1.2).
    pub http2_streams: u32,
    /// Most requests of one HTTP/2 connection that are taken back before they are begun; more end it (RFC 9113 section 10.5).
    pub http2_resets: usize,
    /// Time that a client may be silent within a body that it sends.
    pub upload_timeout: Duration,
    /// Least bytes in a second of a body that a client sends, on average; 0 is any.
    pub upload_rate: u64,
    /// Time that a client may take for the next piece of an answer.
    pub download_timeout: Duration,
    /// How often one address may ask, for whatever.
    pub requests: Vec<RequestLimit>,
}

impl Default for Limits {
    /// `docs/operations.md` says why these.
    fn default() -> Self {
        Self {
            header_bytes: 64 * 1024,
            header_count: 128,
            url_length: 16 * 1024,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            connections: 10_000,
            connections_per_address: 1000,
            http2_streams: 100,
            http2_resets: 100,
            upload_timeout: Duration::from_secs(60),
            upload_rate: 500,
            download_timeout: Duration::from_secs(60),
            requests: Vec::new(),
        }
    }
}

/// `[apps.ID.limits]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppLimits {
    /// Most bytes of a request's body; more gets 413. `None` is any.
    pub body: Option<u64>,
    /// How often somebody may ask.
    pub requests: Vec<RequestLimit>,
}

/// One of `requests`: a bucket that holds `burst` requests and is filled again at a steady rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestLimit {
    /// Whose requests are counted together.
    pub per: Per,
    /// So many requests …
    pub count: NonZeroU32,
    /// … in this time, on average.
    pub within: Duration,
    /// So many at once.
    pub burst: NonZeroU32,
}

/// `per`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Per {
    /// A person or service.
    Identity,
    /// An OAuth client or service token, whoever uses it.
    Client,
    /// An IPv4 address, or a /64 of IPv6.
    Address,
}

impl fmt::Display for RequestLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, within, burst) = (self.count, humantime::format_duration(self.within), self.burst);
        write!(f, "more than {count} requests in {within}, or {burst} at once, per {}", self.per.as_str())
    }
}

impl Per {
    /// As in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Client => "client",
            Self::Address => "address",
        }
    }
}
