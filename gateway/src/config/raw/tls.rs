//! What `[server]` says of TLS.

use super::RawSecret;
use serde::Deserialize;

/// One of `certificates`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawCertificate {
    /// A PEM file: the certificate, followed by those that lead from it to its root. Required.
    pub(crate) cert: Option<String>,
    /// A PEM file: the private key. Required.
    pub(crate) key: Option<String>,
}

/// `[server.client_certificates]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawClientCertificates {
    /// PEM files of who signs the certificates. They are read again when they change. Required.
    pub(crate) ca: Vec<String>,
    /// PEM files of revocation lists: then there must be one, not yet ended, for each authority of a chain. They are read
    /// again when they change. Default: none, and then nothing is revoked.
    pub(crate) crl: Vec<String>,
}

/// `[server.acme]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawAcme {
    /// That you agree to the terms of the ACME server. Required, and only `true` will do.
    pub(crate) agree_to_terms: bool,
    /// Whom the ACME server may write to. Default: nobody.
    pub(crate) email: Option<String>,
    /// The hosts to order certificates for, each one of its own. Default: the hosts of all https URLs that none of
    /// `certificates` is for.
    pub(crate) domains: Option<Vec<String>>,
    /// The directory of the ACME server: an https URL. Default: that of Let's Encrypt.
    pub(crate) directory: Option<String>,
    /// A PEM file of who signs the certificate of the ACME server itself. Default: the authorities of this machine.
    pub(crate) ca: Option<String>,
    /// How the ACME server sees that a host is yours: `"tls-alpn-01"` at `listen`, which it reaches at port 443, or
    /// `"http-01"` at `redirect_listen`, which it reaches at port 80. Default: `"tls-alpn-01"`.
    pub(crate) challenge: RawAcmeChallenge,
    /// The account that the ACME server knows you by already, if it asks for one.
    pub(crate) external_account: Option<RawExternalAccount>,
}

/// `challenge`
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) enum RawAcmeChallenge {
    /// In the handshake of TLS (RFC 8737).
    #[default]
    #[serde(rename = "tls-alpn-01")]
    TlsAlpn,
    /// Over plain HTTP (RFC 8555 section 8.3).
    #[serde(rename = "http-01")]
    Http,
}

/// `external_account`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawExternalAccount {
    /// The id that the ACME server gave. Required.
    pub(crate) key_id: Option<String>,
    /// The key that came with it, in base64url, from `{ env = "NAME" }` or `{ file = "PATH" }`. Required.
    pub(crate) key: Option<RawSecret>,
}
