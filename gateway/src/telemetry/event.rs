//! The one event of a request.

use crate::admit::Permit;
use crate::refusal::Refusal;
use crate::request::Request;
use std::net::IpAddr;
use std::time::Duration;

/// Everything that is known of a request when it ends.
#[derive(Debug)]
pub(crate) struct Event {
    id: String,
    status: u16,
    duration: Duration,
    pub(crate) outcome: &'static str,
    pub(crate) error: Option<String>,
    pub(crate) upstream_status: Option<u16>,
    ip: Option<IpAddr>,
    method: String,
    host: String,
    path: String,
    app: String,
    rule: String,
    subject: String,
    via: &'static str,
    client: String,
    grant: String,
    detail: String,
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

    pub(crate) fn request(&mut self, request: &Request) {
        self.ip = Some(request.ip);
        self.method = request.method.to_string();
        self.host.clone_from(&request.authority.host);
        request.target.raw_path().clone_into(&mut self.path);
    }

    pub(crate) fn refusal(&mut self, refusal: &Refusal) {
        self.outcome = refusal.code();
        if let Some(at) = refusal.at() {
            self.app.clone_from(&at.app.id);
        }
        match refusal {
            Refusal::Malformed(why) => (*why).clone_into(&mut self.detail),
            Refusal::Unavailable(why) => self.detail.clone_from(why),
            Refusal::Denied(_, denial) => {
                self.rule = denial.rule.clone().unwrap_or_default();
                self.subject = denial.identity.as_ref().map(|identity| identity.subject.clone()).unwrap_or_default();
                self.client = denial.client.clone().unwrap_or_default();
                self.via = denial.via.as_str();
            }
            _ => {}
        }
    }

    pub(crate) fn permit(&mut self, permit: &Permit) {
        self.outcome = permit.action().as_str();
        self.app.clone_from(&permit.app().id);
        permit.rule().clone_into(&mut self.rule);
        if let Some(known) = permit.known() {
            self.subject.clone_from(&known.identity.subject);
            self.via = known.via.as_str();
            self.grant.clone_from(&known.grant);
            if known.client_name.is_some() {
                self.client = known.client.to_string();
            }
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
