//! How the bytes of a body become text: as they are, and by UTF-8 (RFC 8259 section 8.1). A server that heeded another
//! `charset` or unpacked them first would read another message than the one that was decided on.

use super::Fault;
use http::{HeaderMap, header};

/// Refuses a body that its headers let anybody read in another way.
pub(crate) fn check(headers: &HeaderMap) -> Result<(), Fault> {
    let codings = headers.get_all(header::CONTENT_ENCODING).iter();
    if codings.into_iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Fault::parse("the body is packed"));
    }
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let plain = types.next().is_none_or(|media| media.to_str().is_ok_and(is_utf_8));
    if !plain || types.next().is_some() {
        return Err(Fault::parse("the Content-Type does not say that the body is UTF-8"));
    }
    Ok(())
}

/// Whether a media type names no charset, or UTF-8, however leniently it is parsed: wherever the word stands, it counts.
fn is_utf_8(media: &str) -> bool {
    let media: String = media.to_ascii_lowercase().split_ascii_whitespace().collect();
    let Some((before, after)) = media.split_once("charset") else { return true };
    let named = ["=utf-8", "=\"utf-8\""].iter().find_map(|utf_8| after.strip_prefix(utf_8));
    before.ends_with(';')
        && named.is_some_and(|rest| rest.is_empty() || (rest.starts_with(';') && !rest.contains("charset")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn check_all(fields: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        check(&headers).is_ok()
    }

    #[test]
    fn mt_08_m_02_a_body_is_plain_utf_8_for_everybody() {
        for good in [
            "application/json",
            "application/json; charset=utf-8",
            "application/json;charset=UTF-8",
            "application/json; Charset=\"utf-8\"; x=y",
            "text/plain",
        ] {
            assert!(check_all(&[("content-type", good)]), "{good}");
        }
        assert!(check_all(&[]) && check_all(&[("content-encoding", "Identity")]));
        for bad in [
            "application/json; charset=utf-7",
            "application/json; charset=utf-16le",
            "application/json; charset=utf-8; charset=utf-7",
            "application/json; charset=utf-7; charset=utf-8",
            "application/json; charset=\"utf-8\\\"; charset=utf-7",
            "application/json; x=\"; charset=utf-8\"; charset=utf-7",
            "application/json; charset*=utf-8''utf-7",
            "application/json; charset = utf-7",
            "application/json; charset='utf-8'",
            "application/json; charset=utf-80",
            "application/json; charset=",
            "application/json charset=utf-8",
            "application/json; charset=utf-8, text/plain; charset=utf-7",
        ] {
            assert!(!check_all(&[("content-type", bad)]), "{bad}");
        }
        assert!(!check_all(&[("content-type", "application/json"), ("content-type", "application/json")]));
        assert!(!check_all(&[("content-encoding", "gzip")]));
        assert!(!check_all(&[("content-encoding", "identity"), ("content-encoding", "br")]));
        assert!(!check_all(&[("content-encoding", "identity, br")]));
    }
}
