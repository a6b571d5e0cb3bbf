//! The one style sheet with the brand's colours, and the hash by which the content security policy permits it.

use super::colour::{Accent, Colour};
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
    /// In these colours, or ours.
    pub(super) fn new(accent: Option<Accent>) -> Self {
        let text = accent.map_or_else(|| SHEET.to_owned(), |accent| format!("{SHEET}\n{}", in_colours(accent)));
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

fn in_colours(accent: Accent) -> String {
    let of = |colour: Colour, leaf: Colour| {
        let (deeper, on) = (colour.deeper(), colour.on());
        format!(":root {{ --paint: {colour}; --paint-deep: {deeper}; --on-paint: {on}; --leaf: {leaf}; }}")
    };
    let (light, dark) = (of(accent.light, accent.light), of(accent.dark, accent.light));
    format!("{light}\n@media (prefers-color-scheme: dark) {{ {dark} }}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_come_after_ours_and_change_the_hash() {
        let colour = |text| Colour::parse(text).unwrap();
        let accent = Accent { light: colour("#1a4fd0"), dark: colour("#9db9ff") };
        let (ours, theirs) = (Style::new(None), Style::new(Some(accent)));
        assert_ne!(ours.source(), theirs.source());
        let added = theirs.text().strip_prefix(ours.text()).unwrap();
        assert!(added.contains("--paint: #1a4fd0; ") && added.contains("--on-paint: #ffffff;"), "{added}");
        assert!(
            added.contains("dark) { :root { --paint: #9db9ff;") && added.contains("--on-paint: #000000;"),
            "{added}"
        );
    }
}
