//! Every file in `bad` has its problems beside it, every file in `good` its summary and its warnings.

use super::{Config, Problems};
use std::path::{Path, PathBuf};
use std::{env, fs};

#[test]
fn every_mistake_is_reported_with_line_and_key() {
    for file in files("bad") {
        let problems = parse(&file).expect_err("a file in `bad` must be refused");
        check(&file.with_extension("txt"), &format!("{problems}\n"));
    }
}

#[test]
fn good_files_mean_what_they_should() {
    for file in files("good") {
        let config = parse(&file).unwrap_or_else(|problems| panic!("{problems}"));
        check(&file.with_extension("json"), &format!("{:#}\n", config.summary()));
        let warnings: String = config.warnings.iter().map(|warning| format!("{warning}\n")).collect();
        check(&file.with_extension("txt"), &warnings);
    }
}

#[test]
fn problems_never_quote_values() {
    for file in files("bad") {
        let problems = parse(&file).expect_err("must be refused").to_string();
        assert!(!problems.contains("hunter2"), "{}: {problems}", file.display());
    }
}

#[test]
fn problems_are_sorted_by_line() {
    for file in files("bad") {
        let problems = parse(&file).expect_err("must be refused");
        let lines: Vec<_> = problems.iter().map(|problem| problem.line).collect();
        assert!(lines.is_sorted(), "{}: {lines:?}", file.display());
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let problems = crate::config::load(Path::new("no/such.toml")).expect_err("must be refused");
    assert!(problems.to_string().starts_with("no/such.toml: cannot be read: "), "{problems}");
}

fn parse(file: &Path) -> Result<Config, Problems> {
    let text = fs::read_to_string(file).expect("a readable case");
    let name = file.file_name().expect("a file").to_string_lossy();
    crate::config::parse(&text, &name)
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config/tests").join(folder);
    let entries = fs::read_dir(folder).expect("the folder of cases");
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    let mut files: Vec<_> = paths.filter(|path| path.extension().is_some_and(|e| e == "toml")).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn check(golden: &Path, found: &str) {
    if env::var_os("UPDATE_GOLDEN").is_some() {
        return fs::write(golden, found).expect("a writable golden file");
    }
    let expected = fs::read_to_string(golden).unwrap_or_default();
    assert_eq!(found, expected, "{}", golden.display());
}

#[test]
fn p_05_settings_of_client_certificates_that_conflict_are_mistakes() {
    let told = |file: &str| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config/tests/bad").join(file);
        parse(&file).expect_err("must be refused").to_string()
    };
    let without_tls = told("client_certificates.toml");
    assert!(without_tls.contains("server.client_certificates: needs TLS at `listen`"), "{without_tls}");
    let without_authorities = told("certificate_selectors.toml");
    assert_eq!(without_authorities.matches("no client is asked for one").count(), 2, "{without_authorities}");
}
