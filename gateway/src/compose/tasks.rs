//! What runs beside the requests: keeping refusals, heeding revocations of other processes, changing keys in time, reloading
//! the configuration, and clearing out the store.

mod reload;

use crate::config::Source;
use crate::gateway::{Gateway, World};
use crate::login;
use crate::proxy::Connections;
use crate::store::Stores;
use crate::telemetry::{Refused, keep_decisions};
use crate::world::rfc3339;
use async_trait::async_trait;
use oauth::world::Timestamp;
use pingora::server::ShutdownWatch;
use pingora::services::background::BackgroundService;
use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;

/// How soon a revocation by another process (the command line) is heeded.
const HEED_EVERY: Duration = Duration::from_millis(50);

/// How long a request whose grant has ended by itself may be under way yet.
const REVIEW_EVERY: Duration = Duration::from_secs(5);

/// How soon a key that is due is made.
const KEYS_EVERY: Duration = Duration::from_secs(1);

/// How soon somebody whose identity provider is to be asked again is asked about.
const FOLLOW_EVERY: Duration = Duration::from_millis(500);

/// How often the last uses of grants are written.
const WRITE_EVERY: Duration = Duration::from_secs(5);

/// How soon a renewed certificate is used.
const RENEW_EVERY: Duration = Duration::from_secs(5);

const CLEAR_EVERY: Duration = Duration::from_secs(600);

/// All tasks of a gateway.
pub(super) struct Tasks {
    gateway: Arc<Gateway>,
    connections: Arc<Connections>,
    store: Arc<dyn Stores>,
    refusals: Mutex<Option<mpsc::Receiver<Refused>>>,
    file: Option<PathBuf>,
    /// Told when nobody listens any more.
    stopped: Sender<()>,
    /// What the configuration of the start was read from.
    started_from: Source,
}

impl Tasks {
    pub(super) fn new(
        (gateway, connections): (Arc<Gateway>, Arc<Connections>),
        store: Arc<dyn Stores>,
        (refusals, file): (mpsc::Receiver<Refused>, Option<PathBuf>),
        stopped: Sender<()>,
    ) -> Self {
        let started_from = gateway.snapshot().config.source;
        Self { gateway, connections, store, refusals: Mutex::new(Some(refusals)), file, stopped, started_from }
    }
}

#[async_trait]
impl BackgroundService for Tasks {
    async fn start(&self, mut shutdown: ShutdownWatch) {
        let refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner).take();
        let keeping = async {
            if let Some(refusals) = refusals {
                keep_decisions(refusals, Arc::clone(&self.store)).await;
            }
        };
        // They go on while the last requests end: what is taken away meanwhile is heeded too.
        let stopping = async {
            let _ = shutdown.changed().await;
            let _ = self.stopped.send(());
        };
        let kept = async { tokio::join!(self.heed(), self.review(), self.keys(), self.clear(), self.write()) };
        // Two at a time: one slow provider does not keep the others waiting.
        let following = async { tokio::join!(self.follow(), self.follow()) };
        _ = tokio::join!(stopping, keeping, kept, following, self.reload(), self.renew());
    }
}

impl Tasks {
    async fn heed(&self) {
        let mut failing = false;
        loop {
            tokio::time::sleep(HEED_EVERY).await;
            let grace = self.gateway.snapshot().config.store.outage_grace;
            match self.gateway.world.look_for_revocations(grace).await {
                Ok(()) => {
                    if std::mem::take(&mut failing) {
                        tracing::info!(target: "store", "the store answers again");
                    }
                }
                Err(broken) if !failing => {
                    let grace = humantime::format_duration(grace).to_string();
                    let message =
                        "the store cannot be asked for revocations; what was verified before goes on for a while";
                    tracing::error!(target: "store", what = %broken, grace, "{message}");
                    failing = true;
                }
                Err(_) => {}
            }
        }
    }

