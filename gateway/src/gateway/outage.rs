//! The time in which the store cannot be asked: what was verified before goes on for a while, everything else ends with 503.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Whether the store can be asked. It goes by the machine's uptime: a clock that is set prolongs nothing.
#[derive(Debug)]
pub(crate) struct Outage(Mutex<State>);

#[derive(Debug)]
struct State {
    heard: Instant,
    failing: bool,
}

impl Outage {
    /// None, as of now.
    pub(super) fn new() -> Self {
        Self(Mutex::new(State { heard: Instant::now(), failing: false }))
    }

    /// How long nothing has been heard of the store; `None` while it answers.
    pub(crate) fn lasting(&self) -> Option<Duration> {
        let state = self.state();
        state.failing.then(|| state.heard.elapsed())
    }

    /// It answers.
    pub(super) fn heard(&self) {
        *self.state() = State { heard: Instant::now(), failing: false };
    }

    /// It does not; gives how long it has not.
    pub(super) fn failed(&self) -> Duration {
        let mut state = self.state();
        state.failing = true;
        state.heard.elapsed()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hp_30_an_outage_lasts_from_the_last_answer_to_the_next() {
        let outage = Outage::new();
        assert_eq!(outage.lasting(), None);
        outage.state().heard -= Duration::from_secs(10);
        assert!(outage.failed() >= Duration::from_secs(10));
        assert!(outage.lasting() >= Some(Duration::from_secs(10)));
        outage.heard();
        assert_eq!(outage.lasting(), None);
        assert!(outage.failed() < Duration::from_secs(5));
    }
}
