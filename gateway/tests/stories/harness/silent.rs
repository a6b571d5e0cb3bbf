//! An address that neither takes connections nor refuses them, like that of a machine that was switched off.

use std::net::{TcpListener, TcpStream};
use std::time::Duration;

pub(crate) struct Silent {
    pub(crate) port: u16,
    _listener: TcpListener,
    _held: Vec<TcpStream>,
}

impl Silent {
    /// Connections that nobody accepts fill the queue of a listener; what comes after them gets no answer at all.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(500)).ok();
        let held: Vec<_> = std::iter::from_fn(connect).take(5000).collect();
        assert!(held.len() < 5000, "the queue has no end");
        Self { port: address.port(), _listener: listener, _held: held }
    }
}
