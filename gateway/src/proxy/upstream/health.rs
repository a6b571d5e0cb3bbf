//! Asks servers after their health, at the times that their apps say.

use super::ask::{ask, question};
use super::group::{Group, Upstreams};
use super::peer::peer;
use super::server::Server;
use crate::config::HealthCheck;
use crate::gateway::Gateway;
use async_trait::async_trait;
use pingora::connectors::http::Connector;
use pingora::prelude::{Error, ErrorType, Result};
use pingora::server::ShutdownWatch;
use pingora::services::background::BackgroundService;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// How soon a question that is due is asked.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The background service.
pub(crate) struct Health {
    gateway: Arc<Gateway>,
    upstreams: Arc<Upstreams>,
}

impl Health {
    pub(crate) fn new(gateway: Arc<Gateway>, upstreams: Arc<Upstreams>) -> Self {
        Self { gateway, upstreams }
    }

    /// Begins the checks that are due.
    fn look(&self, connector: &Arc<Connector>) {
        let snapshot = self.gateway.snapshot();
        for (app, server) in self.upstreams.retain(&snapshot.config) {
            self.gateway.world.metrics.upstream_gone(&app, &server);
        }
        for app in snapshot.config.apps.values() {
            let group = self.upstreams.group(app);
            for server in &group.servers {
                self.gateway.world.metrics.upstream_up(&app.id, &server.url, server.is_healthy());
                if let Some(check) = app.upstream.health_check.as_ref().filter(|check| is_due(server, check)) {
                    let (this, group, server) = (self.parts(), Arc::clone(&group), Arc::clone(server));
                    let (check, connector) = (check.clone(), Arc::clone(connector));
                    tokio::spawn(async move { this.check(&connector, &group, &server, &check).await });
                }
            }
        }
    }

    fn parts(&self) -> Self {
        Self { gateway: Arc::clone(&self.gateway), upstreams: Arc::clone(&self.upstreams) }
    }

    /// Asks one server, and heeds the answer.
    async fn check(&self, connector: &Connector, group: &Group, server: &Server, check: &HealthCheck) {
        let asking = self.ask(connector, group, server, check);
        let answer = match tokio::time::timeout(check.timeout, asking).await {
            Ok(answer) => answer,
            Err(_) => Error::e_explain(ErrorType::ReadTimedout, "no answer in time"),
        };
        let after = if answer.is_ok() { check.healthy_after } else { check.unhealthy_after };
        if !server.checked(answer.is_ok(), after) {
            return;
        }
        let (app, upstream) = (&group.app.id, &server.url);
        match answer {
            Ok(()) => tracing::info!(target: "upstream", %app, %upstream, "healthy again"),
            Err(error) => tracing::warn!(target: "upstream", %app, %upstream, what = %error, "unhealthy"),
        }
    }

    async fn ask(&self, connector: &Connector, group: &Group, server: &Server, check: &HealthCheck) -> Result<()> {
        let address = self.upstreams.locate(server).await?;
        let peer = peer(group, server, address, false);
        let mut question = question(group, server, &check.path)?;
        question.insert_header("User-Agent", "Doorward-Health-Check")?;
        let mut session = ask(connector, &peer, question, check.timeout).await?;
        let status = session.response_header().map_or(0, |response| response.status.as_u16());
        session.shutdown().await;
        if check.status.map_or((200..300).contains(&status), |wanted| wanted == status) {
            return Ok(());
        }
        Error::e_explain(ErrorType::HTTPStatus(status), "another status than a healthy server's")
    }
}

/// Whether a server is to be asked now.
fn is_due(server: &Server, check: &HealthCheck) -> bool {
    let now = Instant::now();
    let mut next = server.next_check.lock().unwrap_or_else(PoisonError::into_inner);
    let due = next.is_none_or(|next| next <= now);
    if due {
        *next = Some(now + check.interval);
    }
    due
}

#[async_trait]
impl BackgroundService for Health {
    async fn start(&self, mut shutdown: ShutdownWatch) {
        let connector = Arc::new(Connector::<()>::new(None));
        let mut clock = tokio::time::interval(LOOK_EVERY);
        loop {
            tokio::select! {
                _ = clock.tick() => self.look(&connector),
                _ = shutdown.changed() => return,
            }
        }
    }
}
