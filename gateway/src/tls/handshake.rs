//! What a handshake has settled, for the requests of its connection to read.

use super::clients::Presented;
use async_trait::async_trait;
use pingora::listeners::TlsAccept;
use pingora::protocols::Digest;
use pingora::protocols::tls::TlsRef;
use std::any::Any;
use std::net::IpAddr;
use std::sync::Arc;

/// What is known of a connection from its handshake.
#[derive(Clone, Debug)]
pub(crate) struct Handshake {
    /// The host that the client asked for (RFC 6066 section 3), in lower case.
    server_name: Option<Arc<str>>,
    /// The certificate that it showed.
    pub(crate) certificate: Option<Arc<Presented>>,
    /// It showed one that cannot be read.
    pub(super) unreadable: bool,
}

impl Handshake {
    /// That of a connection; `None` if it had none.
    pub(crate) fn of(digest: Option<&Digest>) -> Option<Self> {
        digest?.ssl_digest.as_ref()?.extension.get::<Self>().cloned()
    }

    /// Whether it was made for this host. Clients name none when the host is an address (RFC 6066 section 3).
    pub(crate) fn is_for(&self, host: &str) -> bool {
        match &self.server_name {
            Some(name) => name.trim_end_matches('.') == host,
            None => host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok(),
        }
    }
}

/// Looks at each handshake that has succeeded.
pub(super) struct Listener;

#[async_trait]
impl TlsAccept for Listener {
    async fn handshake_complete_callback(&self, tls: &TlsRef) -> Option<Arc<dyn Any + Send + Sync>> {
        let server_name = tls.server_name().map(|name| name.to_ascii_lowercase().into());
        let chain = tls.peer_cert_chain_der().filter(|chain| !chain.is_empty());
        let certificate = chain.and_then(Presented::read).map(Arc::new);
        let unreadable = chain.is_some() && certificate.is_none();
        Some(Arc::new(Handshake { server_name, certificate, unreadable }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made_for(server_name: Option<&str>, host: &str) -> bool {
        Handshake { server_name: server_name.map(Into::into), certificate: None, unreadable: false }.is_for(host)
    }

    #[test]
    fn hp_16_a_handshake_is_for_the_host_it_named() {
        assert!(made_for(Some("wiki.test"), "wiki.test"));
        assert!(!made_for(Some("wiki.test"), "vault.test"));
        assert!(!made_for(Some("wiki.test"), "sub.wiki.test") && !made_for(Some("sub.wiki.test"), "wiki.test"));
        assert!(made_for(None, "192.0.2.1") && made_for(None, "[2001:db8::1]"));
        assert!(!made_for(None, "wiki.test"), "who names none gets no host of a name");
    }
}
