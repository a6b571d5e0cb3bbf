//! Where an app's requests go, and how: `[apps.ID]` with `upstream`, `upstreams` and what belongs to them.

use super::{Origin, Source};
use http::{HeaderName, HeaderValue};
use std::net::SocketAddr;
use std::time::Duration;
use zeroize::Zeroizing;

/// The servers of an app, and how they are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// At least one.
    pub servers: Vec<UpstreamServer>,
    /// Who gets the next request.
    pub balancing: Balancing,
    /// How it is found out who can be asked.
    pub health_check: Option<HealthCheck>,
    /// How long it may take.
    pub timeouts: Timeouts,
    /// What is spoken to servers with `https`.
    pub protocol: UpstreamProtocol,
    /// How servers with `https` are recognised, and how they recognise us.
    pub tls: UpstreamTls,
    /// What `Host` says to them.
    pub host_header: HostHeader,
    /// What is taken from the beginning of the public path; empty for nothing.
    pub strip_prefix: String,
    /// Changes to what they get.
    pub request_headers: HeaderRules,
    /// Changes to what they say.
    pub response_headers: HeaderRules,
    /// Whether they are left alone for now.
    pub maintenance: Option<Maintenance>,
    /// Whether their redirects to themselves are followed for the client.
    pub follow_redirects: bool,
}

/// One server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamServer {
    /// What is spoken.
    pub scheme: UpstreamScheme,
    /// Where it is.
    pub address: UpstreamAddress,
    /// What its paths begin with, without trailing slash; empty for nothing.
    pub prefix: String,
    /// Its share of the requests, against the others' weights; at least 1.
    pub weight: u32,
}

/// What is spoken to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamScheme {
    /// HTTP/1.1.
    Http,
    /// TLS, and then what both sides know.
    Https,
    /// HTTP/2 without TLS, "with prior knowledge" (RFC 9113 section 3.3).
    H2c,
}

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpstreamAddress {
    /// A name that is resolved, and a port.
    Name(String, u16),
    /// An address.
    Ip(SocketAddr),
    /// A Unix socket.
    Unix(String),
}

/// `load_balancing`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Balancing {
    /// One after the other.
    RoundRobin,
    /// Who has the fewest requests under way.
    LeastConnections,
    /// Always the same for the same value.
    Hash(HashKey),
}

/// What decides who gets a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HashKey {
    /// A cookie of the app.
    Cookie(String),
    /// A header.
    Header(HeaderName),
    /// The client's address.
    Address,
}

/// `[apps.ID.health_check]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// What is asked for.
    pub path: String,
    /// The time between two questions.
    pub interval: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
    /// The status of a good answer; every 2xx without one.
    pub status: Option<u16>,
    /// So many good answers make it healthy.
    pub healthy_after: u32,
    /// So many bad ones make it unhealthy.
    pub unhealthy_after: u32,
}

/// `[apps.ID.timeouts]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until a connection is there, TLS included.
    pub connect: Duration,
    /// From the end of the request to the header of the answer.
    pub first_byte: Duration,
    /// How long a body or stream may be silent.
    pub idle: Duration,
}

/// `upstream_protocol`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamProtocol {
    /// HTTP/2 where the server offers it (ALPN, RFC 7301), else HTTP/1.1.
    Auto,
    /// HTTP/1.1.
    Http1,
    /// HTTP/2, or nothing.
    Http2,
}

/// `[apps.ID.upstream_tls]`
#[derive(Clone, Default, PartialEq, Eq)]
pub struct UpstreamTls {
    /// Who signs the servers' certificates, in DER; the system's authorities without any.
    pub(crate) ca: Vec<Vec<u8>>,
    /// What we show of ourselves.
    pub(crate) client: Option<ClientCertificate>,
    /// The name that certificates must have, in the place of the URL's host.
    pub(crate) server_name: Option<String>,
    /// What the files held: connections of different sources are never mixed.
    pub(crate) source: Source,
}

/// A certificate with those above it and its key, in DER.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ClientCertificate {
    pub(crate) chain: Vec<Vec<u8>>,
    pub(crate) key: Zeroizing<Vec<u8>>,
}

/// Without the key.
impl std::fmt::Debug for UpstreamTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UpstreamTls").field("server_name", &self.server_name).finish_non_exhaustive()
    }
}

/// `host_header`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostHeader {
    /// What the client sent.
    Preserve,
    /// The server's own name.
    Upstream,
    /// This name.
    Fixed(HeaderValue),
}

/// `[apps.ID.request_headers]` and `[apps.ID.response_headers]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderRules {
    /// Headers that are set, in the place of others with the name.
    pub set: Vec<(HeaderName, HeaderValue)>,
    /// Headers that are removed.
    pub remove: Vec<HeaderName>,
}

/// `[apps.ID.maintenance]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maintenance {
    /// What people are told beside the usual words.
    pub message: Option<String>,
    /// When to come again.
    pub retry_after: Duration,
}

impl UpstreamServer {
    /// As in the configuration, such as `http://10.0.0.7:3000`.
    pub fn url(&self) -> String {
        if let UpstreamAddress::Unix(path) = &self.address {
            return format!("unix:{path}");
        }
        let scheme = match self.scheme {
            UpstreamScheme::Http => "http",
            UpstreamScheme::Https => "https",
            UpstreamScheme::H2c => "h2c",
        };
        format!("{scheme}://{}{}", self.authority(), self.prefix)
    }

    /// Host, and port unless it is the scheme's default: what `Host` says of the server itself.
    pub fn authority(&self) -> String {
        let (host, port) = match &self.address {
            UpstreamAddress::Name(name, port) => (name.clone(), *port),
            UpstreamAddress::Ip(SocketAddr::V6(address)) => (format!("[{}]", address.ip()), address.port()),
            UpstreamAddress::Ip(SocketAddr::V4(address)) => (address.ip().to_string(), address.port()),
            UpstreamAddress::Unix(_) => return "localhost".to_owned(),
        };
        let url = Origin { secure: self.scheme == UpstreamScheme::Https, host, port }.url();
        url.split_once("://").map_or(url.as_str(), |(_, authority)| authority).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_written_as_it_was_read() {
        let server =
            |scheme, address: UpstreamAddress| UpstreamServer { scheme, address, prefix: String::new(), weight: 1 };
        let name = |port| UpstreamAddress::Name("a.ex".into(), port);
        let written = [
            server(UpstreamScheme::Http, name(80)),
            server(UpstreamScheme::H2c, name(50051)),
            server(UpstreamScheme::Https, UpstreamAddress::Ip("[::1]:443".parse().unwrap())),
            server(UpstreamScheme::Http, UpstreamAddress::Unix("/run/app.sock".into())),
        ]
        .map(|server| (server.url(), server.authority()));
        let written = written.each_ref().map(|(url, authority)| (url.as_str(), authority.as_str()));
        assert_eq!(
            written,
            [
                ("http://a.ex", "a.ex"),
                ("h2c://a.ex:50051", "a.ex:50051"),
                ("https://[::1]", "[::1]"),
                ("unix:/run/app.sock", "localhost"),
            ]
        );
    }
}