    /// Ends the requests under way that would not be let through any more: at once when something was taken away or
    /// the configuration has changed, and at times, because grants also end by themselves.
    async fn review(&self) {
        let (mut seen, mut quiet) = (self.gateway.world.memory.generation(), Duration::ZERO);
        loop {
            tokio::time::sleep(HEED_EVERY).await;
            quiet += HEED_EVERY;
            let generation = self.gateway.world.memory.generation();
            if generation != seen || quiet >= REVIEW_EVERY {
                (seen, quiet) = (generation, Duration::ZERO);
                self.connections.review(&self.gateway).await;
            }
        }
    }

    /// Asks the store only when a key is due.
    async fn keys(&self) {
        let mut failing = false;
        loop {
            tokio::time::sleep(KEYS_EVERY).await;
            let plan = self.gateway.snapshot().config.keys.clone();
            match self.gateway.world.keep_up_keys(&plan).await {
                Ok(()) => failing = false,
                Err(broken) if !failing => {
                    tracing::error!(target: "store", what = %broken, "the keys cannot be changed; the old ones sign on");
                    failing = true;
                }
                Err(_) => {}
            }
        }
    }

    /// Asks identity providers about the people who came by them.
    async fn follow(&self) {
        let mut failing = false;
        loop {
            let snapshot = self.gateway.snapshot();
            let followed =
                if login::has_any(&snapshot) { login::follow(&self.gateway.world, &snapshot).await } else { Ok(false) };
            match followed {
                Ok(true) => continue,
                Ok(false) => failing = false,
                Err(broken) if !failing => {
                    tracing::error!(target: "store", what = %broken, "identity providers cannot be asked about people");
                    failing = true;
                }
                Err(_) => {}
            }
            tokio::time::sleep(FOLLOW_EVERY).await;
        }
    }

    async fn write(&self) {
        loop {
            tokio::time::sleep(WRITE_EVERY).await;
            write_uses(&self.gateway.world).await;
        }
    }

    async fn clear(&self) {
        loop {
            tokio::time::sleep(CLEAR_EVERY).await;
            let now = self.gateway.world.clock.now();
            if let Err(broken) = self.store.collect_garbage(now).await {
                tracing::warn!(target: "store", what = %broken, "the store could not be cleared out");
            }
        }
    }

    /// Reads the files of certificates again when they have changed, as whoever renews them leaves them. Files that are being
    /// written do not fit together; the old ones stay until they do.
    async fn renew(&self) {
        let (mut failing, mut ended) = (false, Vec::new());
        loop {
            self.watch_ends(&mut ended);
            tokio::time::sleep(RENEW_EVERY).await;
            let gateway = Arc::clone(&self.gateway);
            match tokio::task::spawn_blocking(move || gateway.world.tls.read_again()).await {
                Ok(Ok(changed)) => {
                    if changed.certificates || changed.clients {
                        tracing::info!(target: "tls", "certificates were read again");
                    }
                    if changed.clients {
                        // Requests under way are decided on again: their certificates may be no good any more.
                        self.gateway.world.memory.forget();
                    }
                    failing = false;
                }
                Ok(Err(what)) if !failing => {
                    tracing::error!(target: "tls", what, "a changed certificate cannot be used; the old one stays");
                    failing = true;
                }
                Ok(Err(_)) | Err(_) => {}
            }
        }
    }

    /// Tells of certificates that have ended, each once, and shows all in the metrics.
    fn watch_ends(&self, told: &mut Vec<(String, Timestamp)>) {
        let world = &self.gateway.world;
        let shown = world.tls.certificates.shown();
        world.metrics.certificates(&shown);
        let now = world.clock.now();
        let ended = shown.into_iter().filter(|one| one.not_after <= now).map(|one| (one.name, one.not_after));
        let ended: Vec<_> = ended.collect();
        for (certificate, not_after) in ended.iter().filter(|one| !told.contains(one)) {
            let not_after = rfc3339(*not_after);
            tracing::warn!(target: "tls", certificate, not_after, "a certificate has ended; clients will refuse it");
        }
        *told = ended;
    }
}

/// Writes the last uses of grants.
pub(super) async fn write_uses(world: &World) {
    let uses = world.uses.take();
    if uses.is_empty() {
        return;
    }
    if let Err(broken) = world.store.record_uses(&uses).await {
        tracing::warn!(target: "store", what = %broken, "the last uses of grants could not be written");
        world.uses.put_back(uses);
    }
}
