//! Delivers letters beside the requests that cause them: a few at once, each tried three times.

use crate::config::Mail;
use crate::gateway::Gateway;
use crate::mail::{Letter, Letters, send};
use async_trait::async_trait;
use pingora::server::ShutdownWatch;
use pingora::services::background::BackgroundService;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// A server that hangs does not keep all others waiting.
const AT_ONCE: usize = 8;

const PAUSES: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(15)];

/// The task that delivers.
pub(super) struct Delivery {
    gateway: Arc<Gateway>,
    letters: Mutex<Option<Letters>>,
}

impl Delivery {
    pub(super) fn new(gateway: Arc<Gateway>, letters: Letters) -> Self {
        Self { gateway, letters: Mutex::new(Some(letters)) }
    }

    async fn deliver(&self, mut letters: Letters) {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        while let Some((mail, letter)) = letters.recv().await {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let gateway = Arc::clone(&self.gateway);
            tokio::spawn(async move {
                let sent = deliver_one(&mail, &letter).await;
                gateway.world.metrics.mail(if sent { "sent" } else { "failed" });
                drop(place);
            });
        }
    }
}

async fn deliver_one(mail: &Mail, letter: &Letter) -> bool {
    for pause in PAUSES.into_iter().map(Some).chain([None]) {
        let Err(unsent) = send(mail, letter).await else { return true };
        let (what, server) = (unsent.to_string(), mail.host.as_str());
        match pause.filter(|_| !unsent.for_good) {
            Some(pause) => {
                tracing::info!(target: "mail", what, server, "a mail was not sent; it is tried again");
                tokio::time::sleep(pause).await;
            }
            None => {
                let remedy = "try `doorward mail test ADDRESS`";
                tracing::error!(target: "mail", what, server, remedy, "a mail could not be sent");
                return false;
            }
        }
    }
    false
}

#[async_trait]
impl BackgroundService for Delivery {
    async fn start(&self, mut shutdown: ShutdownWatch) {
        let letters = self.letters.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(letters) = letters else { return };
        tokio::select! {
            () = self.deliver(letters) => {}
            _ = shutdown.changed() => {}
        }
    }
}
