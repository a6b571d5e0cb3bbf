//! One request on its way to a server: whom it was tried with, whether it may be tried again, and for how long it waits.

use super::answer::NO_SERVER;
use super::group::{Group, Upstreams};
use super::peer::peer;
use super::server::Server;
use super::wait::Wait;
use crate::admit::Permit;
use crate::config::UpstreamServer;
use crate::proxy::connection;
use crate::request::Request;
use crate::telemetry::Metrics;
use http::{HeaderMap, StatusCode};
use pingora::http::ResponseHeader;
use pingora::prelude::{Error, ErrorType, HttpPeer, Result};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What is known of the way of one request.
#[derive(Default)]
pub(in crate::proxy) struct Attempts {
    now: Option<Lease>,
    tried: Vec<usize>,
    /// Times that it was sent again over a new connection.
    again: u32,
    /// Redirects that were followed.
    hops: u32,
    /// Who sent the redirect that is followed.
    stay: Option<String>,
    wait: Option<Wait>,
}

/// So many servers are tried.
const MOST_SERVERS: usize = 3;
/// So many kept connections may turn out to be dead.
const MOST_AGAIN: u32 = 2;
/// So many redirects are followed.
const MOST_HOPS: u32 = 3;

/// Retried with another target.
const REDIRECTED: ErrorType = ErrorType::new("RedirectFollowed");

/// A server while it has the request.
struct Lease {
    group: Arc<Group>,
    server: Arc<Server>,
    index: usize,
}

impl Lease {
    fn new(group: &Arc<Group>, index: usize) -> Self {
        let server = Arc::clone(&group.servers[index]);
        server.in_flight.fetch_add(1, Ordering::Relaxed);
        Self { group: Arc::clone(group), server, index }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.server.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Upstreams {
    /// Whom the request goes to next, and how.
    pub(in crate::proxy) async fn peer(
        &self,
        permit: &Permit,
        request: &Request,
        headers: &HeaderMap,
        attempts: &mut Attempts,
    ) -> Result<Box<HttpPeer>> {
        let group = self.group(permit.app());
        (attempts.wait, attempts.now) = (None, None);
        let stay = attempts.stay.take();
        let stay = stay.and_then(|url| group.servers.iter().position(|server| server.url == url));
        let Some(index) = stay.or_else(|| group.choose((request, permit), headers, &attempts.tried)) else {
            return Error::e_explain(NO_SERVER, "all servers of the app are unhealthy").map_err(Error::into_up);
        };
        let lease = Lease::new(&group, index);
        let address = self.locate(&lease.server).await;
        let server = Arc::clone(&lease.server);
        attempts.now = Some(lease);
        let address = address.map_err(|error| attempts.unreachable(self, error))?;
        Ok(peer(&group, &server, address, request.upgrade))
    }
}

impl Attempts {
    /// The server that has the request.
    pub(in crate::proxy) fn server(&self) -> Option<&UpstreamServer> {
        self.now.as_ref().map(|lease| &lease.server.config)
    }

    /// The request is about to be sent.
    pub(in crate::proxy) fn sending(&mut self) {
        let limit = self.now.as_ref().map(|lease| lease.group.app.upstream.timeouts.first_byte);
        self.wait = limit.zip(connection::handle()).map(|(limit, request)| Wait::begin(request, limit));
    }

    /// A part of the body was sent.
    pub(in crate::proxy) fn sent(&self) {
        if let Some(wait) = &self.wait {
            wait.again();
        }
    }

    /// The header of an answer is here, perhaps an interim one.
    pub(in crate::proxy) fn answered(&self, response: &ResponseHeader, metrics: &Metrics) {
        let interim = response.status.is_informational() && response.status != StatusCode::SWITCHING_PROTOCOLS;
        if let Some(wait) = &self.wait {
            if interim { wait.again() } else { wait.over() }
        }
        if let (Some(lease), false) = (&self.now, interim) {
            lease.group.learn(&lease.server, &response.headers);
            metrics.upstream_request(&lease.group.app.id, &lease.server.url);
        }
    }

    /// The server could not be connected to: nothing was sent, so another may be tried.
    pub(in crate::proxy) fn unreachable(&mut self, upstreams: &Upstreams, mut error: Box<Error>) -> Box<Error> {
        if let Some(lease) = &self.now {
            lease.server.rest();
            upstreams.forget_address(&lease.server);
            self.tried.push(lease.index);
            error.set_retry(self.tried.len() < lease.group.servers.len().min(MOST_SERVERS));
        }
        error
    }

    /// The connection broke. `repeatable` says whether the request may be sent twice: an idempotent one without a body, of
    /// which nothing was answered.
    pub(in crate::proxy) fn broken(&mut self, mut error: Box<Error>, reused: bool, repeatable: bool) -> Box<Error> {
        if *error.etype() == REDIRECTED {
            error.set_retry(true);
            return error;
        }
        self.wait = None;
        error.retry.decide_reuse(reused);
        let again = error.retry() && repeatable && reused && self.again < MOST_AGAIN;
        self.again += 1;
        error.set_retry(again);
        error
    }

    /// Counts a failure that the client was told about, or would have been.
    pub(in crate::proxy) fn failed(&self, code: &str, metrics: &Metrics) {
        if let Some(lease) = &self.now {
            metrics.upstream_failure(&lease.group.app.id, &lease.server.url, code);
        }
    }

    /// Whether one more redirect may be followed.
    pub(in crate::proxy) fn may_hop(&self) -> bool {
        self.hops < MOST_HOPS
    }

    /// Follows a redirect: the error that makes Pingora ask again.
    pub(in crate::proxy) fn hop(&mut self) -> Box<Error> {
        self.hops += 1;
        self.stay = self.now.as_ref().map(|lease| lease.server.url.clone());
        Error::explain(REDIRECTED, "a redirect of the upstream to itself").into_up()
    }
}
