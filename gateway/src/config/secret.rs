//! Secrets: named in the file, read from the environment or another file, never printed.

use super::raw::RawSecret;
use super::report::Mistake;
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use std::fmt;
use zeroize::Zeroizing;

/// A value that cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for the one place that uses it.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// 32 bytes from base64, of either alphabet, padded or not.
pub(crate) fn decode_key(text: &str) -> Option<[u8; 32]> {
    let plain = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    STANDARD_NO_PAD.decode(plain).ok()?.try_into().ok()
}

/// The text of a secret, without the line break at its end.
pub(crate) fn read(raw: &RawSecret) -> Result<Zeroizing<String>, Mistake> {
    let text = match raw {
        RawSecret::Env(name) => {
            std::env::var(name).map_err(|_| Mistake::new(format!("the environment variable `{name}` is not set")))
        }
        RawSecret::File(path) => std::fs::read_to_string(path)
            .map_err(|error| Mistake::new(format!("the file `{path}` cannot be read: {error}"))),
    };
    let text = Zeroizing::new(text?);
    let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if line.is_empty() { Err(Mistake::new("the secret is empty")) } else { Ok(Zeroizing::new(line.to_owned())) }
}
