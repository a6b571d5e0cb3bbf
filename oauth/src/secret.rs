//! Secrets that are handed out (codes, refresh tokens, sessions, client secrets): random, prefixed so that scanners
//! find them, checksummed so that garbage costs no look-up, and stored only as hashes.

use crate::world::Random;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroizing;

/// What a secret is for; part of its text, so that one kind can never be taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An authorization code (RFC 6749 section 1.3.1).
    Code,
    /// A refresh token (RFC 6749 section 1.5).
    Refresh,
    /// A browser session, at one app or at the login origin.
    Session,
    /// The secret of a confidential client (RFC 6749 section 2.3.1).
    Client,
    /// A service token: a program's own credential at the door.
    ServiceToken,
    /// What a client changes its own registration with (RFC 7592 section 3).
    Registration,
    /// The code that a device waits with (RFC 8628 section 3.2).
    Device,
}

impl Kind {
    /// What its text begins with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Code => "dw_ac_",
            Self::Refresh => "dw_rt_",
            Self::Session => "dw_se_",
            Self::Client => "dw_cs_",
            Self::ServiceToken => "dw_st_",
            Self::Registration => "dw_ra_",
            Self::Device => "dw_dc_",
        }
    }
}

/// A secret in clear. It cannot be printed; [`Secret::expose`] is the only way to its text.
#[derive(Clone)]
pub struct Secret {
    text: Zeroizing<String>,
}

/// 192 random bits: more than the 160 that OAuth 2.1 section 7.7 asks for.
const RANDOM_BYTES: usize = 24;
const CHECKSUM_CHARS: usize = 6;

impl Secret {
    /// A new secret.
    pub fn generate(kind: Kind, random: &dyn Random) -> Self {
        let body = Zeroizing::new(URL_SAFE_NO_PAD.encode(random.bytes::<RANDOM_BYTES>()));
        let unchecked = Zeroizing::new(format!("{}{}", kind.prefix(), *body));
        let checksum = checksum(&unchecked);
        Self { text: Zeroizing::new(format!("{}{checksum}", *unchecked)) }
    }

    /// Reads a presented secret; `None` unless it is whole and of this `kind`.
    pub fn parse(kind: Kind, presented: &str) -> Option<Self> {
        let length = kind.prefix().len() + RANDOM_BYTES.div_ceil(3) * 4 + CHECKSUM_CHARS;
        if presented.len() != length || !presented.is_ascii() || !presented.starts_with(kind.prefix()) {
            return None;
        }
        let (unchecked, check) = presented.split_at(length - CHECKSUM_CHARS);
        (checksum(unchecked) == check).then(|| Self { text: Zeroizing::new(presented.to_owned()) })
    }

    /// The text, for the one place that sends it or derives a key from it.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// What the store keeps instead.
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(&self.text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The SHA-256 of a secret. The secrets have 192 random bits, so a plain hash cannot be searched.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecretHash([u8; 32]);

impl Serialize for SecretHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for SecretHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(D::Error::custom)?;
        Self::from_slice(&bytes).ok_or_else(|| D::Error::custom("a hash has 32 bytes"))
    }
}

impl SecretHash {
    /// Hashes a text as presented.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// Hashes two texts, so that no other two give the same.
    pub fn of_two(first: &str, second: &str) -> Self {
        let length = u64::try_from(first.len()).unwrap_or(u64::MAX).to_be_bytes();
        Self(Sha256::new().chain_update(length).chain_update(first).chain_update(second).finalize().into())
    }

    /// From what a store kept; `None` unless it is 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes that a store keeps.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Compares in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        subtle::ConstantTimeEq::ct_eq(&self.0[..], &other.0[..]).into()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretHash({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

fn checksum(text: &str) -> String {
    let mut sum = URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()));
    sum.truncate(CHECKSUM_CHARS);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counter;
    impl Random for Counter {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.iter_mut().zip(1..).for_each(|(byte, n)| *byte = n);
        }
    }

    #[test]
    fn a_secret_is_recognised_only_as_its_own_kind() {
        let secret = Secret::generate(Kind::Refresh, &Counter);
        assert!(Secret::parse(Kind::Refresh, secret.expose()).is_some());
        assert!(Secret::parse(Kind::Code, secret.expose()).is_none());
    }

    #[test]
    fn one_changed_character_is_noticed() {
        let text = Secret::generate(Kind::Code, &Counter).expose().to_owned();
        for index in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[index] = if changed[index] == b'x' { b'y' } else { b'x' };
            assert!(Secret::parse(Kind::Code, &String::from_utf8(changed).unwrap()).is_none(), "at {index}");
        }
    }

    #[test]
    fn az_11_secrets_are_made_of_url_safe_characters() {
        let secret = Secret::generate(Kind::Code, &Counter);
        assert!(secret.expose().bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)));
    }

    #[test]
    fn a_secret_cannot_be_printed() {
        let secret = Secret::generate(Kind::Code, &Counter);
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }
}
