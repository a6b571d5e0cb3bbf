//! Pingora's side of the line: bytes in, bytes out. What to do with a request is decided in [`crate::admit`].

mod body;
mod connection;
mod event;
mod messages;
mod own;
mod permitted;
mod progress;
mod read;
mod refused;
mod rewrite;
mod upload;
mod upstream;

use crate::admit::{self, Outcome};
use crate::gateway::{Gateway, Snapshot};
use crate::respond::{self, Problem};
use crate::telemetry::Event;
use async_trait::async_trait;
use bytes::Bytes;
use connection::Why;
pub(crate) use connection::{Connections, Front, Side};
use http::header;
use permitted::measure;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::prelude::{Error, ErrorType, HttpPeer, Result};
use pingora::proxy::{FailToProxy, ProxyHttp, Session};
use progress::{Progress, State};
use rewrite::Signer;
use std::sync::Arc;
use std::time::Duration;
pub(crate) use upstream::{Attempt, Found, Health, Upstreams, Verdict, selftest};

/// The front.
pub(crate) struct Proxy {
    gateway: Arc<Gateway>,
    connections: Arc<Connections>,
    upstreams: Arc<Upstreams>,
}

impl Proxy {
    pub(crate) fn new(gateway: Arc<Gateway>, connections: Arc<Connections>, upstreams: Arc<Upstreams>) -> Self {
        Self { gateway, connections, upstreams }
    }

    /// The configuration that the request began with; that of now if it did not come so far.
    fn snapshot(&self, progress: &Progress) -> Arc<Snapshot> {
        progress.snapshot.clone().unwrap_or_else(|| self.gateway.snapshot())
    }
}

#[async_trait]
impl ProxyHttp for Proxy {
    type CTX = Progress;

    fn new_ctx(&self) -> Progress {
        Progress::new(&*self.gateway.world.random, self.connections.count())
    }

    async fn early_request_filter(&self, session: &mut Session, _: &mut Progress) -> Result<()> {
        connection::head_is_read();
        let snapshot = self.gateway.snapshot();
        let limits = &snapshot.config.server.limits;
        // Only where Pingora would keep the connection: setting it always would bring back what it had given up.
        if self.gateway.is_leaving() {
            session.set_keepalive(None);
        } else if session.get_keepalive().is_some() {
            session.set_keepalive(Some(limits.idle_timeout.as_secs().max(1)));
        }
        session.set_read_timeout(Some(limits.upload_timeout));
        session.set_write_timeout(Some(limits.download_timeout));
        Ok(())
    }

    async fn request_filter(&self, session: &mut Session, progress: &mut Progress) -> Result<bool> {
        let world = &self.gateway.world;
        let snapshot = self.gateway.snapshot();
        let request = match read::request(session, &snapshot.config.server, world.clock.now(), &progress.id) {
            Ok(request) => request,
            Err(refusal) => return self.refuse_unread(session, progress, refusal).await,
        };
        let generation = world.memory.generation();
        let outcome = match admit::of_address(world, &snapshot, &request) {
            Ok(()) => admit::admit(world, &snapshot, &request).await,
            Err(too_many) => Err(too_many),
        };
        progress.snapshot = Some(Arc::clone(&snapshot));
        let permitted = match outcome {
            Ok(Outcome::Proxy(permit)) => measure(session, progress, &snapshot, *permit),
            Ok(Outcome::Read(unread)) => self.read_messages(session, progress, &request, *unread).await?,
            Ok(Outcome::Own(own)) => {
                self.answer(session, progress, &snapshot, request, own).await?;
                return Ok(true);
            }
            Err(refusal) => Err(refusal),
        };
        match permitted {
            Ok(permit) => {
                self.note_use(session, &request, &permit);
                self.begin(progress, request, permit.into(), generation).await;
                Ok(false)
            }
            Err(refusal) => {
                self.refuse(session, progress, request, refusal).await?;
                Ok(true)
            }
        }
    }

    async fn upstream_peer(&self, session: &mut Session, progress: &mut Progress) -> Result<Box<HttpPeer>> {
        let (State::Permitted(permit), Some(request)) = (&progress.state, &progress.request) else {
            return Error::e_explain(ErrorType::InternalError, "no permit, no upstream");
        };
        if let Some(upload) = &mut progress.upload {
            upload.again();
        }
        self.upstreams.peer(permit, request, &session.req_header().headers, &mut progress.attempts).await
    }

    async fn upstream_request_filter(
        &self,
        _: &mut Session,
        upstream: &mut RequestHeader,
        progress: &mut Progress,
    ) -> Result<()> {
        let (State::Permitted(permit), Some(request), Some(snapshot), Some(server)) =
            (&progress.state, &progress.request, &progress.snapshot, progress.attempts.server())
        else {
            return Error::e_explain(ErrorType::InternalError, "no permit, no upstream");
        };
        let signer = Signer { keys: &self.gateway.world.keys, login: &snapshot.config.auth.origin };
        rewrite::request(upstream, request, (permit, server), &signer)?;
        progress.attempts.sending();
        Ok(())
    }

    async fn request_body_filter(
        &self,
        _: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        progress: &mut Progress,
    ) -> Result<()> {
        progress.attempts.sent();
        if let Some(kept) = &mut progress.kept {
            kept.replay(body, end_of_stream);
        }
        match (&mut progress.upload, body) {
            (Some(upload), Some(bytes)) => upload.take(bytes.len(), connection::waited()),
            _ => Ok(()),
        }
    }

