//! The order of the modules (`ARCHITECTURE.md`): who may use whom, and what no crate may contain.

#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// From top to bottom. A module uses what is below it, never what is above or beside it in its own line.
const GATEWAY: &[&[&str]] = &[
    &["main"],
    &["cli"],
    &["compose"],
    &["proxy"],
    &["own"],
    &["refuse"],
    &["login", "admit", "acme"],
    &["identify"],
    &["gateway"],
    &["route", "approval"],
    &["refusal", "cors"],
    &["known", "replay", "request", "respond", "telemetry"],
    &["assertion", "pages", "store", "limits", "sample", "fetch", "tls", "relying_party"],
    &["mail", "mcp"],
    &["config", "world"],
    &["brand"],
];

const OAUTH: &[&[&str]] = &[
    &["server"],
    &["endpoint"],
    &["grant"],
    &["client_auth"],
    &["consent"],
    &["call"],
    &["token"],
    &["error"],
    &["approval"],
    &["client_document"],
    &["app"],
    &["foreign_keys"],
    &["client_metadata", "dpop", "jwt", "kept", "parameters", "pkce", "redirect_uri", "resource", "scope", "user_code"],
    &["keys"],
    &["seal"],
    &["store"],
    &["client"],
    &["secret", "grant_type", "jose"],
    &["world", "json"],
];

#[test]
fn modules_use_only_what_is_below_them() {
    let mut wrong = violations("src", GATEWAY);
    wrong.extend(violations("../oauth/src", OAUTH));
    assert!(wrong.is_empty(), "\n{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn p_11_policy_has_no_tokio_http_or_rand() {
    assert_absent("doorward-policy", &["tokio", "http", "rand", "rand_core", "hyper"]);
}

#[test]
fn oauth_has_no_pingora() {
    assert_absent("doorward-oauth", &["pingora", "pingora-core", "hyper", "reqwest", "doorward-policy"]);
}

fn violations(source: &str, order: &[&[&str]]) -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
    let mut found = BTreeSet::new();
    for file in rust_files(&root) {
        let module = module_of(&root, &file);
        if module == "lib" {
            continue;
        }
        let rank = rank(order, &module).unwrap_or_else(|| panic!("`{module}` has no place in the order of {source}"));
        let text = std::fs::read_to_string(&file).unwrap();
        for used in uses(&text) {
            let allowed = used == module || self::rank(order, &used) > Some(rank);
            if !allowed {
                found.insert(format!("{source}: {module} uses {used} ({})", file.display()));
            }
        }
    }
    found
}

fn rank(order: &[&[&str]], module: &str) -> Option<usize> {
    order.iter().position(|line| line.contains(&module))
}

/// The top-level modules that a file names after `crate::`, outside comments and tests.
fn uses(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]").next().unwrap();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let names = lines.flat_map(|line| line.split("crate::").skip(1)).map(|rest| {
        rest.chars().take_while(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '_').collect::<String>()
    });
    names.filter(|name| !name.is_empty()).collect()
}

fn module_of(root: &Path, file: &Path) -> String {
    let inside = file.strip_prefix(root).unwrap();
    inside.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_test = path.file_stem().is_some_and(|name| name == "tests" || name == "conformance");
        if is_test {
            continue;
        }
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

fn assert_absent(package: &str, banned: &[&str]) {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--package", package, "--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let names: BTreeSet<_> = String::from_utf8(tree.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| line.split(' ').next().map(str::to_owned))
        .collect();
    assert!(names.contains(package), "the tree of {package} is not its own: {names:?}");
    for name in banned {
        assert!(!names.contains(*name), "{package} depends on {name}");
    }
}
