//! A running demo, and the programs that meet it.

use crate::machine::{free_port, until};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// `doorward demo`, ended when dropped.
pub(crate) struct Demo {
    process: Child,
    folder: PathBuf,
    pub(crate) app: String,
    pub(crate) password: String,
}

pub(crate) const ADA: &str = "ada@example.com";

impl Demo {
    /// A demo whose access tokens live for `lifetime`, which is ready.
    pub(crate) fn start(lifetime: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("doorward-real-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        let port = free_port();
        let mut process = doorward()
            .args(["demo", "--port", &port.to_string(), "--access-token-lifetime", lifetime, "--folder"])
            .arg(&folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let password =
            lines.find_map(|line| Some(line.unwrap().trim().strip_prefix("password")?.trim().to_owned())).unwrap();
        let mut log = process.stderr.take().unwrap();
        std::thread::spawn(move || for _ in lines.by_ref() {});
        std::thread::spawn(move || {
            let mut sink = Vec::new();
            let _ = log.read_to_end(&mut sink);
        });
        let demo = Self { process, folder, app: format!("http://127.0.0.1:{port}"), password };
        demo.wait();
        demo
    }

    fn wait(&self) {
        let address = self.app.strip_prefix("http://").unwrap();
        until("the demo listens", || std::net::TcpStream::connect(address).is_ok());
    }

    pub(crate) fn mcp(&self) -> String {
        format!("{}/mcp", self.app)
    }

    /// An access token of Ada's, which the TypeScript SDK gets.
    pub(crate) fn access_token(&self) -> String {
        let (mcp, store) = (self.mcp(), self.file("token.json"));
        let who = ["--username", ADA, "--password", &self.password];
        node("mcp-ts.mjs", &[&["login", "--mcp", &mcp, "--store", &store][..], &who].concat());
        let kept: Value = serde_json::from_str(&std::fs::read_to_string(store).unwrap()).unwrap();
        kept["tokens"]["access_token"].as_str().unwrap().to_owned()
    }

    /// A file for a client's own state.
    pub(crate) fn file(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }

    /// Runs another command of the program beside the demo, on its configuration.
    pub(crate) fn cli(&self, arguments: &[&str]) -> Output {
        doorward().arg("--config").arg(self.folder.join("doorward.toml")).args(arguments).output().unwrap()
    }

    /// Adds to the configuration, and waits until the metadata of the app tell of it.
    pub(crate) fn configure(&self, more: &str, until: &str) {
        self.rewrite(|config| format!("{config}\n{more}"), until);
    }

    /// Changes the configuration, and waits until the metadata of the app tell of it.
    pub(crate) fn rewrite(&self, change: impl FnOnce(String) -> String, until: &str) {
        let file = self.folder.join("doorward.toml");
        // What is written before the program looks for changes is none.
        std::thread::sleep(std::time::Duration::from_secs(1));
        let text = change(std::fs::read_to_string(&file).unwrap());
        // In one step, so that nobody reads half of it.
        let new = self.folder.join("new.toml");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, file).unwrap();
        for _ in 0..200 {
            if get(&format!("{}/.well-known/oauth-authorization-server", self.app)).to_string().contains(until) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("the demo does not read its configuration again");
    }

    /// From now on the sample's tools want a scope of their own.
    pub(crate) fn require_a_scope_for_tools(&self) {
        let requires = "{ methods = [\"POST\"], paths = [\"/mcp\"] }";
        let scope = format!("[[apps.sample.oauth.scopes]]\nname = \"tools:use\"\nrequires = {requires}\n");
        self.configure(&scope, "tools:use");
    }

    /// Adds an account and returns its password.
    pub(crate) fn add_user(&self, email: &str) -> String {
        let added = self.cli(&["user", "add", email, "--json"]);
        assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
        let added: Value = serde_json::from_slice(&added.stdout).unwrap();
        added["password"].as_str().unwrap().to_owned()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn doorward() -> Command {
    Command::new(env!("CARGO_BIN_EXE_doorward"))
}

/// A JSON document.
pub(crate) fn get(url: &str) -> Value {
    let output = Command::new("curl").args(["-s", "--max-time", "20", url]).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs one of the Node programs; its answer.
pub(crate) fn node(script: &str, arguments: &[&str]) -> Value {
    answer(Command::new("node").arg(clients().join("node").join(script)).args(arguments), script)
}

/// Runs one of the Python programs; its answer.
pub(crate) fn python(script: &str, arguments: &[&str]) -> Value {
    python_of(".venv", script, arguments)
}

/// The same with what is installed in another place.
pub(crate) fn python_of(environment: &str, script: &str, arguments: &[&str]) -> Value {
    let interpreter = installed(environment).join("bin/python");
    answer(Command::new(interpreter).arg(clients().join("python").join(script)).args(arguments), script)
}

/// Something of what is installed for Python.
pub(crate) fn installed(path: &str) -> PathBuf {
    clients().join("python").join(path)
}

/// The folder of the clients.
pub(crate) fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

fn answer(command: &mut Command, script: &str) -> Value {
    let output = command.output().unwrap_or_else(|error| panic!("{script}: {error}; run `.ci/install tests`"));
    let (told, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script}: {}\n{complained}\n{told}", output.status);
    serde_json::from_str(told.trim()).unwrap_or_else(|error| panic!("{script}: {error}\n{told}\n{complained}"))
}
