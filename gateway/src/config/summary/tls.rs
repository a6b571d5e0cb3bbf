//! TLS, as it is used.

use crate::config::{Acme, AcmeChallenge};
use serde_json::{Value, json};

/// `[server.acme]`
pub(super) fn acme(acme: &Acme) -> Value {
    json!({
        "email": acme.email,
        "domains": acme.domains,
        "directory": acme.directory,
        "ca": acme.ca.as_deref().unwrap_or("the authorities of the machine"),
        "challenge": match acme.challenge {
            AcmeChallenge::TlsAlpn => "tls-alpn-01",
            AcmeChallenge::Http => "http-01",
        },
        "external_account": acme.external_account.as_ref().map(|(id, _)| id),
    })
}