    async fn upstream_response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        progress: &mut Progress,
    ) -> Result<()> {
        progress.attempts.answered(response, &self.gateway.world.metrics);
        // A body that is longer than what Pingora keeps of it cannot be sent again.
        if session.as_downstream().retry_buffer_truncated() {
            return Ok(());
        }
        if let Some(request) = progress.redirected(response) {
            let headers = session.req_header().headers.clone();
            if self.follow(request, &headers, progress).await {
                return Err(progress.attempts.hop());
            }
        }
        Ok(())
    }

    async fn response_filter(
        &self,
        _: &mut Session,
        response: &mut ResponseHeader,
        progress: &mut Progress,
    ) -> Result<()> {
        if let State::Permitted(permit) = &progress.state {
            progress.upstream_status = Some(response.status.as_u16());
            // Nobody needs it any more, and an answer may take hours.
            progress.kept.take_if(|kept| kept.is_sent() && !response.status.is_informational());
            upstream::clean_response(response, permit);
            if let Some(server) = progress.attempts.server() {
                upstream::dress(response, permit, server)?;
            }
            if let Some(request) = progress.request.as_deref().filter(|_| permit.app().mcp.is_some()) {
                messages::clean_response(response, (permit, request), &self.gateway.world.at_rest)?;
            }
            if let (Some(cors), Some(request)) = (&permit.app().cors, &progress.request) {
                upstream::replace_cors(response, cors, request);
            }
            let snapshot = self.snapshot(progress);
            let hsts = snapshot.hsts(&permit.origin().host);
            if let Some(hsts) = hsts.filter(|_| !response.headers.contains_key(header::STRICT_TRANSPORT_SECURITY)) {
                response.insert_header(header::STRICT_TRANSPORT_SECURITY, hsts)?;
            }
        }
        Ok(())
    }

    fn response_body_filter(
        &self,
        _: &mut Session,
        body: &mut Option<Bytes>,
        _: bool,
        progress: &mut Progress,
    ) -> Result<Option<Duration>> {
        // The session itself is upgraded only when the 101 was written, and the first frames may come with that.
        if let Some(body) = body
            && progress.upstream_status == Some(SWITCHING_PROTOCOLS)
        {
            progress.frames.pass(body);
        }
        Ok(None)
    }

    fn fail_to_connect(&self, _: &mut Session, _: &HttpPeer, progress: &mut Progress, error: Box<Error>) -> Box<Error> {
        progress.attempts.unreachable(&self.upstreams, error)
    }

    fn error_while_proxy(
        &self,
        _: &HttpPeer,
        session: &mut Session,
        error: Box<Error>,
        progress: &mut Progress,
        reused: bool,
    ) -> Box<Error> {
        let unanswered = session.response_written().is_none();
        let idempotent = session.req_header().method.is_idempotent();
        let goes_on = connection::ending().is_none();
        let repeatable = unanswered && idempotent && goes_on && session.as_downstream_mut().is_body_empty();
        progress.attempts.broken(error, reused, repeatable)
    }

    async fn fail_to_proxy(&self, session: &mut Session, error: &Error, progress: &mut Progress) -> FailToProxy {
        let (status, code, text) = match connection::ending() {
            Some(Why::NoAnswer) => upstream::NO_ANSWER,
            Some(why) => return self.take_leave(session, why, progress).await,
            None => upstream::describe(error),
        };
        let html = progress.request.as_ref().is_some_and(|request| request.hints.accepts_html);
        if *error.etype() == upload::TOO_LARGE {
            self.end_upload(progress);
        } else {
            self.gateway.world.metrics.upstream_error(code);
            progress.attempts.failed(code, &self.gateway.world.metrics);
        }
        if !read::is_answered(session) && status != 0 {
            let snapshot = self.snapshot(progress);
            let look = snapshot.config.brand.look(read::languages(session));
            let told = Problem { status, code, text, ..Problem::default() };
            let mut response = respond::problem(&look, html, &progress.id, told);
            if let Some(after) = upstream::retry_after(status) {
                response.headers_mut().insert(header::RETRY_AFTER, after);
            }
            let _ = self.write(session, &snapshot, response).await;
            if *error.etype() == upload::TOO_LARGE {
                // A client that is still sending would see a reset in place of the answer.
                let _ = session.as_downstream_mut().drain_request_body().await;
            }
        }
        FailToProxy { error_code: status, can_reuse_downstream: false }
    }

    fn suppress_error_log(&self, _: &Session, _: &Progress, _: &Error) -> bool {
        // The one event per request says it.
        true
    }

    async fn logging(&self, session: &mut Session, error: Option<&Error>, progress: &mut Progress) {
        let ending = connection::ending();
        connection::end();
        let status = session.response_written().map_or(0, |response| response.status.as_u16());
        let mut told = Event::new(&progress.id, status, progress.started.elapsed());
        told.error = error.map(|error| ending.map_or(error.etype().as_str(), Why::as_str).to_owned());
        told.upstream_status = progress.upstream_status;
        match &progress.request {
            Some(request) => event::request(&mut told, request),
            None => event::unread(&mut told, read::glimpse(session)),
        }
        match &progress.state {
            State::Received => told.outcome = "aborted",
            State::Answered(answer) => event::answer(&mut told, answer.as_deref()),
            State::Refused(refusal) => event::refusal(&mut told, refusal),
            State::Permitted(permit) => event::permit(&mut told, permit),
        }
        self.gateway.world.metrics.request(&told);
        told.log();
    }
}

/// The status of an answer after which frames follow (RFC 9110 section 15.2.2).
const SWITCHING_PROTOCOLS: u16 = 101;
