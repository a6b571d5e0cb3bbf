//! Reads the configuration again when its file changes, or when it is asked to.

use super::Tasks;
use crate::config::{self, Source};
use std::path::Path;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// How soon a changed configuration file is noticed.
const LOOK_EVERY: Duration = Duration::from_millis(500);

impl Tasks {
    /// Reads the file again on SIGHUP or when it changed. A bad file changes nothing.
    pub(super) async fn reload(&self) {
        let Some(file) = &self.file else { return };
        let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
        let mut watch = Watch::new(self.started_from);
        loop {
            let asked = tokio::select! {
                _ = hangup.recv() => true,
                () = tokio::time::sleep(LOOK_EVERY) => false,
            };
            let now = content(file).await;
            if watch.is_due(now.as_deref().map(Source::of), asked) {
                self.replace(file, now.as_deref()).await;
            }
        }
    }

    async fn replace(&self, file: &Path, text: Option<&str>) {
        let Some(text) = text else {
            let what = format!("`{}` cannot be read", file.display());
            tracing::error!(target: "config", what, "the configuration is gone; the old one stays");
            return;
        };
        match config::parse(text, &file.display().to_string()) {
            Ok(config) => {
                if let Err(broken) = self.gateway.world.need_keys(&config.keys).await {
                    let what = format!("{broken}; ask again with SIGHUP");
                    tracing::error!(target: "config", what, "a key could not be made; the old configuration stays");
                    return;
                }
                if let Err(what) = self.gateway.world.tls.replace(&config.server) {
                    tracing::error!(target: "tls", what, "new settings of TLS cannot be used; the old ones stay");
                }
                self.gateway.replace(config);
                tracing::info!(target: "config", file = %file.display(), "reloaded");
            }
            Err(problems) => {
                tracing::error!(target: "config", what = %problems, "the changed configuration is wrong; the old one stays");
            }
        }
    }
}

/// What the file held: when it was read last, and at the last look.
struct Watch {
    read: Option<Source>,
    looked: Option<Source>,
}

impl Watch {
    /// Of a file that was read already: what changed in it since then is noticed too.
    fn new(read: Source) -> Self {
        Self { read: Some(read), looked: Some(read) }
    }

    /// Whether the file is to be read. One that still changes is not: half a configuration can be valid, and wider.
    fn is_due(&mut self, now: Option<Source>, asked: bool) -> bool {
        let settled = self.looked == now;
        let due = asked || (settled && self.read != now);
        self.looked = now;
        if due {
            self.read = now;
        }
        due
    }
}

async fn content(file: &Path) -> Option<String> {
    tokio::fs::read_to_string(file).await.ok()
}

#[cfg(test)]
mod tests {
    use super::{Source, Watch};

    #[test]
    fn a_file_is_read_once_and_only_when_it_has_settled() {
        let mut watch = Watch::new(Source::of("old"));
        let looks =
            [("old", false), ("ha", false), ("half", false), ("whole", false), ("whole", true), ("whole", false)];
        for (now, due) in looks {
            assert_eq!(watch.is_due(Some(Source::of(now)), false), due, "{now}");
        }
        assert!(!watch.is_due(None, false) && watch.is_due(None, false), "gone twice is gone");
        assert!(watch.is_due(Some(Source::of("asked")), true), "SIGHUP does not wait");
    }
}
