//! Who is asking, as the gateway put it into the request's headers.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use serde::Serialize;
use serde_json::{Map, Value};

#[derive(Serialize)]
pub(super) struct Caller {
    pub(super) user: Option<String>,
    pub(super) email: Option<String>,
    pub(super) groups: Vec<String>,
    /// The claims of the assertion: decoded, not verified.
    pub(super) assertion: Option<Map<String, Value>>,
}

impl Caller {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Caller {
            user: text(headers, "x-forwarded-user"),
            email: text(headers, "x-forwarded-email"),
            groups: text(headers, "x-forwarded-groups")
                .iter()
                .flat_map(|groups| groups.split(','))
                .map(|group| group.trim().to_owned())
                .filter(|group| !group.is_empty())
                .collect(),
            assertion: text(headers, "doorward-assertion").and_then(|token| claims(&token)),
        }
    }

    /// What to call them: the e-mail address, or whatever else they are known by.
    pub(super) fn name(&self) -> Option<&str> {
        self.email.as_deref().or(self.user.as_deref()).or_else(|| self.assertion.as_ref()?.get("sub")?.as_str())
    }

    /// The client that acts for them, by name if it has one. A person in a browser has none.
    pub(super) fn agent(&self) -> Option<&str> {
        self.act("client_name").or_else(|| self.act("client_id"))
    }

    pub(super) fn act(&self, member: &str) -> Option<&str> {
        let act = self.assertion.as_ref()?.get("act")?;
        act.get(member)?.as_str()
    }
}

/// All headers with all their values. Bytes that are not UTF-8 are replaced, not hidden.
pub(super) fn listed(headers: &HeaderMap) -> BTreeMap<&str, Vec<String>> {
    headers
        .keys()
        .map(|name| {
            let values = headers.get_all(name).iter();
            let texts = values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
            (name.as_str(), texts.collect())
        })
        .collect()
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned()).filter(|text| !text.is_empty())
}

// The payload is the second of a JWT's three parts (RFC 7519 section 3).
fn claims(token: &str) -> Option<Map<String, Value>> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}
