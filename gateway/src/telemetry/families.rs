//! Makes families of metrics that a registry shows.

use prometheus::core::Collector;
use prometheus::{Encoder, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder};

/// The families of a gateway. Their names and labels are constant: making one cannot fail.
#[derive(Default)]
pub(super) struct Families(Registry);

impl Families {
    pub(super) fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.shown(IntCounterVec::new(Opts::new(name, help), labels))
    }

    pub(super) fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        self.shown(IntGaugeVec::new(Opts::new(name, help), labels))
    }

    /// Durations in seconds.
    pub(super) fn durations(&self, name: &str, help: &str, labels: &[&str]) -> HistogramVec {
        let buckets = vec![0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];
        self.shown(HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets), labels))
    }

    /// The text format.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut text = Vec::new();
        let _ = TextEncoder::new().encode(&self.0.gather(), &mut text);
        text
    }

    fn shown<F: Collector + Clone + 'static>(&self, made: prometheus::Result<F>) -> F {
        let Ok(family) = made else { unreachable!("the metrics' names are well-formed") };
        let _ = self.0.register(Box::new(family.clone()));
        family
    }
}
