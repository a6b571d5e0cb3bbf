//! Where a new process takes over the sockets of the one that runs: a Unix socket in a private folder beside the store. The new
//! one waits there; the old one looks for it, and gives only what somebody waits for.

use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How soon a new process is noticed.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// A new process waits for some seconds: an older file was left behind by one, and whoever seems to listen there now is
/// somebody else, who gave the address of a socket elsewhere the same text.
const WAITS_FOR: Duration = Duration::from_secs(15);

/// The meeting place of two processes.
#[derive(Clone, Debug)]
pub(super) struct Handover {
    socket: PathBuf,
}

impl Handover {
    /// Makes the folder if it is not there.
    ///
    /// # Errors
    /// When it cannot be made, or somebody else may use it.
    pub(super) fn prepare(folder: &Path) -> io::Result<Self> {
        match std::fs::DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(named(folder, &error.to_string()));
            }
            _ => {}
        }
        let found = std::fs::symlink_metadata(folder)?;
        let own = std::fs::metadata("/proc/self")?.uid();
        if !found.is_dir() || found.uid() != own || found.mode() & 0o077 != 0 {
            return Err(named(folder, "must be a folder that only this user may use (chmod 700)"));
        }
        let socket = std::fs::canonicalize(folder)?.join("sockets");
        // The longest address of a Unix socket (sockaddr_un).
        if socket.as_os_str().len() > 107 {
            return Err(named(folder, "has too long a path for a socket in it"));
        }
        Ok(Self { socket })
    }

    /// As Pingora wants it.
    pub(super) fn socket(&self) -> String {
        self.socket.display().to_string()
    }

    /// Removes what a process left behind that did not live to be given anything.
    pub(super) fn tidy(&self) {
        let _ = std::fs::remove_file(&self.socket);
    }

    /// Waits until somebody waits.
    pub(super) async fn awaited(&self) {
        while !self.is_awaited().await {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Whether a process listens there now. One that only left its file behind does not.
    pub(super) async fn is_awaited(&self) -> bool {
        let since = tokio::fs::symlink_metadata(&self.socket).await.and_then(|found| found.modified());
        if !since.is_ok_and(|since| since.elapsed().is_ok_and(|age| age < WAITS_FOR)) {
            return false;
        }
        let sockets = tokio::fs::read_to_string("/proc/net/unix").await.unwrap_or_default();
        sockets.lines().any(|line| is_listening(line, &self.socket))
    }
}

/// Whether a line of `/proc/net/unix` (proc_net(5)) is about a socket that listens at `path`.
fn is_listening(line: &str, path: &Path) -> bool {
    const ACCEPTS: u32 = 0x0001_0000;
    let mut fields = line.split_ascii_whitespace();
    let flags = fields.nth(3).and_then(|flags| u32::from_str_radix(flags, 16).ok());
    flags.is_some_and(|flags| flags & ACCEPTS != 0) && fields.nth(3).is_some_and(|at| Path::new(at) == path)
}

fn named(folder: &Path, what: &str) -> io::Error {
    io::Error::other(format!("`{}` {what}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_process_that_listens_is_given_sockets() {
        let folder = std::env::temp_dir().join(format!("doorward-handover-{}", std::process::id()));
        let handover = Handover::prepare(&folder).unwrap();
        assert!(!handover.is_awaited().await, "nobody is there");
        let listener = std::os::unix::net::UnixListener::bind(&handover.socket).unwrap();
        assert!(handover.is_awaited().await);
        drop(listener);
        assert!(!handover.is_awaited().await, "it has gone and left its file");
        std::fs::remove_file(&handover.socket).unwrap();
        let listener = std::os::unix::net::UnixListener::bind(&handover.socket).unwrap();
        let old = std::time::SystemTime::now() - WAITS_FOR;
        std::process::Command::new("touch")
            .arg("-d")
            .arg(format!("@{}", seconds(old)))
            .arg(&handover.socket)
            .status()
            .unwrap();
        assert!(!handover.is_awaited().await, "nobody waits for so long");
        drop(listener);
        std::fs::remove_file(&handover.socket).unwrap();
        let other = std::os::unix::net::UnixDatagram::bind(&handover.socket).unwrap();
        assert!(!handover.is_awaited().await, "a socket that takes no connections");
        drop(other);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    fn seconds(time: std::time::SystemTime) -> u64 {
        time.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
    }

    #[test]
    fn a_folder_that_others_may_use_is_refused() {
        let folder = std::env::temp_dir().join(format!("doorward-open-handover-{}", std::process::id()));
        std::fs::DirBuilder::new().mode(0o755).create(&folder).unwrap();
        let refused = Handover::prepare(&folder).unwrap_err().to_string();
        assert!(refused.contains("chmod 700"), "{refused}");
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_link_to_a_folder_is_refused() {
        let folder = std::env::temp_dir().join(format!("doorward-linked-handover-{}", std::process::id()));
        let link = folder.join("link");
        for folder in [&folder, &folder.join("private")] {
            std::fs::DirBuilder::new().mode(0o700).create(folder).unwrap();
        }
        // Whoever made it can let it lead elsewhere later.
        std::os::unix::fs::symlink(folder.join("private"), &link).unwrap();
        assert!(Handover::prepare(&folder.join("private")).is_ok());
        assert!(Handover::prepare(&link).is_err());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
