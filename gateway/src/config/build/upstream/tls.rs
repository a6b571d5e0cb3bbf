//! `[apps.ID.upstream_tls]`: files that are read and found good before anybody connects.

use crate::config::build::values::{missing, write};
use crate::config::key::Key;
use crate::config::raw::RawUpstreamTls;
use crate::config::report::{Mistake, Report};
use crate::config::{Certificate, ClientCertificate, Source, UpstreamTls};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, DnsName, PrivateKeyDer};
use std::net::IpAddr;
use zeroize::Zeroizing;

/// Reads how servers are recognised, and how they recognise us.
pub(super) fn tls(report: &mut Report<'_>, key: &Key, raw: Option<&RawUpstreamTls>) -> Option<UpstreamTls> {
    let Some(raw) = raw else { return Some(UpstreamTls::default()) };
    let ca = raw.ca.as_deref().map(|file| report.take(&key.field("ca"), authorities(file)));
    let client = client(report, key, raw);
    let name = raw.server_name.as_deref().map(|name| report.take(&key.field("server_name"), server_name(name)));
    let (ca_text, ca) = or_default(ca)?;
    let (client_text, client) = client?.map_or((String::new(), None), |(text, client)| (text, Some(client)));
    let server_name = match name {
        Some(name) => Some(name?),
        None => None,
    };
    let source = Source::of(&format!("{ca_text}\0{client_text}\0{}", server_name.as_deref().unwrap_or_default()));
    Some(UpstreamTls { ca, client, server_name, source })
}

/// What was read, or nothing where nothing was named.
fn or_default<T: Default>(read: Option<Option<T>>) -> Option<T> {
    read.unwrap_or_else(|| Some(T::default()))
}

/// The text of a PEM file, and the certificates in it.
fn authorities(file: &str) -> Result<(String, Vec<Vec<u8>>), Mistake> {
    let text = read(file)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let certificates = certificates.ok().filter(|all| !all.is_empty());
    let none = || Mistake::new(format!("the file `{file}` holds no certificate in PEM"));
    let certificates = certificates.ok_or_else(none)?;
    let mut store = RootCertStore::empty();
    for certificate in &certificates {
        let refused = |error| Mistake::new(format!("a certificate in `{file}` cannot be used: {error}"));
        store.add(certificate.clone()).map_err(refused)?;
    }
    Ok((text.to_string(), certificates.into_iter().map(|certificate| certificate.to_vec()).collect()))
}

/// `None` for a mistake, `Some(None)` where we show nothing.
fn client(report: &mut Report<'_>, key: &Key, raw: &RawUpstreamTls) -> Option<Option<(String, ClientCertificate)>> {
    let (cert, private) = match (&raw.cert, &raw.key) {
        (None, None) => return Some(None),
        (Some(cert), Some(private)) => (cert, private),
        (Some(_), None) => return report.take(&key.field("key"), Err(missing("/etc/doorward/client.key"))),
        (None, Some(_)) => return report.take(&key.field("cert"), Err(missing("/etc/doorward/client.pem"))),
    };
    let pair = Certificate::read(cert, private).map_err(|why| Mistake::new(why.to_string()));
    let pair = report.take(&key.field("cert"), pair)?;
    let key_der = report.take(&key.field("key"), read(private).and_then(|text| private_key(private, &text)));
    let chain = pair.pair.cert.iter().map(|certificate| certificate.to_vec()).collect();
    let source = report.take(&key.field("cert"), read(cert)).map(|text| text.to_string())?;
    Some(Some((source, ClientCertificate { chain, key: key_der? })))
}

fn private_key(file: &str, text: &str) -> Result<Zeroizing<Vec<u8>>, Mistake> {
    let key = PrivateKeyDer::from_pem_slice(text.as_bytes());
    let none = |_| Mistake::new(format!("the file `{file}` holds no private key in PEM"));
    key.map(|key| Zeroizing::new(key.secret_der().to_vec())).map_err(none)
}

fn server_name(name: &str) -> Result<String, Mistake> {
    let good = DnsName::try_from(name).is_ok() || name.parse::<IpAddr>().is_ok();
    if good { Ok(name.to_owned()) } else { Err(Mistake::new("must be a host name").help(write("wiki.internal"))) }
}

fn read(file: &str) -> Result<Zeroizing<String>, Mistake> {
    let unreadable = |error| Mistake::new(format!("the file `{file}` cannot be read: {error}"));
    std::fs::read_to_string(file).map(Zeroizing::new).map_err(unreadable)
}
