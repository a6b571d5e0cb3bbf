//! Every requirement that comes first, every one on the authorization server and the proxy, and every attack on them has a
//! test that carries its id, or stands in `rows/not_due.txt` with the reason. The list can only shrink knowingly: a test for a
//! listed row, or a row without either, fails here.

#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

#[test]
fn every_row_has_a_test_or_a_reason() {
    let due = due();
    let tested = tested();
    let excused = reasons();
    let neither: Vec<_> = due.iter().filter(|row| !tested.contains(*row) && !excused.contains_key(*row)).collect();
    let both: Vec<_> = excused.keys().filter(|row| tested.contains(*row)).collect();
    let strangers: Vec<_> = excused.keys().filter(|row| !due.contains(*row)).collect();
    assert!(neither.is_empty(), "no test carries these rows: {neither:?}");
    assert!(both.is_empty(), "these rows have a test now; take them from rows/not_due.txt: {both:?}");
    assert!(strangers.is_empty(), "rows/not_due.txt lists what is in no list of rows: {strangers:?}");
}

fn due() -> BTreeSet<String> {
    let lists = [read("rows/p0.txt"), read("rows/oauth.txt"), read("rows/sign_in.txt"), read("rows/proxy.txt")];
    let lines = lists.iter().flat_map(|list| list.lines()).filter(|line| !line.starts_with('#'));
    let rows = lines.flat_map(|line| line.split(' ').skip(1)).map(str::to_owned);
    rows.chain((1..=30).map(|attack| format!("O-{attack:02}"))).collect()
}

/// Lines of `ID reason`
fn reasons() -> BTreeMap<String, String> {
    let text = read("rows/not_due.txt");
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| line.split_once(' ').unwrap_or_else(|| panic!("no reason in `{line}`")))
        .map(|(id, why)| (id.to_owned(), why.to_owned()))
        .collect()
}

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)).unwrap()
}

/// The ids in the names of all test functions of the workspace.
fn tested() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = BTreeSet::new();
    for folder in ["policy/src", "policy/tests", "oauth/src", "oauth/tests", "gateway/src", "gateway/tests"] {
        collect(&root.join(folder), &mut found);
    }
    found
}

fn collect(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "clients") {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.extend(test_names(&std::fs::read_to_string(&path).unwrap()).iter().flat_map(|name| ids(name)));
        }
    }
}

fn test_names(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some((_, rest)) = line.split_once("fn ").filter(|_| is_test && !line.starts_with("//")) {
            names.push(rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect());
            is_test = false;
        }
    }
    names
}

/// The groups of attacks, by their letters.
const ATTACKS: [&str; 5] = ["h", "m", "o", "p", "s"];

/// `ch_07_ch_09_text` has CH-07 and CH-09; `ch_08_to_ch_14_text` all from CH-08 to CH-14.
fn ids(name: &str) -> Vec<String> {
    let words: Vec<_> = name.split('_').collect();
    let mut found: Vec<String> = Vec::new();
    let mut from: Option<u32> = None;
    let mut at = 0;
    while at + 1 < words.len() {
        let (group, number) = (words[at], words[at + 1]);
        let is_group = (2..=3).contains(&group.len()) || ATTACKS.contains(&group);
        let is_id = is_group && number.len() == 2 && number.bytes().all(|b| b.is_ascii_digit());
        if is_id {
            let number: u32 = number.parse().unwrap();
            let first = from.take().unwrap_or(number);
            found.extend((first..=number).map(|number| format!("{}-{number:02}", group.to_uppercase())));
            if words.get(at + 2) == Some(&"to") {
                from = Some(number);
                at += 1;
            }
            at += 2;
        } else {
            break;
        }
    }
    found
}

#[test]
fn ids_are_read_from_names() {
    assert_eq!(ids("ch_07_ri_08_what"), ["CH-07", "RI-08"]);
    assert_eq!(ids("ch_08_to_ch_10_what"), ["CH-08", "CH-08", "CH-09", "CH-10"]);
    assert_eq!(ids("tk_22_o_09_what"), ["TK-22", "O-09"]);
    assert_eq!(ids("hp_01_h_02_m_03_what"), ["HP-01", "H-02", "M-03"]);
    assert!(ids("a_plain_name").is_empty());
}
