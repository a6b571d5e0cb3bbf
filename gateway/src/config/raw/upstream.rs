//! What `[apps.ID]` says about its upstreams, as TOML says it.

use super::RawSecret;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;

/// One of `upstreams`: its URL, or a table.
#[derive(Debug, Default)]
pub(crate) struct RawUpstream {
    pub(crate) url: Option<String>,
    pub(crate) weight: Option<u64>,
}

/// One of `upstreams` as a table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawUpstreamTable {
    /// As in `upstream`. Required.
    url: Option<String>,
    /// Its share of the requests, against the others' weights, from 1 to 1000. Default: 1.
    weight: Option<u64>,
}

/// `load_balancing`
#[derive(Debug)]
pub(crate) enum RawLoadBalancing {
    /// The name of a way.
    Named(String),
    /// `{ hash = "…" }`
    Hash(String),
}

/// `upstream_protocol`
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawUpstreamProtocol {
    /// HTTP/2 where the server offers it, else HTTP/1.1.
    #[default]
    Auto,
    /// HTTP/1.1.
    Http1,
    /// HTTP/2, or nothing.
    Http2,
}

/// `[apps.ID.timeouts]`: none of them limits how long an answer takes as a whole.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawTimeouts {
    /// How long it may take to connect, TLS included. Default: `"5s"`.
    pub(crate) connect: Option<String>,
    /// How long the header of the answer may take after the request was sent. Default: `"5m"`.
    pub(crate) first_byte: Option<String>,
    /// How long a body, a stream or a WebSocket may be silent. Default: `"1h"`.
    pub(crate) idle: Option<String>,
}

/// `[apps.ID.upstream_tls]`: verification cannot be turned off.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawUpstreamTls {
    /// A PEM file of who signs the servers' certificates. Default: the authorities that the system trusts.
    pub(crate) ca: Option<String>,
    /// A PEM file: the certificate that we show, followed by those above it. Default: none.
    pub(crate) cert: Option<String>,
    /// A PEM file: its private key.
    pub(crate) key: Option<String>,
    /// The name that is asked for (SNI) and that the certificates must have. Default: the host of the URL.
    pub(crate) server_name: Option<String>,
}

/// `[apps.ID.health_check]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawHealthCheck {
    /// What is asked for, by GET. Default: `"/"`.
    pub(crate) path: Option<String>,
    /// The time between two questions. Default: `"10s"`.
    pub(crate) interval: Option<String>,
    /// How long an answer may take. Default: `"2s"`.
    pub(crate) timeout: Option<String>,
    /// The status of a good answer. Default: every 2xx.
    pub(crate) status: Option<u64>,
    /// So many good answers in a row make it healthy. Default: 2.
    pub(crate) healthy_after: Option<u64>,
    /// So many bad ones in a row make it unhealthy. Default: 3.
    pub(crate) unhealthy_after: Option<u64>,
}

/// `[apps.ID.request_headers]` and `[apps.ID.response_headers]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawHeaderRules {
    /// Headers with their values, which replace others with the name. A secret one is `{ env = "NAME" }` or
    /// `{ file = "PATH" }`. Default: none.
    pub(crate) set: BTreeMap<String, RawHeaderValue>,
    /// Names of headers that are removed. Default: none.
    pub(crate) remove: Vec<String>,
}

/// The value of a header.
#[derive(Debug)]
pub(crate) enum RawHeaderValue {
    /// As written.
    Plain(String),
    /// From elsewhere.
    Secret(RawSecret),
}

/// `[apps.ID.maintenance]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawMaintenance {
    /// Whether whoever may pass is told to come again instead. Default: false.
    pub(crate) enabled: bool,
    /// What they are told beside that. Default: nothing.
    pub(crate) message: Option<String>,
    /// When to come again. Default: `"5m"`.
    pub(crate) retry_after: Option<String>,
}

impl<'de> Deserialize<'de> for RawUpstream {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UpstreamVisitor)
    }
}

struct UpstreamVisitor;

impl<'de> Visitor<'de> for UpstreamVisitor {
    type Value = RawUpstream;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a URL or a table with `url` and `weight`")
    }

    fn visit_str<E: Error>(self, url: &str) -> Result<RawUpstream, E> {
        Ok(RawUpstream { url: Some(url.to_owned()), weight: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawUpstream, A::Error> {
        let RawUpstreamTable { url, weight } = RawUpstreamTable::deserialize(MapAccessDeserializer::new(map))?;
        Ok(RawUpstream { url, weight })
    }
}

impl<'de> Deserialize<'de> for RawLoadBalancing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LoadBalancingVisitor)
    }
}

struct LoadBalancingVisitor;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hash {
    hash: String,
}

impl<'de> Visitor<'de> for LoadBalancingVisitor {
    type Value = RawLoadBalancing;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`round_robin`, `least_connections` or `{ hash = \"…\" }`")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<RawLoadBalancing, E> {
        Ok(RawLoadBalancing::Named(name.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawLoadBalancing, A::Error> {
        Hash::deserialize(MapAccessDeserializer::new(map)).map(|Hash { hash }| RawLoadBalancing::Hash(hash))
    }
}

impl<'de> Deserialize<'de> for RawHeaderValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(HeaderValueVisitor)
    }
}

struct HeaderValueVisitor;

impl<'de> Visitor<'de> for HeaderValueVisitor {
    type Value = RawHeaderValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, `{ env = \"NAME\" }` or `{ file = \"PATH\" }`")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<RawHeaderValue, E> {
        Ok(RawHeaderValue::Plain(value.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawHeaderValue, A::Error> {
        RawSecret::deserialize(MapAccessDeserializer::new(map)).map(RawHeaderValue::Secret)
    }
}
