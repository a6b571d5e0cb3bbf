//! A client document (section 4), parsed: what exists of this type is valid.

use super::Unusable;
use super::document_url::DocumentUrl;
use super::methods::Methods;
use crate::client_metadata::{MAX_NAME_CHARS, PUSHES, fingerprint, is_web_uri, list, text};
use crate::json;
use crate::redirect_uri::{RedirectRules, Unacceptable};
use crate::world::Fetched;
use serde_json::{Map, Value};
use url::Url;

/// Most bytes of a document (section 8.7 recommends 5 KB; shipping ones are smaller).
pub(super) const MAX_BYTES: usize = 64 * 1024;

const MAX_REDIRECT_URIS: usize = 32;

/// What a client says of itself at its own URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// What it calls itself.
    pub name: String,
    /// Its web site, if it is on the host of the document.
    pub uri: Option<String>,
    /// Where codes may be sent.
    pub redirect_uris: Vec<String>,
    /// Whether it uses refresh tokens (it does unless it names its grants without them).
    pub refreshes: bool,
    /// How it may authenticate.
    pub methods: Methods,
    /// Whether it says that it pushes all its authorization requests (RFC 9126 section 6).
    pub pushes: bool,
    /// Changes with what a person goes by.
    pub fingerprint: String,
}

impl Document {
    /// Reads an answer (section 5): nothing but a 200 with JSON counts.
    pub(super) fn read(url: &DocumentUrl, answer: &Fetched) -> Result<Self, Unusable> {
        if answer.status != 200 {
            return Err(Unusable::NotFound(format!("its host answered with status {}", answer.status)));
        }
        if !answer.content_type.as_deref().is_some_and(is_json) {
            return Err(Unusable::Invalid("its content type must be application/json"));
        }
        if answer.body.len() > MAX_BYTES {
            return Err(Unusable::Invalid("it is too large"));
        }
        Self::parse(url, &answer.body)
    }

    /// Reads a body.
    pub(super) fn parse(url: &DocumentUrl, body: &[u8]) -> Result<Self, Unusable> {
        let sent = json::object(body)
            .ok_or(Unusable::Invalid("it must be one small JSON object in which no member is repeated"))?;
        // Simple string comparison (RFC 3986 section 6.2.1).
        if sent.get("client_id").and_then(Value::as_str) != Some(url.as_str()) {
            return Err(Unusable::Invalid("its `client_id` must be its own URL"));
        }
        refuse_secrets(&sent)?;
        require_code_flow(&sent)?;
        let name = text(&sent, "client_name", MAX_NAME_CHARS);
        let name = name.ok_or(Unusable::Invalid("`client_name` is missing"))?;
        let redirect_uris = redirect_uris(&sent)?;
        Ok(Self {
            fingerprint: fingerprint(&name, &redirect_uris, &sent),
            name,
            uri: own_site(&sent, url),
            redirect_uris,
            refreshes: list(&sent, "grant_types").is_none_or(|types| types.contains(&"refresh_token")),
            methods: Methods::parse(&sent)?,
            pushes: sent.get(PUSHES).is_some_and(|pushes| *pushes == true),
        })
    }
}

/// `application/json` and `application/*+json`, with or without parameters.
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence.strip_prefix("application/").is_some_and(|kind| kind == "json" || kind.ends_with("+json"))
}

/// Section 4: what everybody can read is no secret, and a secret in it is somebody's mistake.
fn refuse_secrets(sent: &Map<String, Value>) -> Result<(), Unusable> {
    if sent.contains_key("client_secret") || sent.contains_key("client_secret_expires_at") {
        return Err(Unusable::Invalid("it must not have a client secret"));
    }
    Ok(())
}

fn require_code_flow(sent: &Map<String, Value>) -> Result<(), Unusable> {
    for (name, needed) in [("grant_types", "authorization_code"), ("response_types", "code")] {
        if sent.contains_key(name) && !list(sent, name).is_some_and(|values| values.contains(&needed)) {
            return Err(Unusable::Invalid("its `grant_types` or `response_types` leave out the authorization code"));
        }
    }
    Ok(())
}

fn redirect_uris(sent: &Map<String, Value>) -> Result<Vec<String>, Unusable> {
    let uris = sent.get("redirect_uris").and_then(strings);
    let uris = uris.ok_or(Unusable::Invalid("`redirect_uris` is missing, or is no list of strings"))?;
    if uris.is_empty() || uris.len() > MAX_REDIRECT_URIS {
        return Err(Unusable::Invalid("`redirect_uris` must have 1 to 32 entries"));
    }
    let loopback = RedirectRules { any_on_localhost: true, any_on_loopback: true, allowed: Vec::new() };
    if uris.iter().any(|uri| matches!(loopback.check(uri), Err(Unacceptable::Never(_)))) {
        return Err(Unusable::Invalid("one of its `redirect_uris` is dangerous or malformed"));
    }
    Ok(uris.into_iter().map(str::to_owned).collect())
}

/// A web site elsewhere would borrow somebody's name.
fn own_site(sent: &Map<String, Value>, url: &DocumentUrl) -> Option<String> {
    let uri = sent.get("client_uri")?.as_str().filter(|uri| is_web_uri(uri))?;
    let host = Url::parse(uri).ok()?.host_str()?.to_owned();
    (host == url.host()).then(|| uri.to_owned())
}

pub(super) fn strings(value: &Value) -> Option<Vec<&str>> {
    value.as_array()?.iter().map(Value::as_str).collect()
}
