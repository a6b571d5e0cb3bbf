//! Whose gateway this is, as its pages show it: the name, the colours, and the languages that it speaks.

mod accept;
mod colour;
mod logo;
mod markup;
mod outline;
mod style;
mod texts;

pub(crate) use colour::{Accent, Colour};
pub use fluent_bundle::FluentValue;
pub use logo::Logo;
pub(crate) use logo::MOST_BYTES as MOST_LOGO_BYTES;
pub use style::hash_source;
pub(crate) use texts::english;

use style::Style;
pub(crate) use texts::{BadText, TextFile};
use texts::{Language, Texts};

/// `[brand]`: what all pages have in common. It is made once per configuration.
#[derive(Debug)]
pub struct Brand {
    name: String,
    logo: Option<Logo>,
    accent: Option<Accent>,
    style: Style,
    texts: Texts,
}

impl Brand {
    /// The brand of this name, in our colours and languages.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self::new(name.into(), None, None, Vec::new())
    }

    /// A brand with a logo, colours and texts of its own, each in place of ours.
    pub(crate) fn new(name: String, logo: Option<Logo>, accent: Option<Accent>, texts: Vec<TextFile>) -> Self {
        Self { name, logo, accent, style: Style::new(accent), texts: Texts::with(texts) }
    }

    /// The look of pages for whoever sends this `Accept-Language`, or none.
    #[must_use]
    pub fn look(&self, accept_language: Option<&str>) -> Look<'_> {
        let language = accept::choose(accept_language.unwrap_or_default(), self.texts.tags());
        Look { brand: self, language: self.texts.language(language) }
    }

    /// What stands in the header and in the title of every page.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The logo, if there is another than ours.
    pub(crate) fn logo(&self) -> Option<&Logo> {
        self.logo.as_ref()
    }

    /// The colours, if they are not ours.
    pub(crate) fn accent(&self) -> Option<Accent> {
        self.accent
    }

    /// The tags of the languages that the pages speak; the first is English.
    pub(crate) fn languages(&self) -> impl Iterator<Item = &str> {
        self.texts.tags()
    }

    /// The text between `<style>` and `</style>` on every page, byte for byte.
    #[must_use]
    pub fn style(&self) -> &str {
        self.style.text()
    }

    /// The hash source of that text, for the content security policy.
    #[must_use]
    pub fn style_source(&self) -> &str {
        self.style.source()
    }
}

impl Default for Brand {
    fn default() -> Self {
        Self::named("Doorward")
    }
}

/// A brand in one language: what every page is given first.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    brand: &'a Brand,
    language: &'a Language,
}

impl<'a> Look<'a> {
    /// The brand.
    #[must_use]
    pub fn brand(&self) -> &'a Brand {
        self.brand
    }

    /// The language's tag (RFC 5646), for `<html lang>`.
    #[must_use]
    pub fn lang(&self) -> &'a str {
        self.language.tag()
    }

    /// The text `id`, or its attribute where `id` is `message.attribute`.
    #[must_use]
    pub fn say(&self, id: &str) -> String {
        self.say_with(id, &[])
    }

    /// The same with values for its variables.
    #[must_use]
    pub fn say_with(&self, id: &str, values: &[(&str, FluentValue<'_>)]) -> String {
        self.brand.texts.say(self.language, id, values)
    }
}
