//! Which passwords are good enough: long, and hard to guess by zxcvbn, which knows the common ones, names, dates and
//! patterns without asking anybody (NIST SP 800-63B section 5.1.1.2; ASVS 5.0 section 6.2). There are no rules on what a
//! password is made of.

use crate::pages::{Pattern, WeakPassword};
use zxcvbn::feedback::Warning;
use zxcvbn::{Score, zxcvbn};

/// The fewest characters of a password.
pub(crate) const LEAST_CHARS: usize = 10;
const MOST_CHARS: usize = 128;

/// Refuses a weak password; `about` is what others know of its owner, such as their address and name.
pub(crate) fn check(password: &str, about: &[&str]) -> Result<(), WeakPassword> {
    match password.chars().count() {
        count if count < LEAST_CHARS => return Err(WeakPassword::TooShort { least: LEAST_CHARS }),
        count if count > MOST_CHARS => return Err(WeakPassword::TooLong { most: MOST_CHARS }),
        _ => {}
    }
    let known: Vec<&str> = about.iter().flat_map(|text| parts(text)).chain(["doorward"]).collect();
    let guess = zxcvbn(password, &known);
    if guess.score() >= Score::Three {
        return Ok(());
    }
    let warning = guess.feedback().and_then(|feedback| feedback.warning());
    Err(WeakPassword::Guessable(warning.map_or(Pattern::Unnamed, pattern)))
}

fn pattern(warning: Warning) -> Pattern {
    match warning {
        Warning::StraightRowsOfKeysAreEasyToGuess | Warning::ShortKeyboardPatternsAreEasyToGuess => Pattern::Keyboard,
        Warning::RepeatsLikeAaaAreEasyToGuess | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => {
            Pattern::Repeats
        }
        Warning::ThisIsATop10Password
        | Warning::ThisIsATop100Password
        | Warning::ThisIsACommonPassword
        | Warning::ThisIsSimilarToACommonlyUsedPassword => Pattern::Common,
        Warning::SequencesLikeAbcAreEasyToGuess => Pattern::Sequence,
        Warning::RecentYearsAreEasyToGuess | Warning::DatesAreOftenEasyToGuess => Pattern::Date,
        Warning::AWordByItselfIsEasyToGuess
        | Warning::NamesAndSurnamesByThemselvesAreEasyToGuess
        | Warning::CommonNamesAndSurnamesAreEasyToGuess => Pattern::Word,
    }
}

/// A text and its words: of `ada.lovelace@example.com`, `lovelace` is worth nothing either.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 2);
    std::iter::once(text).chain(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: [&str; 2] = ["ada.lovelace@example.com", "Ada Lovelace"];

    #[test]
    fn weak_passwords_are_refused_and_good_ones_need_no_symbols() {
        for weak in ["Tr0ub4dor", "password1234", "qwertyuiop[]", "aaaaaaaaaaaa", "P@ssw0rd2024!", "1234567890123"] {
            assert!(check(weak, &ADA).is_err(), "{weak}");
        }
        for good in ["gravel tulip anvil mooring", "hxkwq-38dmz-aptrr", "äöüß кошка 三文魚 dizzy"] {
            assert_eq!(check(good, &ADA), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_others_know_of_the_owner_is_worth_nothing() {
        for weak in ["ada.lovelace@example.com", "lovelace1815", "doorwarddoorward"] {
            assert!(check(weak, &ADA).is_err(), "{weak}");
        }
    }

    #[test]
    fn a_password_may_be_long_but_has_an_end() {
        let long: String = ('a'..='z').chain('0'..='9').cycle().step_by(7).take(128).collect();
        assert_eq!(check(&long, &[]), Ok(()));
        assert_eq!(check(&format!("{long}x"), &[]), Err(WeakPassword::TooLong { most: 128 }));
        assert_eq!(check("kX9!vQ2#z", &[]), Err(WeakPassword::TooShort { least: 10 }));
    }
}
