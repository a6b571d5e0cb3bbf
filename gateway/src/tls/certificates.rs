//! The certificate for the name that a client asks for (RFC 6066 section 3): those of the configuration, read again when
//! their files change, and after them those that an ACME server gave.

use super::challenges::Challenges;
use crate::config::{Certificate, is_for};
use arc_swap::ArcSwap;
use oauth::world::Timestamp;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::fmt;
use std::sync::Arc;

/// The protocol by which an ACME server comes to see the answer to its challenge (RFC 8737 section 6.2).
pub(super) const ACME_TLS: &[u8] = b"acme-tls/1";

/// The certificates of now.
#[derive(Default)]
pub(crate) struct Certificates {
    configured: ArcSwap<Vec<Certificate>>,
    ordered: ArcSwap<Vec<Ordered>>,
}

/// A certificate that an ACME server gave.
#[derive(Clone)]
pub(crate) struct Ordered {
    pub(crate) host: String,
    pub(crate) pair: Arc<CertifiedKey>,
    pub(crate) not_after: Timestamp,
}

/// A certificate as operators know it, and when it ends.
pub(crate) struct Shown {
    /// Its file, or the host it was ordered for.
    pub(crate) name: String,
    pub(crate) not_after: Timestamp,
}

impl Certificates {
    /// Puts others of the configuration in place; handshakes from now on use them.
    pub(crate) fn replace(&self, certificates: Vec<Certificate>) {
        self.configured.store(Arc::new(certificates));
    }

    /// Puts those that were ordered in place.
    pub(crate) fn replace_ordered(&self, ordered: Vec<Ordered>) {
        self.ordered.store(Arc::new(ordered));
    }

    /// All that can be shown.
    pub(crate) fn shown(&self) -> Vec<Shown> {
        let (configured, ordered) = (self.configured.load(), self.ordered.load());
        let configured = configured.iter().map(|one| Shown { name: one.cert.clone(), not_after: one.not_after });
        let ordered = ordered.iter().map(|one| Shown { name: one.host.clone(), not_after: one.not_after });
        configured.chain(ordered).collect()
    }

    /// Reads the files again; `true` if some have changed. It blocks.
    ///
    /// # Errors
    /// What is wrong with the first that cannot be used: all stay as they are then.
    pub(crate) fn read_again(&self) -> Result<bool, String> {
        let now = self.configured.load_full();
        let read = |kept: &Certificate| Certificate::read(&kept.cert, &kept.key).map_err(|why| why.to_string());
        let newer = now.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let changed = now.iter().zip(&newer).any(|(old, new)| old.source != new.source);
        if changed {
            // Unless a new configuration has come in between, which read them itself.
            self.configured.compare_and_swap(&now, Arc::new(newer));
        }
        Ok(changed)
    }

    /// The first certificate that is for `name`. Who names none gets the first of all; for a name that none is for there is
    /// none.
    fn find(&self, name: Option<&str>) -> Option<Arc<CertifiedKey>> {
        let (configured, ordered) = (self.configured.load(), self.ordered.load());
        let configured = configured.iter().map(|certificate| &certificate.pair);
        let mut all = configured.chain(ordered.iter().map(|certificate| &certificate.pair));
        let found = match name {
            None => all.next(),
            Some(name) => all.find(|pair| is_for(pair, name)),
        };
        found.map(Arc::clone)
    }
}

/// Chooses what a client is shown.
pub(super) struct Resolver {
    pub(super) certificates: Arc<Certificates>,
    pub(super) challenges: Arc<Challenges>,
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if is_challenge(&hello) {
            return self.challenges.tls(&hello.server_name()?.to_ascii_lowercase());
        }
        self.certificates.find(hello.server_name())
    }
}

/// Whether the client wants nothing but the answer to a challenge (RFC 8737 section 3).
fn is_challenge(hello: &ClientHello<'_>) -> bool {
    let mut protocols = hello.alpn().into_iter().flatten();
    protocols.next() == Some(ACME_TLS) && protocols.next().is_none()
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}
