//! From Pingora's session to our [`Request`].

use crate::refusal::Refusal;
use crate::request::{Parts, Request, check_framing};
use http::Version;
use oauth::world::Timestamp;
use pingora::proxy::Session;
use std::net::{IpAddr, Ipv4Addr};

/// Most bytes of a request line and headers.
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// Longest request target that is read before it is called too long.
const MAX_TARGET: usize = crate::request::MAX_TARGET_BYTES;

/// Reads the request of a session.
pub(super) fn request(session: &Session, now: Timestamp, id: &str) -> Result<Request, Refusal> {
    let header = session.req_header();
    if let Some(http1) = session.as_downstream().as_http1() {
        let raw = http1.get_headers_raw_bytes();
        if raw.len() > MAX_HEADER_BYTES {
            return Err(Refusal::TooLarge(431));
        }
        check_framing(&raw).map_err(|malformed| Refusal::Malformed(malformed.0))?;
    }
    let target = header.raw_path();
    if target.len() > MAX_TARGET {
        return Err(Refusal::TooLarge(414));
    }
    let http2 = header.version == Version::HTTP_2;
    if !http2 && header.uri.authority().is_some() {
        return Err(Refusal::Malformed("the target must be a path; the Host header names the host"));
    }
    let parts = Parts {
        method: &header.method,
        target,
        authority: header.uri.authority().filter(|_| http2).map(|authority| authority.as_str()),
        headers: &header.headers,
    };
    Request::read(&parts, ip(session), now, id.to_owned()).map_err(|malformed| Refusal::Malformed(malformed.0))
}

/// Whether the answer to an unreadable request is a page.
pub(super) fn accepts_html(session: &Session) -> bool {
    let accept = session.req_header().headers.get(http::header::ACCEPT);
    accept.and_then(|value| value.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

/// The address of the peer; an unknown one is the unspecified address, which no rule of a configuration names.
fn ip(session: &Session) -> IpAddr {
    let address = session.client_addr().and_then(|address| address.as_inet());
    address.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.ip().to_canonical())
}
