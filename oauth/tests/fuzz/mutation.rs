//! Foreign bytes for parsers: each seed of a committed corpus, and what becomes of it by some random edits.
//!
//! A corpus is a text file with one seed a line, in which `\n`, `\r`, `\t`, `\\` and `\xNN` are escapes. A run is the same
//! each time; `PROPTEST_RNG_SEED` and `PROPTEST_CASES` make it another and a longer one. An input that fails is shown in
//! the form of the corpus: add it there.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use std::path::Path;

/// How often a target is tried in an ordinary run.
const CASES: u32 = 3000;

/// What parsers stumble over.
const WORDS: &[&str] = &[
    "",
    " ",
    "\t",
    "\r\n",
    "\0",
    "\u{7f}",
    "\u{202e}",
    "\u{e4}",
    "\"",
    "'",
    "\\",
    "/",
    "//",
    "/../",
    "%",
    "%00",
    "%2e",
    "%2F",
    "%ff",
    "%25",
    "@",
    ":",
    ";",
    ",",
    "#",
    "?",
    "&",
    "=",
    "+",
    "*",
    "[",
    "]",
    "{",
    "}",
    "[::1]",
    "127.0.0.1",
    "localhost",
    "0x7f.1",
    "xn--",
    ":0",
    ":99999",
    "https://",
    "http://",
    "javascript:",
    "null",
    "true",
    "-1",
    "1e999",
    "\\u0000",
    "Basic ",
    "Bearer ",
    "<script>",
];

/// Seeds of a target.
pub(crate) struct Corpus(Vec<Vec<u8>>);

impl Corpus {
    /// Reads a file beside the manifest of the crate.
    pub(crate) fn read(file: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self(text.lines().map(unescape).collect())
    }

    /// One more seed, made in the test.
    pub(crate) fn and(mut self, seed: &[u8]) -> Self {
        self.0.push(seed.to_vec());
        self
    }

    /// Checks every seed, then many mutations.
    pub(crate) fn fuzz(&self, check: impl Fn(&[u8])) {
        self.fuzz_times(CASES, check);
    }

    /// The same with so many mutations, for what takes its time.
    pub(crate) fn fuzz_times(&self, cases: u32, check: impl Fn(&[u8])) {
        for seed in &self.0 {
            check(seed);
        }
        let mut config = Config { failure_persistence: None, ..Config::default() };
        config.cases = config.cases.max(cases);
        if config.rng_seed == RngSeed::Random {
            config.rng_seed = RngSeed::Fixed(1);
        }
        let found = TestRunner::new(config).run(&(any::<Index>(), vec(edit(), 1..6)), |(seed, edits)| {
            check(&self.mutated(seed, &edits));
            Ok(())
        });
        if let Err(proptest::test_runner::TestError::Fail(why, (seed, edits))) = found {
            panic!("{why}\n{}", escape(&self.mutated(seed, &edits)));
        }
    }

    /// The same for what takes text.
    pub(crate) fn fuzz_text(&self, check: impl Fn(&str)) {
        self.fuzz(|bytes| check(&String::from_utf8_lossy(bytes)));
    }

    fn mutated(&self, seed: Index, edits: &[Edit]) -> Vec<u8> {
        let mut bytes = self.0[seed.index(self.0.len())].clone();
        for edit in edits {
            edit.apply(&mut bytes, &self.0);
        }
        bytes
    }
}

/// A small change somewhere.
#[derive(Clone, Debug)]
enum Edit {
    Insert(Index, Vec<u8>),
    Word(Index, Index),
    Remove(Index, usize),
    Flip(Index, u8),
    Repeat(Index, usize, usize),
    /// The rest becomes that of another seed.
    Splice(Index, Index, Index),
    Truncate(Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (any::<Index>(), vec(any::<u8>(), 1..4)).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        (any::<Index>(), any::<Index>()).prop_map(|(at, word)| Edit::Word(at, word)),
        (any::<Index>(), 1..6_usize).prop_map(|(at, count)| Edit::Remove(at, count)),
        (any::<Index>(), 1..=255_u8).prop_map(|(at, bits)| Edit::Flip(at, bits)),
        (any::<Index>(), 1..8_usize, 1..40_usize).prop_map(|(at, length, times)| Edit::Repeat(at, length, times)),
        (any::<Index>(), any::<Index>(), any::<Index>()).prop_map(|(at, other, from)| Edit::Splice(at, other, from)),
        any::<Index>().prop_map(Edit::Truncate),
    ]
}

impl Edit {
    fn apply(&self, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let place = |at: &Index, length: usize| at.index(length + 1);
        match self {
            Self::Insert(at, new) => insert(bytes, place(at, bytes.len()), new),
            Self::Word(at, word) => insert(bytes, place(at, bytes.len()), word.get(WORDS).as_bytes()),
            Self::Remove(at, count) => {
                let from = place(at, bytes.len());
                bytes.drain(from..bytes.len().min(from + count));
            }
            Self::Flip(at, bits) => {
                let at = place(at, bytes.len());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= bits;
                }
            }
            Self::Repeat(at, length, times) => {
                let from = place(at, bytes.len());
                let part = bytes[from..bytes.len().min(from + length)].repeat(*times);
                insert(bytes, from, &part);
            }
            Self::Splice(at, other, from) => {
                bytes.truncate(place(at, bytes.len()));
                let other = other.get(seeds);
                bytes.extend(&other[place(from, other.len())..]);
            }
            Self::Truncate(at) => bytes.truncate(place(at, bytes.len())),
        }
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, new: &[u8]) {
    bytes.splice(at..at, new.iter().copied());
}

fn unescape(line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = line.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let (byte, used) = match (first, after.first()) {
            (b'\\', Some(b'n')) => (b'\n', 1),
            (b'\\', Some(b'r')) => (b'\r', 1),
            (b'\\', Some(b't')) => (b'\t', 1),
            (b'\\', Some(b'\\')) => (b'\\', 1),
            (b'\\', Some(b'x')) => {
                let digits = std::str::from_utf8(&after[1..3]).unwrap();
                (u8::from_str_radix(digits, 16).unwrap(), 3)
            }
            (b'\\', _) => panic!("a single backslash in `{line}`"),
            (other, _) => (other, 0),
        };
        bytes.push(byte);
        rest = &after[used..];
    }
    bytes
}

fn escape(bytes: &[u8]) -> String {
    let escaped = |byte: &u8| match byte {
        b'\n' => "\\n".to_owned(),
        b'\r' => "\\r".to_owned(),
        b'\t' => "\\t".to_owned(),
        b'\\' => "\\\\".to_owned(),
        0x20..=0x7e => char::from(*byte).to_string(),
        _ => format!("\\x{byte:02x}"),
    };
    bytes.iter().map(escaped).collect()
}

#[test]
fn a_corpus_is_read_as_it_is_written() {
    let bytes: Vec<u8> = (0..=255).collect();
    assert_eq!(unescape(&escape(&bytes)), bytes);
}
