//! Prometheus metrics. Labels come from our own words only, so their number is bounded.

use super::Event;
use super::servers::Servers;
use crate::tls::Shown;
use prometheus::{Encoder, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder};

/// The counters of a gateway.
pub(crate) struct Metrics {
    registry: Registry,
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
        let requests = IntCounterVec::new(
            Opts::new("doorward_requests_total", "requests by outcome and class of status"),
            &["outcome", "status"],
        );
        let buckets = vec![0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];
        let durations = HistogramVec::new(
            HistogramOpts::new("doorward_request_duration_seconds", "time from the first byte to the last")
                .buckets(buckets),
            &["outcome"],
        );
        let upstream_errors = IntCounterVec::new(
            Opts::new("doorward_upstream_errors_total", "requests that no upstream answered"),
            &["reason"],
        );
        let mails = IntCounterVec::new(
            Opts::new("doorward_mails_total", "mails that were sent, failed, or were dropped because too many waited"),
            &["outcome"],
        );
        let refused_connections = IntCounterVec::new(
            Opts::new(
                "doorward_refused_connections_total",
                "connections that were closed at once, by the limit they met",
            ),
            &["limit"],
        );
        // These names and labels are constant: making them cannot fail.
        let made = (requests, durations, upstream_errors, mails, refused_connections);
        let (Ok(requests), Ok(durations), Ok(upstream_errors), Ok(mails), Ok(refused_connections)) = made else {
            unreachable!("the metrics' names are well-formed")
        };
        let (Ok(handshakes), Ok(acme), Ok(certificates)) = (handshakes(), acme(), certificates()) else {
            unreachable!("the metrics' names are well-formed")
        };
        let registry = Registry::new();
        let _ = registry.register(Box::new(handshakes.clone()));
        let _ = registry.register(Box::new(acme.clone()));
        let _ = registry.register(Box::new(certificates.clone()));
        let _ = registry.register(Box::new(requests.clone()));
        let _ = registry.register(Box::new(durations.clone()));
        let _ = registry.register(Box::new(upstream_errors.clone()));
        let _ = registry.register(Box::new(mails.clone()));
        let _ = registry.register(Box::new(refused_connections.clone()));
        let servers = Servers::new(&registry);
        Self {
            registry,
            requests,
            durations,
            upstream_errors,
            mails,
            refused_connections,
            handshakes,
            acme,
            certificates,
            servers,
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
        let mut text = Vec::new();
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut text);
        text
    }
}

fn handshakes() -> prometheus::Result<IntCounterVec> {
    let help = "connections that ended in their TLS handshake, or to answer a challenge in it";
    IntCounterVec::new(Opts::new("doorward_tls_unfinished_handshakes_total", help), &["outcome"])
}

fn acme() -> prometheus::Result<IntCounterVec> {
    let help = "orders of certificates from the ACME server";
    IntCounterVec::new(Opts::new("doorward_acme_orders_total", help), &["outcome"])
}

/// Labelled by what the configuration calls each: there are no more than it names.
fn certificates() -> prometheus::Result<IntGaugeVec> {
    let help = "when each certificate of the front ends, in seconds since 1970";
    IntGaugeVec::new(Opts::new("doorward_certificate_expiry_seconds", help), &["certificate"])
}
