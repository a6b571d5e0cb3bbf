//! The one normalised view of a request. What is decided on is what is forwarded; what could be read in two ways is
//! refused here, before anything else looks at it.

mod authority;
mod framing;
mod target;

pub(crate) use authority::Authority;
pub(crate) use framing::check as check_framing;
#[cfg(test)]
pub(crate) use target::MAX_BYTES as MAX_TARGET_BYTES;
pub(crate) use target::Target;

use crate::tls::Handshake;
use http::{HeaderMap, Method, header};
use oauth::world::Timestamp;
use std::net::IpAddr;

/// A request, read once.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Short id of this request and of the decision on it.
    pub(crate) id: String,
    /// The time of the request, fixed once.
    pub(crate) now: Timestamp,
    /// Who is connected to us.
    pub(crate) ip: IpAddr,
    /// The method, one of those that are let through.
    pub(crate) method: Method,
    /// Host and port as asked for.
    pub(crate) authority: Authority,
    /// Path and query.
    pub(crate) target: Target,
    /// The only `Authorization` header, if there is one.
    pub(crate) authorization: Option<String>,
    /// Id and secret of a service token, where Cloudflare's clients send them.
    pub(crate) service_token: (Option<String>, Option<String>),
    /// All `DPoP` headers, of which there must be one where there must be any; empty for what is no text.
    pub(crate) proofs: Vec<String>,
    /// All cookies, joined, as sent: an app may put any byte into its own.
    pub(crate) cookies: Vec<u8>,
    /// Whether the connection is to be upgraded to a WebSocket.
    pub(crate) upgrade: bool,
    /// What says whether a person is navigating.
    pub(crate) hints: Hints,
    /// What the handshake of its connection settled, where TLS is spoken.
    pub(crate) handshake: Option<Handshake>,
}

/// What a client says of itself. Never decides who may pass, only how an answer looks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hints {
    /// `Accept` names `text/html`.
    pub(crate) accepts_html: bool,
    /// `Sec-Fetch-Mode`.
    pub(crate) fetch_mode: Option<String>,
    /// `Sec-Fetch-Site`.
    pub(crate) fetch_site: Option<String>,
    /// `Origin`.
    pub(crate) origin: Option<String>,
    /// `Access-Control-Request-Method` is there.
    pub(crate) asks_for_method: bool,
    /// `X-Requested-With: XMLHttpRequest`.
    pub(crate) xhr: bool,
    /// `Accept-Language`.
    pub(crate) languages: Option<String>,
    /// `MCP-Protocol-Version`.
    pub(crate) mcp_version: Option<String>,
}

/// Why a request cannot be read; the text is for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// What a request is read from.
pub(crate) struct Parts<'a> {
    pub(crate) method: &'a Method,
    /// The request target as the client sent it.
    pub(crate) target: &'a [u8],
    /// The host and port of HTTP/2's `:authority`; absent in HTTP/1.
    pub(crate) authority: Option<&'a str>,
    pub(crate) headers: &'a HeaderMap,
}

impl Request {
    /// Reads a request, or says why it is ambiguous.
    pub(crate) fn read(parts: &Parts<'_>, ip: IpAddr, now: Timestamp, id: String) -> Result<Self, Malformed> {
        let headers = parts.headers;
        check_method(parts.method)?;
        let authority = Authority::read(parts.authority, headers)?;
        let target = Target::read(parts.target)?;
        Ok(Self {
            id,
            now,
            ip,
            method: parts.method.clone(),
            authority,
            target,
            authorization: only(headers, header::AUTHORIZATION.as_str())?,
            service_token: (only(headers, "cf-access-client-id")?, only(headers, "cf-access-client-secret")?),
            proofs: proofs(headers),
            cookies: cookies(headers),
            upgrade: is_upgrade(headers),
            hints: Hints::read(headers)?,
            handshake: None,
        })
    }

