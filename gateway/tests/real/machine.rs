//! What tests need of the machine: ports, folders, certificates, and the gateway as a program.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// A program that is ended when dropped.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// Starts it, and waits until it listens.
    pub(crate) fn start(command: &mut Command, port: u16) -> Self {
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        until("it listens", || {
            assert!(process.try_wait().unwrap().is_none(), "it ended");
            listens(port)
        });
        Self(process)
    }
}

/// The gateway's program with the configuration `doorward.toml` of a folder.
pub(crate) fn doorward(arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
    command.args(arguments).arg("--config").arg(folder.join("doorward.toml"));
    command
}

/// The gateway of a folder, which says nothing.
pub(crate) fn serve(folder: &Path) -> Command {
    let mut command = doorward(&["serve"], folder);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A folder of its own.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("doorward-{name}-{}-{}", std::process::id(), free_port()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

pub(crate) fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// A new certificate for `host`, which is its own authority.
pub(crate) fn certify(folder: &Path, host: &str) {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj"])
        .args([&format!("/CN={host}"), "-addext", "basicConstraints=critical,CA:FALSE", "-addext"])
        .args([&format!("subjectAltName=DNS:{host}"), "-keyout"])
        .arg(folder.join(format!("{host}.key")))
        .arg("-out")
        .arg(folder.join(format!("{host}.pem")))
        .output()
        .expect("openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// Waits two minutes at most.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..4800 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    panic!("waited in vain until {what}");
}

/// Below the ports that outgoing connections are given.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let offset = u16::try_from(std::process::id() % 60).unwrap() * 10 + NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 10_000 + offset;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
