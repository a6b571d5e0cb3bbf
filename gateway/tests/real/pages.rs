//! Chromium with axe-core: every page can be read and used by everybody, in every language, size and light.

use crate::demo::{ADA, Demo, node};
use std::path::Path;

/// The pages as `cargo test -p doorward --lib` has written them, and pictures of them in `target/screenshots`.
#[test]
fn axe_finds_nothing_on_any_page() {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let (pages, pictures) = (target.join("pages"), target.join("screenshots"));
    assert!(
        pages.join("en/login.html").exists(),
        "run `cargo test -p doorward --lib pages` first: it writes the pages"
    );
    let flags = ["--pages", pages.to_str().unwrap(), "--screenshots", pictures.to_str().unwrap(), "--timeout", "900"];
    let told = node("pages.mjs", &flags);
    let (count, looks) = (told["pages"].as_u64().unwrap(), told["looks"].as_u64().unwrap());
    assert!(count >= 40 && looks == count * 8, "{told}");
}

#[test]
fn axe_finds_nothing_on_the_pages_of_a_running_gateway() {
    let demo = Demo::start("15m");
    let login = demo.app.replace("127.0.0.1", "localhost");
    let flags = ["--app", &demo.app, "--login", &login, "--username", ADA, "--password", &demo.password];
    let told = node("pages.mjs", &flags);
    assert!(told["looks"].as_u64().unwrap() >= 7, "{told}");
}
