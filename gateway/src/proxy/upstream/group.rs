//! The servers of each app: who is there, who is well, and who gets the next request.

use super::server::{Server, first_eight};
use crate::admit::Permit;
use crate::config::{App, Balancing, Config, HashKey, UpstreamAddress, UpstreamServer};
use crate::mcp::SESSION_HEADER;
use crate::request::{Request, pairs};
use http::{HeaderMap, header};
use moka::sync::Cache;
use pingora::prelude::{Error, ErrorType, Result};
use pingora::protocols::l4::socket::SocketAddr as PeerAddress;
use pingora::protocols::tls::CaType;
use pingora::utils::tls::{CertKey, WrappedX509, parse_x509};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// The upstreams of all apps, and what was learned of them.
pub(crate) struct Upstreams {
    groups: RwLock<HashMap<String, Arc<Group>>>,
    resolved: Cache<(String, u16), SocketAddr>,
}

const RESOLVED_FOR: Duration = Duration::from_secs(10);

impl Upstreams {
    pub(crate) fn new() -> Self {
        let resolved = Cache::builder().max_capacity(1000).time_to_live(RESOLVED_FOR).build();
        Self { groups: RwLock::default(), resolved }
    }

    /// The servers of an app, by its configuration of now. What was learned of those that stay is kept.
    pub(super) fn group(&self, app: &Arc<App>) -> Arc<Group> {
        let known = self.groups.read().unwrap_or_else(PoisonError::into_inner).get(&app.id).cloned();
        if let Some(group) = known.as_ref().filter(|group| Arc::ptr_eq(&group.app, app)) {
            return Arc::clone(group);
        }
        let group = Arc::new(Group::new(app, known.as_deref()));
        let mut groups = self.groups.write().unwrap_or_else(PoisonError::into_inner);
        groups.insert(app.id.clone(), Arc::clone(&group));
        group
    }

    /// Forgets apps that are gone; which servers went with them.
    pub(super) fn retain(&self, config: &Config) -> Vec<(String, String)> {
        let mut gone = Vec::new();
        let mut groups = self.groups.write().unwrap_or_else(PoisonError::into_inner);
        groups.retain(|id, group| {
            let stays = config.apps.contains_key(id);
            if !stays {
                gone.extend(group.servers.iter().map(|server| (id.clone(), server.url.clone())));
            }
            stays
        });
        gone
    }

    /// Where a server is now.
    pub(super) async fn locate(&self, server: &Server) -> Result<PeerAddress> {
        let (name, port) = match &server.config.address {
            UpstreamAddress::Ip(address) => return Ok(PeerAddress::Inet(*address)),
            UpstreamAddress::Unix(path) => {
                let address = std::os::unix::net::SocketAddr::from_pathname(path);
                return address.map(PeerAddress::Unix).map_err(|error| {
                    Error::because(ErrorType::ConnectNoRoute, "the path of the upstream's socket", error).into_up()
                });
            }
            UpstreamAddress::Name(name, port) => (name, *port),
        };
        let place = (name.clone(), port);
        if let Some(address) = self.resolved.get(&place) {
            return Ok(PeerAddress::Inet(address));
        }
        let looking = tokio::net::lookup_host((name.as_str(), port));
        let found = tokio::time::timeout(server.connect_timeout, looking).await;
        let Some(address) = found.ok().and_then(Result::ok).and_then(|mut addresses| addresses.next()) else {
            return Error::e_explain(ErrorType::ConnectNoRoute, "the upstream's name does not resolve")
                .map_err(Error::into_up);
        };
        self.resolved.insert(place, address);
        Ok(PeerAddress::Inet(address))
    }

    /// The name of a server may lead elsewhere by now.
    pub(super) fn forget_address(&self, server: &Server) {
        if let UpstreamAddress::Name(name, port) = &server.config.address {
            self.resolved.invalidate(&(name.clone(), *port));
        }
    }
}

/// The servers of one app.
pub(super) struct Group {
    pub(super) app: Arc<App>,
    pub(super) servers: Vec<Arc<Server>>,
    turn: AtomicUsize,
    /// Which server chose a value, such as the id of an MCP session.
    chosen: Cache<String, Arc<str>>,
    pub(super) ca: Option<Arc<CaType>>,
    pub(super) client: Option<Arc<CertKey>>,
}

/// Values that servers chose are remembered up to this number, and for so long after the last use.
const CHOSEN: u64 = 100_000;
const CHOSEN_FOR: Duration = Duration::from_secs(24 * 3600);
/// Longer ones are not.
const LONGEST_VALUE: usize = 256;

impl Group {
    fn new(app: &Arc<App>, known: Option<&Self>) -> Self {
        let upstream = &app.upstream;
        let old = |url: &str| known?.servers.iter().find(|server| server.url == url);
        let servers = upstream.servers.iter().map(|config| {
            let key = group_key(app, config);
            match old(&config.url()) {
                Some(server) if server.key == key && server.config == *config => Arc::clone(server),
                other => {
                    let healthy = upstream.health_check.is_none() || other.is_none_or(|server| server.is_healthy());
                    Arc::new(Server::new(config, key, healthy, upstream.timeouts.connect))
                }
            }
        });
        let ca = upstream.tls.ca.iter().map(|der| WrappedX509::new(der.clone(), parse_x509)).collect::<Vec<_>>();
        let client = upstream.tls.client.as_ref().map(|client| CertKey::new(client.chain.clone(), client.key.to_vec()));
        Self {
            app: Arc::clone(app),
            servers: servers.collect(),
            turn: AtomicUsize::new(known.map_or(0, |known| known.turn.load(Ordering::Relaxed))),
            chosen: known.map_or_else(
                || Cache::builder().max_capacity(CHOSEN).time_to_idle(CHOSEN_FOR).build(),
                |known| known.chosen.clone(),
            ),
            ca: (!ca.is_empty()).then(|| Arc::from(ca)),
            client: client.map(Arc::new),
        }
    }

