//! How a gateway ends: told by a signal, it says that it is not ready, stops listening, and lets the requests under way end; or it
//! hands its sockets to a new process first, so that nobody is refused in between.

use super::handover::Handover;
use crate::gateway::Gateway;
use crate::proxy::Connections;
use async_trait::async_trait;
use pingora::server::{RunArgs, Server, ShutdownSignal, ShutdownSignalWatch};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How often it is looked whether requests have ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long connections that wait for a request are kept: a request may be on its way, and its answer tells the client to leave.
const LINGER: Duration = Duration::from_secs(2);

/// Time for farewells, and for what was written last to reach the network.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// How long Pingora's own end may come later than ours.
pub(super) const MARGIN: Duration = Duration::from_secs(5);

/// Runs until a signal ends it. `stopped` tells that nobody listens any more.
pub(super) fn run(
    server: Server,
    signals: Signals,
    stopped: &Receiver<()>,
    connections: &Connections,
    limit: Duration,
) {
    let running = thread::spawn(move || server.run(RunArgs { shutdown_signal: Box::new(signals) }));
    if stopped.recv().is_err() {
        // It ended at once (SIGINT).
        let _ = running.join();
        return;
    }
    tracing::info!(target: "doorward", requests = connections.requests(), "does not listen any more");
    let started = Instant::now();
    if !is_quiet_within(connections, limit) {
        let left = connections.requests();
        tracing::warn!(target: "doorward", left, "requests that did not end in time are cut off");
        connections.end_all();
        is_quiet_within(connections, LAST_WORDS);
    }
    while !connections.is_empty() && started.elapsed() < LINGER {
        thread::sleep(LOOK_EVERY);
    }
    thread::sleep(LAST_WORDS);
    tracing::info!(target: "doorward", seconds = started.elapsed().as_secs_f32(), "stopped");
}

fn is_quiet_within(connections: &Connections, limit: Duration) -> bool {
    let until = Instant::now() + limit;
    while connections.requests() > 0 {
        if Instant::now() >= until {
            return false;
        }
        thread::sleep(LOOK_EVERY);
    }
    true
}

/// What the process is told from outside.
pub(super) struct Signals {
    gateway: Arc<Gateway>,
    /// How long it goes on listening when it is not ready any more.
    delay: Duration,
    handover: Handover,
}

impl Signals {
    pub(super) fn new(gateway: Arc<Gateway>, delay: Duration, handover: Handover) -> Self {
        Self { gateway, delay, handover }
    }

    async fn next(&self) -> std::io::Result<ShutdownSignal> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut quit = signal(SignalKind::quit())?;
        tokio::select! {
            _ = terminate.recv() => Ok(self.stop(&mut interrupt).await),
            _ = interrupt.recv() => Ok(ShutdownSignal::FastShutdown),
            () = self.handed_over(&mut quit) => Ok(ShutdownSignal::GracefulUpgrade),
        }
    }

    /// Whoever sends requests here is told to stop before nobody listens.
    async fn stop(&self, interrupt: &mut Signal) -> ShutdownSignal {
        tracing::info!(target: "doorward", delay = self.delay.as_secs_f32(), "stopping");
        self.gateway.drain();
        tokio::select! {
            () = tokio::time::sleep(self.delay) => ShutdownSignal::GracefulTerminate,
            _ = interrupt.recv() => ShutdownSignal::FastShutdown,
        }
    }

    /// Waits for a new process that takes the sockets over.
    async fn handed_over(&self, quit: &mut Signal) {
        loop {
            tokio::select! {
                _ = quit.recv() => {
                    if self.handover.is_awaited().await {
                        break;
                    }
                    tracing::error!(target: "doorward", "nobody waits to take over: start `doorward serve --upgrade`");
                }
                () = self.handover.awaited() => break,
            }
        }
        tracing::info!(target: "doorward", "handing over to a new process");
        self.gateway.leave();
    }
}

#[async_trait]
impl ShutdownSignalWatch for Signals {
    async fn recv(&self) -> ShutdownSignal {
        // Without signals, nothing could end it but a kill: better now than never.
        self.next().await.unwrap_or(ShutdownSignal::GracefulTerminate)
    }
}
