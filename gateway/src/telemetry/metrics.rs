//! Prometheus metrics. Labels come from our own words only, so their number is bounded.

use super::Event;
use super::families::Families;
use super::servers::Servers;
use crate::tls::Shown;
use prometheus::{HistogramVec, IntCounterVec, IntGaugeVec};

/// The counters of a gateway.
pub(crate) struct Metrics {
    families: Families,
    requests: IntCounterVec,
    durations: HistogramVec,
    upstream_errors: IntCounterVec,
    mails: IntCounterVec,
    refused_connections: IntCounterVec,
    handshakes: IntCounterVec,
    acme: IntCounterVec,
    certificates: IntGaugeVec,
    pub(super) servers: Servers,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let families = Families::default();
        let counters = |name, help, label| families.counters(name, help, &[label]);
        Self {
            requests: families.counters(
                "doorward_requests_total",
                "requests by outcome and class of status",
                &["outcome", "status"],
            ),
            durations: families.durations(
                "doorward_request_duration_seconds",
                "time from the first byte to the last",
                &["outcome"],
            ),
            upstream_errors: counters("doorward_upstream_errors_total", "requests that no upstream answered", "reason"),
            mails: counters(
                "doorward_mails_total",
                "mails that were sent, failed, or were dropped because too many waited",
                "outcome",
            ),
            refused_connections: counters(
                "doorward_refused_connections_total",
                "connections that were closed at once, by the limit they met",
                "limit",
            ),
            handshakes: counters(
                "doorward_tls_unfinished_handshakes_total",
                "connections that ended in their TLS handshake, or to answer a challenge in it",
                "outcome",
            ),
            acme: counters("doorward_acme_orders_total", "orders of certificates from the ACME server", "outcome"),
            // Labelled by what the configuration calls each: there are no more than it names.
            certificates: families.gauges(
                "doorward_certificate_expiry_seconds",
                "when each certificate of the front ends, in seconds since 1970",
                &["certificate"],
            ),
            servers: Servers::new(&families),
            families,
        }
    }

    pub(crate) fn request(&self, event: &Event) {
        let (outcome, status, duration) = event.outcome();
        let class =
            ["none", "1xx", "2xx", "3xx", "4xx", "5xx"].get(usize::from(status / 100)).copied().unwrap_or("other");
        self.requests.with_label_values(&[outcome, class]).inc();
        self.durations.with_label_values(&[outcome]).observe(duration.as_secs_f64());
    }

    pub(crate) fn upstream_error(&self, reason: &str) {
        self.upstream_errors.with_label_values(&[reason]).inc();
    }

    /// A connection was closed at once.
    pub(crate) fn refused_connection(&self, limit: &str) {
        self.refused_connections.with_label_values(&[limit]).inc();
    }

    /// What became of a mail.
    pub(crate) fn mail(&self, outcome: &str) {
        self.mails.with_label_values(&[outcome]).inc();
    }

    /// A connection that ended before its first request.
    pub(crate) fn handshake(&self, outcome: &str) {
        self.handshakes.with_label_values(&[outcome]).inc();
    }

    /// What became of an order of a certificate.
    pub(crate) fn acme(&self, outcome: &str) {
        self.acme.with_label_values(&[outcome]).inc();
    }

    /// The certificates of now.
    pub(crate) fn certificates(&self, shown: &[Shown]) {
        self.certificates.reset();
        for one in shown {
            self.certificates.with_label_values(&[&one.name]).set(one.not_after.seconds());
        }
    }

    /// The text format.
    pub(crate) fn encode(&self) -> Vec<u8> {
        self.families.encode()
    }
}
