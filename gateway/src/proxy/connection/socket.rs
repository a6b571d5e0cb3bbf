//! The client's side of a connection as Pingora reads and writes it: with a deadline for the head of a request, and an end
//! that can come from outside.

use super::exchange::Exchange;
use crate::config::Limits;
use async_trait::async_trait;
use pingora::protocols::raw_connect::ProxyDigest;
use pingora::protocols::tls::{SslDigest, TlsRef};
use pingora::protocols::{
    ALPN, GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, Stream, TimingDigest,
    UniqueID, UniqueIDType,
};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::sync::futures::OwnedNotified;
use tokio::time::{Instant, Sleep};

/// A connection that can be ended.
pub(super) struct Socket {
    inner: Stream,
    exchange: Arc<Exchange>,
    /// What was read ahead to see which protocol is spoken.
    ahead: Vec<u8>,
    head: Head,
    signal: Option<Pin<Box<OwnedNotified>>>,
    told: Told,
    /// Since when the client is waited for.
    waiting: Option<Instant>,
}

/// Whether whoever serves the connection knows of its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    No,
    /// While it read: what has been written so far is whole, and a farewell can follow.
    Reading,
    /// While it wrote: nothing can follow what may have been written in part.
    Writing,
}

impl Socket {
    /// The time of the first head begins now, that of others with their first byte.
    pub(super) fn new(inner: Stream, exchange: Arc<Exchange>, limits: &Limits) -> Self {
        let off = matches!(inner.selected_alpn_proto(), Some(ALPN::H2));
        let (within, most) = (limits.header_timeout, limits.header_bytes + BESIDE_THE_HEAD);
        let head = Head { within, most, bytes: 0, since: Some(Instant::now()), seen: 0, timer: None, off };
        Self { inner, exchange, ahead: Vec::new(), head, signal: None, told: Told::No, waiting: None }
    }

    /// Whether the end has come.
    fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        if self.exchange.ending.why().is_some() {
            return true;
        }
        let ending = &self.exchange.ending;
        let signal = self.signal.get_or_insert_with(|| Box::pin(ending.signal()));
        // Given between the look above and now, it would not wake this task.
        signal.as_mut().poll(cx).is_ready() || self.exchange.ending.why().is_some()
    }

    fn note_wait(&mut self, waits: bool) {
        if waits {
            self.waiting.get_or_insert_with(Instant::now);
        } else if let Some(since) = self.waiting.take() {
            self.exchange.add_wait(since.elapsed());
        }
    }

    /// Says why the connection is closed to a client whose request does not get as far as an answer.
    fn refuse(&mut self, cx: &mut Context<'_>, status: &str) -> io::Error {
        let answer =
            format!("HTTP/1.1 {status}\r\nConnection: close\r\nCache-Control: no-store\r\nContent-Length: 0\r\n\r\n");
        let _ = Pin::new(&mut self.inner).poll_write(cx, answer.as_bytes());
        let _ = Pin::new(&mut self.inner).poll_flush(cx);
        io::Error::new(io::ErrorKind::TimedOut, "the head of a request was too slow, or too large")
    }
}

fn over() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the permission of the request has ended")
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.exchange.ending.why().is_some() {
            if this.told != Told::No {
                return Poll::Ready(Ok(()));
            }
            this.told = Told::Reading;
            return Poll::Ready(Err(over()));
        }
        if !this.ahead.is_empty() {
            let length = buf.remaining().min(this.ahead.len());
            buf.put_slice(&this.ahead[..length]);
            this.ahead.drain(..length);
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let read = Pin::new(&mut this.inner).poll_read(cx, buf);
        this.note_wait(read.is_pending());
        match read {
            Poll::Ready(read) => {
                let length = buf.filled().len() - before;
                if this.head.is_too_large(length, this.exchange.heads()) {
                    return Poll::Ready(Err(this.refuse(cx, "431 Request Header Fields Too Large")));
                }
                Poll::Ready(read)
            }
            Poll::Pending if this.is_over(cx) => {
                this.told = Told::Reading;
                Poll::Ready(Err(over()))
            }
            Poll::Pending => {
                ready!(this.head.poll_late(cx, this.exchange.heads()));
                Poll::Ready(Err(this.refuse(cx, "408 Request Timeout")))
            }
        }
    }
}

