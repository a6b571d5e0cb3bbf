//! What `[server]` says of TLS.

use super::places::Places;
use super::sections::listen;
use super::values::{missing, write};
use crate::config::key::Key;
use crate::config::raw::{RawAcme, RawAcmeChallenge, RawCertificate, RawConfig, RawExternalAccount, RawServer};
use crate::config::report::{Mistake, Report};
use crate::config::{Acme, AcmeChallenge, Certificate, ClientAuthorities, HostPattern, Origin, Secret, Server, secret};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, DnsName};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use url::Url;

/// `certificates`
pub(super) fn certificates(report: &mut Report<'_>, key: &Key, raw: &[RawCertificate]) -> Option<Vec<Certificate>> {
    let read = raw.iter().enumerate().map(|(index, raw)| {
        let key = key.index(index);
        let named = |name, file: &Option<String>| {
            file.clone().ok_or_else(|| (key.field(name), missing("/etc/doorward/tls.pem")))
        };
        let read = named("cert", &raw.cert).and_then(|cert| Ok((cert, named("key", &raw.key)?)));
        match read {
            Ok((cert, private)) => {
                let read = Certificate::read(&cert, &private).map_err(|why| Mistake::new(why.to_string()));
                report.take(&key, read)
            }
            Err((key, mistake)) => report.take(&key, Err(mistake)),
        }
    });
    // All of them first, so that every mistake is told.
    read.collect::<Vec<_>>().into_iter().collect()
}

/// `redirect_listen`
pub(super) fn redirect_listen(report: &mut Report<'_>, key: &Key, raw: &RawServer) -> Option<Vec<SocketAddr>> {
    if raw.redirect_listen.is_empty() {
        return Some(Vec::new());
    }
    if raw.certificates.is_empty() && raw.acme.is_none() {
        let help = "write `certificates` or `acme`, or leave it out".to_owned();
        report.error(key, Mistake::new("needs https to send on to").help(help));
    }
    listen(report, key, Some(&raw.redirect_listen))
}

/// `[server.client_certificates]`
pub(super) fn client_certificates(
    report: &mut Report<'_>,
    key: &Key,
    raw: &RawServer,
) -> Option<Option<ClientAuthorities>> {
    let Some(clients) = &raw.client_certificates else { return Some(None) };
    if raw.certificates.is_empty() && raw.acme.is_none() {
        let help = "write `certificates` or `acme`: a proxy that ends TLS keeps the certificates of clients".to_owned();
        report.error(key, Mistake::new("needs TLS at `listen`").help(help));
    }
    if clients.ca.is_empty() {
        let help = "write [\"/etc/doorward/devices.pem\"]".to_owned();
        return report.take(&key.field("ca"), Err(Mistake::new("is missing").help(help)));
    }
    report.take(key, ClientAuthorities::read(&clients.ca, &clients.crl).map_err(Mistake::new)).map(Some)
}

/// `proxy_protocol`
pub(super) fn proxy_protocol(report: &mut Report<'_>, key: &Key, raw: &RawServer) -> bool {
    if raw.proxy_protocol && raw.trusted_proxies.is_empty() {
        let help = "name the proxies that send the header; all other connections are closed".to_owned();
        report.error(key, Mistake::new("needs `trusted_proxies`").help(help));
    }
    raw.proxy_protocol
}

/// `[server.acme]`
pub(super) fn acme(
    report: &mut Report<'_>,
    raw: &RawConfig,
    server: Option<&Server>,
    login: Option<&Origin>,
    places: &Places,
) -> Option<Option<Arc<Acme>>> {
    let Some(acme) = &raw.server.acme else { return Some(None) };
    let key = Key::section("server").field("acme");
    if !acme.agree_to_terms {
        let help = "read the terms of the ACME server and write true".to_owned();
        report.error(&key.field("agree_to_terms"), Mistake::new("is missing").help(help));
    }
    let directory = acme.directory.as_deref().unwrap_or(LETS_ENCRYPT);
    let directory = report.take(&key.field("directory"), https_url(directory));
    let ca = report.take(&key.field("ca"), acme.ca.as_deref().map(authority).transpose());
    let challenge = report.take(&key.field("challenge"), challenge(acme, &raw.server));
    let email = report.take(&key.field("email"), acme.email.as_deref().map(email).transpose());
    let account = acme.external_account.as_ref();
    let account = account.map(|raw| external_account(report, &key.field("external_account"), raw));
    let domains = match &acme.domains {
        Some(named) => domains(report, &key.field("domains"), named),
        None => hosts(report, server, login, places),
    };
    Some(Some(Arc::new(Acme {
        email: email?,
        domains: domains?,
        directory: directory?,
        ca: ca?,
        challenge: challenge?,
        external_account: match account {
            Some(account) => Some(account?),
            None => None,
        },
    })))
}

