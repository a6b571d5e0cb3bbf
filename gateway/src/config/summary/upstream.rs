//! An app's upstreams, with every default filled in.

use super::written;
use crate::config::{Balancing, HashKey, HeaderRules, HostHeader, Upstream, UpstreamProtocol};
use serde_json::{Map, Value, json};

pub(super) fn summary(upstream: &Upstream) -> Value {
    let servers = upstream.servers.iter().map(|server| json!({ "url": server.url(), "weight": server.weight }));
    json!({
        "servers": servers.collect::<Vec<_>>(),
        "load_balancing": balancing(&upstream.balancing),
        "health_check": upstream.health_check.as_ref().map(|check| json!({
            "path": check.path,
            "interval": written(check.interval),
            "timeout": written(check.timeout),
            "status": check.status.map_or(json!("2xx"), Value::from),
            "healthy_after": check.healthy_after,
            "unhealthy_after": check.unhealthy_after,
        })),
        "timeouts": {
            "connect": written(upstream.timeouts.connect),
            "first_byte": written(upstream.timeouts.first_byte),
            "idle": written(upstream.timeouts.idle),
        },
        "protocol": match upstream.protocol {
            UpstreamProtocol::Auto => "auto",
            UpstreamProtocol::Http1 => "http1",
            UpstreamProtocol::Http2 => "http2",
        },
        "tls": {
            "ca": if upstream.tls.ca.is_empty() { "the system's authorities" } else { "its own" },
            "client_certificate": upstream.tls.client.is_some(),
            "server_name": upstream.tls.server_name,
        },
        "host_header": match &upstream.host_header {
            HostHeader::Preserve => "preserve",
            HostHeader::Upstream => "upstream",
            HostHeader::Fixed(name) => name.to_str().unwrap_or_default(),
        },
        "strip_prefix": upstream.strip_prefix,
        "request_headers": headers(&upstream.request_headers),
        "response_headers": headers(&upstream.response_headers),
        "maintenance": upstream.maintenance.as_ref().map(|maintenance| json!({
            "message": maintenance.message,
            "retry_after": written(maintenance.retry_after),
        })),
        "follow_redirects": upstream.follow_redirects,
    })
}

fn balancing(balancing: &Balancing) -> Value {
    match balancing {
        Balancing::RoundRobin => json!("round_robin"),
        Balancing::LeastConnections => json!("least_connections"),
        Balancing::Hash(HashKey::Address) => json!({ "hash": "address" }),
        Balancing::Hash(HashKey::Header(name)) => json!({ "hash": format!("header:{name}") }),
        Balancing::Hash(HashKey::Cookie(name)) => json!({ "hash": format!("cookie:{name}") }),
    }
}

fn headers(rules: &HeaderRules) -> Value {
    let shown = |value: &http::HeaderValue| match value.is_sensitive() {
        true => "…".to_owned(),
        false => String::from_utf8_lossy(value.as_bytes()).into_owned(),
    };
    let set: Map<_, _> = rules.set.iter().map(|(name, value)| (name.to_string(), shown(value).into())).collect();
    json!({ "set": set, "remove": rules.remove.iter().map(ToString::to_string).collect::<Vec<_>>() })
}
