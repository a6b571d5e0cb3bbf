//! The example of a single-page app, as its README starts it, in Chromium.

use crate::demo::node;
use crate::machine::{Running, free_port};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;

fn doorward(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
    command.current_dir(folder);
    command
}

#[test]
fn chromium_signs_in_in_a_window_and_the_page_goes_on_without_being_loaded_again() {
    let example = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/spa");
    let folder = std::env::temp_dir().join(format!("doorward-spa-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (port, upstream) = (free_port(), free_port());
    let config = std::fs::read_to_string(example.join("doorward.toml")).unwrap();
    let config = config.replace("8080", &port.to_string()).replace(":3000", &format!(":{upstream}"));
    let config = config.replacen("[server]", "[server]\nadmin_listen = false", 1);
    std::fs::write(folder.join("doorward.toml"), config).unwrap();
    let added = doorward(&folder).args(["user", "add", "ada@example.com", "--json"]).output().unwrap();
    let account: serde_json::Value = serde_json::from_slice(&added.stdout).unwrap();
    let site = example.join("site").display().to_string();
    let serve = ["-m", "http.server", &upstream.to_string(), "--bind", "127.0.0.1", "--directory", &site];
    let _upstream = Running::start(Command::new("python3").args(serve), upstream);
    let _gateway = Running::start(doorward(&folder).arg("serve"), port);

    let page = format!("http://notes.localhost:{port}/app/");
    let password = account["password"].as_str().unwrap();
    let told = node("spa.mjs", &["--page", &page, "--username", "ada@example.com", "--password", password]);
    let went_on = json!([told["after"], told["kept"], told["loads"]]);
    assert_eq!(went_on, json!(["2 notes", "kept", 1]), "{told}");
    assert!(told["window"].as_str().unwrap().starts_with("http://auth.localhost:"), "{told}");
    assert_eq!(told["problems"]["csp_violations"], json!([]), "{told}");
    let _ = std::fs::remove_dir_all(folder);
}
