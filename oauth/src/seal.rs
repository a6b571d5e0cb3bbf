//! Sealing: what the server hands out and takes back later without keeping it (consent forms, the state of a sign-in, the
//! response that a replayed refresh gets). AEAD only: XChaCha20-Poly1305 with a random nonce.

use crate::secret::Secret;
use crate::world::Random;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use serde::{Serialize, de::DeserializeOwned};
use sha2::Sha256;
use std::fmt;
use zeroize::Zeroizing;

const NONCE_BYTES: usize = 24;

/// Seals under one key, and opens what that one sealed or one before it. What was sealed for one purpose never opens for
/// another.
#[derive(Clone)]
pub struct Sealer {
    /// The first one seals. Without any, nothing is sealed or opened.
    keys: Vec<Zeroizing<[u8; 32]>>,
}

impl Sealer {
    /// A sealer with this key.
    pub fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self { keys: vec![key] }
    }

    /// Seals as `current` does, and opens what any of `line` opens.
    pub(crate) fn of_line<'a>(current: Option<&Self>, line: impl Iterator<Item = &'a Self>) -> Self {
        let mut keys: Vec<_> = current.map(|sealer| sealer.keys.clone()).unwrap_or_default();
        for key in line.flat_map(|sealer| &sealer.keys) {
            if !keys.contains(key) {
                keys.push(key.clone());
            }
        }
        Self { keys }
    }

    /// A public name of its key.
    pub fn id(&self) -> String {
        let key = self.keys.first().map_or(&[][..], |key| &key[..]);
        URL_SAFE_NO_PAD.encode(&derive(key, "key id")[..16])
    }

    /// A sealer whose key only the holder of `secret` can derive.
    pub fn of_secret(secret: &Secret, purpose: &str) -> Self {
        Self::new(derive(secret.expose().as_bytes(), purpose))
    }

    /// Bytes for `purpose`, as bytes.
    pub fn seal_bytes(&self, purpose: &str, plain: &[u8], random: &dyn Random) -> Vec<u8> {
        let nonce = random.bytes::<NONCE_BYTES>();
        let payload = Payload { msg: plain, aad: purpose.as_bytes() };
        let Some(key) = self.keys.first() else { return Vec::new() };
        // Encryption fails only for messages of more than 256 GiB.
        let sealed = cipher(key).encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
        [&nonce[..], &sealed].concat()
    }

    /// What was sealed for `purpose` under this key.
    pub fn open_bytes(&self, purpose: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
        let open = |key| {
            let payload = Payload { msg: sealed, aad: purpose.as_bytes() };
            cipher(key).decrypt(&XNonce::from(nonce), payload).ok()
        };
        self.keys.iter().find_map(open)
    }

    /// A value for `purpose`, as URL-safe text.
    pub fn seal<T: Serialize>(&self, purpose: &str, value: &T, random: &dyn Random) -> String {
        let plain = serde_json::to_vec(value).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(self.seal_bytes(purpose, &plain, random))
    }

    /// The value that was sealed for `purpose` under this key.
    pub fn open<T: DeserializeOwned>(&self, purpose: &str, text: &str) -> Option<T> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        serde_json::from_slice(&self.open_bytes(purpose, &sealed)?).ok()
    }

    /// Texts that only the holder of `secret` and of these keys can derive: values that are found again without being kept.
    /// The first is that of the key of now.
    pub fn derive_texts(&self, purpose: &str, secret: &[u8]) -> Vec<String> {
        let text = |key: &Zeroizing<[u8; 32]>| {
            let material = Zeroizing::new([&key[..], secret].concat());
            URL_SAFE_NO_PAD.encode(&derive(&material, purpose)[..])
        };
        self.keys.iter().map(text).collect()
    }
}

fn cipher(key: &Zeroizing<[u8; 32]>) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&(**key).into())
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(…)")
    }
}

fn derive(material: &[u8], purpose: &str) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    // Expansion fails only for outputs of more than 8160 bytes.
    let _ = Hkdf::<Sha256>::new(Some(b"doorward"), material).expand(purpose.as_bytes(), &mut key[..]);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Zero;
    impl Random for Zero {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    #[test]
    fn opens_only_for_its_purpose_and_key_and_whole() {
        let sealer = Sealer::new(Zeroizing::new([1; 32]));
        let sealed = sealer.seal("consent", &"hello", &Zero);
        assert_eq!(sealer.open::<String>("consent", &sealed).as_deref(), Some("hello"));
        assert_eq!(sealer.open::<String>("login", &sealed), None);
        assert_eq!(Sealer::new(Zeroizing::new([2; 32])).open::<String>("consent", &sealed), None);
        assert_eq!(sealer.open::<String>("consent", &sealed[..sealed.len() - 2]), None);
        assert_eq!(sealer.open::<String>("consent", ""), None);
    }
}
