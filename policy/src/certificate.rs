//! The client certificate that a connection came with.

use serde::{Deserialize, Serialize};

/// What a certificate says, of which the gateway has verified who signed it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientCertificate {
    /// The last common name of its subject, if there is one.
    pub common_name: Option<String>,
    /// E-mail addresses among its alternative names.
    pub emails: Vec<String>,
    /// Hosts among its alternative names.
    pub dns_names: Vec<String>,
    /// URIs among its alternative names.
    pub uris: Vec<String>,
    /// SHA-256 of the whole certificate, in lower-case hexadecimal.
    pub fingerprint: String,
    /// Who signed it, as one line.
    pub issuer: String,
}
