//! How a server is connected to. Every time limit is set, for Pingora's defaults are none.

use super::group::Group;
use super::server::Server;
use super::upgrade::Dial;
use crate::config::{UpstreamAddress, UpstreamProtocol, UpstreamScheme};
use pingora::prelude::HttpPeer;
use pingora::protocols::ALPN;
use pingora::protocols::l4::socket::SocketAddr as PeerAddress;
use pingora::upstreams::peer::{PeerOptions, Scheme};
use std::sync::Arc;
use std::time::Duration;

/// Streams on one HTTP/2 connection.
const MAX_STREAMS: usize = 128;

/// How soon a dead HTTP/2 connection is noticed.
const PING_EVERY: Duration = Duration::from_secs(30);

/// How long a connection is kept that nobody uses.
const KEPT_FOR: Duration = Duration::from_secs(60);

/// The server at this address, as Pingora knows it, for an upgrade or for anything else.
pub(super) fn peer(group: &Group, server: &Server, address: PeerAddress, upgrade: bool) -> Box<HttpPeer> {
    let timeouts = &group.app.upstream.timeouts;
    let mut options = PeerOptions::new();
    options.connection_timeout = Some(timeouts.connect);
    options.total_connection_timeout = Some(timeouts.connect);
    options.write_timeout = Some(timeouts.idle);
    options.idle_timeout = Some(KEPT_FOR);
    options.max_h2_streams = MAX_STREAMS;
    options.alpn = alpn(group, server, upgrade);
    options.read_timeout = Some(timeouts.idle);
    if options.alpn != ALPN::H1 {
        options.h2_ping_interval = Some(PING_EVERY);
    }
    options.ca.clone_from(&group.ca);
    let mut group_key = server.key;
    if upgrade {
        options.custom_l4 = Some(Arc::new(Dial));
        // Never one that others have used.
        group_key = !group_key;
    }
    let tls = server.config.scheme == UpstreamScheme::Https;
    Box::new(HttpPeer {
        _address: address,
        scheme: if tls { Scheme::HTTPS } else { Scheme::HTTP },
        sni: if tls { server_name(group, server) } else { String::new() },
        proxy: None,
        client_cert_key: group.client.clone().filter(|_| tls),
        group_key,
        options,
    })
}

/// The name that the certificate must have: there always is one, for without one nothing would be verified.
fn server_name(group: &Group, server: &Server) -> String {
    group.app.upstream.tls.server_name.clone().unwrap_or_else(|| match &server.config.address {
        UpstreamAddress::Name(name, _) => name.clone(),
        UpstreamAddress::Ip(address) => address.ip().to_string(),
        UpstreamAddress::Unix(_) => "localhost".to_owned(),
    })
}

fn alpn(group: &Group, server: &Server, upgrade: bool) -> ALPN {
    match (server.config.scheme, group.app.upstream.protocol) {
        (UpstreamScheme::H2c, _) => ALPN::H2,
        (UpstreamScheme::Http, _) => ALPN::H1,
        // WebSockets over HTTP/2 (RFC 8441) are not for Pingora.
        (UpstreamScheme::Https, _) if upgrade => ALPN::H1,
        (UpstreamScheme::Https, UpstreamProtocol::Http1) => ALPN::H1,
        (UpstreamScheme::Https, UpstreamProtocol::Http2) => ALPN::H2,
        (UpstreamScheme::Https, UpstreamProtocol::Auto) => ALPN::H2H1,
    }
}
