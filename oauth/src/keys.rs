//! The server's keys: made at first start, kept in the store, one per purpose (RFC 8037 for Ed25519, RFC 7517 for JWKS).

use crate::seal::Sealer;
use crate::store::{KeyPurpose, Store, StoreError, StoredKey};
use crate::world::{Random, Timestamp};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jwt_simple::algorithms::{Ed25519KeyPair, EdDSAKeyPairLike};
use jwt_simple::prelude::HeaderOptions;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroizing;

/// All keys of a gateway.
#[derive(Debug)]
pub struct Keyring {
    /// Signs access tokens.
    pub access_token: SigningKey,
    /// Signs the assertions for upstreams.
    pub assertion: SigningKey,
    /// Seals forms and states.
    pub sealer: Sealer,
}

impl Keyring {
    /// Loads the keys; makes those that are missing. All nodes end with the same ones. The store keeps them sealed by
    /// `at_rest`, so that who reads the store cannot sign.
    pub async fn load(
        store: &dyn Store,
        at_rest: &Sealer,
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let ensure = |purpose| ensure(store, at_rest, purpose, random, now);
        let access_token = ensure(KeyPurpose::AccessToken).await?;
        let assertion = ensure(KeyPurpose::Assertion).await?;
        let sealing = ensure(KeyPurpose::Sealing).await?;
        Ok(Self {
            access_token: SigningKey::from_seed(&access_token)?,
            assertion: SigningKey::from_seed(&assertion)?,
            sealer: Sealer::new(sealing),
        })
    }
}

async fn ensure(
    store: &dyn Store,
    at_rest: &Sealer,
    purpose: KeyPurpose,
    random: &dyn Random,
    now: Timestamp,
) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    let name = purpose.as_str();
    let fresh = Zeroizing::new(random.bytes::<32>());
    let sealed = at_rest.seal_bytes(name, &fresh[..], random);
    let keys = store.ensure_key(StoredKey { purpose, sealed, created_at: now }).await?;
    let kept = keys.into_iter().find(|key| key.purpose == purpose);
    let kept = kept.ok_or_else(|| StoreError(format!("the key for `{name}` was not kept")))?;
    let opened = at_rest.open_bytes(name, &kept.sealed).map(Zeroizing::new);
    let bytes = opened.and_then(|bytes| <[u8; 32]>::try_from(&bytes[..]).ok()).map(Zeroizing::new);
    bytes.ok_or_else(|| StoreError("its keys were sealed under another store key than the one that was given".into()))
}

/// An Ed25519 key pair with its `kid`, the RFC 7638 thumbprint.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    verifying: ed25519_dalek::VerifyingKey,
    kid: String,
}

impl SigningKey {
    /// From 32 secret bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, StoreError> {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        let kid = thumbprint(&key.verifying_key());
        let bytes = Zeroizing::new(key.to_keypair_bytes());
        let pair = Ed25519KeyPair::from_bytes(&bytes[..]).map_err(|_| StoreError("a signing key is damaged".into()))?;
        Ok(Self { pair: pair.with_key_id(&kid), verifying: key.verifying_key(), kid })
    }

    /// Its `kid`.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Its public half.
    pub fn verifying(&self) -> &ed25519_dalek::VerifyingKey {
        &self.verifying
    }

    /// Its public half as a JWK. `alg` is left out: verifiers disagree about its name (RFC 9864).
    pub fn jwk(&self) -> serde_json::Value {
        let x = URL_SAFE_NO_PAD.encode(self.verifying.as_bytes());
        json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "use": "sig", "kid": self.kid })
    }

    /// Signs claims as a JWT with this `typ`.
    pub(crate) fn sign<C: serde::Serialize>(
        &self,
        typ: &str,
        claims: jwt_simple::claims::JWTClaims<C>,
    ) -> Result<String, jwt_simple::Error> {
        let header = HeaderOptions { content_type: None, signature_type: Some(typ.to_owned()) };
        self.pair.sign_with_options(claims, &header)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.kid)
    }
}

/// RFC 7638 section 3: the hash of the required members, in lexicographic order.
fn thumbprint(key: &ed25519_dalek::VerifyingKey) -> String {
    let x = URL_SAFE_NO_PAD.encode(key.as_bytes());
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037 appendix A.1 to A.3.
    #[test]
    fn ky_06_the_kid_is_the_thumbprint_of_rfc_7638() {
        let seed = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let key = SigningKey::from_seed(&seed.try_into().unwrap()).unwrap();
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(key.jwk()["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    }

    #[test]
    fn ky_04_a_jwk_names_no_alg_and_no_private_member() {
        let jwk = SigningKey::from_seed(&[5; 32]).unwrap().jwk();
        let mut members: Vec<_> = jwk.as_object().unwrap().keys().cloned().collect();
        members.sort();
        assert_eq!(members, ["crv", "kid", "kty", "use", "x"]);
    }
}
