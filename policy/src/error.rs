//! The one error of this crate: configuration that does not parse.

/// One mistake in the configuration of a policy or a group.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {message}")]
pub struct ParseError {
    /// Where it is, relative to what was parsed, such as `include[2].ip`.
    pub at: String,
    /// What is wrong, for the person who wrote it.
    pub message: String,
}

impl ParseError {
    pub(crate) fn new(at: impl Into<String>, message: impl Into<String>) -> Self {
        Self { at: at.into(), message: message.into() }
    }

    /// The same error, seen from one level further out.
    pub(crate) fn under(self, parent: &str) -> Self {
        Self { at: format!("{parent}.{}", self.at), ..self }
    }
}

/// Names in backticks, for the end of a message.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