impl Socket {
    /// Writes by `write`, unless the end comes while the client does not take it.
    fn write_with<T>(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut Stream>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if self.told == Told::Writing {
            return Poll::Ready(Err(over()));
        }
        match write(Pin::new(&mut self.inner), cx) {
            // A farewell that cannot be written waits for nobody.
            Poll::Pending if self.is_over(cx) => {
                self.told = Told::Writing;
                Poll::Ready(Err(over()))
            }
            written => written,
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.write_with(cx, |inner, cx| inner.poll_write(cx, buf))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write_with(cx, |inner, cx| inner.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write_with(cx, |inner, cx| inner.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

/// What may come with the end of a head, and belongs to the body.
const BESIDE_THE_HEAD: usize = 64 * 1024;

/// The time in which the head of a request must come, and the memory that it may take: the parser below would keep more.
struct Head {
    within: Duration,
    /// Most bytes that are read for one head.
    most: usize,
    bytes: usize,
    /// When the head began that is not complete.
    since: Option<Instant>,
    /// The heads that were complete when it was looked at last.
    seen: u64,
    timer: Option<Pin<Box<Sleep>>>,
    /// HTTP/2 frames its heads itself, and ends connections that are idle.
    off: bool,
}

impl Head {
    fn heed(&mut self, (heads, busy): (u64, bool)) {
        if heads != self.seen || busy {
            (self.seen, self.since, self.timer, self.bytes) = (heads, None, None, 0);
        }
    }

    /// So many bytes have come.
    fn is_too_large(&mut self, length: usize, heads: (u64, bool)) -> bool {
        if self.off || length == 0 {
            return false;
        }
        self.heed(heads);
        if heads.1 {
            return false;
        }
        self.since.get_or_insert_with(Instant::now);
        self.bytes += length;
        self.bytes > self.most
    }

    fn poll_late(&mut self, cx: &mut Context<'_>, heads: (u64, bool)) -> Poll<()> {
        if self.off {
            return Poll::Pending;
        }
        self.heed(heads);
        let Some(since) = self.since else { return Poll::Pending };
        let until = since + self.within;
        self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until))).as_mut().poll(cx)
    }
}

/// How a client of HTTP/2 begins (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[async_trait]
impl Peek for Socket {
    /// Reads as far as it takes to tell HTTP/2 from HTTP/1.1, whose requests may be shorter than the preface.
    async fn try_peek(&mut self, buf: &mut [u8]) -> io::Result<bool> {
        let mut ahead = Vec::with_capacity(PREFACE.len());
        while ahead.len() < buf.len() && PREFACE.starts_with(&ahead) {
            let mut more = [0; PREFACE.len()];
            let wanted = (buf.len() - ahead.len()).min(more.len());
            match self.read(&mut more[..wanted]).await? {
                0 => break,
                read => ahead.extend_from_slice(&more[..read]),
            }
        }
        buf.fill(0);
        buf[..ahead.len()].copy_from_slice(&ahead);
        self.head.off = ahead == PREFACE;
        self.ahead = ahead;
        Ok(true)
    }
}

#[async_trait]
impl Shutdown for Socket {
    async fn shutdown(&mut self) {
        self.inner.shutdown().await;
    }
}

impl UniqueID for Socket {
    fn id(&self) -> UniqueIDType {
        self.inner.id()
    }
}

impl Ssl for Socket {
    fn get_ssl(&self) -> Option<&TlsRef> {
        self.inner.get_ssl()
    }

    fn get_ssl_digest(&self) -> Option<Arc<SslDigest>> {
        self.inner.get_ssl_digest()
    }

    fn selected_alpn_proto(&self) -> Option<ALPN> {
        self.inner.selected_alpn_proto()
    }
}

impl GetTimingDigest for Socket {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.inner.get_timing_digest()
    }

    fn get_read_pending_time(&self) -> Duration {
        self.inner.get_read_pending_time()
    }

    fn get_write_pending_time(&self) -> Duration {
        self.inner.get_write_pending_time()
    }
}

impl GetProxyDigest for Socket {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.inner.get_proxy_digest()
    }
}

impl GetSocketDigest for Socket {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.inner.get_socket_digest()
    }

    fn set_socket_digest(&mut self, digest: SocketDigest) {
        self.inner.set_socket_digest(digest);
    }
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(f)
    }
}
