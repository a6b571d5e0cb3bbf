//! The certificates of clients: whom they may be signed by, as of now, and what one that was shown says.

use crate::config::{ClientAuthorities, Server};
use oauth::world::Timestamp;
use pingora::tls::UnixTime;
use policy::ClientCertificate;
use rustls::pki_types::CertificateDer;
use rustls::server::danger::ClientCertVerifier;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// The authorities of now.
#[derive(Default)]
pub(crate) struct Clients(Mutex<Now>);

#[derive(Default)]
struct Now {
    authorities: Option<ClientAuthorities>,
    /// Goes up with each change, so that what was checked before is checked again.
    generation: u64,
}

impl Clients {
    /// Puts the authorities of a configuration in place; `true` if they are others.
    pub(super) fn replace(&self, server: &Server) -> bool {
        self.put(server.client_certificates.clone())
    }

    /// Reads the files again; `true` if some have changed. It blocks.
    ///
    /// # Errors
    /// What is wrong with the first that cannot be used: all stay as they are then.
    pub(super) fn read_again(&self) -> Result<bool, String> {
        let Some(now) = self.now().authorities.clone() else { return Ok(false) };
        let newer = ClientAuthorities::read(&now.ca, &now.crl)?;
        Ok(self.put(Some(newer)))
    }

    fn put(&self, newer: Option<ClientAuthorities>) -> bool {
        let mut now = self.now();
        let source = |one: &Option<ClientAuthorities>| one.as_ref().map(|one| one.source);
        let changed = source(&now.authorities) != source(&newer);
        if changed {
            now.generation += 1;
        }
        now.authorities = newer;
        changed
    }

    /// What asks clients for certificates in handshakes.
    pub(super) fn verifier(&self) -> Option<Arc<dyn ClientCertVerifier>> {
        self.now().authorities.as_ref().map(|authorities| Arc::clone(&authorities.verifier))
    }

    /// Whether a certificate that was shown in a handshake would be taken now.
    pub(crate) fn trust(&self, shown: &Presented, at: Timestamp) -> bool {
        if at < shown.not_before || at >= shown.not_after {
            return false;
        }
        let (verifier, generation) = {
            let now = self.now();
            let Some(authorities) = &now.authorities else { return false };
            (Arc::clone(&authorities.verifier), now.generation)
        };
        // Once for each connection and change of the authorities: a signature costs more than all else here.
        if shown.trusted_in.load(Ordering::Acquire) == generation + 1 {
            return true;
        }
        let Some((first, rest)) = shown.chain.split_first() else { return false };
        let since = Duration::from_secs(u64::try_from(at.seconds()).unwrap_or_default());
        let trusted = verifier.verify_client_cert(first, rest, UnixTime::since_unix_epoch(since)).is_ok();
        if trusted {
            shown.trusted_in.store(generation + 1, Ordering::Release);
        }
        trusted
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A certificate that a client has shown and has the key of.
#[derive(Debug)]
pub(crate) struct Presented {
    chain: Vec<CertificateDer<'static>>,
    /// What it says.
    pub(crate) says: ClientCertificate,
    /// A name for its holder that a renewed certificate has too: made from issuer and subject, begins like no person's.
    pub(crate) holder: String,
    not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    /// The generation of authorities that it was checked against, plus one.
    trusted_in: AtomicU64,
}

impl Presented {
    /// Reads the first certificate of a chain; `None` if it cannot be read.
    pub(super) fn read(chain: &[CertificateDer<'static>]) -> Option<Self> {
        let first = chain.first()?;
        let (_, parsed) = X509Certificate::from_der(first).ok()?;
        let text = |name: &x509_parser::x509::AttributeTypeAndValue<'_>| name.as_str().ok().map(str::to_owned);
        let common_name = parsed.subject().iter_common_name().last().and_then(text);
        let mut says = ClientCertificate {
            common_name,
            fingerprint: hex(&Sha256::digest(first)),
            issuer: parsed.issuer().to_string(),
            ..ClientCertificate::default()
        };
        let names = parsed.subject_alternative_name().ok()?;
        for name in names.iter().flat_map(|names| &names.value.general_names) {
            match name {
                GeneralName::RFC822Name(email) => says.emails.push((*email).to_owned()),
                GeneralName::DNSName(host) => says.dns_names.push((*host).to_owned()),
                GeneralName::URI(uri) => says.uris.push((*uri).to_owned()),
                _ => {}
            }
        }
        let (issuer, subject) = (Sha256::digest(parsed.issuer().as_raw()), Sha256::digest(parsed.subject().as_raw()));
        let holder = Sha256::new().chain_update(issuer).chain_update(subject).finalize();
        let at = |time: x509_parser::time::ASN1Time| Timestamp::from_seconds(time.timestamp());
        let validity = parsed.validity();
        Some(Self {
            chain: chain.to_vec(),
            says,
            holder: format!("crt_{}", hex(&holder[..12])),
            not_before: at(validity.not_before),
            not_after: at(validity.not_after),
            trusted_in: AtomicU64::new(0),
        })
    }

    /// What people call its holder.
    pub(crate) fn name(&self) -> &str {
        let says = &self.says;
        let others = says.dns_names.first().or(says.uris.first()).or(says.emails.first());
        says.common_name.as_ref().or(others).map_or(&self.holder, |name| name)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ClientAuthorities;
    use rcgen::{
        BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, ExtendedKeyUsagePurpose,
        IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, SerialNumber, date_time_ymd,
    };

    type Issuer = CertifiedIssuer<'static, KeyPair>;

    fn issuer() -> Issuer {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    }

    /// One for the year 2026.
    fn shown(issuer: &Issuer) -> Presented {
        let mut params = CertificateParams::new(vec!["printer.ex".to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2027, 1, 1));
        let certificate = params.signed_by(&KeyPair::generate().unwrap(), issuer).unwrap();
        Presented::read(&[certificate.der().clone()]).unwrap()
    }

    /// A list of the first half of 2026, on which nobody is.
    fn list(issuer: &Issuer) -> String {
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 1, 1),
            next_update: date_time_ymd(2026, 7, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: Vec::new(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(issuer).unwrap().pem().unwrap()
    }

    #[test]
    fn a_certificate_is_trusted_in_its_time_by_the_authorities_and_lists_of_now() {
        let folder = std::env::temp_dir().join(format!("doorward-authorities-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (ca, other) = (issuer(), issuer());
        for (name, pem) in [("ca", ca.pem()), ("other", other.pem()), ("crl", list(&ca))] {
            std::fs::write(folder.join(name), pem).unwrap();
        }
        let file = |name: &str| vec![folder.join(name).display().to_string()];
        let by = |name: &str, lists: &[String]| Some(ClientAuthorities::read(&file(name), lists).unwrap());
        let (clients, shown, second) = (Clients::default(), shown(&ca), Duration::from_secs(1));
        let (begins, ends) = (shown.not_before, shown.not_after);
        assert!(!clients.trust(&shown, begins), "without authorities");
        clients.put(by("ca", &[]));
        for (at, trusted) in [
            (begins.minus(second), false),
            (begins, true),
            (begins.minus(second), false),
            (ends.minus(second), true),
            (ends, false),
        ] {
            assert_eq!(clients.trust(&shown, at), trusted, "at {}", at.seconds());
        }
        clients.put(by("other", &[]));
        assert!(!clients.trust(&shown, begins), "its authority was taken out");
        clients.put(by("ca", &file("crl")));
        assert!(!clients.trust(&shown, ends.minus(second)), "the list has ended, and may lack it");
        assert!(clients.trust(&shown, begins), "in the time of the list");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
