//! Limits in the summary.

use super::written;
use crate::config::{AppLimits, Limits, RequestLimit};
use serde_json::{Value, json};

/// `[server.limits]`
pub(super) fn limits(limits: &Limits) -> Value {
    json!({
        "header_bytes": size(limits.header_bytes as u64),
        "header_count": limits.header_count,
        "url_length": size(limits.url_length as u64),
        "header_timeout": written(limits.header_timeout),
        "idle_timeout": written(limits.idle_timeout),
        "connections": limits.connections,
        "connections_per_address": limits.connections_per_address,
        "http2_streams": limits.http2_streams,
        "http2_resets": limits.http2_resets,
        "upload_timeout": written(limits.upload_timeout),
        "upload_rate": size(limits.upload_rate),
        "download_timeout": written(limits.download_timeout),
        "requests": requests(&limits.requests),
    })
}

/// `[apps.ID.limits]`
pub(super) fn of_app(limits: &AppLimits) -> Value {
    json!({ "body": limits.body.map(size), "requests": requests(&limits.requests) })
}

fn requests(limits: &[RequestLimit]) -> Vec<Value> {
    let limit = |limit: &RequestLimit| {
        let rate = format!("{}/{}", limit.count, written(limit.within));
        json!({ "per": limit.per.as_str(), "rate": rate, "burst": limit.burst })
    };
    limits.iter().map(limit).collect()
}

/// As the file has it.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1024 * 1024 * 1024, "GiB"), (1024 * 1024, "MiB"), (1024, "KiB")];
    let unit = UNITS.iter().find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{bytes}B"), |(unit, name)| format!("{}{name}", bytes / unit))
}
