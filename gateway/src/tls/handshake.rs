//! What a handshake has settled, for the requests of its connection to read.

use async_trait::async_trait;
use pingora::listeners::TlsAccept;
use pingora::protocols::Digest;
use pingora::protocols::tls::TlsRef;
use std::any::Any;
use std::sync::Arc;

/// What is known of a connection from its handshake.
#[derive(Clone, Debug)]
pub(crate) struct Handshake {
    /// The host that the client asked for (RFC 6066 section 3), in lower case.
    pub(crate) server_name: Option<Arc<str>>,
}

impl Handshake {
    /// That of a connection; `None` if it had none.
    pub(crate) fn of(digest: Option<&Digest>) -> Option<Self> {
        digest?.ssl_digest.as_ref()?.extension.get::<Self>().cloned()
    }
}

/// Looks at each handshake that has succeeded.
pub(super) struct Listener;

#[async_trait]
impl TlsAccept for Listener {
    async fn handshake_complete_callback(&self, tls: &TlsRef) -> Option<Arc<dyn Any + Send + Sync>> {
        let server_name = tls.server_name().map(|name| name.to_ascii_lowercase().into());
        Some(Arc::new(Handshake { server_name }))
    }
}
