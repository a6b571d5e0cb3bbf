//! What is wrong with a configuration file: where, what, and what to write instead.

use std::fmt;

/// One mistake, or one thing that is probably not meant. It never holds text of the file beyond the names of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// The line, from 1; absent when nothing in the file is to blame.
    pub line: Option<usize>,
    /// The key, such as `apps.wiki.upstream`; empty when it is about the file.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.message)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

/// All mistakes of a configuration, by line.
///
/// INVARIANT: never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    pub(crate) fn new(first: Problem, rest: Vec<Problem>) -> Self {
        let mut all = rest;
        all.insert(0, first);
        sort(&mut all);
        Self(all)
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// By line, and on a line by key.
pub(crate) fn sort(problems: &mut [Problem]) {
    problems.sort_by(|a, b| (a.line, &a.key).cmp(&(b.line, &b.key)));
}
