//! Whose gateway this is, as its pages show it: the name, the colours, and the languages that it speaks.

mod accept;
mod markup;
#[cfg(test)]
mod outline;
mod style;
mod texts;

pub use fluent_bundle::FluentValue;
pub use style::hash_source;
pub(crate) use texts::english;

use style::Style;
use texts::{Language, Texts};

/// `[brand]`: what all pages have in common. It is made once per configuration.
#[derive(Debug)]
pub struct Brand {
    name: String,
    style: Style,
    texts: Texts,
}

impl Brand {
    /// The brand of this name, in our colours and languages.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), style: Style::new(), texts: Texts::built_in() }
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
