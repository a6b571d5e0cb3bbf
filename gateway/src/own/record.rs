//! What is kept of a call to our endpoints: in the log, for `doorward explain`, and as an alarm for the person it concerns.

use super::{OwnRequest, device, sent};
use crate::config::App;
use crate::store::Use;
use crate::telemetry::{Asked, Refused, Told, remedy, shorten};
use http::header;
use oauth::client::ClientId;
use oauth::error::{Code, Error};
use oauth::world::Timestamp;
use policy::{Identity, Via};
use std::sync::Arc;

impl OwnRequest<'_> {
    /// Keeps a refusal for `doorward explain ID`.
    pub(super) fn record(
        &self,
        app: &Arc<App>,
        reason: &'static str,
        rule: Option<String>,
        who: Option<(Identity, Option<Timestamp>)>,
        detail: Option<String>,
    ) {
        let (identity, authenticated_at) = who.unzip();
        let (method, path) = (self.request.method.to_string(), self.request.target.path().to_owned());
        let sent = sent::sent(&self.http);
        let client = sent["client_id"].as_str().filter(|id| !ClientId::new(*id).is_browser()).map(str::to_owned);
        self.world.recorder.record(Refused {
            id: self.request.id.clone(),
            at: self.request.now,
            reason,
            rule,
            app: Some(Arc::clone(app)),
            identity,
            via: match &client {
                _ if self.request.target.path() == device::PATH => Via::Device,
                Some(_) => Via::Agent,
                None => Via::Browser,
            },
            client,
            linked_app: None,
            authenticated_at: authenticated_at.flatten(),
            detail,
            asked: Asked::OfEndpoint { ip: self.request.ip, method, path, sent },
        });
    }

    /// What a client's developer or an administrator needs to know of a refusal.
    pub(super) fn log(&self, app: &App, error: &Error) {
        let code = error.code.as_str();
        let (id, app, path) = (self.request.id.as_str(), app.id.as_str(), self.request.target.raw_path());
        if error.log.starts_with("security:") {
            let (ip, grant) = (self.request.ip, error.ended.as_deref());
            tracing::warn!(target: "audit", id, app, path, %ip, grant, error = code, what = error.log);
        } else {
            let remedy = remedy(code).map(|(_, admin)| admin);
            tracing::info!(target: "oauth", id, app, path, error = code, what = error.log, remedy);
        }
    }

    /// Remembers that the sign-in behind this request was used.
    pub(super) fn note_use(&self, session: &str) {
        self.world.uses.note(session, self.as_use());
    }

    fn as_use(&self) -> Use {
        let agent = shorten(self.http.headers().get(header::USER_AGENT));
        Use { at: self.request.now, address: self.request.ip, agent }
    }

    /// Remembers who brought something again that two parties have, for the person whose grant ended by it.
    pub(super) async fn raise_alarm(&self, error: &Error) {
        let Some(grant) = &error.ended else { return };
        if let Err(broken) = self.world.store.record_alarm(grant, &self.as_use()).await {
            tracing::warn!(target: "store", id = self.request.id, grant, what = %broken, "who reused a token could not be kept");
        }
    }

    /// Keeps the refusal of a call, with what was sent, for `doorward explain ID`.
    pub(super) fn record_error(&self, app: &Arc<App>, error: &Error) {
        if error.code == Code::TemporarilyUnavailable {
            return;
        }
        self.record(app, error.code.as_str(), None, None, Some(error.log.clone()));
    }
}

/// What the event of a request says of an error.
pub(super) fn told(app: &App, error: &Error) -> Told {
    Told {
        outcome: error.code.as_str(),
        app: app.id.clone(),
        rule: String::new(),
        subject: String::new(),
        detail: error.log.clone(),
    }
}
