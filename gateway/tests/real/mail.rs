//! Mail through a real server: in private or not at all.

use crate::demo::clients;
use crate::machine::{certify, doorward, free_port};
use serde_json::Value;
use std::io::{BufRead, BufReader, Lines};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

/// A mail server for one mail, and a configuration that names it.
struct Post {
    server: Child,
    told: Lines<BufReader<ChildStdout>>,
    folder: PathBuf,
    port: u16,
}

impl Post {
    fn start(mode: &str, more: &[&str]) -> Self {
        let port = free_port();
        let folder = std::env::temp_dir().join(format!("doorward-mail-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        certify(&folder, "localhost");
        let mut command = Command::new("node");
        command.arg(clients().join("node/mail.mjs")).args(["--port", &port.to_string(), "--mode", mode]).args(more);
        command.arg("--cert").arg(folder.join("localhost.pem")).arg("--key").arg(folder.join("localhost.key"));
        let mut server = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut told = BufReader::new(server.stdout.take().unwrap()).lines();
        assert_eq!(told.next().unwrap().unwrap(), "ready");
        Self { server, told, folder, port }
    }

    /// Sends a mail by a section `[mail]`, in which PORT and CA stand for the server's.
    fn send(&self, section: &str) -> Output {
        let ca = self.folder.join("localhost.pem").display().to_string();
        let section = section.replace("PORT", &self.port.to_string()).replace("CA", &ca);
        let database = self.folder.join("doorward.db");
        let config = format!(
            "auth.url = 'http://localhost:8080'\nstore.url = 'sqlite:{}'\n[mail]\nfrom = 'Door <door@example.com>'\n{section}",
            database.display()
        );
        std::fs::write(self.folder.join("doorward.toml"), config).unwrap();
        let mut command = doorward(&["mail", "test", "ada@example.com"], &self.folder);
        command.env("MAIL_PASSWORD", "hunter2").output().unwrap()
    }

    fn mail(&mut self) -> Value {
        serde_json::from_str(&self.told.next().unwrap().unwrap()).unwrap()
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn a_mail_comes_through_tls_with_both_its_parts() {
    for (mode, url) in [("tls", "smtps"), ("starttls", "smtp")] {
        let mut post = Post::start(mode, &["--username", "doorward", "--password", "hunter2"]);
        let section = format!(
            "url = '{url}://localhost:PORT'\nca = 'CA'\nusername = 'doorward'\npassword = {{ env = 'MAIL_PASSWORD' }}\n"
        );
        let sent = post.send(&section);
        assert!(sent.status.success(), "{mode}: {}", String::from_utf8_lossy(&sent.stderr));
        let mail = post.mail();
        assert_eq!((&mail["secure"], &mail["user"]), (&Value::from(true), &Value::from("doorward")), "{mail}");
        assert_eq!(
            (&mail["from"], &mail["to"][0]),
            (&Value::from("door@example.com"), &Value::from("ada@example.com"))
        );
        for part in ["subject", "text", "html"] {
            assert!(!mail[part].as_str().unwrap().is_empty(), "{part} of {mail}");
        }
    }
}

#[test]
fn a_mail_is_never_sent_in_clear_or_to_a_server_that_nobody_vouches_for() {
    let cases = [
        // It speaks no TLS.
        ("plain", "url = 'smtp://localhost:PORT'\nca = 'CA'\n"),
        ("plain", "url = 'smtps://localhost:PORT'\nca = 'CA'\n"),
        // Its certificate is no public one.
        ("starttls", "url = 'smtp://localhost:PORT'\n"),
        ("tls", "url = 'smtps://localhost:PORT'\n"),
        // Its certificate is for another name.
        ("tls", "url = 'smtps://127.0.0.1:PORT'\nca = 'CA'\n"),
    ];
    for (mode, section) in cases {
        let sent = Post::start(mode, &[]).send(section);
        assert!(!sent.status.success(), "{mode} {section}");
    }
    let wrong = Post::start("tls", &["--username", "doorward", "--password", "another"]);
    let login = "username = 'doorward'\npassword = { env = 'MAIL_PASSWORD' }\n";
    let sent = wrong.send(&format!("url = 'smtps://localhost:PORT'\nca = 'CA'\n{login}"));
    let said = String::from_utf8_lossy(&sent.stderr).into_owned();
    assert!(!sent.status.success() && !said.contains("hunter2"), "{said}");
}

#[test]
fn a_relay_on_this_machine_may_do_without_tls() {
    let mut post = Post::start("plain", &[]);
    let sent = post.send("url = 'smtp://127.0.0.1:PORT'\nstarttls = false\n");
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    assert_eq!(post.mail()["to"][0], "ada@example.com");
}
