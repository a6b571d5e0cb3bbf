//! The servers of an app: `upstream` and `upstreams`.

use super::none;
use crate::config::build::values::write;
use crate::config::build::web_url::WebUrl;
use crate::config::key::Key;
use crate::config::raw::{RawApp, RawUpstream};
use crate::config::report::{Mistake, Report};
use crate::config::{Server, UpstreamAddress, UpstreamScheme, UpstreamServer};
use std::net::{IpAddr, SocketAddr};
use url::Host;

/// An example for messages.
pub(super) const EXAMPLE: &str = "http://10.0.0.7:3000";

/// Reads `upstream` or `upstreams`, for a gateway that listens as `own` says.
pub(super) fn servers(
    report: &mut Report<'_>,
    own: Option<&Server>,
    key: &Key,
    raw: &RawApp,
) -> Option<Vec<UpstreamServer>> {
    let (one, several) = (key.field("upstream"), key.field("upstreams"));
    let is_there = report.document().contains(&several);
    match &raw.upstream {
        Some(_) if is_there => report.take(&one, Err(Mistake::new("cannot stand beside `upstreams`"))),
        Some(url) => report.take(&one, server(url, own)).map(|server| vec![server]),
        None if is_there => list(report, own, &several, &raw.upstreams),
        None => report.take(&one, Err(none())),
    }
}

fn list(report: &mut Report<'_>, own: Option<&Server>, key: &Key, raw: &[RawUpstream]) -> Option<Vec<UpstreamServer>> {
    if raw.is_empty() {
        report.error(key, Mistake::new("needs at least one").help(format!("write [{EXAMPLE:?}]")));
        return None;
    }
    let mut all: Vec<UpstreamServer> = Vec::new();
    for (index, raw) in raw.iter().enumerate() {
        let key = key.index(index);
        let read = raw.url.as_deref().ok_or_else(none).and_then(|url| server(url, own));
        let weight = report.take(&key.field("weight"), weight(raw.weight));
        if let (Some(server), Some(weight)) = (report.take(&key, read), weight) {
            if all.iter().any(|other| other.address == server.address) {
                report.error(&key, "is listed twice");
            }
            all.push(UpstreamServer { weight, ..server });
        }
    }
    (all.len() == raw.len()).then_some(all)
}

fn weight(raw: Option<u64>) -> Result<u32, Mistake> {
    let weight = u32::try_from(raw.unwrap_or(1)).ok().filter(|weight| (1..=1000).contains(weight));
    weight.ok_or_else(|| Mistake::new("must be between 1 and 1000"))
}

/// Reads the URL of one server.
fn server(text: &str, own: Option<&Server>) -> Result<UpstreamServer, Mistake> {
    if let Some(path) = text.strip_prefix("unix:") {
        return unix(path);
    }
    let h2c = text.strip_prefix("h2c://").map(|rest| format!("http://{rest}"));
    let url = WebUrl::parse(h2c.as_deref().unwrap_or(text), EXAMPLE)?;
    let scheme = match (h2c, url.secure) {
        (Some(_), _) => UpstreamScheme::H2c,
        (None, true) => UpstreamScheme::Https,
        (None, false) => UpstreamScheme::Http,
    };
    let address = match url.host {
        Host::Domain(name) if name.contains('*') => {
            return Err(Mistake::new("must be one host, without `*`").help(write(EXAMPLE)));
        }
        Host::Domain(name) => UpstreamAddress::Name(name, url.port),
        Host::Ipv4(address) => UpstreamAddress::Ip((address, url.port).into()),
        Host::Ipv6(address) => UpstreamAddress::Ip((address, url.port).into()),
    };
    let listens = own
        .into_iter()
        .flat_map(|server| server.listen.iter().chain(&server.redirect_listen).chain(&server.admin_listen));
    for listen in listens {
        if is_reached(listen, &address) {
            return Err(Mistake::new("is an address that the gateway itself listens on"));
        }
    }
    Ok(UpstreamServer { scheme, address, prefix: url.path, weight: 1 })
}

/// A socket is named by an absolute path that fits into an address (unix(7)).
fn unix(path: &str) -> Result<UpstreamServer, Mistake> {
    const EXAMPLE: &str = "unix:/run/wiki/wiki.sock";
    let fits = path.starts_with('/') && !path.starts_with("//") && path.len() < 108 && !path.contains('\0');
    if !fits {
        let message = "must name a socket by an absolute path of at most 107 bytes";
        return Err(Mistake::new(message).help(write(EXAMPLE)));
    }
    let (scheme, address) = (UpstreamScheme::Http, UpstreamAddress::Unix(path.to_owned()));
    Ok(UpstreamServer { scheme, address, prefix: String::new(), weight: 1 })
}

/// Whether what is sent to `address` arrives at `listen`.
fn is_reached(listen: &SocketAddr, address: &UpstreamAddress) -> bool {
    let local = |ip: IpAddr| ip.is_loopback() || ip.is_unspecified();
    match address {
        UpstreamAddress::Ip(address) => {
            let ip = address.ip().to_canonical();
            let host = ip == listen.ip()
                || (local(ip) && listen.ip().is_unspecified())
                || ip.is_unspecified() && local(listen.ip());
            host && address.port() == listen.port()
        }
        UpstreamAddress::Name(name, port) => {
            let here = name == "localhost" || name.ends_with(".localhost");
            here && local(listen.ip()) && *port == listen.port()
        }
        UpstreamAddress::Unix(_) => false,
    }
}
