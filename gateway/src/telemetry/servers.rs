//! Metrics of upstream servers. Labels are the configuration's words.

use super::Metrics;
use super::families::Families;
use prometheus::{IntCounterVec, IntGaugeVec};

/// The counters of all servers.
pub(super) struct Servers {
    up: IntGaugeVec,
    requests: IntCounterVec,
    failures: IntCounterVec,
}

impl Servers {
    pub(super) fn new(families: &Families) -> Self {
        Self {
            up: families.gauges(
                "doorward_upstream_up",
                "whether an upstream server is healthy: 1 or 0",
                &["app", "upstream"],
            ),
            requests: families.counters(
                "doorward_upstream_requests_total",
                "requests that an upstream server answered",
                &["app", "upstream"],
            ),
            failures: families.counters(
                "doorward_upstream_failures_total",
                "requests that an upstream server did not answer, or not wholly",
                &["app", "upstream", "reason"],
            ),
        }
    }
}

impl Metrics {
    /// Whether a server is healthy.
    pub(crate) fn upstream_up(&self, app: &str, upstream: &str, up: bool) {
        self.servers.up.with_label_values(&[app, upstream]).set(i64::from(up));
    }

    /// A server is no longer in the configuration.
    pub(crate) fn upstream_gone(&self, app: &str, upstream: &str) {
        let _ = self.servers.up.remove_label_values(&[app, upstream]);
    }

    /// A server has answered.
    pub(crate) fn upstream_request(&self, app: &str, upstream: &str) {
        self.servers.requests.with_label_values(&[app, upstream]).inc();
    }

    /// A server has not, for a reason of ours.
    pub(crate) fn upstream_failure(&self, app: &str, upstream: &str, reason: &str) {
        self.servers.failures.with_label_values(&[app, upstream, reason]).inc();
    }
}
