//! The one style sheet, and the hash by which the content security policy permits it.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

// No `</style` and no carriage return may stand in it: either would part the hash from the text.
const SHEET: &str = include_str!("../pages/style.css");

/// The hash source of an inline text (CSP Level 3 section 2.3.1).
#[must_use]
pub fn hash_source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

/// A style sheet and its hash.
#[derive(Debug)]
pub(super) struct Style {
    text: String,
    source: String,
}

impl Style {
    pub(super) fn new() -> Self {
        let text = SHEET.to_owned();
        let source = hash_source(&text);
        Self { text, source }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }
}
