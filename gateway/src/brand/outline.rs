//! What a file of texts has: its messages, and the variables of each.

use std::collections::{BTreeMap, BTreeSet};

/// The variables of each message, and of each attribute as `message.attribute`. The text must be good Fluent: a message
/// begins a line, what belongs to it is indented.
pub(super) fn outline(source: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::<String, BTreeSet<String>>::new();
    let (mut message, mut at) = (String::new(), String::new());
    for line in source.lines().filter(|line| !line.starts_with('#')) {
        if let Some(id) = identifier_before_equals(line) {
            id.clone_into(&mut message);
            id.clone_into(&mut at);
        } else if let Some(name) = line.trim_start().strip_prefix('.').and_then(identifier_before_equals) {
            at = format!("{message}.{name}");
        }
        if !at.is_empty() {
            found.entry(at.clone()).or_default().extend(variables(line).map(str::to_owned));
        }
    }
    found
}

fn identifier_before_equals(line: &str) -> Option<&str> {
    let id = line.split_once('=')?.0.trim_end();
    let is_identifier = id.starts_with(|c: char| c.is_ascii_alphabetic()) && id.bytes().all(is_of_identifier);
    is_identifier.then_some(id)
}

fn variables(line: &str) -> impl Iterator<Item = &str> {
    let end = |rest: &str| rest.bytes().position(|b| !is_of_identifier(b)).unwrap_or(rest.len());
    line.split('$').skip(1).map(move |rest| &rest[..end(rest)])
}

fn is_of_identifier(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_attributes_and_variables_are_found() {
        let source = "# c = { $no }\na = x\nb-1 = { $x ->\n    [one] = { $y }\n   *[other] z\n}\n    .t = { $w }\n";
        let found = outline(source);
        let of = |id: &str| found[id].iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(found.keys().collect::<Vec<_>>(), ["a", "b-1", "b-1.t"]);
        assert_eq!((of("a"), of("b-1"), of("b-1.t")), (vec![], vec!["x", "y"], vec!["w"]));
    }
}
