//! How a client with a document may authenticate (OpenID Connect RP Metadata Choices 1.0): the list wins over the single
//! value, and of what both sides can do, the strongest counts.

use super::Unusable;
use super::document::strings;
use crate::app::{AssertionRules, DocumentRules};
use crate::client::{Authentication, Signer, SignerKeys};
use crate::foreign_keys::is_key_url;
use crate::jose::{self, Algorithm, KeySet};
use serde_json::{Map, Value};

/// What a document says of authentication, as far as it is known here; there is always a way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Methods {
    /// Nothing is said.
    Unsaid,
    /// `none` alone.
    None,
    /// `private_key_jwt`, and perhaps `none`.
    PrivateKeyJwt(Box<Signer>),
}

const MALFORMED: Unusable = Unusable::Invalid("its authentication methods must be strings");

impl Methods {
    pub(super) fn parse(sent: &Map<String, Value>) -> Result<Self, Unusable> {
        let single = sent.get("token_endpoint_auth_method").map(|one| one.as_str().ok_or(MALFORMED)).transpose()?;
        let several = sent.get("token_endpoint_auth_methods_supported");
        let several = several.map(|several| strings(several).ok_or(MALFORMED)).transpose()?;
        let mut named = several.iter().flatten().copied().chain(single);
        if named.any(|method| method.starts_with("client_secret_")) {
            return Err(Unusable::Invalid("a client with a document must not authenticate by a shared secret"));
        }
        // Read whether it is used or not: a private key that everybody can read is somebody's mistake.
        let keys = keys(sent)?;
        let (none, signs) = match (&several, single) {
            (None, None) => return Ok(Self::Unsaid),
            (Some(several), _) => (several.contains(&"none"), several.contains(&"private_key_jwt")),
            (None, Some(single)) => (single == "none", single == "private_key_jwt"),
        };
        match signer(sent, keys.filter(|_| signs), none) {
            Some(signer) => Ok(Self::PrivateKeyJwt(Box::new(signer))),
            None if none => Ok(Self::None),
            None => Err(Unusable::NoCommonMethod),
        }
    }

    /// What the client is held to at an app with these rules.
    ///
    /// # Errors
    /// When they leave no way.
    pub fn agree(
        &self,
        documents: &DocumentRules,
        assertions: Option<&AssertionRules>,
    ) -> Result<Authentication, Unusable> {
        match self {
            Self::Unsaid if documents.implicit_none => Ok(Authentication::None),
            Self::Unsaid => Err(Unusable::NoMethod),
            Self::None => Ok(Authentication::None),
            Self::PrivateKeyJwt(signer) if assertions.is_some() => {
                Ok(Authentication::PrivateKeyJwt((**signer).clone()))
            }
            Self::PrivateKeyJwt(signer) if signer.or_none => Ok(Authentication::None),
            Self::PrivateKeyJwt(_) => Err(Unusable::AssertionsOff),
        }
    }
}

/// How it signs, if its keys can be used and it names no algorithm that cannot.
fn signer(sent: &Map<String, Value>, keys: Option<SignerKeys>, or_none: bool) -> Option<Signer> {
    let named = sent.get("token_endpoint_auth_signing_alg").map(|name| name.as_str().and_then(Algorithm::named));
    let algorithm = match named {
        None => None,
        Some(known) => Some(known?),
    };
    Some(Signer { keys: keys?, algorithm, or_none })
}

/// Where its keys are (RFC 7591 section 2: in one of two places). Keys that are of no use here are no keys.
fn keys(sent: &Map<String, Value>) -> Result<Option<SignerKeys>, Unusable> {
    match (sent.get("jwks"), sent.get("jwks_uri")) {
        (Some(_), Some(_)) => Err(Unusable::Invalid("it must not have both `jwks` and `jwks_uri`")),
        (Some(jwks), None) => match KeySet::parse(jwks) {
            Ok(keys) => Ok(Some(SignerKeys::Jwks(keys))),
            Err(jose::Unusable::Private) => Err(Unusable::Invalid("`jwks` must not have private keys")),
            Err(_) if jwks.get("keys").is_none_or(|keys| !keys.is_array()) => {
                Err(Unusable::Invalid("`jwks` must be a key set"))
            }
            Err(_) => Ok(None),
        },
        (None, uri) => {
            let usable = uri.and_then(Value::as_str).filter(|uri| is_key_url(uri));
            Ok(usable.map(|uri| SignerKeys::JwksUri(uri.to_owned())))
        }
    }
}
