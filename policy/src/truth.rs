//! Three-valued truth after Kleene: what is not known yet is neither true nor false.

use std::fmt;
use std::ops::Not;

use serde::Serialize;

/// Whether something holds, as far as the facts go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// It holds, whatever is still unknown.
    Yes,
    /// It does not hold, whatever is still unknown.
    No,
    /// It depends on what is still unknown.
    Unknown,
}

impl Truth {
    /// The word used in explanations.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }

    /// Kleene's disjunction, which stops at the first [`Truth::Yes`]; of nothing it is [`Truth::No`].
    pub(crate) fn any(outcomes: impl Iterator<Item = Self>) -> Self {
        let mut result = Self::No;
        for outcome in outcomes {
            match outcome {
                Self::Yes => return Self::Yes,
                Self::Unknown => result = Self::Unknown,
                Self::No => {}
            }
        }
        result
    }

    /// Kleene's conjunction, which stops at the first [`Truth::No`]; of nothing it is [`Truth::Yes`].
    pub(crate) fn all(outcomes: impl Iterator<Item = Self>) -> Self {
        !Self::any(outcomes.map(Self::not))
    }
}

impl Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Truth::{self, No, Unknown, Yes};

    #[test]
    fn connectives_follow_kleene() {
        let table = [
            (Yes, Yes, Yes, Yes),
            (Yes, No, Yes, No),
            (Yes, Unknown, Yes, Unknown),
            (No, No, No, No),
            (No, Unknown, Unknown, No),
            (Unknown, Unknown, Unknown, Unknown),
        ];
        for (a, b, or, and) in table {
            for pair in [[a, b], [b, a]] {
                assert_eq!(Truth::any(pair.into_iter()), or, "any {pair:?}");
                assert_eq!(Truth::all(pair.into_iter()), and, "all {pair:?}");
            }
        }
    }

    #[test]
    fn of_nothing_any_is_no_and_all_is_yes() {
        assert_eq!(Truth::any(std::iter::empty()), No);
        assert_eq!(Truth::all(std::iter::empty()), Yes);
    }
}
