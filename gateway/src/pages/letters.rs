//! The letters that the gateway sends: the same paragraphs as plain text and as HTML.

use super::Look;
use super::text::label;
use super::time::lasting;
use crate::mail::Letter;
use maud::{DOCTYPE, html};
use std::time::Duration;

/// A paragraph of a letter.
enum Paragraph {
    /// Words, or a code.
    Words(String),
    /// A link, which plain text shows in full.
    Link { url: String, words: String },
}

/// A letter in both forms.
fn letter(look: &Look<'_>, to: &str, subject: String, paragraphs: Vec<Paragraph>) -> Letter {
    let name = label(look.brand().name());
    let plain = paragraphs.iter().map(|paragraph| match paragraph {
        Paragraph::Words(words) => words.clone(),
        Paragraph::Link { url, words } => format!("{words}:\n{url}"),
    });
    let text = plain.chain([format!("-- \n{name}\n")]).collect::<Vec<_>>().join("\n\n");
    let page = html! {
        (DOCTYPE)
        html lang=(look.lang()) dir=(look.say("text-direction")) {
            head { meta charset="utf-8"; title { (subject) } }
            body style="font: 16px/1.5 system-ui, sans-serif; max-width: 32rem; margin: 1.5rem auto; padding: 0 1rem" {
                @for paragraph in &paragraphs {
                    @match paragraph {
                        Paragraph::Words(words) if is_code(words) => {
                            p style="font: 600 28px/1.5 ui-monospace, monospace; letter-spacing: .12em" { (words) }
                        }
                        Paragraph::Words(words) => p { (words) },
                        Paragraph::Link { url, words } => p { a href=(url) { (words) } },
                    }
                }
                p style="color: #666" { (name) }
            }
        }
    };
    Letter { to: to.to_owned(), subject, text, html: page.into_string() }
}

fn is_code(words: &str) -> bool {
    words.bytes().all(|byte| byte.is_ascii_digit())
}

/// A code to send.
#[derive(Clone, Copy, Debug)]
pub struct CodeLetter<'a> {
    /// Six digits.
    pub code: &'a str,
    /// The app that somebody is on the way to.
    pub app: Option<&'a str>,
    /// The address from which it was asked for.
    pub from: &'a str,
    /// How long it is good.
    pub lifetime: Duration,
}

/// The letter with a code to sign in.
#[must_use]
pub fn code_letter(look: &Look<'_>, to: &str, code: &CodeLetter<'_>) -> Letter {
    let place = label(code.app.unwrap_or(look.brand().name()));
    let subject = look.say_with("letter-code-subject", &[("code", code.code.into()), ("place", place.as_str().into())]);
    let time = lasting(look, code.lifetime);
    let told = [
        look.say_with("letter-code", &[("place", place.as_str().into()), ("time", time.into())]),
        code.code.to_owned(),
        look.say_with("letter-asked-from", &[("address", code.from.into())]),
        look.say("letter-code-not-you"),
    ];
    letter(look, to, subject, told.into_iter().map(Paragraph::Words).collect())
}

/// A link to send.
#[derive(Clone, Copy, Debug)]
pub struct LinkLetter<'a> {
    /// Where it leads.
    pub url: &'a str,
    /// Whether a password is to be set anew, instead of a first one.
    pub reset: bool,
    /// How long it is good.
    pub lifetime: Duration,
    /// The address from which it was asked for, unless an administrator sends it.
    pub from: Option<&'a str>,
}

/// The letter with an invitation, or with a link to set a password anew.
#[must_use]
pub fn link_letter(look: &Look<'_>, to: &str, link: &LinkLetter<'_>) -> Letter {
    let place = label(look.brand().name());
    let (subject, told, words) = match link.reset {
        true => ("letter-reset-subject", "letter-reset", "invitation-reset-heading"),
        false => ("letter-invitation-subject", "letter-invitation", "letter-invitation-link"),
    };
    let named = [("place", place.as_str().into())];
    let time = lasting(look, link.lifetime);
    let mut paragraphs = vec![
        Paragraph::Words(look.say_with(told, &named)),
        Paragraph::Link { url: link.url.to_owned(), words: look.say(words) },
        Paragraph::Words(look.say_with("letter-link-good", &[("time", time.into())])),
    ];
    if let Some(from) = link.from {
        paragraphs.push(Paragraph::Words(look.say_with("letter-asked-from", &[("address", from.into())])));
        paragraphs.push(Paragraph::Words(look.say("letter-reset-not-you")));
    }
    letter(look, to, look.say_with(subject, &named), paragraphs)
}

/// The letter that says that a password was changed.
#[must_use]
pub fn changed_letter(look: &Look<'_>, to: &str, from: &str) -> Letter {
    let place = [("place", label(look.brand().name()).into())];
    let told = [
        look.say_with("letter-changed", &place),
        look.say_with("letter-asked-from", &[("address", from.into())]),
        look.say("letter-changed-not-you"),
    ];
    letter(look, to, look.say_with("letter-changed-subject", &place), told.into_iter().map(Paragraph::Words).collect())
}

/// The letter of `doorward mail test`.
#[must_use]
pub fn test_letter(look: &Look<'_>, to: &str) -> Letter {
    letter(look, to, look.say("letter-test-subject"), vec![Paragraph::Words(look.say("letter-test"))])
}
