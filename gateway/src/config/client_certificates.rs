//! Who may sign the certificates of clients, and which of these were taken back.

use super::Source;
use rustls::RootCertStore;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use std::fmt;
use std::sync::Arc;

/// `[server.client_certificates]`, read.
#[derive(Clone)]
pub struct ClientAuthorities {
    /// PEM files of the authorities.
    pub ca: Vec<String>,
    /// PEM files of revocation lists.
    pub crl: Vec<String>,
    /// Checks a certificate, if a client shows one.
    pub(crate) verifier: Arc<dyn ClientCertVerifier>,
    /// What the files held.
    pub(crate) source: Source,
}

impl ClientAuthorities {
    /// Reads the files.
    ///
    /// # Errors
    /// What is wrong with the first that cannot be used.
    pub(crate) fn read(ca: &[String], crl: &[String]) -> Result<Self, String> {
        let (mut roots, mut text) = (RootCertStore::empty(), String::new());
        for path in ca {
            let pem = file(path, &mut text)?;
            let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
            let all = all.ok().filter(|all| !all.is_empty());
            for one in all.ok_or_else(|| format!("the file `{path}` holds no certificate in PEM"))? {
                roots.add(one).map_err(|why| format!("the file `{path}` holds no authority: {why}"))?;
            }
        }
        let mut lists = Vec::new();
        for path in crl {
            let pem = file(path, &mut text)?;
            let all: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(pem.as_bytes()).collect();
            let all = all.ok().filter(|all| !all.is_empty());
            lists.extend(all.ok_or_else(|| format!("the file `{path}` holds no revocation list in PEM"))?);
        }
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()));
        // A list that has ended may lack what was taken back since.
        let builder = builder.with_crls(lists).enforce_revocation_expiration().allow_unauthenticated();
        let verifier = builder.build().map_err(|why| format!("the files cannot be used: {why}"))?;
        Ok(Self { ca: ca.to_vec(), crl: crl.to_vec(), verifier, source: Source::of(&text) })
    }
}

fn file(path: &str, text: &mut String) -> Result<String, String> {
    let pem = std::fs::read_to_string(path).map_err(|error| format!("the file `{path}` cannot be read: {error}"))?;
    text.push_str(&pem);
    text.push('\0');
    Ok(pem)
}

impl fmt::Debug for ClientAuthorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientAuthorities").field("ca", &self.ca).field("crl", &self.crl).finish_non_exhaustive()
    }
}
