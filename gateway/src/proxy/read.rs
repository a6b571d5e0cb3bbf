//! From Pingora's session to our [`Request`].

use crate::config::Server;
use crate::refusal::Refusal;
use crate::request::{Authority, Parts, Request, check_framing};
use crate::tls::Handshake;
use http::{HeaderMap, StatusCode, Version};
use ipnet::IpNet;
use oauth::world::Timestamp;
use pingora::proxy::Session;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Reads the request of a session.
pub(super) fn request(session: &Session, server: &Server, now: Timestamp, id: &str) -> Result<Request, Refusal> {
    let header = session.req_header();
    let target = header.raw_path();
    if target.len() > server.limits.url_length {
        return Err(Refusal::TooLarge(414, None));
    }
    let raw = session.as_downstream().as_http1().map(|http1| http1.get_headers_raw_bytes());
    let bytes = raw.as_ref().map_or_else(|| weigh(&header.headers) + target.len(), |raw| raw.len());
    if bytes > server.limits.header_bytes || count(&header.headers) > server.limits.header_count {
        return Err(Refusal::TooLarge(431, None));
    }
    if let Some(raw) = raw {
        check_framing(&raw).map_err(|malformed| Refusal::Malformed(malformed.0))?;
    }
    let http2 = header.version == Version::HTTP_2;
    // In HTTP/2 it could be there twice, as long as both say the same, and would be twice in HTTP/1.1 too.
    if header.headers.get_all(http::header::CONTENT_LENGTH).iter().nth(1).is_some() {
        return Err(Refusal::Malformed("the body's length is given twice"));
    }
    if !http2 && header.uri.authority().is_some() {
        return Err(Refusal::Malformed("the target must be a path; the Host header names the host"));
    }
    let parts = Parts {
        method: &header.method,
        target,
        authority: header.uri.authority().filter(|_| http2).map(|authority| authority.as_str()),
        headers: &header.headers,
    };
    let ip = client_ip(ip(session), &header.headers, &server.trusted_proxies)?;
    let read = Request::read(&parts, ip, now, id.to_owned());
    let request = read.map_err(|malformed| Refusal::Malformed(malformed.0))?;
    Ok(Request { handshake: Handshake::of(session.digest()), ..request })
}

/// The bytes of fields as HTTP/1.1 writes them.
fn weigh(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len()).sum()
}

/// The number of fields. HTTP/2 sends each cookie in one (RFC 9113 section 8.2.3), which are no more than in HTTP/1.1.
fn count(headers: &HeaderMap) -> usize {
    let cookies = headers.get_all(http::header::COOKIE).iter().count();
    headers.len() - cookies + cookies.min(1)
}

/// The host that is asked for, if it can be read.
pub(super) fn host(session: &Session) -> Option<String> {
    let header = session.req_header();
    let authority = header.uri.authority().filter(|_| header.version == Version::HTTP_2);
    Authority::read(authority.map(|authority| authority.as_str()), &header.headers).ok().map(|authority| authority.host)
}

/// Whether the answer to an unreadable request is a page.
pub(super) fn accepts_html(session: &Session) -> bool {
    let accept = session.req_header().headers.get(http::header::ACCEPT);
    accept.and_then(|value| value.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

/// `Accept-Language`, as far as it can be read.
pub(super) fn languages(session: &Session) -> Option<&str> {
    session.req_header().headers.get(http::header::ACCEPT_LANGUAGE)?.to_str().ok()
}

/// The peer's address, and the method and path as far as they can be shown: no query, plain characters, not long.
pub(super) fn glimpse(session: &Session) -> (IpAddr, String, String) {
    let header = session.req_header();
    let target = String::from_utf8_lossy(header.raw_path()).into_owned();
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let shown = |text: &str| text.chars().filter(char::is_ascii_graphic).take(200).collect();
    (ip(session), shown(header.method.as_str()), shown(path))
}

/// Whether the client has an answer, and not only interim ones, after which one must follow (RFC 9110 section 15.2).
pub(super) fn is_answered(session: &Session) -> bool {
    let written = session.response_written().map(|response| response.status);
    written.is_some_and(|status| !status.is_informational() || status == StatusCode::SWITCHING_PROTOCOLS)
}

/// The address of the peer; an unknown one is the unspecified address, which no rule of a configuration names.
fn ip(session: &Session) -> IpAddr {
    let address = session.client_addr().and_then(|address| address.as_inet());
    address.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.ip().to_canonical())
}

/// The client's address. Only a trusted proxy is believed about it, and only up to the first address that is none: whatever
/// stands to the left of that was written by the client. What cannot be read there could be anybody.
fn client_ip(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Result<IpAddr, Refusal> {
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|network| network.contains(ip));
    if !is_trusted(&peer) {
        return Ok(peer);
    }
    let fields: Vec<_> = headers.get_all("x-forwarded-for").iter().map(|value| value.to_str().unwrap_or("?")).collect();
    let mut nearest = peer;
    for hop in fields.iter().flat_map(|field| field.split(',')).rev() {
        nearest = hop_address(hop.trim()).ok_or(Refusal::Malformed("X-Forwarded-For of the proxy cannot be read"))?;
        if !is_trusted(&nearest) {
            break;
        }
    }
    Ok(nearest)
}

/// An address, with the port that some proxies write.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let ip = hop.parse::<IpAddr>().or_else(|_| hop.parse::<SocketAddr>().map(|address| address.ip()));
    ip.ok().map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, fields: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append("x-forwarded-for", field.parse().unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        client_ip(peer.parse().unwrap(), &headers, &trusted).map_or_else(|_| "refused".into(), |ip| ip.to_string())
    }

    #[test]
    fn hp_08_only_a_trusted_proxy_is_believed_about_the_client() {
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(
            seen("10.0.0.1", &["1.2.3.4, 198.51.100.1, 10.9.9.9"]),
            "198.51.100.1",
            "what is left of it was forged"
        );
        assert_eq!(seen("10.0.0.1", &["1.2.3.4", "198.51.100.1,10.9.9.9"]), "198.51.100.1");
        assert_eq!(seen("::1", &["::ffff:198.51.100.1"]), "198.51.100.1");
        for unreadable in ["198.51.100.1, nonsense", "198.51.100.1,", "unknown", "_hidden", "10.0.0.999"] {
            assert_eq!(seen("10.0.0.1", &[unreadable]), "refused", "{unreadable}");
        }
        assert_eq!(seen("10.0.0.1", &["198.51.100.1:5555"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["[2001:db8::1]:5555"]), "2001:db8::1");
        assert_eq!(seen("10.0.0.1", &["10.1.1.1, 10.2.2.2"]), "10.1.1.1");
    }

    #[test]
    fn hp_08_fuzz_forwarded_addresses() {
        crate::mutation::Corpus::read("tests/fuzz/forwarded_for").fuzz_text(|field| {
            if http::HeaderValue::from_str(field).is_err() {
                return;
            }
            assert_eq!(seen("203.0.113.9", &[field]), "203.0.113.9", "a stranger is not believed");
            let told = seen("10.0.0.1", &[field]);
            let named = |hop: &str| hop_address(hop.trim()).is_some_and(|ip| ip.to_string() == told);
            assert!(told == "refused" || field.split(',').any(named), "{field}: {told}");
        });
    }
}