    /// The value of a cookie of ours; `None` when it is sent twice, so that a planted one never mixes with the real one.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let mut values = pairs(&self.cookies).filter_map(|pair| {
            let equals = pair.iter().position(|b| *b == b'=')?;
            (&pair[..equals] == name.as_bytes()).then(|| &pair[equals + 1..])
        });
        let value = values.next();
        if values.next().is_some() { None } else { std::str::from_utf8(value?).ok() }
    }

    /// Whether a cookie is sent more than once: then each of them counts as none.
    pub(crate) fn has_cookie_twice(&self, name: &str) -> bool {
        let named = |pair: &&[u8]| pair.split(|b| *b == b'=').next() == Some(name.as_bytes());
        pairs(&self.cookies).filter(named).count() > 1
    }

    /// What the certificate says that came with the handshake of its connection.
    pub(crate) fn certificate(&self) -> Option<&policy::ClientCertificate> {
        Some(&self.handshake.as_ref()?.certificate.as_ref()?.says)
    }

    /// Whether a page of `origin` made the request, as far as the browser says: by `Sec-Fetch-Site`, or else by `Origin`,
    /// which is `null` for forms of pages that send no referrer. A client that says neither is no browser.
    pub(crate) fn is_from(&self, origin: &str) -> bool {
        match (self.hints.fetch_site.as_deref(), self.hints.origin.as_deref()) {
            (Some("same-origin" | "none"), _) | (None, None) => true,
            (_, Some(from)) => from == origin,
            (Some(_), None) => false,
        }
    }

    /// Whether a browser says that a page of `origin` made the request. A client that says nothing has not said so.
    pub(crate) fn is_surely_from(&self, origin: &str) -> bool {
        self.is_from(origin) && (self.hints.fetch_site.is_some() || self.hints.origin.is_some())
    }

    /// A form that a person sends, as far as the browser says so: programs post with any `Accept`.
    pub(crate) fn is_form(&self) -> bool {
        self.method == Method::POST
            && self.hints.accepts_html
            && self.hints.fetch_mode.as_deref() == Some("navigate")
            && self.authorization.is_none()
            && !self.upgrade
            && !self.hints.xhr
    }

    /// A person's navigation, and nothing else: the rule of the user guide's "Browser or not".
    pub(crate) fn is_navigation(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
            && self.hints.accepts_html
            && self.hints.fetch_mode.as_deref().is_none_or(|mode| mode == "navigate")
            && self.authorization.is_none()
            && !self.upgrade
            && !self.hints.xhr
    }
}

impl Hints {
    fn read(headers: &HeaderMap) -> Result<Self, Malformed> {
        let accepts = |value: &http::HeaderValue| value.to_str().is_ok_and(names_html);
        Ok(Self {
            accepts_html: headers.get_all(header::ACCEPT).iter().any(accepts),
            fetch_mode: text(headers, "sec-fetch-mode"),
            fetch_site: text(headers, "sec-fetch-site"),
            origin: only(headers, "origin")?,
            asks_for_method: headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD),
            xhr: text(headers, "x-requested-with").is_some_and(|value| value.eq_ignore_ascii_case("XMLHttpRequest")),
            languages: text(headers, "accept-language"),
            mcp_version: text(headers, "mcp-protocol-version"),
        })
    }
}

fn names_html(accept: &str) -> bool {
    accept.split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let html = parts.next().is_some_and(|media| media.eq_ignore_ascii_case("text/html"));
        html && !parts.any(|parameter| matches!(parameter, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// The methods of RFC 9110 and RFC 5789 except CONNECT and TRACE, and those of WebDAV that file managers need.
fn check_method(method: &Method) -> Result<(), Malformed> {
    const KNOWN: [&str; 18] = [
        "GET",
        "HEAD",
        "POST",
        "PUT",
        "PATCH",
        "DELETE",
        "OPTIONS",
        "PROPFIND",
        "PROPPATCH",
        "MKCOL",
        "COPY",
        "MOVE",
        "LOCK",
        "UNLOCK",
        "REPORT",
        "SEARCH",
        "MKCALENDAR",
        "QUERY",
    ];
    if KNOWN.contains(&method.as_str()) { Ok(()) } else { Err(Malformed("the method is not known here")) }
}

/// A header that decides something may be there once.
fn only(headers: &HeaderMap, name: &str) -> Result<Option<String>, Malformed> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Malformed("a header that decides is there twice"));
    }
    let text = value.to_str().map_err(|_| Malformed("a header that decides is not plain text"))?;
    Ok(Some(text.trim().to_owned()))
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(|value| value.trim().to_owned())
}

fn proofs(headers: &HeaderMap) -> Vec<String> {
    let text = |value: &http::HeaderValue| value.to_str().unwrap_or_default().trim().to_owned();
    headers.get_all(oauth::dpop::HEADER).iter().map(text).collect()
}

/// HTTP/2 sends cookies in several fields (RFC 9113 section 8.2.3).
fn cookies(headers: &HeaderMap) -> Vec<u8> {
    let fields: Vec<_> = headers.get_all(header::COOKIE).iter().map(http::HeaderValue::as_bytes).collect();
    fields.join(&b"; "[..])
}

/// The `name=value` pairs of joined cookies.
pub(crate) fn pairs(cookies: &[u8]) -> impl Iterator<Item = &[u8]> {
    cookies.split(|b| *b == b';').map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty())
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.get(header::UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

#[cfg(test)]
mod tests;
