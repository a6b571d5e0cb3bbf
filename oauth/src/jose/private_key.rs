//! A key of ours that others know: it signs assertions by which we prove ourselves to them (RFC 7523 section 2.2).

use crate::world::Timestamp;
use jwt_simple::algorithms::{
    ECDSAP256KeyPairLike, ES256KeyPair, Ed25519KeyPair, EdDSAKeyPairLike, RS256KeyPair, RSAKeyPairLike,
};
use jwt_simple::claims::{Audiences, JWTClaims, NoCustomClaims};
use jwt_simple::prelude::UnixTimeStamp;
use std::fmt;
use std::sync::Arc;

/// A private key for signatures.
#[derive(Clone)]
pub struct PrivateKey(Arc<Pair>);

enum Pair {
    Rs256(Box<RS256KeyPair>),
    Es256(Box<ES256KeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

/// It was not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the assertion could not be signed")]
pub struct Unsigned;

impl PrivateKey {
    /// Reads a PEM with an RSA, P-256 or Ed25519 key, which others know by `kid` if they have a name for it.
    pub fn from_pem(pem: &str, kid: Option<&str>) -> Option<Self> {
        let named = kid.unwrap_or_default();
        let rsa = || {
            RS256KeyPair::from_pem(pem).ok().map(|key| match kid {
                Some(_) => Pair::Rs256(Box::new(key.with_key_id(named))),
                None => Pair::Rs256(Box::new(key)),
            })
        };
        let p256 = || {
            ES256KeyPair::from_pem(pem).ok().map(|key| match kid {
                Some(_) => Pair::Es256(Box::new(key.with_key_id(named))),
                None => Pair::Es256(Box::new(key)),
            })
        };
        let ed25519 = || {
            Ed25519KeyPair::from_pem(pem).ok().map(|key| match kid {
                Some(_) => Pair::Ed25519(Box::new(key.with_key_id(named))),
                None => Pair::Ed25519(Box::new(key)),
            })
        };
        ed25519().or_else(p256).or_else(rsa).map(|pair| Self(Arc::new(pair)))
    }

    /// An assertion that its bearer is `client`, for `audience` alone, with an id that is used once.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn client_assertion(
        &self,
        client: &str,
        audience: &str,
        jti: String,
        (now, until): (Timestamp, Timestamp),
    ) -> Result<String, Unsigned> {
        let claims = JWTClaims::<NoCustomClaims> {
            issued_at: Some(moment(now)),
            expires_at: Some(moment(until)),
            invalid_before: None,
            issuer: Some(client.to_owned()),
            subject: Some(client.to_owned()),
            audiences: Some(Audiences::AsString(audience.to_owned())),
            jwt_id: Some(jti),
            nonce: None,
            custom: NoCustomClaims {},
        };
        let signed = match &*self.0 {
            Pair::Rs256(key) => key.sign(claims),
            Pair::Es256(key) => key.sign(claims),
            Pair::Ed25519(key) => key.sign(claims),
        };
        signed.map_err(|_| Unsigned)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(…)")
    }
}

fn moment(at: Timestamp) -> UnixTimeStamp {
    UnixTimeStamp::from_secs(u64::try_from(at.seconds()).unwrap_or(0))
}
