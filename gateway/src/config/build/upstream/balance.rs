//! Who of several servers is asked: `load_balancing` and `[apps.ID.health_check]`.

use crate::config::build::values::{duration, write};
use crate::config::key::Key;
use crate::config::raw::{RawHealthCheck, RawLoadBalancing};
use crate::config::report::{Mistake, Report};
use crate::config::{Balancing, HashKey, HealthCheck};
use http::HeaderName;
use std::time::Duration;

/// Reads `load_balancing`.
pub(super) fn balancing(report: &mut Report<'_>, key: &Key, raw: Option<&RawLoadBalancing>) -> Option<Balancing> {
    let balancing = match raw {
        None => Ok(Balancing::RoundRobin),
        Some(RawLoadBalancing::Named(name)) => match name.as_str() {
            "round_robin" => Ok(Balancing::RoundRobin),
            "least_connections" => Ok(Balancing::LeastConnections),
            _ => Err(Mistake::new("must be `round_robin`, `least_connections` or `{ hash = \"…\" }`")),
        },
        Some(RawLoadBalancing::Hash(by)) => return report.take(&key.field("hash"), hash_key(by)).map(Balancing::Hash),
    };
    report.take(key, balancing)
}

fn hash_key(by: &str) -> Result<HashKey, Mistake> {
    let key = match by.split_once(':') {
        None if by == "address" => Some(HashKey::Address),
        Some(("header", name)) => HeaderName::from_bytes(name.as_bytes()).ok().map(HashKey::Header),
        Some(("cookie", name)) if is_cookie_name(name) => Some(HashKey::Cookie(name.to_owned())),
        _ => None,
    };
    let wrong = "must be `cookie:NAME`, `header:NAME` or `address`";
    key.ok_or_else(|| Mistake::new(wrong).help(write("header:Mcp-Session-Id")))
}

/// A token (RFC 6265 section 4.1.1).
fn is_cookie_name(name: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(token)
}

/// Reads `[apps.ID.health_check]`.
pub(super) fn health_check(
    report: &mut Report<'_>,
    key: &Key,
    raw: Option<&RawHealthCheck>,
) -> Option<Option<HealthCheck>> {
    let Some(raw) = raw else { return Some(None) };
    let path = report.take(&key.field("path"), path(raw.path.as_deref()));
    let interval = duration(report, &key.field("interval"), raw.interval.as_deref(), Duration::from_secs(10));
    let timeout = duration(report, &key.field("timeout"), raw.timeout.as_deref(), Duration::from_secs(2));
    let status = report.take(&key.field("status"), status(raw.status));
    let healthy = report.take(&key.field("healthy_after"), times(raw.healthy_after, 2));
    let unhealthy = report.take(&key.field("unhealthy_after"), times(raw.unhealthy_after, 3));
    Some(Some(HealthCheck {
        path: path?,
        interval: interval?,
        timeout: timeout?,
        status: status?,
        healthy_after: healthy?,
        unhealthy_after: unhealthy?,
    }))
}

fn path(raw: Option<&str>) -> Result<String, Mistake> {
    let path = raw.unwrap_or("/");
    let plain = path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    if plain { Ok(path.to_owned()) } else { Err(Mistake::new("must be a path").help(write("/health"))) }
}

fn status(raw: Option<u64>) -> Result<Option<u16>, Mistake> {
    let Some(status) = raw else { return Ok(None) };
    let read = u16::try_from(status).ok().filter(|status| (200..=599).contains(status));
    read.map(Some).ok_or_else(|| Mistake::new("must be a status from 200 to 599"))
}

fn times(raw: Option<u64>, default: u32) -> Result<u32, Mistake> {
    let Some(times) = raw else { return Ok(default) };
    let read = u32::try_from(times).ok().filter(|times| (1..=100).contains(times));
    read.ok_or_else(|| Mistake::new("must be between 1 and 100"))
}
