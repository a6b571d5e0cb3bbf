//! A certificate that was ordered, with its key, as it lies in the store.

use super::Failed;
use crate::config::{Acme, certified};
use crate::gateway::World;
use crate::tls::Ordered;
use oauth::world::Timestamp;
use rustls::sign::CertifiedKey;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use zeroize::Zeroizing;

/// A certificate that was ordered.
pub(super) struct Kept {
    pem: Pem,
    pair: Arc<CertifiedKey>,
    not_before: Timestamp,
    pub(super) not_after: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Pem {
    chain: String,
    key: Zeroizing<String>,
}

impl Kept {
    /// From what the server sent, and the key that it was asked for.
    pub(super) fn new(host: &str, chain: String, key: Zeroizing<String>) -> Result<Self, Failed> {
        Self::read(host, Pem { chain, key })
    }

    fn read(host: &str, pem: Pem) -> Result<Self, Failed> {
        let read = certified((host, &pem.chain), (host, &pem.key));
        let (pair, (not_before, not_after)) = read.map_err(|why| Failed::Unusable(why.to_string()))?;
        if !crate::config::is_for(&pair, host) {
            return Err(Failed::Unusable(format!("the certificate is not for `{host}`")));
        }
        Ok(Self { pem, pair, not_before, not_after })
    }

    /// The one of the store.
    pub(super) async fn find(world: &World, acme: &Acme, host: &str) -> Result<Option<Self>, Failed> {
        let Some(pem) = open(world, &name(acme, host)).await? else { return Ok(None) };
        Self::read(host, pem).map(Some)
    }

    /// Puts it into the store, where all nodes find it.
    pub(super) async fn keep(&self, world: &World, acme: &Acme, host: &str) -> Result<(), Failed> {
        seal(world, &name(acme, host), &self.pem).await
    }

    /// When two thirds of its time are over.
    pub(super) fn renew_at(&self) -> Timestamp {
        self.not_before.plus(self.not_after.since(self.not_before) * 2 / 3)
    }

    /// As it is shown to clients.
    pub(super) fn shown(&self, host: &str) -> Ordered {
        Ordered { host: host.to_owned(), pair: Arc::clone(&self.pair), not_after: self.not_after }
    }
}

/// Where the certificate of a host is kept. One of a test server is not taken for one of another.
pub(super) fn name(acme: &Acme, host: &str) -> String {
    format!("acme certificate of {host} from {}", acme.directory)
}

/// What is kept by this name; what cannot be opened, because the key of the store was changed, counts as nothing.
pub(super) async fn open<T: DeserializeOwned>(world: &World, name: &str) -> Result<Option<T>, Failed> {
    let Some(sealed) = world.store.kept(name).await? else { return Ok(None) };
    let plain = world.at_rest.open_bytes(name, &sealed).map(Zeroizing::new);
    Ok(plain.and_then(|plain| serde_json::from_slice(&plain).ok()))
}

/// Keeps something by this name.
pub(super) async fn seal<T: Serialize>(world: &World, name: &str, value: &T) -> Result<(), Failed> {
    let plain = Zeroizing::new(serde_json::to_vec(value).map_err(|error| Failed::Unusable(error.to_string()))?);
    Ok(world.store.keep(name, &world.at_rest.seal_bytes(name, &plain, &*world.random)).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair};

    #[test]
    fn a_certificate_is_kept_for_the_host_that_it_is_for() {
        let (key, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let chain = CertificateParams::new(vec!["wiki.ex".to_owned()]).unwrap().self_signed(&key).unwrap().pem();
        let kept = |host: &str, key: &KeyPair| Kept::new(host, chain.clone(), Zeroizing::new(key.serialize_pem()));
        assert!(kept("wiki.ex", &key).is_ok());
        assert!(kept("auth.ex", &key).is_err() && kept("sub.wiki.ex", &key).is_err(), "another host's");
        assert!(kept("wiki.ex", &other).is_err(), "another key's");
    }
}
