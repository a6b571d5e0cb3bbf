//! Makes foreign text fit to be shown: one line, nothing invisible, nothing that turns the
//! reading direction, no more than a page can bear. Escaping is left to maud.

use super::Look;
use maud::{Markup, html};

/// A name or a short phrase of at most 80 characters.
pub(super) fn label(raw: &str) -> String {
    keep_start(visible(raw), 80)
}

/// The name that a client gave itself. It never looks like a seal of approval.
pub(super) fn claimed_name(look: &Look<'_>, raw: &str) -> String {
    let plain = raw.chars().filter(|&c| !looks_like_a_seal(c)).collect::<String>();
    let name = label(&plain);
    if name.is_empty() { look.say("unnamed-client") } else { name }
}

/// A name that stands out of its sentence, and does not turn it.
pub(super) fn strong(raw: &str) -> Markup {
    html! { bdi { strong { (label(raw)) } } }
}

/// A sentence or two.
pub(super) fn sentence(raw: &str) -> String {
    keep_start(visible(raw), 400)
}

/// An identifier or a URL, which says what matters at its start.
pub(super) fn identifier(raw: &str) -> String {
    keep_start(visible(raw), 160)
}

/// A host, which says what matters at its end: `bank.example.evil.test` is never cut to `bank.example`.
pub(super) fn host(raw: &str) -> String {
    let text = visible(raw);
    let surplus = text.chars().count().saturating_sub(HOST_LENGTH);
    if surplus == 0 {
        return text;
    }
    let tail = text.chars().skip(surplus + 1);
    std::iter::once('…').chain(tail).collect()
}

/// The URL, if a link may lead there: a path, or an `http` or `https` URL.
pub(super) fn link(raw: &str) -> Option<&str> {
    let scheme = raw.split_once(':').map(|(before, _)| before);
    match scheme {
        _ if raw.starts_with(['/', '?']) => Some(raw),
        Some(scheme) if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http") => Some(raw),
        _ => None,
    }
}

/// The text on one line, without characters that hide, reorder or pile up.
fn visible(raw: &str) -> String {
    let mut text = String::new();
    let mut marks = 0;
    for c in raw.chars() {
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        if c.is_whitespace() {
            if !text.is_empty() && !text.ends_with(' ') {
                text.push(' ');
            }
        } else if !c.is_control() && !is_invisible(c) && marks <= MARKS_PER_LETTER {
            text.push(c);
        }
    }
    text.truncate(text.trim_end().len());
    text
}

fn keep_start(mut text: String, length: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(length) {
        let last = text[..end].char_indices().next_back().map_or(0, |(start, _)| start);
        text.truncate(last);
        text.push('…');
    }
    text
}

/// Bidirectional controls, joiners, fillers, tags, variation selectors and private use.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{2800}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{E000}'..='\u{F8FF}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FFF0}'..='\u{FFFC}'
        | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{10FFFF}')
}

fn is_combining_mark(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036F}'
        | '\u{0483}'..='\u{0489}'
        | '\u{1AB0}'..='\u{1AFF}'
        | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}'
        | '\u{FE20}'..='\u{FE2F}')
}

/// Ticks, locks and shields.
fn looks_like_a_seal(c: char) -> bool {
    matches!(
        c,
        '\u{2611}' | '\u{2705}' | '\u{2713}' | '\u{2714}' | '\u{237B}' | '\u{1F5F8}' | '\u{1F5F9}' | '\u{1F50F}'
            ..='\u{1F513}' | '\u{1F6E1}'
    )
}

const HOST_LENGTH: usize = 260;
const MARKS_PER_LETTER: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn direction_and_control_characters_are_dropped() {
        assert_eq!(label("Cla\u{202E}ude\u{0} \u{2066}Code\u{2069}\u{200B}"), "Claude Code");
        assert_eq!(label(" a\r\n\tb\u{2028}c "), "a b c");
    }

    #[test]
    fn marks_do_not_pile_up() {
        assert_eq!(label(&format!("e{}", "\u{0301}".repeat(50))), "e\u{0301}\u{0301}");
    }

    #[test]
    fn a_name_is_cut_at_eighty_characters() {
        assert_eq!(label(&"ä".repeat(80)), "ä".repeat(80));
        assert_eq!(label(&"ä".repeat(81)), format!("{}…", "ä".repeat(79)));
    }

    #[test]
    fn a_claimed_name_has_no_seal_and_is_never_empty() {
        let brand = crate::brand::Brand::default();
        let look = brand.look(None);
        assert_eq!(claimed_name(&look, "Claude Code ✅\u{FE0F}"), "Claude Code");
        assert_eq!(claimed_name(&look, "\u{200B}\u{202E} ✔"), "An unnamed client");
    }

    #[test]
    fn a_long_host_keeps_its_end() {
        let shown = host(&format!("bank.example.{}.evil.test", "a".repeat(400)));
        assert!(shown.starts_with("…a") && shown.ends_with("a.evil.test"));
        assert_eq!(shown.chars().count(), HOST_LENGTH);
    }

    #[test]
    fn links_lead_to_the_web_only() {
        assert_eq!(link("https://wiki.example.com/"), Some("https://wiki.example.com/"));
        assert_eq!(link("/.doorward/login?app=a:b"), Some("/.doorward/login?app=a:b"));
        assert_eq!(link("javascript:alert(1)"), None);
        assert_eq!(link("\u{1}javascript:alert(1)"), None);
        assert_eq!(link("data:text/html,x"), None);
    }
}
