//! A TOML document that remembers where everything is written.

use super::key::{Key, Step};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, Error, ValueDeserializer};

/// A file, parsed but not yet understood.
#[derive(Clone)]
pub(crate) struct Document<'a> {
    text: &'a str,
    root: Spanned<DeValue<'a>>,
}

/// A place where the file is no TOML.
pub(crate) struct SyntaxError {
    /// From 1.
    pub(crate) line: usize,
    /// In characters, from 1.
    pub(crate) column: usize,
    /// What is wrong and what was expected, without text of the file.
    pub(crate) message: String,
}

impl<'a> Document<'a> {
    /// Parses a file, and reports one syntax error per line.
    pub(crate) fn parse(text: &'a str) -> Result<Self, Vec<SyntaxError>> {
        let (root, errors) = DeTable::parse_recoverable(text);
        let mut errors: Vec<_> = errors.iter().map(|error| syntax_error(text, error)).collect();
        errors.sort_by_key(|error| error.line);
        errors.dedup_by_key(|error| error.line);
        if !errors.is_empty() {
            return Err(errors);
        }
        let span = root.span();
        let root = Spanned::new(span, DeValue::Table(root.into_inner()));
        Ok(Self { text, root })
    }

    /// What serde reads from.
    pub(crate) fn deserializer(&self) -> ValueDeserializer<'a> {
        ValueDeserializer::from(self.root.clone())
    }

    /// The line of a value, or of the innermost table that would hold it; `None` if there is not even that.
    pub(crate) fn line(&self, key: &Key) -> Option<usize> {
        let (mut node, mut found) = (self.root.get_ref(), None);
        for step in key.steps() {
            let Some((span, next)) = child(node, step) else { break };
            (node, found) = (next, Some(span));
        }
        found.map(|span| position(self.text, span.start).0)
    }

    /// Whether there is such a value.
    pub(crate) fn contains(&self, key: &Key) -> bool {
        self.node(key).is_some()
    }

    /// The names in the table at `key`.
    pub(crate) fn names(&self, key: &Key) -> impl Iterator<Item = &str> {
        let table = self.node(key).and_then(DeValue::as_table);
        table.into_iter().flatten().map(|(name, _)| name.get_ref().as_ref())
    }

    /// The value at `key` if it is a string.
    pub(crate) fn text(&self, key: &Key) -> Option<&str> {
        self.node(key).and_then(DeValue::as_str)
    }

    /// What kind of value is at `key`, with its article.
    pub(crate) fn kind(&self, key: &Key) -> &'static str {
        match self.node(key) {
            Some(DeValue::String(_)) => "a string",
            Some(DeValue::Integer(_)) => "a number",
            Some(DeValue::Float(_)) => "a number with a fraction",
            Some(DeValue::Boolean(_)) => "a boolean",
            Some(DeValue::Datetime(_)) => "a date or time",
            Some(DeValue::Array(_)) => "a list",
            Some(DeValue::Table(_)) => "a table",
            None => "nothing",
        }
    }

    /// Every key, outer ones first.
    pub(crate) fn keys(&self) -> Vec<Key> {
        let mut keys = Vec::new();
        walk(&self.root, &Key::default(), &mut |key, _, _| keys.push(key.clone()));
        keys
    }

    /// The keys whose name or value is written exactly at `span`, outer ones first.
    pub(crate) fn written_at(&self, span: &Range<usize>) -> Vec<Key> {
        let mut found = Vec::new();
        walk(&self.root, &Key::default(), &mut |key, name, value| {
            if name == *span || value == *span {
                found.push(key.clone());
            }
        });
        found
    }

    /// Takes a value out.
    pub(crate) fn remove(&mut self, key: &Key) {
        let Some(step) = key.steps().last() else { return };
        match (self.node_mut(&key.parent()), step) {
            (Some(DeValue::Table(table)), Step::Name(name)) => {
                table.remove(name.as_str());
            }
            (Some(DeValue::Array(array)), Step::Index(index)) => {
                let mut left = DeArray::new();
                let elements = array.iter().enumerate();
                elements.filter(|(position, _)| position != index).for_each(|(_, element)| left.push(element.clone()));
                *array = left;
            }
            _ => {}
        }
    }

    /// Puts the value called `name` of another document into the table at `key`.
    pub(crate) fn insert(&mut self, key: &Key, name: &str, other: &Document<'a>) {
        let table = other.root.get_ref().as_table();
        let entry = table.and_then(|table| table.get_key_value(name));
        if let (Some(DeValue::Table(table)), Some((name, value))) = (self.node_mut(key), entry) {
            table.insert(name.clone(), value.clone());
        }
    }

    fn node(&self, key: &Key) -> Option<&DeValue<'a>> {
        let root = self.root.get_ref();
        key.steps().iter().try_fold(root, |node, step| Some(child(node, step)?.1))
    }

    fn node_mut(&mut self, key: &Key) -> Option<&mut DeValue<'a>> {
        let root = self.root.get_mut();
        key.steps().iter().try_fold(root, |node, step| match (node, step) {
            (DeValue::Table(table), Step::Name(name)) => Some(table.get_mut(name.as_str())?.get_mut()),
            (DeValue::Array(array), Step::Index(index)) => Some(array.get_mut(*index)?.get_mut()),
            _ => None,
        })
    }
}

/// One step down: where the name (or the element) is written, and the value.
fn child<'d, 'a>(node: &'d DeValue<'a>, step: &Step) -> Option<(Range<usize>, &'d DeValue<'a>)> {
    match (node, step) {
        (DeValue::Table(table), Step::Name(name)) => {
            let (key, value) = table.get_key_value(name.as_str())?;
            Some((key.span(), value.get_ref()))
        }
        (DeValue::Array(array), Step::Index(index)) => {
            let value = array.get(*index)?;
            Some((value.span(), value.get_ref()))
        }
        _ => None,
    }
}

/// Visits every value with the spans of its name and of itself, outer ones first.
fn walk(node: &Spanned<DeValue<'_>>, here: &Key, visit: &mut impl FnMut(&Key, Range<usize>, Range<usize>)) {
    match node.get_ref() {
        DeValue::Table(table) => {
            for (name, value) in table {
                let key = here.field(name.get_ref());
                visit(&key, name.span(), value.span());
                walk(value, &key, visit);
            }
        }
        DeValue::Array(array) => {
            for (index, value) in array.iter().enumerate() {
                let key = here.index(index);
                visit(&key, value.span(), value.span());
                walk(value, &key, visit);
            }
        }
        _ => {}
    }
}

fn syntax_error(text: &str, error: &Error) -> SyntaxError {
    let (line, column) = position(text, error.span().map_or(0, |span| span.start));
    let message = error.message().to_owned();
    SyntaxError { line, column, message }
}

/// Line and column of a byte, both from 1.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    (line, before[start..].chars().count() + 1)
}
