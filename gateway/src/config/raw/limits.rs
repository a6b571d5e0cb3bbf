//! `[server.limits]` and `[apps.ID.limits]` as TOML says them.

use serde::Deserialize;

/// `[server.limits]`. Sizes are written like `"500B"`, `"64KiB"`, `"100MiB"` or `"1GiB"`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawLimits {
    /// The most bytes of a request line with its headers; more gets 431. Default: `"64KiB"`.
    pub(crate) header_bytes: Option<String>,
    /// The most header fields, all cookies counted as one; more gets 431. Default: 128.
    pub(crate) header_count: Option<u64>,
    /// The most bytes of path and query; more gets 414. Default: `"16KiB"`.
    pub(crate) url_length: Option<String>,
    /// How long a client may take for the headers of a request, from the first byte on. Default: `"10s"`.
    pub(crate) header_timeout: Option<String>,
    /// How long a connection may be open without a request. Default: `"60s"`.
    pub(crate) idle_timeout: Option<String>,
    /// The most connections at once. Default: 10000.
    pub(crate) connections: Option<u64>,
    /// The most connections at once of one address, or of a /64 of IPv6; those of `trusted_proxies` are not counted.
    /// Default: 1000.
    pub(crate) connections_per_address: Option<u64>,
    /// The most requests at once on one HTTP/2 connection. Default: 100.
    pub(crate) http2_streams: Option<u64>,
    /// The most requests of one HTTP/2 connection that are taken back before they are begun; more end it. Default: 100.
    pub(crate) http2_resets: Option<u64>,
    /// How long a client may be silent within a body that it sends; then 408. Default: `"60s"`.
    pub(crate) upload_timeout: Option<String>,
    /// The least bytes in a second of a body that a client sends, on average after half a minute; fewer get 408. `"0B"` is
    /// any. Default: `"500B"`.
    pub(crate) upload_rate: Option<String>,
    /// How long a client may take for the next piece of an answer. Default: `"60s"`.
    pub(crate) download_timeout: Option<String>,
    /// How often one address may ask, for whatever; more gets 429. Default: any number of times.
    pub(crate) requests: Vec<RawRequestLimit>,
}

/// `[apps.ID.limits]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawAppLimits {
    /// The most bytes of a request's body; more gets 413. Default: any.
    pub(crate) body: Option<String>,
    /// How often somebody may ask; more gets 429. Each of them must hold. Default: any number of times.
    pub(crate) requests: Vec<RawRequestLimit>,
}

/// One of `requests`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawRequestLimit {
    /// Whose requests are counted together: `identity` (a person or service), `client` (an OAuth client or service token,
    /// whoever uses it) or `address` (of IPv6 a /64). Those of which it is not known are not counted. Required.
    pub(crate) per: Option<RawPer>,
    /// How often, on average, such as `"100/1m"`. Required.
    pub(crate) rate: Option<String>,
    /// How many at once. Default: the number of `rate`.
    pub(crate) burst: Option<u64>,
}

/// `per`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawPer {
    /// A person or service.
    Identity,
    /// An OAuth client or service token.
    Client,
    /// An address.
    Address,
}
