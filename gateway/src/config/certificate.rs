//! Certificates with their keys, read from PEM files.

use super::Source;
use oauth::world::Timestamp;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use std::fmt;
use std::sync::Arc;
use x509_parser::prelude::{FromDer, X509Certificate};
use zeroize::Zeroizing;

/// A certificate that was read and fits its key.
#[derive(Clone)]
pub struct Certificate {
    /// The file of the certificate and of those above it.
    pub cert: String,
    /// The file of the key.
    pub key: String,
    pub(crate) pair: Arc<CertifiedKey>,
    /// When it ends.
    pub(crate) not_after: Timestamp,
    /// What both files held.
    pub(crate) source: Source,
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("the file `{0}` cannot be read: {1}")]
    Unreadable(String, std::io::Error),
    #[error("the file `{0}` holds no certificate in PEM")]
    NoCertificate(String),
    #[error("the file `{0}` holds no private key in PEM")]
    NoKey(String),
    #[error("the certificate in `{0}` and the key in `{1}` do not belong together")]
    Mismatch(String, String),
    #[error("the certificate in `{0}` cannot be used: {1}")]
    Refused(String, rustls::Error),
}

impl Certificate {
    /// Reads a certificate and its key.
    pub(crate) fn read(cert: &str, key: &str) -> Result<Self, Unusable> {
        let (chain_pem, key_pem) = (file(cert)?, file(key)?);
        let source = Source::of(&format!("{}\0{}", *chain_pem, *key_pem));
        let (pair, validity) = certified((cert, &chain_pem), (key, &key_pem))?;
        Ok(Self { cert: cert.to_owned(), key: key.to_owned(), pair, not_after: validity.1, source })
    }

    /// Whether it is for this host.
    pub(crate) fn is_for(&self, host: &str) -> bool {
        is_for(&self.pair, host)
    }
}

/// Whether a certificate is for this host.
pub(crate) fn is_for(pair: &CertifiedKey, host: &str) -> bool {
    let Ok(name) = ServerName::try_from(host) else { return false };
    let parsed = pair.end_entity_cert().and_then(ParsedCertificate::try_from);
    parsed.is_ok_and(|parsed| rustls::client::verify_server_name(&parsed, &name).is_ok())
}

/// A certificate that fits its key, from PEM, and from when to when it is valid. Each comes with the name for mistakes.
pub(crate) fn certified(
    (cert, chain_pem): (&str, &str),
    (key, key_pem): (&str, &str),
) -> Result<(Arc<CertifiedKey>, (Timestamp, Timestamp)), Unusable> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain_pem.as_bytes()).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty());
    let chain = chain.ok_or_else(|| Unusable::NoCertificate(cert.to_owned()))?;
    let validity = chain.first().and_then(|first| validity(first));
    let validity = validity.ok_or_else(|| Unusable::NoCertificate(cert.to_owned()))?;
    let private = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).map_err(|_| Unusable::NoKey(key.to_owned()))?;
    let pair = CertifiedKey::from_der(chain, private, &default_provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => Unusable::Mismatch(cert.to_owned(), key.to_owned()),
        other => Unusable::Refused(cert.to_owned(), other),
    })?;
    Ok((Arc::new(pair), validity))
}

/// From when to when a certificate is valid (RFC 5280 section 4.1.2.5).
fn validity(der: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let validity = certificate.validity();
    let at = |time: x509_parser::time::ASN1Time| Timestamp::from_seconds(time.timestamp());
    Some((at(validity.not_before), at(validity.not_after)))
}

/// Without the key.
impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("cert", &self.cert).field("key", &self.key).finish_non_exhaustive()
    }
}

fn file(path: &str) -> Result<Zeroizing<String>, Unusable> {
    std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| Unusable::Unreadable(path.to_owned(), error))
}
