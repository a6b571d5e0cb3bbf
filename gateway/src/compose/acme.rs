//! Keeps the certificates of an ACME server up, beside the requests.

use crate::acme::Orders;
use crate::gateway::Gateway;
use async_trait::async_trait;
use pingora::server::ShutdownWatch;
use pingora::services::background::BackgroundService;
use std::sync::Arc;

/// The task that orders.
pub(super) struct Acme(Orders);

impl Acme {
    pub(super) fn new(gateway: Arc<Gateway>) -> Self {
        Self(Orders::new(gateway))
    }
}

#[async_trait]
impl BackgroundService for Acme {
    async fn start(&self, mut shutdown: ShutdownWatch) {
        tokio::select! {
            () = self.0.keep_up() => {}
            _ = shutdown.changed() => self.0.give_up().await,
        }
    }
}
