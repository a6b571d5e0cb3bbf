//! A gateway with a configuration of a test's own, on free ports.

use crate::machine::{Running, free_port, serve};
use std::path::PathBuf;

/// It ends when it is dropped.
pub(crate) struct Served {
    /// There until it is dropped.
    gateway: Option<Running>,
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
        std::fs::write(folder.join("doorward.toml"), text).unwrap();
        let gateway = Running::start(&mut serve(&folder), port);
        Self { gateway: Some(gateway), folder, port }
    }

    /// One more app for everybody on this machine.
    pub(crate) fn app(id: &str, host: &str, more: &str) -> String {
        let policy = "{ action = 'bypass', include = [{ ip = '127.0.0.0/8' }] }";
        format!("[apps.{id}]\nurl = 'http://{host}:PORT'\npolicies = [{policy}]\n{more}\n")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It writes into its folder as long as it runs.
        drop(self.gateway.take());
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
