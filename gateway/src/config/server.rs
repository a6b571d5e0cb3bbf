//! `[server]`: where the gateway listens, with what, and how it ends.

use super::{Certificate, ClientAuthorities, Limits, Secret};
use oauth::world::Timestamp;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// `[server]`
#[derive(Clone, Debug)]
pub struct Server {
    /// Addresses of the front.
    pub listen: Vec<SocketAddr>,
    /// Address of `/healthz`, `/readyz`, `/metrics`; `None` when it is turned off.
    pub admin_listen: Option<SocketAddr>,
    /// Proxies in front whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Worker threads of the front.
    pub threads: usize,
    /// What the front speaks TLS with; plain HTTP without any and without `acme`.
    pub certificates: Vec<Certificate>,
    /// Where more certificates come from.
    pub acme: Option<Arc<Acme>>,
    /// Who signs certificates of clients; without any, none is asked for.
    pub client_certificates: Option<ClientAuthorities>,
    /// Whether every connection of the front begins with a PROXY header.
    pub proxy_protocol: bool,
    /// Addresses that send on to https.
    pub redirect_listen: Vec<SocketAddr>,
    /// How long it goes on listening after SIGTERM, not ready any more.
    pub drain_delay: Duration,
    /// How long requests under way may take after that.
    pub drain_timeout: Duration,
    /// The private folder in which a new process takes the sockets over.
    pub upgrade_folder: PathBuf,
    /// What `Strict-Transport-Security` says on answers of https URLs.
    pub hsts: Option<Duration>,
    /// How much clients may ask of it.
    pub limits: Limits,
}

impl Server {
    /// The certificates that have ended, by their file, and when.
    pub(crate) fn ended(&self, now: Timestamp) -> impl Iterator<Item = (&str, Timestamp)> {
        let all = self.certificates.iter().map(|one| (one.cert.as_str(), one.not_after));
        all.filter(move |(_, not_after)| *not_after <= now)
    }

    /// Whether `listen` speaks TLS.
    pub(crate) fn speaks_tls(&self) -> bool {
        !self.certificates.is_empty() || self.acme.is_some()
    }
}

/// `[server.acme]`
#[derive(Debug, PartialEq, Eq)]
pub struct Acme {
    /// Whom the ACME server may write to.
    pub email: Option<String>,
    /// The hosts to order for.
    pub domains: Vec<String>,
    /// The directory of the ACME server.
    pub directory: String,
    /// A PEM file of who signs its certificate; the authorities of the machine if absent.
    pub ca: Option<String>,
    /// How it sees that a host is ours.
    pub challenge: AcmeChallenge,
    /// Id and key of an account that it knows already.
    pub external_account: Option<(String, Secret<Vec<u8>>)>,
}

/// `challenge` of ACME.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcmeChallenge {
    /// In the handshake of TLS (RFC 8737).
    TlsAlpn,
    /// Over plain HTTP (RFC 8555 section 8.3).
    Http,
}
