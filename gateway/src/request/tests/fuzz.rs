//! Heads of requests: what is accepted has one reading.

use super::super::target::Target;
use super::*;
use crate::mutation::Corpus;
use http::HeaderName;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

/// A path in another spelling that means the same.
const ALL_BUT_SLASHES: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/');

/// Reads a head as a lenient parser hands it over.
fn read(raw: &[u8]) -> Option<Request> {
    check_framing(raw).ok()?;
    let mut lines = raw.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut words = lines.next()?.split(|b| *b == b' ');
    let (method, target) = (Method::from_bytes(words.next()?).ok()?, words.next()?);
    let mut headers = HeaderMap::new();
    for line in lines.take_while(|line| !line.is_empty()) {
        let colon = line.iter().position(|b| *b == b':')?;
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
        headers.append(HeaderName::from_bytes(&line[..colon]).ok()?, value);
    }
    let parts = Parts { method: &method, target, authority: None, headers: &headers };
    Request::read(&parts, "127.0.0.1".parse().unwrap(), Timestamp::from_seconds(1), "d_1".into()).ok()
}

fn assert_one_reading(target: &Target) {
    let path = target.path();
    assert!(path.starts_with('/') && !path.contains("//") && !path.contains(|c: char| c < ' ' || c == ';'), "{path}");
    assert!(!path.split('/').any(|segment| segment == "." || segment == ".."), "{path}");
    let spelled = percent_encode(path.as_bytes(), ALL_BUT_SLASHES).to_string();
    if spelled.len() <= super::super::MAX_TARGET_BYTES {
        let again = Target::read(spelled.as_bytes()).map(|target| target.path().to_owned());
        assert_eq!(again.as_deref(), Ok(path), "another spelling of the same path is another path");
    }
    let rejoined =
        target.query().map_or_else(|| target.raw_path().to_owned(), |q| format!("{}?{q}", target.raw_path()));
    assert_eq!(target.as_str(), rejoined);
}

#[test]
fn hp_11_hp_12_hp_13_fuzz_request_heads() {
    let accepted = std::cell::Cell::new(0);
    Corpus::read("tests/fuzz/request").fuzz(|raw| {
        let Some(request) = read(raw) else { return };
        accepted.set(accepted.get() + 1);
        assert_one_reading(&request.target);
        let Authority { host, port } = &request.authority;
        let named = port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        let mut headers = HeaderMap::new();
        headers.insert("host", named.parse().unwrap());
        assert_eq!(Authority::read(None, &headers).as_ref(), Ok(&request.authority));
        assert_eq!(host, &host.to_lowercase());
        assert!(!request.is_navigation() || request.authorization.is_none());
        for pair in pairs(&request.cookies) {
            let name = pair.split(|b| *b == b'=').next().unwrap();
            let count = pairs(&request.cookies).filter(|other| other.starts_with(&[name, b"="].concat())).count();
            let Ok(name) = std::str::from_utf8(name) else { continue };
            assert!(request.cookie(name).is_none() || count == 1, "a planted cookie mixes with a real one");
        }
    });
    assert!(accepted.get() > 100, "hardly any was accepted: {}", accepted.get());
}
