//! Whatever is cut from or changed in a file, reading it ends with a configuration or with problems.

use super::{FULL, parse};

#[test]
fn a_file_cut_anywhere_is_read_or_refused() {
    for end in 0..=FULL.len() {
        read(&FULL.as_bytes()[..end]);
    }
}

#[test]
fn a_file_without_any_one_byte_is_read_or_refused() {
    for at in 0..FULL.len() {
        let mut bytes = FULL.as_bytes().to_vec();
        bytes.remove(at);
        read(&bytes);
    }
}

#[test]
fn a_file_with_any_byte_changed_is_read_or_refused() {
    for at in 0..FULL.len() {
        for other in *b"\"[." {
            let mut bytes = FULL.as_bytes().to_vec();
            bytes[at] = other;
            read(&bytes);
        }
    }
}

#[test]
fn a_file_without_any_one_line_is_read_or_refused() {
    let lines: Vec<_> = FULL.lines().collect();
    for at in 0..lines.len() {
        let rest = [&lines[..at], &lines[at + 1..]].concat();
        read(rest.join("\n").as_bytes());
    }
}

#[test]
fn a_file_with_many_changes_is_read_or_refused() {
    let seeds = crate::mutation::Corpus::read("tests/fuzz/config").and(FULL.as_bytes());
    seeds.fuzz_times(300, read);
}

/// Reading must not panic, and problems can be printed.
fn read(bytes: &[u8]) {
    if let Err(problems) = parse(&String::from_utf8_lossy(bytes)) {
        assert!(!problems.to_string().is_empty());
        assert!(!problems.iter().any(|problem| problem.message == "cannot be used"), "{problems}");
    }
}