fn https_url(text: &str) -> Result<String, Mistake> {
    let url = Url::parse(text).ok().filter(|url| url.scheme() == "https" && url.has_host());
    url.map(String::from).ok_or_else(|| Mistake::new("must be an https URL").help(write(LETS_ENCRYPT)))
}

fn authority(file: &str) -> Result<String, Mistake> {
    let pem = std::fs::read(file);
    let pem = pem.map_err(|error| Mistake::new(format!("the file `{file}` cannot be read: {error}")))?;
    let read = CertificateDer::from_pem_slice(&pem);
    read.map(|_| file.to_owned()).map_err(|_| Mistake::new(format!("the file `{file}` holds no certificate in PEM")))
}

fn challenge(acme: &RawAcme, server: &RawServer) -> Result<AcmeChallenge, Mistake> {
    match acme.challenge {
        RawAcmeChallenge::TlsAlpn => Ok(AcmeChallenge::TlsAlpn),
        RawAcmeChallenge::Http if !server.redirect_listen.is_empty() => Ok(AcmeChallenge::Http),
        RawAcmeChallenge::Http => {
            let help = "write server.redirect_listen = [\"0.0.0.0:80\"]".to_owned();
            Err(Mistake::new("needs an address that takes plain HTTP").help(help))
        }
    }
}

fn email(text: &str) -> Result<String, Mistake> {
    let wrong = || Mistake::new("is not an e-mail address").help(write("ops@example.com"));
    let plain = text.parse::<lettre::Address>().is_ok() && !text.contains([',', '?']);
    if plain { Ok(text.to_owned()) } else { Err(wrong()) }
}

fn external_account(report: &mut Report<'_>, key: &Key, raw: &RawExternalAccount) -> Option<(String, Secret<Vec<u8>>)> {
    let id = report.take(&key.field("key_id"), raw.key_id.clone().ok_or_else(|| missing("kid-1")));
    let read = || {
        let secret = raw.key.as_ref().ok_or_else(|| Mistake::new("is missing").help(KEY_EXAMPLE.to_owned()))?;
        let bytes = URL_SAFE_NO_PAD.decode(secret::read(secret)?.trim_end_matches('='));
        bytes.map(Secret::new).map_err(|_| Mistake::new("the secret is not base64url"))
    };
    let account_key = report.take(&key.field("key"), read());
    Some((id?, account_key?))
}

fn domains(report: &mut Report<'_>, key: &Key, named: &[String]) -> Option<Vec<String>> {
    if named.is_empty() {
        report.error(key, Mistake::new("names no host").help("leave it out".to_owned()));
        return None;
    }
    let read = named.iter().enumerate().map(|(index, name)| report.take(&key.index(index), domain(name)));
    // All of them first, so that every mistake is told.
    let read: Option<BTreeSet<_>> = read.collect::<Vec<_>>().into_iter().collect();
    read.map(|domains| domains.into_iter().collect())
}

/// The hosts of all https URLs that no certificate of the configuration is for.
fn hosts(
    report: &mut Report<'_>,
    server: Option<&Server>,
    login: Option<&Origin>,
    places: &Places,
) -> Option<Vec<String>> {
    let has = |host: &str| server.is_some_and(|server| server.certificates.iter().any(|one| one.is_for(host)));
    let login = login.filter(|login| login.secure).map(|login| (Key::section("auth").field("url"), login.host.clone()));
    let secure = places.values().flatten().filter(|(_, place)| place.secure);
    let hosts = secure.filter_map(|(key, place)| match &place.host {
        HostPattern::Exact(host) => Some((key.clone(), host.clone())),
        // A certificate of the configuration may be for all that it stands for, and nobody can say so for sure.
        HostPattern::Labels(_) if server.is_some_and(|server| !server.certificates.is_empty()) => None,
        pattern @ HostPattern::Labels(_) => Some((key.clone(), pattern.to_string())),
    });
    let wanted: Vec<_> = login.into_iter().chain(hosts).filter(|(_, host)| !has(host)).collect();
    let read = wanted.into_iter().map(|(key, host)| report.take(&key, domain(&host)));
    let read: Option<BTreeSet<_>> = read.collect::<Vec<_>>().into_iter().collect();
    read.map(|domains| domains.into_iter().collect())
}

/// A host that these challenges are for: neither a pattern, which asks for a record in DNS, nor an address.
fn domain(name: &str) -> Result<String, Mistake> {
    let name = name.to_ascii_lowercase();
    if name.contains('*') {
        let help = "get one elsewhere and write it into `server.certificates`".to_owned();
        return Err(Mistake::new("has `*`, for which `acme` gets no certificate").help(help));
    }
    let is_name = DnsName::try_from(name.as_str()).is_ok() && name.contains('.');
    if is_name && name.parse::<std::net::IpAddr>().is_err() {
        return Ok(name);
    }
    let help = "name a host of the public DNS, or write `server.certificates`".to_owned();
    Err(Mistake::new("is no name that `acme` gets a certificate for").help(help))
}

const KEY_EXAMPLE: &str = "write { env = \"ACME_KEY\" }";
const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";
