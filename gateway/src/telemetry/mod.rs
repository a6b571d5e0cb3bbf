//! What is told to operators: one event per request, metrics, and refusals that can be explained later.
//!
//! INVARIANT: no query, header, cookie, token or body is ever told; paths, addresses, ids and outcomes are.

mod decisions;
mod event;
mod families;
mod metrics;
mod remedy;
mod servers;
mod uses;

pub(crate) use decisions::{Asked, Recorder, Refused, keep as keep_decisions};
pub(crate) use event::{Event, Told};
pub(crate) use metrics::Metrics;
pub(crate) use remedy::remedy;
pub(crate) use uses::{Uses, shorten};

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;

/// Sends logs as JSON lines to standard error, without making a request wait for them. Logs stop when the guard is dropped.
pub(crate) fn start_logging(default: &str) -> WorkerGuard {
    let (writer, guard) = tracing_appender::non_blocking(std::io::stderr());
    let filter = EnvFilter::try_from_env("DOORWARD_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let logs = tracing_subscriber::fmt().json().flatten_event(true).with_env_filter(filter).with_writer(writer);
    // A second start in one process (tests) keeps the first.
    let _ = logs.try_init();
    guard
}
