//! What others sign: their public keys (RFC 7517) and their compact signatures (RFC 7515), read as from a stranger. Our own
//! tokens are in [`crate::jwt`].
//!
//! A caller takes a token apart ([`Jws::parse`]), finds the keys of whom it trusts, and has the claims only after a
//! signature was verified. What the claims must say is the caller's to check.

mod algorithm;
mod claims;
mod jwk;
mod jws;
mod key_set;
mod private_key;

pub use self::algorithm::{Algorithm, Allowed};
pub use self::claims::{Claims, Malformed};
pub use self::jwk::{Jwk, Unusable};
pub use self::jws::{Jws, MAX_BYTES, Unverified};
pub use self::key_set::KeySet;
pub use self::private_key::{PrivateKey, Unsigned};

#[cfg(test)]
mod tests;
