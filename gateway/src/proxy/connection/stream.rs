//! One stream of HTTP/2 as Pingora reads and writes it, with an end that can come from outside: whoever waits for the client
//! or writes to it is told, and can still say farewell on this stream, while the others of the connection go on.

use super::exchange::{Ending, Exchange};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::Stream;
use http::HeaderMap;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::prelude::{Error, ErrorType, Result};
use pingora::protocols::Digest;
use pingora::protocols::http::HttpTask;
use pingora::protocols::http::custom::CustomMessageWrite;
use pingora::protocols::http::custom::server::Session;
use pingora::protocols::http::v2::server::HttpSession;
use pingora::protocols::l4::socket::SocketAddr;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A stream that can be ended.
pub(super) struct EndableStream {
    inner: HttpSession,
    exchange: Arc<Exchange>,
    /// Whether whoever serves it knows of its end.
    told: bool,
    /// How long the client may be silent in a body.
    silence: Option<Duration>,
}

impl EndableStream {
    pub(super) fn new(inner: HttpSession, exchange: Arc<Exchange>) -> Self {
        Self { inner, exchange, told: false, silence: None }
    }
}

/// The client is waited for as long as this lives.
struct Wait<'a> {
    exchange: &'a Exchange,
    since: Instant,
}

impl<'a> Wait<'a> {
    fn begin(exchange: &'a Exchange) -> Self {
        Self { exchange, since: Instant::now() }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.exchange.add_wait(self.since.elapsed());
    }
}

/// Does `work`, unless the end comes first; it comes once.
async fn unless_over<T>(ending: &Ending, told: &mut bool, work: impl Future<Output = Result<T>>) -> Result<T> {
    if *told {
        return work.await;
    }
    tokio::select! {
        biased;
        () = ending.wait() => {
            *told = true;
            Error::e_explain(ErrorType::ConnectionClosed, "the permission of the request has ended").map_err(Error::into_down)
        }
        done = work => done,
    }
}

/// Does `work` in this time, or not at all: Pingora itself waits for ever.
async fn within<T>(time: Option<Duration>, work: impl Future<Output = Result<T>>) -> Result<T> {
    let Some(time) = time else { return work.await };
    match tokio::time::timeout(time, work).await {
        Ok(done) => done,
        Err(_) => Error::e_explain(ErrorType::ReadTimedout, "the body comes too slowly").map_err(Error::into_down),
    }
}

#[async_trait]
impl Session for EndableStream {
    fn req_header(&self) -> &RequestHeader {
        self.inner.req_header()
    }

    fn req_header_mut(&mut self) -> &mut RequestHeader {
        self.inner.req_header_mut()
    }

    async fn read_body_bytes(&mut self) -> Result<Option<Bytes>> {
        let _wait = Wait::begin(&self.exchange);
        within(self.silence, self.inner.read_body_bytes()).await
    }

    async fn read_body_or_idle(&mut self, no_body_expected: bool) -> Result<Option<Bytes>> {
        let silence = self.silence.filter(|_| !no_body_expected && !self.inner.is_body_done());
        let _wait = Wait::begin(&self.exchange);
        let reading = within(silence, self.inner.read_body_or_idle(no_body_expected));
        unless_over(&self.exchange.ending, &mut self.told, reading).await
    }

    async fn drain_request_body(&mut self) -> Result<()> {
        self.inner.drain_request_body().await
    }

    async fn write_response_header(&mut self, resp: Box<ResponseHeader>, end: bool) -> Result<()> {
        self.inner.write_response_header(resp, end)
    }

    async fn write_response_header_ref(&mut self, resp: &ResponseHeader, end: bool) -> Result<()> {
        self.inner.write_response_header_ref(resp, end)
    }

    async fn write_body(&mut self, data: Bytes, end: bool) -> Result<()> {
        unless_over(&self.exchange.ending, &mut self.told, self.inner.write_body(data, end)).await
    }

    async fn write_trailers(&mut self, trailers: HeaderMap) -> Result<()> {
        self.inner.write_trailers(trailers)
    }

    async fn response_duplex_vec(&mut self, tasks: Vec<HttpTask>) -> Result<bool> {
        unless_over(&self.exchange.ending, &mut self.told, self.inner.response_duplex_vec(tasks)).await
    }

    fn set_read_timeout(&mut self, timeout: Option<Duration>) {
        self.silence = timeout;
    }

    fn get_read_timeout(&self) -> Option<Duration> {
        self.silence
    }

    fn set_write_timeout(&mut self, timeout: Option<Duration>) {
        self.inner.set_write_timeout(timeout);
    }

    fn get_write_timeout(&self) -> Option<Duration> {
        self.inner.get_write_timeout()
    }

    fn set_total_drain_timeout(&mut self, timeout: Option<Duration>) {
        self.inner.set_total_drain_timeout(timeout);
    }

    fn get_total_drain_timeout(&self) -> Option<Duration> {
        self.inner.get_total_drain_timeout()
    }

    fn request_summary(&self) -> String {
        self.inner.request_summary()
    }

    fn response_written(&self) -> Option<&ResponseHeader> {
        self.inner.response_written()
    }

    async fn shutdown(&mut self, _: u32, _: &str) {
        self.inner.shutdown();
    }

    fn is_body_done(&mut self) -> bool {
        self.inner.is_body_done()
    }

    async fn finish(&mut self) -> Result<()> {
        self.inner.finish()
    }

    fn is_body_empty(&mut self) -> bool {
        self.inner.is_body_empty()
    }

    fn body_bytes_sent(&self) -> usize {
        self.inner.body_bytes_sent()
    }

    fn body_bytes_read(&self) -> usize {
        self.inner.body_bytes_read()
    }

    fn digest(&self) -> Option<&Digest> {
        self.inner.digest()
    }

    fn digest_mut(&mut self) -> Option<&mut Digest> {
        self.inner.digest_mut()
    }

    fn client_addr(&self) -> Option<&SocketAddr> {
        self.inner.client_addr()
    }

    fn server_addr(&self) -> Option<&SocketAddr> {
        self.inner.server_addr()
    }

    fn pseudo_raw_h1_request_header(&self) -> Bytes {
        self.inner.pseudo_raw_h1_request_header()
    }

    fn enable_retry_buffering(&mut self) {
        self.inner.enable_retry_buffering();
    }

    fn retry_buffer_truncated(&self) -> bool {
        self.inner.retry_buffer_truncated()
    }

    fn get_retry_buffer(&self) -> Option<Bytes> {
        self.inner.get_retry_buffer()
    }

    async fn finish_custom(&mut self) -> Result<()> {
        Ok(())
    }

    // There are no messages beside the body.

    fn take_custom_message_reader(
        &mut self,
    ) -> Option<Box<dyn Stream<Item = Result<Bytes>> + Unpin + Send + Sync + 'static>> {
        None
    }

    fn restore_custom_message_reader(
        &mut self,
        _: Box<dyn Stream<Item = Result<Bytes>> + Unpin + Send + Sync + 'static>,
    ) -> Result<()> {
        Ok(())
    }

    fn take_custom_message_writer(&mut self) -> Option<Box<dyn CustomMessageWrite>> {
        None
    }

    fn restore_custom_message_writer(&mut self, _: Box<dyn CustomMessageWrite>) -> Result<()> {
        Ok(())
    }
}
