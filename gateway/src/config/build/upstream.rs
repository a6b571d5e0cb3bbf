//! Where an app's requests go, and that they do not come back.

use super::values::write;
use super::web_url::WebUrl;
use crate::config::report::Mistake;
use crate::config::{Server, Upstream, unsupported};
use std::net::{IpAddr, SocketAddr};
use url::Host;

/// An example for messages.
pub(crate) const EXAMPLE: &str = "http://10.0.0.7:3000";

/// Reads `upstream` for a gateway that listens as `server` says.
pub(crate) fn upstream(text: &str, server: Option<&Server>) -> Result<Upstream, Mistake> {
    let url = WebUrl::parse(text, EXAMPLE)?;
    if !url.path.is_empty() {
        let message = format!("has a path, and path prefixes are {}", unsupported::MESSAGE);
        return Err(Mistake::new(message).help(write(EXAMPLE)));
    }
    let (host, address) = match url.host {
        Host::Domain(name) => (name, None),
        Host::Ipv4(address) => (address.to_string(), Some(IpAddr::V4(address))),
        Host::Ipv6(address) => (address.to_string(), Some(IpAddr::V6(address))),
    };
    if host.contains('*') {
        return Err(Mistake::new("must be one host, without `*`").help(write(EXAMPLE)));
    }
    let upstream = Upstream { tls: url.secure, host, port: url.port, address };
    let own = server.into_iter().flat_map(|server| server.listen.iter().chain(&server.admin_listen));
    for listen in own {
        if is_reached(listen, &upstream) {
            return Err(Mistake::new("is an address that the gateway itself listens on"));
        }
    }
    Ok(upstream)
}

/// Whether what is sent to `upstream` arrives at `listen`.
fn is_reached(listen: &SocketAddr, upstream: &Upstream) -> bool {
    let local = |ip: IpAddr| ip.is_loopback() || ip.is_unspecified();
    let host = match upstream.address {
        Some(address) => address == listen.ip() || (local(address) && listen.ip().is_unspecified()),
        None => upstream.host == "localhost" && local(listen.ip()),
    };
    host && upstream.port == listen.port()
}
