//! `[apps.ID.request_headers]` and `[apps.ID.response_headers]`, and which headers are nobody's to change.

use crate::config::key::Key;
use crate::config::raw::{RawHeaderRules, RawHeaderValue};
use crate::config::report::{Mistake, Report};
use crate::config::{HeaderRules, is_claim, secret};
use http::{HeaderName, HeaderValue, header};

/// Whose headers they are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Request,
    Response,
}

/// Reads changes to headers.
pub(super) fn rules(report: &mut Report<'_>, key: &Key, raw: &RawHeaderRules, side: Side) -> Option<HeaderRules> {
    let (set_key, remove_key) = (key.field("set"), key.field("remove"));
    let set: Vec<_> =
        raw.set.iter().map(|(name, value)| set(report, &set_key.field(name), (name, value), side)).collect();
    let remove = raw.remove.iter().enumerate();
    let remove: Vec<_> = remove.map(|(index, text)| report.take(&remove_key.index(index), name(text, side))).collect();
    Some(HeaderRules {
        set: set.into_iter().collect::<Option<_>>()?,
        remove: remove.into_iter().collect::<Option<_>>()?,
    })
}

fn set(
    report: &mut Report<'_>,
    key: &Key,
    (text, raw): (&str, &RawHeaderValue),
    side: Side,
) -> Option<(HeaderName, HeaderValue)> {
    let name = report.take(key, name(text, side))?;
    let value = report.take(key, value(&name, raw))?;
    Some((name, value))
}

fn name(text: &str, side: Side) -> Result<HeaderName, Mistake> {
    let name = HeaderName::from_bytes(text.as_bytes());
    let name = name.map_err(|_| Mistake::new("must be the name of a header such as `X-Frame-Options`"))?;
    if FRAMING.contains(&name.as_str()) {
        return Err(Mistake::new("is about one connection or message, and not yours to change"));
    }
    if name == header::HOST {
        return Err(Mistake::new("is said by `host_header`"));
    }
    if name == header::COOKIE || name == header::SET_COOKIE {
        return Err(Mistake::new("carries the gateway's cookies too, and is not yours to change"));
    }
    if side == Side::Request && is_claim(name.as_str()) {
        return Err(Mistake::new("is the gateway's own word to the upstream, and not yours to change"));
    }
    Ok(name)
}

fn value(name: &HeaderName, raw: &RawHeaderValue) -> Result<HeaderValue, Mistake> {
    let (text, secret) = match raw {
        RawHeaderValue::Plain(_) if *name == header::AUTHORIZATION => {
            let message = "must be `{ env = \"NAME\" }` or `{ file = \"PATH\" }`; a secret has no place in this file";
            return Err(Mistake::new(message));
        }
        RawHeaderValue::Plain(text) => (zeroize::Zeroizing::new(text.clone()), false),
        RawHeaderValue::Secret(named) => (secret::read(named)?, true),
    };
    let mut value =
        HeaderValue::from_str(&text).map_err(|_| Mistake::new("has characters that a header cannot have"))?;
    value.set_sensitive(secret);
    Ok(value)
}

/// Framing, and what is for one hop alone (RFC 9110 section 7.6.1).
const FRAMING: [&str; 13] = [
    "connection",
    "content-length",
    "expect",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "dpop",
];
