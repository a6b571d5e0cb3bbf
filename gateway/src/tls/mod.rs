//! TLS at the front: which certificate a client is shown, and the handshake that every connection begins with.

mod certificates;
mod challenges;
mod clients;
mod handshake;

pub(crate) use certificates::{Certificates, Ordered, Shown};
pub(crate) use challenges::Challenges;
pub(crate) use clients::{Clients, Presented};
pub(crate) use handshake::Handshake;

use crate::config::Server;
use arc_swap::ArcSwapOption;
use certificates::Resolver;
use handshake::Listener;
use pingora::listeners::tls::{Acceptor, TlsSettings};
use pingora::protocols::tls::ALPN;
use pingora::protocols::{IO, Shutdown, Ssl, Stream};
use pingora::tls::TlsAcceptor;
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ResolvesServerCert, ServerSessionMemoryCache};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// TLS as it is spoken now; not at all until it is [`Tls::start`]ed with certificates.
#[derive(Default)]
pub(crate) struct Tls {
    pub(crate) certificates: Arc<Certificates>,
    pub(crate) challenges: Arc<Challenges>,
    pub(crate) clients: Clients,
    acceptor: ArcSwapOption<Acceptor>,
}

/// Which files have changed.
pub(crate) struct Changed {
    /// Of certificates that are shown.
    pub(crate) certificates: bool,
    /// Of who signs those of clients.
    pub(crate) clients: bool,
}

/// Why a connection ends before its first request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unfinished {
    #[error("the handshake took longer than {} s", LONGEST_HANDSHAKE.as_secs())]
    TooSlow,
    #[error("{0}")]
    Failed(String),
    /// Nothing is wrong: it came to see the answer to a challenge (RFC 8737 section 3).
    #[error("it was a challenge")]
    Challenge,
}

impl Unfinished {
    /// The word for the metric.
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::TooSlow => "too_slow",
            Self::Failed(_) => "failed",
            Self::Challenge => "challenge",
        }
    }
}

impl Tls {
    /// Speaks TLS from now on, if the configuration has certificates.
    ///
    /// # Errors
    /// What is wrong with the settings.
    pub(crate) fn start(&self, server: &Server) -> Result<(), String> {
        self.certificates.replace(server.certificates.clone());
        self.clients.replace(server);
        if server.speaks_tls() {
            self.acceptor.store(Some(Arc::new(self.new_acceptor()?)));
        }
        Ok(())
    }

    /// Takes over a new configuration; handshakes from now on use it. Whether TLS is spoken is settled at the start.
    ///
    /// # Errors
    /// What is wrong with the settings.
    pub(crate) fn replace(&self, server: &Server) -> Result<(), String> {
        self.certificates.replace(server.certificates.clone());
        if self.clients.replace(server) { self.renew_acceptor() } else { Ok(()) }
    }

    /// Reads the files of certificates again; what has changed. It blocks.
    ///
    /// # Errors
    /// What is wrong with the first that cannot be used.
    pub(crate) fn read_again(&self) -> Result<Changed, String> {
        let certificates = self.certificates.read_again()?;
        let clients = self.clients.read_again()?;
        if clients {
            self.renew_acceptor()?;
        }
        Ok(Changed { certificates, clients })
    }

    /// Sessions of before are not resumed: the certificate in one may be no good any more.
    fn renew_acceptor(&self) -> Result<(), String> {
        if self.is_spoken() {
            self.acceptor.store(Some(Arc::new(self.new_acceptor()?)));
        }
        Ok(())
    }

    /// Whether the front speaks TLS.
    pub(crate) fn is_spoken(&self) -> bool {
        self.acceptor.load().is_some()
    }

