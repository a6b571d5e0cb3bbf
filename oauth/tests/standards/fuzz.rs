//! Every parser of foreign bytes, held against a corpus and its mutations: none panics, and what it accepts is what it
//! should be. How to run it for longer is said in `../fuzz/mutation.rs`.

mod endpoints;
#[path = "../fuzz/mutation.rs"]
mod mutation;
mod signed;
mod values;

use mutation::Corpus;

/// The seeds of a target.
fn corpus(target: &str) -> Corpus {
    Corpus::read(&format!("tests/fuzz/corpus/{target}"))
}
