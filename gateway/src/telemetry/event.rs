//! The one event of a request.

use std::net::IpAddr;
use std::time::Duration;

/// What an answer of our own says to the event of its request.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) outcome: &'static str,
    pub(crate) app: String,
    pub(crate) rule: String,
    pub(crate) subject: String,
    pub(crate) detail: String,
}

/// Everything that is known of a request when it ends.
#[derive(Debug)]
pub(crate) struct Event {
    id: String,
    status: u16,
    duration: Duration,
    pub(crate) outcome: &'static str,
    pub(crate) error: Option<String>,
    pub(crate) upstream_status: Option<u16>,
    pub(crate) ip: Option<IpAddr>,
    pub(crate) method: String,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) app: String,
    pub(crate) rule: String,
    pub(crate) subject: String,
    pub(crate) via: &'static str,
    pub(crate) client: String,
    pub(crate) grant: String,
    pub(crate) detail: String,
}

impl Event {
    pub(crate) fn new(id: &str, status: u16, duration: Duration) -> Self {
        Self {
            id: id.to_owned(),
            status,
            duration,
            outcome: "",
            error: None,
            upstream_status: None,
            ip: None,
            method: String::new(),
            host: String::new(),
            path: String::new(),
            app: String::new(),
            rule: String::new(),
            subject: String::new(),
            via: "",
            client: String::new(),
            grant: String::new(),
            detail: String::new(),
        }
    }

    /// The outcome and the class of its status, for the metrics.
    pub(crate) fn outcome(&self) -> (&'static str, u16, Duration) {
        (self.outcome, self.status, self.duration)
    }

    /// Writes the event. Absent values are left out.
    pub(crate) fn log(self) {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        tracing::info!(
            target: "request",
            id = self.id,
            outcome = self.outcome,
            status = self.status,
            ms = u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX),
            ip = self.ip.map(tracing::field::display),
            method = some(&self.method),
            host = some(&self.host),
            path = some(&self.path),
            app = some(&self.app),
            rule = some(&self.rule),
            subject = some(&self.subject),
            via = some(self.via),
            client = some(&self.client),
            grant = some(&self.grant),
            upstream_status = self.upstream_status,
            error = self.error,
            detail = some(&self.detail),
        );
    }
}
