//! The connection for an upgrade to WebSocket, which reads nothing before the end of the request was noted.
//!
//! Pingora 0.9.1 ends an upgraded connection if it reads the 101 before it has passed on the end of the request's empty body
//! (cloudflare/pingora#946): both are ready at once when the upstream is fast, and either may come first. Here, the first looks
//! after something was written find nothing, so that the end of the request comes first.

use async_trait::async_trait;
use pingora::connectors::L4Connect;
use pingora::prelude::{Error, ErrorType, Result};
use pingora::protocols::l4::socket::SocketAddr;
use pingora::protocols::l4::stream::Stream;
use pingora::protocols::l4::virt::{VirtualSockOpt, VirtualSocket, VirtualSocketStream};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

/// So many looks find nothing.
const LOOKS: u8 = 2;

/// Connects for an upgrade, within the time that Pingora gives it.
#[derive(Debug)]
pub(super) struct Dial;

#[async_trait]
impl L4Connect for Dial {
    async fn connect(&self, address: &SocketAddr) -> Result<Stream> {
        let connecting = async {
            Ok::<_, io::Error>(match address {
                SocketAddr::Inet(address) => Inner::Tcp(TcpStream::connect(address).await?),
                SocketAddr::Unix(address) => {
                    let path = address.as_pathname().ok_or(io::ErrorKind::InvalidInput)?;
                    Inner::Unix(UnixStream::connect(path).await?)
                }
            })
        };
        let connected = connecting.await;
        let inner = connected.map_err(|error| Error::because(ErrorType::ConnectRefused, "for an upgrade", error))?;
        let socket = Patient { inner, looks: 0 };
        Ok(Stream::from(VirtualSocketStream::new(Box::new(socket))))
    }
}

#[derive(Debug)]
enum Inner {
    Tcp(TcpStream),
    Unix(UnixStream),
}

#[derive(Debug)]
struct Patient {
    inner: Inner,
    /// Looks that find nothing yet.
    looks: u8,
}

impl VirtualSocket for Patient {
    fn set_socket_option(&self, option: VirtualSockOpt) -> io::Result<()> {
        match (&self.inner, option) {
            (Inner::Tcp(tcp), VirtualSockOpt::NoDelay) => tcp.set_nodelay(true),
            _ => Ok(()),
        }
    }
}

impl AsyncRead for Patient {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.looks > 0 {
            self.looks -= 1;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        match &mut self.inner {
            Inner::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
            Inner::Unix(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Patient {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(match &mut self.inner {
            Inner::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Inner::Unix(stream) => Pin::new(stream).poll_write(cx, bytes),
        });
        self.looks = LOOKS;
        Poll::Ready(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.inner {
            Inner::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Inner::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.inner {
            Inner::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Inner::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
