//! The texts that people see, in Fluent (https://projectfluent.org): one file per language, one message per text.
//!
//! INVARIANT: every language has every message of the built-in English, or English stands in for it.

use super::outline::outline;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::fmt;
use std::sync::LazyLock;
use unic_langid::LanguageIdentifier;

const ENGLISH: &str = include_str!("../pages/texts/en.ftl");
const GERMAN: &str = include_str!("../pages/texts/de.ftl");

/// The texts of one language.
pub(super) struct Language {
    tag: String,
    bundle: FluentBundle<FluentResource>,
}

/// All languages; the first is English, which is complete.
#[derive(Debug)]
pub(super) struct Texts {
    languages: Vec<Language>,
}

impl Texts {
    /// The languages that come with the program.
    fn built_in() -> Self {
        let built_in = [("en", ENGLISH), ("de", GERMAN)];
        Self { languages: built_in.into_iter().map(|(tag, source)| Language::built_in(tag, source)).collect() }
    }

    /// With an operator's files: each adds a language, or replaces texts of one that is there.
    pub(super) fn with(files: Vec<TextFile>) -> Self {
        let mut texts = Self::built_in();
        for TextFile { tag, resource, .. } in files {
            let known = texts.languages.iter().position(|language| language.tag.eq_ignore_ascii_case(&tag));
            let index = known.unwrap_or_else(|| {
                texts.languages.push(Language::empty(&tag));
                texts.languages.len() - 1
            });
            texts.languages[index].bundle.add_resource_overriding(resource);
        }
        texts
    }

    pub(super) fn tags(&self) -> impl Iterator<Item = &str> + Clone {
        self.languages.iter().map(Language::tag)
    }

    /// The language at `index` of [`Texts::tags`]; English if there is none.
    pub(super) fn language(&self, index: usize) -> &Language {
        self.languages.get(index).unwrap_or(&self.languages[0])
    }

    /// The text in this language, or else in English, or else its id.
    pub(super) fn say(&self, language: &Language, id: &str, values: &[(&str, FluentValue<'_>)]) -> String {
        let said = language.say(id, values).or_else(|| self.languages[0].say(id, values));
        debug_assert!(said.is_some(), "there is no text `{id}`");
        said.unwrap_or_else(|| id.to_owned())
    }
}

/// A file of texts that an operator wrote, checked.
pub(crate) struct TextFile {
    tag: String,
    resource: FluentResource,
    /// The first of our texts that it has not.
    missing: Option<String>,
}

/// Why a file of texts cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BadText {
    /// Its name is no language tag.
    Tag,
    /// It is no Fluent; the line where that shows.
    Syntax { line: usize },
    /// No page has such a text.
    UnknownText(String),
    /// The text is never given this variable.
    UnknownVariable { text: String, variable: String },
}

impl TextFile {
    /// Checks the file `tag`.ftl.
    pub(crate) fn read(tag: &str, source: String) -> Result<Self, BadText> {
        // BCP 47 tags as they are written in HTTP: `de`, `pt-BR`.
        let _: LanguageIdentifier = tag.parse().map_err(|_| BadText::Tag)?;
        let ours = outline(ENGLISH);
        let theirs = outline(&source);
        let resource = FluentResource::try_new(source).map_err(|(resource, errors)| {
            let at = errors.first().map_or(0, |error| error.pos.start);
            BadText::Syntax { line: resource.source().get(..at).unwrap_or_default().lines().count().max(1) }
        })?;
        for (text, variables) in &theirs {
            let known = ours.get(text).ok_or_else(|| BadText::UnknownText(text.clone()))?;
            if let Some(variable) = variables.difference(known).next() {
                return Err(BadText::UnknownVariable { text: text.clone(), variable: variable.clone() });
            }
        }
        let missing = ours.keys().find(|id| !theirs.contains_key(*id)).cloned();
        Ok(Self { tag: tag.to_owned(), resource, missing })
    }

    /// The first of our texts that a new language has not; the languages that are there lack none.
    pub(crate) fn missing(&self) -> Option<&str> {
        let is_new = !["en", "de"].iter().any(|tag| tag.eq_ignore_ascii_case(&self.tag));
        self.missing.as_deref().filter(|_| is_new)
    }
}

impl Language {
    fn built_in(tag: &str, source: &str) -> Self {
        let mut language = Self::empty(tag);
        // What is wrong with a built-in file is left out here, and found by the tests.
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(readable, _)| readable);
        language.bundle.add_resource_overriding(resource);
        language
    }

    fn empty(tag: &str) -> Self {
        let identifier: LanguageIdentifier = tag.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
        // Pages isolate by <bdi>; invisible characters have no place in them.
        bundle.set_use_isolating(false);
        Self { tag: tag.to_owned(), bundle }
    }

    pub(super) fn tag(&self) -> &str {
        &self.tag
    }

