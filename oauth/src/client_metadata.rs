//! What a client says of itself (RFC 7591 section 2), made safe to keep and to show.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// The member that says that a client pushes all its authorization requests (RFC 9126 section 6).
pub const PUSHES: &str = "require_pushed_authorization_requests";

/// The member that says that a client wants bound tokens alone (RFC 9449 section 5.2).
pub const BOUND: &str = "dpop_bound_access_tokens";

/// Longest name of a client.
pub const MAX_NAME_CHARS: usize = 100;

/// Longest other text.
pub const MAX_TEXT_CHARS: usize = 500;

/// A text without control and bidirectional formatting characters, or nothing.
pub fn text(sent: &Map<String, Value>, name: &str, max_chars: usize) -> Option<String> {
    let clean: String = sent.get(name)?.as_str()?.chars().filter(|c| is_harmless(*c)).take(max_chars).collect();
    let clean = clean.trim();
    (!clean.is_empty()).then(|| clean.to_owned())
}

/// The strings of a list; `None` without one.
pub fn list<'a>(sent: &'a Map<String, Value>, name: &str) -> Option<Vec<&'a str>> {
    Some(sent.get(name)?.as_array()?.iter().filter_map(Value::as_str).collect())
}

/// A hash of what a person goes by when they consent: if it changes, they are asked again (CM-19).
pub fn fingerprint(name: &str, redirect_uris: &[String], metadata: &Map<String, Value>) -> String {
    let mut uris = redirect_uris.to_vec();
    uris.sort();
    let all = json!([name, uris, metadata.get("jwks"), metadata.get("jwks_uri")]);
    URL_SAFE_NO_PAD.encode(Sha256::digest(all.to_string()))
}

/// The URI is shown as it was sent, so it must be what it looks like: plain ASCII, and no host after a user name.
pub fn is_web_uri(text: &str) -> bool {
    let plain = text.len() <= MAX_TEXT_CHARS && text.bytes().all(|b| b.is_ascii_graphic());
    plain
        && url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.username().is_empty())
}

/// DR-17: what could reorder or hide the rest of a line is not kept.
fn is_harmless(c: char) -> bool {
    let reorders = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks = matches!(c, '\u{2028}' | '\u{2029}');
    let has_no_ink = matches!(c,
        '\u{ad}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    !(c.is_control() || reorders || breaks || has_no_ink)
}
