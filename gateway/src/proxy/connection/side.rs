//! Listeners beside the front, whose answers are short: they give a client no more connections, bytes and time than the front
//! does, and one request for each connection.

use super::front::{peer, refused};
use super::places::Places;
use super::socket::Socket;
use crate::gateway::Gateway;
use async_trait::async_trait;
use pingora::apps::http_app::{HttpServer, ServeHttp};
use pingora::apps::{HttpServerApp, ServerApp};
use pingora::protocols::Stream;
use pingora::protocols::http::ServerSession;
use pingora::server::ShutdownWatch;
use std::sync::Arc;
use std::time::Duration;

/// Takes connections for what answers them.
pub(crate) struct Side<A> {
    gateway: Arc<Gateway>,
    places: Arc<Places>,
    answers: Arc<HttpServer<A>>,
}

impl<A> Side<A> {
    /// With places of its own: however full the others are, there is room here.
    pub(crate) fn new(gateway: Arc<Gateway>, answers: A) -> Self {
        Self { gateway, places: Arc::default(), answers: Arc::new(HttpServer::new_app(answers)) }
    }
}

#[async_trait]
impl<A: ServeHttp + Send + Sync + 'static> ServerApp for Side<A> {
    async fn process_new(self: &Arc<Self>, stream: Stream, shutdown: &ShutdownWatch) -> Option<Stream> {
        let snapshot = self.gateway.snapshot();
        let server = &snapshot.config.server;
        let _place = refused(&self.gateway, self.places.take(peer(&stream), server))?;
        let limit = server.limits.header_timeout + ANSWER;
        let socket = Socket::new(stream, Arc::default(), &server.limits);
        drop(snapshot);
        let session = ServerSession::new_http1(Box::new(socket));
        let _ = tokio::time::timeout(limit, self.answers.process_new_http(session, shutdown)).await;
        None
    }
}

/// How long the answer may take after the head, to be made and to be read.
const ANSWER: Duration = Duration::from_secs(10);
