//! What was found wrong so far, each with its line.

use super::document::Document;
use super::key::{Key, Step};
use super::problem::{self, Problem, Problems};

/// Collects the problems and warnings of one file.
pub(crate) struct Report<'a> {
    file: &'a str,
    document: &'a Document<'a>,
    /// Values that are left out of what is checked further, because they could not be read.
    unread: Vec<Key>,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

/// What is wrong with a value, wherever it is.
#[derive(Debug)]
pub(crate) struct Mistake {
    message: String,
    help: Option<String>,
}

impl Mistake {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        let message = message.into();
        Self { message, help: None }
    }

    pub(crate) fn help(self, help: impl Into<Option<String>>) -> Self {
        let help = help.into();
        Self { help, ..self }
    }
}

impl<T: Into<String>> From<T> for Mistake {
    fn from(message: T) -> Self {
        Self::new(message)
    }
}

impl<'a> Report<'a> {
    pub(crate) fn new(file: &'a str, document: &'a Document<'a>) -> Self {
        let (unread, problems, warnings) = (Vec::new(), Vec::new(), Vec::new());
        Self { file, document, unread, problems, warnings }
    }

    /// The file as written.
    pub(crate) fn document(&self) -> &'a Document<'a> {
        self.document
    }

    /// A value that could not be read; `key` counts list elements as written.
    pub(crate) fn unread(&mut self, key: Key, mistake: impl Into<Mistake>) {
        if !self.is_unread(&key) {
            let problem = self.problem(&key, mistake.into());
            self.problems.push(problem);
        }
        self.unread.push(key);
    }

    /// Whether something at or inside `key` could not be read.
    pub(crate) fn is_unread(&self, key: &Key) -> bool {
        self.unread.iter().any(|unread| unread.is_within(key))
    }

    /// A mistake in what was read. It is dropped if it may follow from what could not be read.
    pub(crate) fn error(&mut self, key: &Key, mistake: impl Into<Mistake>) {
        let key = self.as_written(key);
        if !self.is_unread(&key) {
            let problem = self.problem(&key, mistake.into());
            self.problems.push(problem);
        }
    }

    /// A mistake in the words of the policy crate, which quotes the value; here the key says enough.
    pub(crate) fn error_in_rule(&mut self, key: &Key, message: &str) {
        let value = self.document.text(&self.as_written(key)).unwrap_or_default();
        let quoted = format!("`{value}`");
        let message = match message.strip_prefix(&quoted) {
            Some(rest) => rest.trim_start().to_owned(),
            None if message.starts_with("unknown ") => message.replacen(&format!(" {quoted}"), "", 1),
            None => message.to_owned(),
        };
        self.error(key, message);
    }

    /// A mistake in a name, whatever is inside of it.
    pub(crate) fn bad_name(&mut self, key: &Key, mistake: impl Into<Mistake>) {
        let problem = self.problem(key, mistake.into());
        self.problems.push(problem);
    }

    /// Something that is allowed, but probably not meant.
    pub(crate) fn warn(&mut self, key: &Key, mistake: impl Into<Mistake>) {
        let key = self.as_written(key);
        let warning = self.problem(&key, mistake.into());
        self.warnings.push(warning);
    }

    /// The value, or `None` and a reported mistake.
    pub(crate) fn take<T>(&mut self, key: &Key, result: Result<T, Mistake>) -> Option<T> {
        result.map_err(|mistake| self.error(key, mistake)).ok()
    }

    /// `value` made with the warnings if there was no mistake. `None` must have had one reported.
    pub(crate) fn conclude<T>(mut self, value: impl FnOnce(Vec<Problem>) -> Option<T>) -> Result<T, Problems> {
        if !self.problems.is_empty() {
            let first = self.problems.remove(0);
            return Err(Problems::new(first, self.problems));
        }
        let unknown = self.problem(&Key::default(), Mistake::new("cannot be used"));
        problem::sort(&mut self.warnings);
        value(self.warnings).ok_or_else(|| Problems::new(unknown, Vec::new()))
    }

    fn problem(&self, key: &Key, mistake: Mistake) -> Problem {
        Problem {
            file: self.file.to_owned(),
            line: self.document.line(key),
            key: key.to_string(),
            message: mistake.message,
            help: mistake.help,
        }
    }

    /// The key with list elements counted as written, those that could not be read included.
    fn as_written(&self, key: &Key) -> Key {
        key.steps().iter().fold(Key::default(), |list, step| match step {
            Step::Name(_) => list.with(step.clone()),
            Step::Index(index) => {
                let left_out = |index| self.unread.contains(&list.index(index));
                let written = (0..).filter(|index| !left_out(*index)).nth(*index);
                list.index(written.unwrap_or(*index))
            }
        })
    }
}
