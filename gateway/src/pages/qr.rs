//! A QR code as an inline picture: one path, black on white in every colour scheme, as cameras need it.

use maud::{Markup, html};
use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write;

/// The picture of `text`; `None` if it is too long for one.
pub(super) fn qr(text: &str, described: &str) -> Option<Markup> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let side = code.width() + 2 * QUIET;
    Some(html! {
        svg.qr viewBox=(format!("0 0 {side} {side}")) role="img" aria-label=(described) shape-rendering="crispEdges" {
            path d=(dark_modules(&code)) {}
        }
    })
}

/// Each run of dark modules in a row as one rectangle.
fn dark_modules(code: &QrCode) -> String {
    let (width, colours) = (code.width(), code.to_colors());
    let mut path = String::new();
    for (y, row) in colours.chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a == b) {
            if run[0] == Color::Dark {
                // Writing to a string cannot fail.
                let _ = write!(path, "M{} {}h{}v1h-{}z", x + QUIET, y + QUIET, run.len(), run.len());
            }
            x += run.len();
        }
    }
    path
}

/// The light margin that a reader needs.
const QUIET: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_finder_patterns_and_a_quiet_zone() {
        let picture = qr("otpauth://totp/Doorward:ada@example.com?secret=ABC", "the code").unwrap().0;
        assert!(picture.contains("M4 4h7v1h-7z"), "the first finder pattern begins beside the margin");
        assert!(picture.starts_with("<svg class=\"qr\"") && !picture.contains("style="));
    }

    #[test]
    fn what_is_too_long_has_no_code() {
        assert!(qr(&"x".repeat(5000), "").is_none());
    }
}
