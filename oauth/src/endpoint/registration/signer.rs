//! How a client that registers will sign its assertions (RFC 7591 section 2: `jwks` or `jwks_uri`).

use super::metadata::invalid;
use crate::client::{Signer, SignerKeys};
use crate::error::Error;
use crate::foreign_keys::is_key_url;
use crate::jose::{Algorithm, KeySet};
use serde_json::{Map, Value};

/// Reads the members. Nothing is fetched from `jwks_uri` now.
pub(super) fn parse(sent: &Map<String, Value>) -> Result<Signer, Error> {
    let keys = match (sent.get("jwks"), sent.get("jwks_uri")) {
        (Some(jwks), None) => {
            let keys = KeySet::parse(jwks).map_err(|unusable| invalid(&format!("`jwks`: {unusable}")))?;
            SignerKeys::Jwks(keys)
        }
        (None, Some(uri)) => match uri.as_str().filter(|uri| is_key_url(uri)) {
            Some(uri) => SignerKeys::JwksUri(uri.to_owned()),
            None => return Err(invalid("`jwks_uri` must be an https URL with a public host name")),
        },
        _ => return Err(invalid("`private_key_jwt` needs either `jwks` or `jwks_uri`")),
    };
    let algorithm = match sent.get("token_endpoint_auth_signing_alg") {
        None => None,
        Some(name) => Some(name.as_str().and_then(Algorithm::named).ok_or_else(|| {
            invalid(&format!("`token_endpoint_auth_signing_alg` must be one of {}", Algorithm::NAMES.join(", ")))
        })?),
    };
    Ok(Signer { keys, algorithm, or_none: false })
}
