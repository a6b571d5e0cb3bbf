//! Refusals, kept so that `doorward explain ID` can say why. Written beside the request, never waited for; when more come
//! than can be written, the newest are dropped and only the log has them.

use crate::config::App;
use crate::mcp::Called;
use crate::store::{StoredDecision, Stores};
use oauth::world::Timestamp;
use policy::{ClientCertificate, Facts, Identity, Message, RequestFacts, Via};
use serde_json::{Value, json};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;

/// A refused request or sign-in.
pub(crate) struct Refused {
    pub(crate) id: String,
    pub(crate) at: Timestamp,
    pub(crate) reason: &'static str,
    pub(crate) rule: Option<String>,
    pub(crate) app: Option<Arc<App>>,
    pub(crate) identity: Option<Identity>,
    pub(crate) via: Via,
    pub(crate) client: Option<String>,
    pub(crate) linked_app: Option<String>,
    /// When the person signed in.
    pub(crate) authenticated_at: Option<Timestamp>,
    /// More than the reason's code says.
    pub(crate) detail: Option<String>,
    pub(crate) asked: Asked,
}

/// What was asked for.
pub(crate) enum Asked {
    /// A request, perhaps with an MCP message.
    ForRequest {
        ip: IpAddr,
        method: String,
        path: String,
        called: Option<Called>,
        certificate: Option<ClientCertificate>,
    },
    /// Something of an endpoint of ours: a session, a token, a registration; no request of the app exists yet.
    OfEndpoint { ip: IpAddr, method: String, path: String, sent: Value },
}

/// Where refusals are handed in.
#[derive(Clone)]
pub(crate) struct Recorder {
    sender: mpsc::Sender<Refused>,
    /// The second, and in its low 16 bits how many strangers were kept in it.
    strangers: Arc<AtomicU64>,
}

const WAITING: usize = 1024;
const STRANGERS_PER_SECOND: u64 = 20;
const AT_ONCE: usize = 256;

impl Recorder {
    /// A recorder, and the end that [`keep`] reads.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Refused>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self { sender, strangers: Arc::default() }, receiver)
    }

    /// Hands in a refusal. Of those of strangers a few in each second are kept, so that a flood of them does not push out
    /// the decisions on people.
    pub(crate) fn record(&self, refused: Refused) {
        let second = u64::try_from(refused.at.seconds()).unwrap_or(0) << 16;
        if refused.identity.is_none() {
            let kept = self.strangers.fetch_max(second, Ordering::Relaxed).max(second);
            if kept & 0xffff >= STRANGERS_PER_SECOND {
                return;
            }
            self.strangers.fetch_add(1, Ordering::Relaxed);
        }
        let _ = self.sender.try_send(refused);
    }
}

/// Writes refusals to the store until nobody can hand in any more.
pub(crate) async fn keep(mut receiver: mpsc::Receiver<Refused>, store: Arc<dyn Stores>) {
    let mut waiting = Vec::with_capacity(AT_ONCE);
    while receiver.recv_many(&mut waiting, AT_ONCE).await > 0 {
        let decisions: Vec<_> = waiting.drain(..).map(|refused| refused.describe()).collect();
        if let Err(broken) = store.record_decisions(&decisions).await {
            tracing::warn!(target: "store", what = %broken, "refusals could not be kept");
        }
    }
}

impl Refused {
    fn describe(self) -> StoredDecision {
        // A call that was wrong by itself was never held against the policies.
        let app = self.app.as_ref().filter(|_| !self.is_faulty_call());
        let explanation = app.map(|app| app.policies.explain(&self.facts()));
        let mut record = json!({
            "id": self.id,
            "at": self.at,
            "outcome": self.reason,
            "rule": self.rule,
            "app": self.app.as_ref().map(|app| app.id.as_str()),
            "who": self.identity.as_ref().map(|identity| identity.email.as_deref().unwrap_or(&identity.subject)),
            "groups": self.identity.as_ref().map(|identity| &identity.groups),
            "auth_methods": self.identity.as_ref().map(|identity| &identity.auth_methods),
            "authenticated_at": self.authenticated_at,
            "via": self.via.as_str(),
            "client": self.client,
            "linked_app": self.linked_app,
            "detail": self.detail,
            "policies": explanation,
            "text": explanation.as_ref().map(ToString::to_string),
        });
        match &self.asked {
            Asked::ForRequest { ip, method, path, called, certificate } => {
                record["certificate"] = json!(certificate);
                record["ip"] = json!(ip);
                record["method"] = json!(method);
                record["path"] = json!(path);
                record["mcp"] = json!(called.as_ref().map(Called::summary));
            }
            Asked::OfEndpoint { ip, method, path, sent } => {
                record["ip"] = json!(ip);
                record["method"] = json!(method);
                record["path"] = json!(path);
                record["sent"] = sent.clone();
            }
        }
        StoredDecision { id: self.id, at: self.at, json: record.to_string() }
    }

    fn is_faulty_call(&self) -> bool {
        matches!(self.asked, Asked::OfEndpoint { .. }) && self.detail.is_some()
    }

    fn facts(&self) -> Facts<'_> {
        let request = match &self.asked {
            Asked::ForRequest { ip, method, path, called, certificate } => {
                let message = called.as_ref().map_or(Message::Unread, Called::as_fact);
                Some(RequestFacts { ip: *ip, method, path, message, certificate: certificate.as_ref() })
            }
            Asked::OfEndpoint { .. } => None,
        };
        Facts {
            identity: self.identity.as_ref(),
            via: self.via,
            client_id: self.client.as_deref(),
            linked_app: self.linked_app.as_deref(),
            authenticated_for: self.authenticated_at.map(|at| self.at.since(at)),
            request,
        }
    }
}
