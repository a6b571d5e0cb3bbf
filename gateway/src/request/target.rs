//! The request target: origin form only, and nothing in its path that two servers could read differently
//! (RFC 3986 section 6, RFC 9112 section 3.2).

use super::Malformed;
use percent_encoding::percent_decode_str;

/// The longest target that any configuration lets through, in bytes: the URLs of other libraries hold no more than 64 KiB.
pub(crate) const MAX_BYTES: usize = 32 * 1024;

/// Path and query, as sent, with the path as policy sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    raw: String,
    path_end: usize,
    decoded: String,
}

impl Target {
    /// Reads a target as the client sent it.
    pub(crate) fn read(raw: &[u8]) -> Result<Self, Malformed> {
        let raw = std::str::from_utf8(raw).map_err(|_| Malformed("the target is not ASCII"))?;
        if raw.len() > MAX_BYTES {
            return Err(Malformed("the target is too long"));
        }
        if !raw.starts_with('/') {
            return Err(Malformed("the target must begin with a slash"));
        }
        if raw.bytes().any(|b| !(0x21..=0x7e).contains(&b) || matches!(b, b'#' | b'"' | b'<' | b'>' | b'\\')) {
            return Err(Malformed("the target has a character that must be encoded"));
        }
        let path_end = raw.find('?').unwrap_or(raw.len());
        let decoded = decode(&raw[..path_end])?;
        Ok(Self { raw: raw.to_owned(), path_end, decoded })
    }

    /// Path and query as sent.
    pub(crate) fn as_str(&self) -> &str {
        &self.raw
    }

    /// The path as sent.
    pub(crate) fn raw_path(&self) -> &str {
        &self.raw[..self.path_end]
    }

    /// The path with every percent-encoding decoded: what policy decides on.
    pub(crate) fn path(&self) -> &str {
        &self.decoded
    }

    /// The query as sent, without its question mark.
    pub(crate) fn query(&self) -> Option<&str> {
        self.raw.get(self.path_end + 1..)
    }
}

/// Decodes a path of which every reading is the same.
fn decode(path: &str) -> Result<String, Malformed> {
    check_escapes(path)?;
    let decoded = percent_decode_str(path).decode_utf8().map_err(|_| Malformed("the path is not UTF-8"))?;
    if decoded.bytes().any(|b| b < 0x20 || b == 0x7f || b == b';') {
        return Err(Malformed("the path has a character that servers read differently"));
    }
    if is_encoded_twice(&decoded) {
        return Err(Malformed("the path is encoded twice"));
    }
    if decoded.contains("//") {
        return Err(Malformed("the path has an empty segment"));
    }
    if decoded.split('/').any(|segment| segment == "." || segment == "..") {
        return Err(Malformed("the path has a dot segment"));
    }
    Ok(decoded.into_owned())
}

/// Whole escapes only; none that hides a separator.
fn check_escapes(path: &str) -> Result<(), Malformed> {
    for (index, _) in path.match_indices('%') {
        let escape = path.get(index + 1..index + 3).unwrap_or_default();
        let value = u8::from_str_radix(escape, 16).ok().filter(|_| escape.bytes().all(|b| b.is_ascii_hexdigit()));
        match value {
            None => return Err(Malformed("the path has a broken escape")),
            Some(b'/' | b'\\' | 0) => return Err(Malformed("the path has an encoded separator")),
            Some(_) => {}
        }
    }
    Ok(())
}

/// Whether a decoded path could be decoded once more, whatever its escapes were made of.
fn is_encoded_twice(decoded: &str) -> bool {
    let escape = |at: usize| decoded.as_bytes().get(at + 1..at + 3);
    decoded.match_indices('%').any(|(at, _)| escape(at).is_some_and(|next| next.iter().all(u8::is_ascii_hexdigit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hp_11_ambiguous_targets_are_refused() {
        for bad in [
            "",
            "_x",
            "*",
            "http://a.test/x",
            "HTTP://a.test/x",
            "//x",
            "/a//b",
            "/a/../b",
            "/a/./b",
            "/..",
            "/.",
            "/a/..",
            "/%2e%2e/b",
            "/a/%2E/b",
            "/a/.%2e/b",
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a\\b",
            "/%00",
            "/%252e%252e/",
            "/%2561",
            "/%25%36%31",
            "/%256%31",
            "/%zz",
            "/%",
            "/%4",
            "/a;b",
            "/a%3bb",
            "/a/..;/b",
            "/%c0%ae/",
            "/%c0%af",
            "/%ff",
            "/\u{e4}",
            "/a b",
            "/a\tb",
            "/#x",
            "/a#/../b",
            "/%0a",
            "/%0d%0aX:1",
            "/%7f",
            "/\"",
            "/<x>",
        ] {
            assert!(Target::read(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(Target::read(b"/\xff").is_err());
    }

    #[test]
    fn percent_encoded_letters_mean_the_plain_ones() {
        let target = Target::read(b"/%61dmin/%C3%A4%20x?q=%2f..%2f#".strip_suffix(b"#").unwrap()).unwrap();
        assert_eq!(
            (target.path(), target.raw_path(), target.query()),
            ("/admin/\u{e4} x", "/%61dmin/%C3%A4%20x", Some("q=%2f..%2f"))
        );
        assert_eq!(target.as_str(), "/%61dmin/%C3%A4%20x?q=%2f..%2f");
    }

    #[test]
    fn plain_targets_are_accepted_as_they_are() {
        for good in [
            "/",
            "/?",
            "/a",
            "/a/",
            "/.well-known/x",
            "/...",
            "/a.b",
            "/~u/(x)!$&'*+,=:@",
            "/100%25",
            "/a%20b",
            "/?a=//../%zz;x",
        ] {
            assert_eq!(Target::read(good.as_bytes()).unwrap().as_str(), good);
        }
    }

    #[test]
    fn az_25_a_target_has_a_greatest_length() {
        assert!(Target::read(format!("/{}", "a".repeat(MAX_BYTES - 1)).as_bytes()).is_ok());
        assert!(Target::read(format!("/{}", "a".repeat(MAX_BYTES)).as_bytes()).is_err());
    }
}
