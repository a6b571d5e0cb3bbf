//! The example of a single-page app, as its README starts it, in Chromium.

use crate::demo::node;
use serde_json::json;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A program that is ended when dropped.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// Starts it, and waits until it listens.
    pub(crate) fn start(command: &mut Command, port: u16) -> Self {
        let running = Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        for _ in 0..400 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return running;
            }
            std::thread::sleep(std::time::Duration::from_millis(25));
        }
        panic!("nobody listens on {port}");
    }
}

/// A port that nobody listens at.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

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
