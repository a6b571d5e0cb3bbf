//! Why a password is too weak, in words.

use super::Look;

/// What is wrong with a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeakPassword {
    /// It is too short.
    TooShort {
        /// The fewest characters.
        least: usize,
    },
    /// It is too long.
    TooLong {
        /// The most characters.
        most: usize,
    },
    /// It is easy to guess.
    Guessable(Pattern),
}

/// What makes a password easy to guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Keys that are beside each other.
    Keyboard,
    /// The same again and again.
    Repeats,
    /// A password that many people have, or one like it.
    Common,
    /// Letters or digits in their order.
    Sequence,
    /// A year or a date.
    Date,
    /// A word or a name.
    Word,
    /// Nothing that has a name.
    Unnamed,
}

impl WeakPassword {
    /// What to tell the person.
    #[must_use]
    pub fn sentence(self, look: &Look<'_>) -> String {
        match self {
            Self::TooShort { least } => look.say_with("weak-short", &[("count", least.into())]),
            Self::TooLong { most } => look.say_with("weak-long", &[("count", most.into())]),
            Self::Guessable(pattern) => {
                let told = ["weak-guessable"].into_iter().chain(pattern.text()).chain(["weak-advice"]);
                told.map(|id| look.say(id)).collect::<Vec<_>>().join(" ")
            }
        }
    }
}

impl Pattern {
    fn text(self) -> Option<&'static str> {
        Some(match self {
            Self::Keyboard => "weak-keyboard",
            Self::Repeats => "weak-repeats",
            Self::Common => "weak-common",
            Self::Sequence => "weak-sequence",
            Self::Date => "weak-date",
            Self::Word => "weak-word",
            Self::Unnamed => return None,
        })
    }
}
