//! Connections of clients, and the end of those whose request would no longer be let through.
//!
//! A WebSocket or an event stream is decided on once and then open for hours. Whenever something was taken away, and at
//! times otherwise, each request under way is decided on again; one that is no longer permitted loses its connection.

use super::event;
use crate::admit::{Permit, Review};
use crate::gateway::Gateway;
use crate::proxy::Proxy;
use crate::request::Request;
use crate::telemetry::Event;
use async_trait::async_trait;
use pingora::apps::ServerApp;
use pingora::protocols::Stream;
use pingora::proxy::HttpProxy;
use pingora::server::ShutdownWatch;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::Notify;

tokio::task_local! {
    /// The connection that the running task serves.
    static CONNECTION: Arc<Connection>;
}

/// A request that was let through and has not ended.
pub(super) struct UnderWay {
    id: String,
    started: Instant,
    request: Arc<Request>,
    permit: Arc<Permit>,
    /// Zero until the upstream has answered.
    upstream_status: AtomicU16,
}

impl UnderWay {
    pub(super) fn new(id: &str, started: Instant, request: &Arc<Request>, permit: &Arc<Permit>) -> Arc<Self> {
        let (request, permit) = (Arc::clone(request), Arc::clone(permit));
        Arc::new(Self { id: id.to_owned(), started, request, permit, upstream_status: AtomicU16::new(0) })
    }

    pub(super) fn answered(&self, status: u16) {
        self.upstream_status.store(status, Ordering::Relaxed);
    }
}

/// One connection. HTTP/1.1 has at most one request under way on it.
#[derive(Default)]
struct Connection {
    under_way: Mutex<Option<Arc<UnderWay>>>,
    cut: Notify,
}

impl Connection {
    fn under_way(&self) -> MutexGuard<'_, Option<Arc<UnderWay>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the connection if this request is still what it serves.
    fn cut(&self, request: &Arc<UnderWay>) {
        if self.under_way().as_ref().is_some_and(|now| Arc::ptr_eq(now, request)) {
            self.cut.notify_one();
        }
    }
}

/// The request of this connection is under way. Must be called from the task that serves it.
pub(super) fn begin(request: &Arc<UnderWay>) {
    let _ = CONNECTION.try_with(|connection| *connection.under_way() = Some(Arc::clone(request)));
}

/// It has ended.
pub(super) fn end() {
    let _ = CONNECTION.try_with(|connection| *connection.under_way() = None);
}

/// Ends this connection with its request.
pub(super) fn cut(request: &Arc<UnderWay>) {
    let _ = CONNECTION.try_with(|connection| connection.cut(request));
}

/// All connections that are open.
#[derive(Default)]
pub(crate) struct Connections {
    open: Mutex<HashMap<u64, Arc<Connection>>>,
    next: AtomicU64,
}

impl Connections {
    /// Decides again on every request under way, and ends those that would not be let through now.
    /// What cannot be decided, because the store is out of reach, goes on until it can.
    pub(crate) async fn review(&self, gateway: &Gateway) {
        let snapshot = gateway.snapshot();
        let mut review = Review::new(&gateway.world, &snapshot);
        for (connection, request) in self.busy() {
            if let Ok(false) = review.still_permits(&request.permit, &request.request).await {
                connection.cut(&request);
            }
        }
    }

    fn busy(&self) -> Vec<(Arc<Connection>, Arc<UnderWay>)> {
        let open = self.open();
        let busy = |connection: &Arc<Connection>| {
            let request = connection.under_way().clone()?;
            Some((Arc::clone(connection), request))
        };
        open.values().filter_map(busy).collect()
    }

    fn open(&self) -> MutexGuard<'_, HashMap<u64, Arc<Connection>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self) -> Entered<'_> {
        let (number, connection) = (self.next.fetch_add(1, Ordering::Relaxed), Arc::<Connection>::default());
        self.open().insert(number, Arc::clone(&connection));
        Entered { connections: self, number, connection }
    }
}

/// A connection while it is served.
struct Entered<'a> {
    connections: &'a Connections,
    number: u64,
    connection: Arc<Connection>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.connections.open().remove(&self.number);
    }
}

/// The front door: Pingora's proxy, with connections that can be ended from outside.
pub(crate) struct Front {
    gateway: Arc<Gateway>,
    connections: Arc<Connections>,
    proxy: Arc<HttpProxy<Proxy>>,
}

impl Front {
    pub(crate) fn new(gateway: Arc<Gateway>, connections: Arc<Connections>, proxy: HttpProxy<Proxy>) -> Self {
        Self { gateway, connections, proxy: Arc::new(proxy) }
    }

    /// The one event of a request that was ended: its own task is gone.
    fn log(&self, ended: &UnderWay) {
        let status = ended.upstream_status.load(Ordering::Relaxed);
        let mut told = Event::new(&ended.id, status, ended.started.elapsed());
        event::request(&mut told, &ended.request);
        event::permit(&mut told, &ended.permit);
        told.upstream_status = Some(status).filter(|status| *status != 0);
        told.error = Some("permission_ended".to_owned());
        self.gateway.world.metrics.request(&told);
        told.log();
    }
}

#[async_trait]
impl ServerApp for Front {
    async fn process_new(self: &Arc<Self>, stream: Stream, shutdown: &ShutdownWatch) -> Option<Stream> {
        let entered = self.connections.enter();
        let serving = CONNECTION.scope(Arc::clone(&entered.connection), self.proxy.process_new(stream, shutdown));
        let ended = tokio::select! {
            biased;
            () = entered.connection.cut.notified() => entered.connection.under_way().take(),
            kept = serving => return kept,
        };
        if let Some(ended) = ended {
            self.log(&ended);
        }
        None
    }

    async fn cleanup(&self) {
        ServerApp::cleanup(&*self.proxy).await;
    }
}
