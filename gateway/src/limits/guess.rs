//! A try at an account: at what, by whom, and how many there may be.

use oauth::secret::SecretHash;
use std::net::IpAddr;

/// What is guessed at an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Guess {
    /// Its password.
    Password,
    /// A code, after the password was right.
    SecondFactor,
    /// Not guessed but asked for: mails to its address.
    Mail,
}

impl Guess {
    /// Tries in a minute from one place.
    pub(super) const fn at_a_place(self) -> u32 {
        match self {
            Self::Password => 10,
            Self::SecondFactor => 5,
            Self::Mail => 3,
        }
    }

    /// Tries in ten minutes from all strange places together: who has many addresses gets no further than this, and whoever
    /// comes from a place that the account knows is not counted here.
    pub(super) const fn strangers(self) -> u32 {
        match self {
            Self::Password => 50,
            Self::SecondFactor => 10,
            Self::Mail => 10,
        }
    }
}

/// Where a try at an account comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Whence {
    /// A browser or network from which somebody signed in to this account before.
    Familiar(SecretHash),
    /// Anywhere else.
    Strange(IpAddr),
}

/// An account that is tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) guess: Guess,
    /// Its user name as typed, whether somebody has it or not.
    pub(crate) account: &'a str,
    pub(crate) whence: Whence,
}
