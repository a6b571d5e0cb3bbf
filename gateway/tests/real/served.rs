//! A gateway with a configuration of a test's own, on free ports.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// It ends when it is dropped.
pub(crate) struct Served {
    process: Child,
    pub(crate) folder: PathBuf,
    pub(crate) port: u16,
}

impl Served {
    /// Starts it with these apps, in which `PORT` and `FOLDER` stand for its own.
    pub(crate) fn start(folder: PathBuf, apps: &str) -> Self {
        let port = free_port();
        let text = format!(
            "server = {{ listen = ['127.0.0.1:PORT'], admin_listen = false, threads = 2 }}\n\
             auth.url = 'http://localhost:PORT'\nstore.url = 'sqlite:FOLDER/doorward.db'\n{apps}"
        );
        let text = text.replace("PORT", &port.to_string()).replace("FOLDER", &folder.display().to_string());
        let file = folder.join("doorward.toml");
        std::fs::write(&file, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
        let command = command.args(["serve", "--config"]).arg(file).stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let end = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(process.try_wait().unwrap().is_none(), "it ended");
            assert!(Instant::now() < end, "it does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { process, folder, port }
    }

    /// One more app for everybody on this machine.
    pub(crate) fn app(id: &str, host: &str, more: &str) -> String {
        let policy = "{ action = 'bypass', include = [{ ip = '127.0.0.0/8' }] }";
        format!("[apps.{id}]\nurl = 'http://{host}:PORT'\npolicies = [{policy}]\n{more}\n")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A folder of its own.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("doorward-{name}-{}-{}", std::process::id(), free_port()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
