//! The front door: Pingora's proxy behind connections and streams that can be ended from outside.

use super::exchange::{EXCHANGE, await_head};
use super::places::{Full, Places};
use super::proxy_protocol;
use super::socket::Socket;
use super::stream::EndableStream;
use super::{Connections, Entered};
use crate::config::Server;
use crate::gateway::Gateway;
use crate::proxy::Proxy;
use async_trait::async_trait;
use pingora::apps::{HttpServerApp, HttpServerOptions, ReusedHttpStream, ServerApp};
use pingora::listeners::ConnectionFilter;
use pingora::protocols::Stream;
use pingora::protocols::http::ServerSession;
use pingora::protocols::http::v2::server::{H2Options, default_h2_options};
use pingora::protocols::l4::stream::Stream as L4Stream;
use pingora::proxy::HttpProxy;
use pingora::server::ShutdownWatch;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Takes connections.
pub(crate) struct Front {
    gateway: Arc<Gateway>,
    connections: Arc<Connections>,
    places: Arc<Places>,
    serving: Arc<Serving>,
}

impl Front {
    pub(crate) fn new(gateway: Arc<Gateway>, connections: Arc<Connections>, proxy: HttpProxy<Proxy>) -> Self {
        let mut options = HttpServerOptions::default();
        (options.h2c, options.h2_idle_timeout) = (true, Some(gateway.snapshot().config.server.limits.idle_timeout));
        let (serving, proxy) = (Arc::clone(&connections), Arc::new(proxy));
        let serving = Arc::new(Serving { gateway: Arc::clone(&gateway), connections: serving, proxy, options });
        Self { gateway, connections, places: Arc::default(), serving }
    }

    /// Closes the connections for which there is no place before they cost a handshake.
    pub(crate) fn filter(&self) -> Arc<dyn ConnectionFilter> {
        Arc::new(Filter { gateway: Arc::clone(&self.gateway), places: Arc::clone(&self.places) })
    }
}

#[async_trait]
impl ServerApp for Front {
    async fn process_new(self: &Arc<Self>, stream: Stream, shutdown: &ShutdownWatch) -> Option<Stream> {
        let snapshot = self.gateway.snapshot();
        let server = &snapshot.config.server;
        let stream = self.name_client(stream, server).await?;
        let _place = refused(&self.gateway, self.places.take(peer(&stream), server))?;
        let stream = self.shake_hands(stream).await?;
        let Entered { exchange, .. } = &self.connections.enter();
        let socket = Box::new(Socket::new(stream, Arc::clone(exchange), &server.limits));
        // A connection lives longer than a configuration.
        drop(snapshot);
        EXCHANGE.scope(Arc::clone(exchange), self.serving.process_new(socket, shutdown)).await
    }

    // Called when nobody listens any more. Connections that wait for a request are not closed at once, as Pingora would: the
    // next answer tells the client to leave, and one that is on its way is not lost.
    async fn cleanup(&self) {}
}

impl Front {
    /// The stream whose peer is the client, also behind a proxy that passes bytes; `None` if it is closed.
    async fn name_client(&self, stream: Stream, server: &Server) -> Option<Stream> {
        if !server.proxy_protocol {
            return Some(stream);
        }
        match proxy_protocol::take(stream, server).await {
            Ok(stream) => Some(stream),
            Err(why) => {
                self.gateway.world.metrics.refused_connection("proxy_protocol");
                tracing::debug!(target: "proxy_protocol", what = %why, "a connection was closed");
                None
            }
        }
    }

    /// The stream that requests come on, by TLS where that is spoken; `None` if there will be none.
    async fn shake_hands(&self, stream: Stream) -> Option<Stream> {
        let world = &self.gateway.world;
        if !world.tls.is_spoken() {
            return Some(stream);
        }
        let stream = stream.into_any().downcast::<L4Stream>().ok()?;
        match world.tls.accept(*stream).await {
            Ok(stream) => Some(stream),
            Err(why) => {
                world.metrics.handshake(why.as_str());
                tracing::debug!(target: "tls", what = %why, "a connection ended before its first request");
                None
            }
        }
    }
}

pub(super) fn peer(stream: &Stream) -> Option<IpAddr> {
    stream.get_socket_digest()?.peer_addr()?.as_inet().map(SocketAddr::ip)
}

/// Counts what is refused.
pub(super) fn refused<T>(gateway: &Gateway, place: Result<T, Full>) -> Option<T> {
    place.inspect_err(|full| gateway.world.metrics.refused_connection(full.0)).ok()
}

/// The front's look at a connection before its first byte.
struct Filter {
    gateway: Arc<Gateway>,
    places: Arc<Places>,
}

#[async_trait]
impl ConnectionFilter for Filter {
    async fn should_accept(&self, peer: Option<&SocketAddr>) -> bool {
        let snapshot = self.gateway.snapshot();
        let server: &Server = &snapshot.config.server;
        refused(&self.gateway, self.places.check(peer.map(SocketAddr::ip), server)).is_some()
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Filter")
    }
}

/// Serves the requests of a connection.
struct Serving {
    gateway: Arc<Gateway>,
    connections: Arc<Connections>,
    proxy: Arc<HttpProxy<Proxy>>,
    options: HttpServerOptions,
}

#[async_trait]
impl HttpServerApp for Serving {
    async fn process_new_http(
        self: &Arc<Self>,
        session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        match session {
            // Each stream has a task of its own.
            ServerSession::H2(stream) => {
                let Entered { exchange, .. } = &self.connections.enter();
                let stream = EndableStream::new(stream, Arc::clone(exchange));
                let session = ServerSession::new_custom(Box::new(stream));
                EXCHANGE.scope(Arc::clone(exchange), self.proxy.process_new_http(session, shutdown)).await
            }
            session => {
                await_head();
                self.proxy.process_new_http(session, shutdown).await
            }
        }
    }

    fn h2_options(&self) -> Option<H2Options> {
        let snapshot = self.gateway.snapshot();
        let limits = &snapshot.config.server.limits;
        let mut options = default_h2_options();
        options.max_concurrent_streams(limits.http2_streams);
        options.max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX));
        // Streams that a client takes back, and those that it makes the server take back ("MadeYouReset").
        options.max_pending_accept_reset_streams(limits.http2_resets);
        options.max_local_error_reset_streams(Some(limits.http2_resets));
        Some(options)
    }

    fn server_options(&self) -> Option<&HttpServerOptions> {
        Some(&self.options)
    }
}
