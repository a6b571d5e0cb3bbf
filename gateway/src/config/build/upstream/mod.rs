//! Where an app's requests go, how, and that they do not come back.

mod balance;
mod headers;
mod server;
mod tls;

use super::apps::Site;
use super::values::{HOUR, MINUTE, duration, missing, write};
use super::web_url::WebUrl;
use crate::config::key::Key;
use crate::config::raw::{RawApp, RawMaintenance, RawTimeouts, RawUpstreamProtocol};
use crate::config::report::{Mistake, Report};
use crate::config::{HostHeader, Maintenance, Timeouts, Upstream, UpstreamProtocol, UpstreamScheme, UpstreamServer};
use http::HeaderValue;
use http::uri::Authority;
use std::time::Duration;

/// Reads what an app says of its upstreams, in a gateway that listens as `site` says.
pub(crate) fn upstream(report: &mut Report<'_>, site: &Site<'_>, key: &Key, raw: &RawApp) -> Option<Upstream> {
    let servers = server::servers(report, site.server, key, raw);
    let add = prefix(report, &key.field("add_prefix"), raw.add_prefix.as_deref());
    let servers = servers.and_then(|servers| prefixed(report, key, servers, add.as_deref().unwrap_or_default()));
    let strip = prefix(report, &key.field("strip_prefix"), raw.strip_prefix.as_deref());
    let balancing = balance::balancing(report, &key.field("load_balancing"), raw.load_balancing.as_ref());
    let health = balance::health_check(report, &key.field("health_check"), raw.health_check.as_ref());
    let timeouts = timeouts(report, &key.field("timeouts"), &raw.timeouts);
    let tls = tls::tls(report, &key.field("upstream_tls"), raw.upstream_tls.as_ref());
    let host_header = report.take(&key.field("host_header"), host_header(raw.host_header.as_deref()));
    let request = headers::rules(report, &key.field("request_headers"), &raw.request_headers, headers::Side::Request);
    let response =
        headers::rules(report, &key.field("response_headers"), &raw.response_headers, headers::Side::Response);
    let maintenance = maintenance(report, &key.field("maintenance"), &raw.maintenance);
    add?;
    let servers = servers?;
    if raw.upstream_tls.is_some() && servers.iter().all(|server| server.scheme != UpstreamScheme::Https) {
        report.warn(&key.field("upstream_tls"), "says nothing: no upstream has https");
    }
    Some(Upstream {
        servers,
        balancing: balancing?,
        health_check: health?,
        timeouts: timeouts?,
        protocol: protocol(raw.upstream_protocol),
        tls: tls?,
        host_header: host_header?,
        strip_prefix: strip?,
        request_headers: request?,
        response_headers: response?,
        maintenance: maintenance?,
        follow_redirects: raw.follow_redirects,
    })
}

fn protocol(raw: RawUpstreamProtocol) -> UpstreamProtocol {
    match raw {
        RawUpstreamProtocol::Auto => UpstreamProtocol::Auto,
        RawUpstreamProtocol::Http1 => UpstreamProtocol::Http1,
        RawUpstreamProtocol::Http2 => UpstreamProtocol::Http2,
    }
}

/// A path prefix as it is put before a path: empty, or with a slash before it and none behind.
fn prefix(report: &mut Report<'_>, key: &Key, raw: Option<&str>) -> Option<String> {
    let Some(text) = raw else { return Some(String::new()) };
    let path = match text.starts_with('/') {
        true => WebUrl::parse(&format!("http://prefix{text}"), "/wiki").map(|url| url.path),
        false => Err(Mistake::new("must begin with a slash").help(write("/wiki"))),
    };
    report.take(key, path)
}

fn prefixed(
    report: &mut Report<'_>,
    key: &Key,
    mut servers: Vec<UpstreamServer>,
    add: &str,
) -> Option<Vec<UpstreamServer>> {
    if add.is_empty() {
        return Some(servers);
    }
    if servers.iter().any(|server| !server.prefix.is_empty()) {
        let mistake =
            Mistake::new("says again what the path of an upstream's URL says").help("leave one out".to_owned());
        report.error(&key.field("add_prefix"), mistake);
        return None;
    }
    for server in &mut servers {
        add.clone_into(&mut server.prefix);
    }
    Some(servers)
}

fn timeouts(report: &mut Report<'_>, key: &Key, raw: &RawTimeouts) -> Option<Timeouts> {
    let connect = duration(report, &key.field("connect"), raw.connect.as_deref(), Duration::from_secs(5));
    let first_byte = duration(report, &key.field("first_byte"), raw.first_byte.as_deref(), 5 * MINUTE);
    let idle = duration(report, &key.field("idle"), raw.idle.as_deref(), HOUR);
    Some(Timeouts { connect: connect?, first_byte: first_byte?, idle: idle? })
}

fn host_header(raw: Option<&str>) -> Result<HostHeader, Mistake> {
    match raw {
        None | Some("preserve") => Ok(HostHeader::Preserve),
        Some("upstream") => Ok(HostHeader::Upstream),
        Some(name) => {
            let plain = !name.contains('@') && name.parse::<Authority>().is_ok();
            let value = HeaderValue::from_str(name).ok().filter(|_| plain);
            let wrong = || Mistake::new("must be `preserve`, `upstream` or a host").help(write("wiki.internal"));
            value.map(HostHeader::Fixed).ok_or_else(wrong)
        }
    }
}

fn maintenance(report: &mut Report<'_>, key: &Key, raw: &RawMaintenance) -> Option<Option<Maintenance>> {
    let retry_after = duration(report, &key.field("retry_after"), raw.retry_after.as_deref(), 5 * MINUTE)?;
    Some(raw.enabled.then(|| Maintenance { message: raw.message.clone(), retry_after }))
}

/// What to report where no upstream is named.
fn none() -> Mistake {
    missing(server::EXAMPLE)
}
