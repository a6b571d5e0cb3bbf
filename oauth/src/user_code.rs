//! The code that a person reads from a device and enters in a browser (RFC 8628 section 6.1): eight consonants, of which
//! no word can be made and none is taken for another.

use crate::seal::Sealer;
use crate::secret::SecretHash;
use crate::world::Random;
use std::fmt;

const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

const CHARS: usize = 8;

/// A well-formed code.
#[derive(Clone, PartialEq, Eq)]
pub struct UserCode([u8; CHARS]);

impl UserCode {
    /// A new code: one of 20^8, 34 bits.
    pub fn generate(random: &dyn Random) -> Self {
        // Above the last multiple of 20, some letters would come more often than others.
        let usable = |byte: u8| (byte < 240).then(|| ALPHABET[usize::from(byte) % ALPHABET.len()]);
        let letters = std::iter::repeat_with(|| random.bytes::<16>()).flatten().filter_map(usable);
        let mut code = [0; CHARS];
        code.iter_mut().zip(letters).for_each(|(place, letter)| *place = letter);
        Self(code)
    }

    /// Reads what a person typed, in any case, with or without spaces and punctuation.
    pub fn parse(typed: &str) -> Option<Self> {
        let mut letters = typed.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_uppercase());
        let mut code = [0; CHARS];
        for place in &mut code {
            *place = u8::try_from(letters.next()?).ok().filter(|letter| ALPHABET.contains(letter))?;
        }
        letters.next().is_none().then_some(Self(code))
    }

    /// What the store keeps instead. A code is short enough to be found by trying all of them, so the hash is good for
    /// nothing without the key of `sealer`. The first is that of the key of now, the others of those before it.
    pub fn hashes(&self, sealer: &Sealer) -> Vec<SecretHash> {
        sealer.derive_texts("user code", &self.0).iter().map(|text| SecretHash::of(text)).collect()
    }
}

/// As devices and pages show it: `XXXX-XXXX`.
impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.map(char::from);
        let (left, right) = text.split_at(CHARS / 2);
        write!(f, "{}-{}", String::from_iter(left), String::from_iter(right))
    }
}

impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicU8, Ordering};

    /// Every byte as often as every other.
    #[derive(Default)]
    struct Counter(AtomicU8);
    impl Random for Counter {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.iter_mut().for_each(|byte| *byte = self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    #[test]
    fn dv_03_each_letter_is_as_likely_as_every_other() {
        let random = Counter::default();
        let mut count = BTreeMap::<char, u32>::new();
        for _ in 0..2400 {
            let code = UserCode::generate(&random).to_string();
            assert_eq!((code.len(), &code[4..5]), (9, "-"));
            code.chars().filter(|c| *c != '-').for_each(|letter| *count.entry(letter).or_default() += 1);
        }
        assert_eq!(count.keys().collect::<String>().as_bytes(), ALPHABET);
        let (least, most) = (count.values().min().unwrap(), count.values().max().unwrap());
        assert!(most - least <= most / 10, "{count:?}");
    }

    #[test]
    fn what_people_type_is_forgiven() {
        let code = UserCode::parse("WDJBMJHT").unwrap();
        for typed in ["WDJB-MJHT", "wdjb-mjht", " wdjb mjht ", "W D J B M J H T", "wdjb\u{2013}mjht", "WDJB.MJHT\n"] {
            assert_eq!(UserCode::parse(typed), Some(code.clone()), "{typed}");
        }
        assert_eq!(code.to_string(), "WDJB-MJHT");
        for wrong in ["", "-", "WDJBMJH", "WDJBMJHTT", "ADJBMJHT", "WDJB-MJH1", "\u{df}DJBMJHT"] {
            assert_eq!(UserCode::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_hash_needs_the_key() {
        let code = UserCode::parse("WDJBMJHT").unwrap();
        let [one, other] = [1, 2].map(|key| Sealer::new([key; 32].into()));
        assert_eq!(code.hashes(&one), code.hashes(&one));
        assert_ne!(code.hashes(&one), code.hashes(&other));
        assert_ne!(code.hashes(&one), [SecretHash::of("WDJBMJHT")]);
        let both = Sealer::of_line(Some(&other), [&one].into_iter());
        assert_eq!(code.hashes(&both), [code.hashes(&other), code.hashes(&one)].concat(), "after a rotation");
    }
}
