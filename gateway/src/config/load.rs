//! From a file to a [`Config`], or to everything that is wrong with it.

use super::document::{Document, SyntaxError};
use super::problem::{Problem, Problems};
use super::report::Report;
use super::{Config, Source, build, read};
use std::path::Path;

/// Reads a configuration file.
pub fn load(path: &Path) -> Result<Config, Problems> {
    let file = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&text, &file),
        Err(error) => {
            let message = format!("cannot be read: {error}");
            Err(Problems::new(about_file(&file, None, message), Vec::new()))
        }
    }
}

/// Reads the text of a configuration; `file` is what problems call it.
pub fn parse(text: &str, file: &str) -> Result<Config, Problems> {
    let document = Document::parse(text).map_err(|errors| no_toml(file, &errors))?;
    let mut report = Report::new(file, &document);
    let raw = read::read(&mut report);
    let config = build::config(&mut report, &raw);
    report.conclude(|warnings| Some(Config { warnings, source: Source::of(text), ..config? }))
}

fn no_toml(file: &str, errors: &[SyntaxError]) -> Problems {
    let mut problems = errors.iter().map(|error| {
        let message = format!("column {}: {}", error.column, error.message);
        about_file(file, Some(error.line), message)
    });
    let first = problems.next().unwrap_or_else(|| about_file(file, None, "is no TOML".into()));
    Problems::new(first, problems.collect())
}

fn about_file(file: &str, line: Option<usize>, message: String) -> Problem {
    let (file, key) = (file.to_owned(), String::new());
    Problem { file, line, key, message, help: None }
}