    fn say(&self, id: &str, values: &[(&str, FluentValue<'_>)]) -> Option<String> {
        let (id, attribute) = id.split_once('.').map_or((id, None), |(id, attribute)| (id, Some(attribute)));
        let message = self.bundle.get_message(id)?;
        let pattern = match attribute {
            Some(name) => message.get_attribute(name)?.value(),
            None => message.value()?,
        };
        let arguments: FluentArgs<'_> = values.iter().map(|(name, value)| (*name, value.clone())).collect();
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(&arguments), &mut errors);
        debug_assert!(errors.is_empty(), "`{id}` in `{}`: {errors:?}", self.tag);
        Some(text.into_owned())
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Language({})", self.tag)
    }
}

/// The built-in English text, for programs: what they read does not change with a person's language.
pub(crate) fn english(id: &str) -> String {
    static TEXTS: LazyLock<Texts> = LazyLock::new(Texts::built_in);
    TEXTS.say(TEXTS.language(0), id, &[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn the_built_in_files_are_good_fluent() {
        for source in [ENGLISH, GERMAN] {
            let read = FluentResource::try_new(source.to_owned());
            assert!(read.is_ok(), "{:?}", read.map(|_| ()).map_err(|(_, errors)| errors));
        }
    }

    #[test]
    fn languages_have_the_same_messages_with_the_same_variables() {
        let (english, german) = (outline(ENGLISH), outline(GERMAN));
        for (id, variables) in &english {
            assert_eq!(german.get(id), Some(variables), "`{id}` in German");
        }
        assert_eq!(german.len(), english.len(), "German has more");
    }

    #[test]
    fn no_message_is_there_twice() {
        for source in [ENGLISH, GERMAN] {
            let ids = source.lines().filter_map(|line| line.split_once(" = ")).map(|(id, _)| id);
            let ids: Vec<_> = ids.filter(|id| !id.contains([' ', '#'])).collect();
            assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
        }
    }

    #[test]
    fn no_page_has_a_sentence_of_its_own() {
        for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pages")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap();
            let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            let code: Vec<_> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            let code = code.join("\n");
            for literal in code.split('"').skip(1).step_by(2) {
                let mut chars = literal.chars();
                let like_a_sentence = chars.next().is_some_and(|c| c.is_ascii_uppercase())
                    && chars.next().is_some_and(|c| c.is_ascii_lowercase() || c == ' ');
                assert!(!like_a_sentence, "{}: \"{literal}\" is no text of a language", path.display());
            }
        }
    }

    /// A text is named by its id in quotes: what is named must be there, and what is there must be named.
    #[test]
    fn every_text_is_used_and_every_text_used_is_there() {
        let known = outline(ENGLISH);
        let quoted = quoted_in_sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
        let asked = quoted.iter().filter(|(call, _)| *call).map(|(_, text)| text);
        for id in asked {
            assert!(known.contains_key(id), "there is no text `{id}`");
        }
        let named: BTreeSet<_> = quoted.iter().map(|(_, text)| text.as_str()).collect();
        let is_named = |id: &String| named.contains(id.split('.').next().unwrap_or(id)) || BY_UNIT.contains(&&**id);
        let unused: Vec<_> = known.keys().filter(|id| !is_named(id)).collect();
        assert!(unused.is_empty(), "no source names {unused:?}");
    }

    fn read(tag: &str, source: &str) -> Result<Texts, BadText> {
        TextFile::read(tag, source.to_owned()).map(|file| Texts::with(vec![file]))
    }

    #[test]
    fn an_operators_texts_replace_ours_and_add_languages() {
        let texts = read("en", "sign-in = Come in\nsigned-in-as = { $person }, hello.\n").unwrap();
        assert_eq!(texts.say(texts.language(0), "sign-in", &[]), "Come in");
        assert_eq!(texts.say(texts.language(0), "sign-out", &[]), "Sign out");
        assert_eq!(english("sign-in"), "Sign in", "programs are told as ever");
        let texts = read("pt-BR", "sign-in = Entrar\n").unwrap();
        assert_eq!(texts.tags().collect::<Vec<_>>(), ["en", "de", "pt-BR"]);
        assert_eq!(texts.say(texts.language(2), "sign-in", &[]), "Entrar");
        assert_eq!(texts.say(texts.language(2), "sign-out", &[]), "Sign out", "English stands in");
    }

    #[test]
    fn texts_that_no_page_has_are_mistakes() {
        let error = |tag, source| read(tag, source).err();
        assert_eq!(error("not a tag", "sign-in = x\n"), Some(BadText::Tag));
        assert_eq!(error("en", "sign-in = x\nsign-out\n"), Some(BadText::Syntax { line: 2 }));
        assert_eq!(error("en", "sing-in = x\n"), Some(BadText::UnknownText("sing-in".into())));
        let unknown = BadText::UnknownVariable { text: "sign-in".into(), variable: "name".into() };
        assert_eq!(error("en", "sign-in = Hello { $name }\n"), Some(unknown));
    }

    /// `pages/time.rs` puts these together.
    const BY_UNIT: &[&str] = &[
        "lasting-seconds",
        "lasting-minutes",
        "lasting-hours",
        "lasting-days",
        "after-seconds",
        "after-minutes",
        "after-hours",
        "after-days",
    ];

    /// All string literals that look like an id, and whether each is the argument of `say`, `say_with` or `html`.
    fn quoted_in_sources(folder: &Path) -> BTreeSet<(bool, String)> {
        let mut found = BTreeSet::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(quoted_in_sources(&path));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let source = std::fs::read_to_string(&path).unwrap();
                let pieces: Vec<_> = source.split('"').collect();
                for pair in pieces.windows(2) {
                    let before = pair[0].trim_end();
                    let call = ["say(", "say_with(", ".html("].iter().any(|call| before.ends_with(call));
                    let like_an_id = !pair[1].is_empty()
                        && pair[1].bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b));
                    if like_an_id {
                        found.insert((call, pair[1].to_owned()));
                    }
                }
            }
        }
        found
    }
}
