//! The wait for the header of an answer. Pingora knows one time for a silent upstream; a stream may be silent for long once
//! it runs, but an answer should begin sooner.

use crate::proxy::connection::{Handle, Why};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

/// A wait that is over when it is dropped.
#[derive(Debug)]
pub(super) struct Wait {
    state: Arc<Mutex<State>>,
    task: AbortHandle,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Since this moment.
    Waiting(Instant),
    Over,
}

impl Wait {
    /// Begins to wait, and ends the request if nothing has come after so long.
    pub(super) fn begin(request: Handle, limit: Duration) -> Self {
        let state = Arc::new(Mutex::new(State::Waiting(Instant::now())));
        let watched = Arc::clone(&state);
        let task = tokio::spawn(async move {
            loop {
                let State::Waiting(since) = *lock(&watched) else { return };
                sleep_until(since + limit).await;
                // With the lock held, so that an answer that begins now is either before this or too late.
                let state = lock(&watched);
                match *state {
                    State::Waiting(later) if later > since => {}
                    State::Waiting(_) => return request.end(Why::NoAnswer),
                    State::Over => return,
                }
            }
        });
        Self { state, task: task.abort_handle() }
    }

    /// A part of the request was sent: the wait begins anew.
    pub(super) fn again(&self) {
        let mut state = lock(&self.state);
        if let State::Waiting(_) = *state {
            *state = State::Waiting(Instant::now());
        }
    }

    /// The answer has begun.
    pub(super) fn over(&self) {
        *lock(&self.state) = State::Over;
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