    /// Shakes hands with a client.
    ///
    /// # Errors
    /// Why there is nothing more to do on this connection.
    pub(crate) async fn accept<S: IO + 'static>(&self, stream: S) -> Result<Stream, Unfinished> {
        let acceptor = self.acceptor.load_full().ok_or_else(|| Unfinished::Failed("TLS is not spoken".to_owned()))?;
        let shaking = tokio::time::timeout(LONGEST_HANDSHAKE, acceptor.tls_handshake(stream));
        let mut stream = match shaking.await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(Unfinished::Failed(error.to_string())),
            Err(_) => return Err(Unfinished::TooSlow),
        };
        let digest = stream.get_ssl_digest();
        if digest.is_some_and(|tls| tls.extension.get::<Handshake>().is_some_and(|one| one.unreadable)) {
            return Err(Unfinished::Failed("the certificate of the client cannot be read".to_owned()));
        }
        if matches!(stream.selected_alpn_proto(), Some(ALPN::Custom(_))) {
            let _ = tokio::time::timeout(LONGEST_HANDSHAKE, Shutdown::shutdown(&mut stream)).await;
            return Err(Unfinished::Challenge);
        }
        Ok(Box::new(stream))
    }

    /// Pingora's acceptor, with settings of our own: those that it takes by itself leave out too much.
    fn new_acceptor(&self) -> Result<Acceptor, String> {
        let (certificates, challenges) = (Arc::clone(&self.certificates), Arc::clone(&self.challenges));
        let resolver: Arc<dyn ResolvesServerCert> = Arc::new(Resolver { certificates, challenges });
        let mut settings = TlsSettings::with_callbacks(Box::new(Listener)).map_err(|error| error.to_string())?;
        settings.set_cert_resolver(Arc::clone(&resolver));
        let mut acceptor = settings.build();
        acceptor.acceptor = TlsAcceptor::from(Arc::new(server_config(resolver, self.clients.verifier())?));
        Ok(acceptor)
    }
}

/// TLS 1.2 and 1.3 with forward secrecy alone. Sessions are resumed from the memory of this process, so that no ticket key
/// can be stolen, and never with early data: a request that can be replayed must not be served (RFC 8470, HP-32).
fn server_config(
    resolver: Arc<dyn ResolvesServerCert>,
    clients: Option<Arc<dyn ClientCertVerifier>>,
) -> Result<ServerConfig, String> {
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = match clients {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(resolver);
    config.alpn_protocols = PROTOCOLS.iter().map(|name| name.to_vec()).collect();
    config.session_storage = ServerSessionMemoryCache::new(SESSIONS);
    config.max_early_data_size = 0;
    Ok(config)
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

/// How long a client may take to shake hands.
const LONGEST_HANDSHAKE: Duration = Duration::from_secs(10);

/// How many sessions can be resumed.
const SESSIONS: usize = 4096;

/// In the order of preference (RFC 7301 section 3.2). The last is for challenges alone.
const PROTOCOLS: [&[u8]; 3] = [b"h2", b"http/1.1", certificates::ACME_TLS];

#[cfg(test)]
mod tests {
    use super::*;
    use pingora::protocols::l4::stream::Stream as L4Stream;
    use rcgen::CertifiedKey;
    use rustls::pki_types::PrivatePkcs8KeyDer;
    use rustls::{ClientConfig, RootCertStore};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_rustls::TlsConnector;

    #[tokio::test]
    async fn whoever_comes_for_a_challenge_gets_no_requests_in() {
        let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(["wiki.ex".to_owned()]).unwrap();
        let private = PrivatePkcs8KeyDer::from(signing_key.serialize_der()).into();
        let private = default_provider().key_provider.load_private_key(private).unwrap();
        let pair = Arc::new(rustls::sign::CertifiedKey::new(vec![cert.der().clone()], private));
        let tls = Tls::default();
        tls.challenges.begin_tls("wiki.ex", Arc::clone(&pair));
        let not_after = oauth::world::Timestamp::from_seconds(0);
        tls.certificates.replace_ordered(vec![Ordered { host: "wiki.ex".to_owned(), pair, not_after }]);
        tls.acceptor.store(Some(Arc::new(tls.new_acceptor().unwrap())));
        for (protocol, challenge) in [(certificates::ACME_TLS, true), (&b"http/1.1"[..], false)] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let (mut roots, address) = (RootCertStore::empty(), listener.local_addr().unwrap());
            roots.add(cert.der().clone()).unwrap();
            let client = ClientConfig::builder_with_provider(Arc::new(default_provider()));
            let client = client.with_safe_default_protocol_versions().unwrap();
            let mut client = client.with_root_certificates(roots).with_no_client_auth();
            client.alpn_protocols = vec![protocol.to_vec()];
            let connecting = tokio::spawn(async move {
                let stream = TcpStream::connect(address).await.unwrap();
                TlsConnector::from(Arc::new(client)).connect("wiki.ex".try_into().unwrap(), stream).await
            });
            let accepted = tls.accept(L4Stream::from(listener.accept().await.unwrap().0)).await;
            assert_eq!(matches!(accepted, Err(Unfinished::Challenge)), challenge, "{protocol:?}");
            assert_eq!(accepted.is_ok(), !challenge, "{protocol:?}");
            assert!(connecting.await.unwrap().is_ok(), "the answer was shown");
        }
    }
}