    /// Who gets a request that these have not answered already.
    pub(super) fn choose(
        &self,
        (request, permit): (&Request, &Permit),
        headers: &HeaderMap,
        tried: &[usize],
    ) -> Option<usize> {
        let now = Instant::now();
        let well: Vec<_> = (0..self.servers.len())
            .filter(|index| !tried.contains(index) && self.servers[*index].is_healthy())
            .collect();
        let rested: Vec<_> = well.iter().copied().filter(|index| !self.servers[*index].rests(now)).collect();
        // If all of them failed lately, one of them may be back.
        let among = if rested.is_empty() { well } else { rested };
        match &self.app.upstream.balancing {
            Balancing::RoundRobin => self.next(&among),
            Balancing::LeastConnections => self.least(&among),
            Balancing::Hash(key) => match value(key, (request, permit), headers) {
                Some(value) => self.by_value(&value, &among),
                None => self.next(&among),
            },
        }
    }

    /// One after the other, each as often as it weighs.
    fn next(&self, among: &[usize]) -> Option<usize> {
        let total: usize = among.iter().map(|index| self.weight(*index)).sum();
        let mut turn = self.turn.fetch_add(1, Ordering::Relaxed).checked_rem(total)?;
        among.iter().copied().find(|index| {
            let here = turn < self.weight(*index);
            turn = turn.wrapping_sub(self.weight(*index));
            here
        })
    }

    /// Who has the fewest requests for its weight; among equals, one after the other.
    fn least(&self, among: &[usize]) -> Option<usize> {
        // In thousandths, so that weights count among few requests too.
        let load = |index: &usize| self.servers[*index].in_flight.load(Ordering::Relaxed) * 1000 / self.weight(*index);
        let fewest = among.iter().map(load).min()?;
        let least: Vec<_> = among.iter().copied().filter(|index| load(index) == fewest).collect();
        self.next(&least)
    }

    /// Who chose the value, else the highest of the draws that each server has for it ("rendezvous hashing"): a server that
    /// comes or goes moves its own share only.
    fn by_value(&self, value: &str, among: &[usize]) -> Option<usize> {
        if let Some(url) = self.chosen.get(value)
            && let Some(index) = among.iter().find(|index| *self.servers[**index].url == *url)
        {
            return Some(*index);
        }
        let draw = |index: &usize| self.servers[*index].draw(value);
        among.iter().copied().max_by(|a, b| draw(a).total_cmp(&draw(b)))
    }

    fn weight(&self, index: usize) -> usize {
        usize::try_from(self.servers[index].config.weight).unwrap_or(1)
    }

    /// Remembers a value that a server chose in its answer, such as the id of a new session: later requests with it are its.
    pub(super) fn learn(&self, server: &Server, response: &HeaderMap) {
        let value = match &self.app.upstream.balancing {
            Balancing::Hash(HashKey::Header(name)) => response.get(name).and_then(|value| value.to_str().ok()),
            Balancing::Hash(HashKey::Cookie(name)) => response.get_all(header::SET_COOKIE).iter().find_map(|cookie| {
                let (own, value) = cookie.to_str().ok()?.split(';').next()?.split_once('=')?;
                (own.trim() == name).then(|| value.trim())
            }),
            _ => None,
        };
        let Some(value) = value.filter(|value| (1..=LONGEST_VALUE).contains(&value.len())) else { return };
        if self.servers.len() > 1 && self.chosen.get(value).is_none_or(|url| *url != *server.url) {
            self.chosen.insert(value.to_owned(), server.url.as_str().into());
        }
    }
}

/// What a request is assigned by.
fn value(key: &HashKey, (request, permit): (&Request, &Permit), headers: &HeaderMap) -> Option<String> {
    match key {
        HashKey::Address => Some(request.ip.to_string()),
        // The client knows the session of an MCP server by another name.
        HashKey::Header(name) if permit.session().is_some() && name == SESSION_HEADER => {
            permit.session()?.to_str().ok().map(str::to_owned)
        }
        HashKey::Header(name) => headers.get(name)?.to_str().ok().map(str::to_owned),
        HashKey::Cookie(name) => {
            let start = format!("{name}=");
            let pair = pairs(&request.cookies).find(|pair| pair.starts_with(start.as_bytes()))?;
            Some(String::from_utf8_lossy(&pair[start.len()..]).into_owned())
        }
    }
}

/// Connections of one app, server and set of TLS settings are used for nothing else: Pingora's pool does not look at
/// authorities.
fn group_key(app: &App, config: &UpstreamServer) -> u64 {
    let mut hash = Sha256::new();
    hash.update(format!("{}\0{}\0{:?}\0{:?}", app.id, config.url(), app.upstream.protocol, app.upstream.tls.source));
    first_eight(&hash.finalize())
}
