//! What the upstream gets to see: one function for HTTP/1, HTTP/2 and upgrades. Strip, then set.

use super::messages;
use super::upstream::prepare;
use crate::admit::Permit;
use crate::config::{IdentityHeaders, Origin, UpstreamServer, is_claim};
use crate::identify::bearer::is_token;
use crate::identify::service_token;
use crate::identify::session::is_ours;
use crate::request::{Request, pairs};
use http::{HeaderName, HeaderValue, header};
use oauth::keys::Keyring;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use pingora::http::RequestHeader;
use pingora::prelude::Result;
use std::net::IpAddr;

/// The keys and the name with which assertions are signed.
pub(crate) struct Signer<'a> {
    pub(crate) keys: &'a Keyring,
    pub(crate) login: &'a Origin,
}

/// Prepares a request for its upstream.
pub(crate) fn request(
    upstream: &mut RequestHeader,
    request: &Request,
    (permit, server): (&Permit, &UpstreamServer),
    signer: &Signer<'_>,
) -> Result<()> {
    strip_claims(upstream);
    strip_credentials(upstream, request, permit);
    pass_cookies(upstream, &request.cookies);
    set_forwarded(upstream, request.ip, permit.origin());
    if permit.app().mcp.is_some() {
        messages::prepare(upstream, permit);
    }
    if permit.app().identity_headers == IdentityHeaders::Doorward {
        set_identity(upstream, request, permit, signer);
    }
    prepare(upstream, request, &permit.app().upstream, server)
}

/// Removes whatever a client claims about itself or its way here.
fn strip_claims(upstream: &mut RequestHeader) {
    let claims: Vec<HeaderName> = upstream.headers.keys().filter(|name| is_claim(name.as_str())).cloned().collect();
    for name in claims {
        upstream.remove_header(&name);
    }
}

/// Our credentials end here: a token for us is worth nothing to an upstream, and must not be (MCP "token passthrough").
fn strip_credentials(upstream: &mut RequestHeader, request: &Request, permit: &Permit) {
    let ours = request.authorization.as_deref().is_some_and(service_token::is_ours);
    let passes = !ours
        && permit.app().pass_authorization
        && !(permit.app().oauth.managed.is_some()
            && upstream.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).is_none_or(is_token));
    if !passes {
        upstream.remove_header(&header::AUTHORIZATION);
    }
    upstream.remove_header(&header::PROXY_AUTHORIZATION);
    upstream.remove_header("dpop");
}

/// All cookies but ours, byte for byte, in one field (RFC 9113 section 8.2.3 for those that came in several).
fn pass_cookies(upstream: &mut RequestHeader, cookies: &[u8]) {
    upstream.remove_header(&header::COOKIE);
    let name =
        |pair: &[u8]| String::from_utf8_lossy(pair.split(|b| *b == b'=').next().unwrap_or_default()).into_owned();
    let theirs: Vec<_> = pairs(cookies).filter(|pair| !is_ours(&name(pair))).collect();
    if let (false, Ok(value)) = (theirs.is_empty(), HeaderValue::from_bytes(&theirs.join(&b"; "[..]))) {
        let _ = upstream.insert_header("Cookie", value);
    }
}

fn set_forwarded(upstream: &mut RequestHeader, ip: IpAddr, origin: &Origin) {
    set(upstream, "X-Forwarded-For", &ip.to_string());
    set(upstream, "X-Forwarded-Proto", if origin.secure { "https" } else { "http" });
    let url = origin.url();
    set(upstream, "X-Forwarded-Host", url.split_once("://").map_or(url.as_str(), |(_, host)| host));
}

fn set_identity(upstream: &mut RequestHeader, request: &Request, permit: &Permit, signer: &Signer<'_>) {
    let Some(known) = permit.known() else { return };
    let identity = &known.identity;
    set(upstream, "X-Forwarded-User", &identity.subject);
    if let Some(email) = &identity.email {
        set(upstream, "X-Forwarded-Email", email);
    }
    if !identity.groups.is_empty() {
        set(upstream, "X-Forwarded-Groups", &identity.groups.join(","));
    }
    if let Some(assertion) = known.assertion(signer.keys, signer.login, permit.app(), request.now) {
        let _ = upstream.insert_header("Doorward-Assertion", assertion);
    }
}

/// Characters of a header value that are percent-encoded: everything that is not plain ASCII text.
const UNSAFE: &AsciiSet = &CONTROLS.add(b'%');

fn set(upstream: &mut RequestHeader, name: &'static str, value: &str) {
    let plain = value.bytes().all(|b| (0x20..0x7f).contains(&b));
    let encoded = if plain { value.to_owned() } else { utf8_percent_encode(value, UNSAFE).to_string() };
    if let Ok(value) = HeaderValue::from_str(&encoded) {
        let _ = upstream.insert_header(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hp_29_header_values_are_plain_text() {
        let mut header = RequestHeader::build("GET", b"/", None).unwrap();
        set(&mut header, "X-Forwarded-Email", "\u{e4}da\r\nX: 1@ex");
        assert_eq!(header.headers.get("x-forwarded-email").unwrap(), "%C3%A4da%0D%0AX: 1@ex");
    }

    #[test]
    fn bs_06_our_cookies_do_not_reach_the_upstream() {
        let mut header = RequestHeader::build("GET", b"/", None).unwrap();
        pass_cookies(&mut header, b"a=1; __Host-doorward-wiki=s; doorward.browser=b; b=2=3;  ; c; d=\xe9");
        assert_eq!(header.headers.get("cookie").unwrap().as_bytes(), b"a=1; b=2=3; c; d=\xe9");
    }

    #[test]
    fn hp_01_h_01_h_02_fuzz_header_names() {
        crate::mutation::Corpus::read("tests/fuzz/header_names").fuzz(|names| {
            let mut header = RequestHeader::build("GET", b"/", None).unwrap();
            let valid = names.split(|b| *b == b' ').filter_map(|name| HeaderName::from_bytes(name).ok());
            let sent: Vec<_> = valid.inspect(|name| drop(header.append_header(name.clone(), "forged"))).collect();
            strip_claims(&mut header);
            for name in header.headers.keys() {
                let spelled = name.as_str().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
                let ours = ["x-forwarded-", "doorward-", "x-auth-request-", "cf-access-"];
                assert!(sent.contains(name) && !ours.iter().any(|prefix| spelled.starts_with(prefix)), "{name}");
            }
        });
    }

    #[test]
    fn bs_06_fuzz_cookies() {
        crate::mutation::Corpus::read("tests/fuzz/cookies").fuzz(|cookies| {
            let mut header = RequestHeader::build("GET", b"/", None).unwrap();
            pass_cookies(&mut header, cookies);
            let Some(passed) = header.headers.get("cookie") else { return };
            let passed = passed.as_bytes();
            for pair in pairs(passed) {
                assert!(pairs(cookies).any(|sent| sent == pair), "made up");
                let name = String::from_utf8_lossy(pair).to_ascii_lowercase();
                for prefix in ["", "__host-", "__secure-"] {
                    assert!(!name.starts_with(&format!("{prefix}doorward-")), "{name}");
                    assert!(!name.starts_with(&format!("{prefix}doorward.")), "{name}");
                }
            }
        });
    }
}
