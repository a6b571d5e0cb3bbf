//! TLS at the front: the certificate for the name that a client asks for (RFC 6066 section 3), read again when its files
//! change.

use crate::config::Certificate;
use arc_swap::ArcSwap;
use rustls::pki_types::ServerName;
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::fmt;
use std::sync::Arc;

/// The certificates of now.
pub(crate) struct Certificates(ArcSwap<Vec<Certificate>>);

impl Certificates {
    pub(crate) fn new(certificates: Vec<Certificate>) -> Self {
        Self(ArcSwap::from_pointee(certificates))
    }

    /// Puts others in place; handshakes from now on use them.
    pub(crate) fn replace(&self, certificates: Vec<Certificate>) {
        self.0.store(Arc::new(certificates));
    }

    /// Reads the files again; `true` if some have changed. It blocks.
    ///
    /// # Errors
    /// What is wrong with the first that cannot be used: all stay as they are then.
    pub(crate) fn read_again(&self) -> Result<bool, String> {
        let now = self.0.load_full();
        let read = |kept: &Certificate| Certificate::read(&kept.cert, &kept.key).map_err(|why| why.to_string());
        let newer = now.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let changed = now.iter().zip(&newer).any(|(old, new)| old.source != new.source);
        if changed {
            // Unless a new configuration has come in between, which read them itself.
            self.0.compare_and_swap(&now, Arc::new(newer));
        }
        Ok(changed)
    }

    /// The first certificate that is for `name`. Who names none gets the first of all; for a name that none is for there is
    /// none.
    fn find(&self, name: Option<&str>) -> Option<Arc<CertifiedKey>> {
        let all = self.0.load();
        let found = match name {
            None => all.first(),
            Some(name) => all.iter().find(|certificate| is_for(certificate, name)),
        };
        found.map(|certificate| Arc::clone(&certificate.pair))
    }
}

fn is_for(certificate: &Certificate, name: &str) -> bool {
    let Ok(name) = ServerName::try_from(name) else { return false };
    let parsed = certificate.pair.end_entity_cert().and_then(ParsedCertificate::try_from);
    parsed.is_ok_and(|parsed| rustls::client::verify_server_name(&parsed, &name).is_ok())
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.find(hello.server_name())
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificates")
    }
}
