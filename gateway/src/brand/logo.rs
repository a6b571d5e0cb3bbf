//! The logo: a small picture that is read once, and served from our own origin as nothing but a picture.

use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::fmt;

/// Most bytes of a logo.
pub(crate) const MOST_BYTES: usize = 256 * 1024;

/// A picture that browsers know.
#[derive(Clone, PartialEq, Eq)]
pub struct Logo {
    media: &'static str,
    bytes: Bytes,
    version: String,
}

impl Logo {
    /// The picture in `bytes`; `None` if they are none of the kinds that all browsers show.
    pub(crate) fn read(bytes: Vec<u8>) -> Option<Self> {
        let media = media(&bytes)?;
        let hash = Sha256::digest(&bytes);
        let version = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Some(Self { media, bytes: bytes.into(), version })
    }

    /// Its media type.
    pub(crate) fn media(&self) -> &'static str {
        self.media
    }

    /// Its bytes.
    pub(crate) fn bytes(&self) -> Bytes {
        self.bytes.clone()
    }

    /// Where it is, on every host: another logo has another address.
    pub(crate) fn path(&self) -> String {
        format!("/.doorward/brand/logo?v={}", self.version)
    }
}

impl fmt::Debug for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Logo({}, {} bytes)", self.media, self.bytes.len())
    }
}

/// By what the file begins with, never by its name.
fn media(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => is_svg(bytes).then_some("image/svg+xml"),
    }
}

/// Text whose first element is `<svg`, after what XML may have before it.
fn is_svg(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let mut rest = text.trim_start_matches('\u{FEFF}').trim_start();
    loop {
        let end = match rest {
            _ if rest.starts_with("<?") => "?>",
            _ if rest.starts_with("<!--") => "-->",
            _ if rest.starts_with("<!DOCTYPE") => ">",
            _ => return rest.starts_with("<svg"),
        };
        let Some((_, after)) = rest.split_once(end) else { return false };
        rest = after.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logo_is_known_by_what_it_is() {
        for (bytes, media) in [
            (&b"\x89PNG\r\n\x1a\nrest"[..], Some("image/png")),
            (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (b"RIFF\x01\x02\x03\x04WEBPVP8 ", Some("image/webp")),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Some("image/svg+xml")),
            (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- x -->\n<!DOCTYPE svg>\n<svg/>", Some("image/svg+xml")),
            (b"<html><svg/></html>", None),
            (b"<!-- never ends <svg>", None),
            (b"GIF89a", None),
            (b"", None),
        ] {
            assert_eq!(Logo::read(bytes.to_vec()).map(|logo| logo.media()), media, "{bytes:?}");
        }
    }

    #[test]
    fn another_logo_has_another_address() {
        let path = |text: &str| Logo::read(text.as_bytes().to_vec()).unwrap().path();
        assert_ne!(path("<svg/>"), path("<svg />"));
    }
}
