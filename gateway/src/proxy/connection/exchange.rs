//! Requests under way, as far as they can be ended from outside: what was let through, and the signal that ends it.

use crate::admit::Permit;
use crate::request::Request;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

tokio::task_local! {
    /// What the running task serves: a connection of HTTP/1.1, or one stream of HTTP/2.
    pub(super) static EXCHANGE: Arc<Exchange>;
}

/// A request that was let through and has not ended.
#[derive(Debug)]
pub(crate) struct UnderWay {
    pub(super) request: Arc<Request>,
    pub(super) permit: Arc<Permit>,
}

impl UnderWay {
    pub(crate) fn new(request: &Arc<Request>, permit: &Arc<Permit>) -> Arc<Self> {
        Arc::new(Self { request: Arc::clone(request), permit: Arc::clone(permit) })
    }
}

/// Why a request that was let through is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// The grant, session or account behind it has ended.
    Ended,
    /// The policy of now does not let it through.
    Denied,
    /// The gateway stops.
    GoingAway,
    /// The upstream has not begun to answer in time.
    NoAnswer,
}

impl Why {
    /// As the log says it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ended | Self::Denied => "permission_ended",
            Self::GoingAway => "going_away",
            Self::NoAnswer => "upstream_timeout",
        }
    }
}

/// One connection of HTTP/1.1, which has at most one request under way, or one stream of HTTP/2, which is one.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    under_way: Mutex<Option<Arc<UnderWay>>>,
    pub(super) ending: Arc<Ending>,
    /// Heads of requests that were read on this connection.
    heads: AtomicU64,
    /// Whether a request has been read, and the next one's head is not awaited yet.
    busy: AtomicBool,
    /// How long the client was waited for, in microseconds.
    waited: AtomicU64,
}

impl Exchange {
    pub(super) fn under_way(&self) -> MutexGuard<'_, Option<Arc<UnderWay>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends what is served if that is this request still.
    pub(super) fn cut(&self, request: &Arc<UnderWay>, why: Why) {
        if self.under_way().as_ref().is_some_and(|now| Arc::ptr_eq(now, request)) {
            self.ending.set(why);
        }
    }

    /// The client was waited for so long.
    pub(super) fn add_wait(&self, time: Duration) {
        self.waited.fetch_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Ordering::AcqRel);
    }

    /// How many heads have been read, and whether the last one's request is under way.
    pub(super) fn heads(&self) -> (u64, bool) {
        (self.heads.load(Ordering::Acquire), self.busy.load(Ordering::Acquire))
    }
}

/// The head of a request has been read. This and the following must be called from the task that serves it.
pub(crate) fn head_is_read() {
    let _ = EXCHANGE.try_with(|exchange| {
        exchange.heads.fetch_add(1, Ordering::AcqRel);
        exchange.busy.store(true, Ordering::Release);
    });
}

/// The request of this task is let through.
pub(crate) fn begin(request: &Arc<UnderWay>) {
    let _ = EXCHANGE.try_with(|exchange| *exchange.under_way() = Some(Arc::clone(request)));
}

/// It has ended. What is left of its body may still be read.
pub(crate) fn end() {
    let _ = EXCHANGE.try_with(|exchange| *exchange.under_way() = None);
}

/// How long the client of this task was waited for so far, in all its requests.
pub(crate) fn waited() -> Duration {
    EXCHANGE.try_with(|exchange| Duration::from_micros(exchange.waited.load(Ordering::Acquire))).unwrap_or_default()
}

/// From now on, what comes on this connection is the head of the next request.
pub(super) fn await_head() {
    let _ = EXCHANGE.try_with(|exchange| exchange.busy.store(false, Ordering::Release));
}

/// Ends it from inside.
pub(crate) fn cut(request: &Arc<UnderWay>, why: Why) {
    let _ = EXCHANGE.try_with(|exchange| exchange.cut(request, why));
}

/// The request of this task, for others to end.
pub(crate) fn handle() -> Option<Handle> {
    let find = |exchange: &Arc<Exchange>| {
        let request = exchange.under_way().clone()?;
        Some(Handle { exchange: Arc::clone(exchange), request })
    };
    EXCHANGE.try_with(find).ok().flatten()
}

/// A request under way that can be ended from anywhere.
#[derive(Debug)]
pub(crate) struct Handle {
    exchange: Arc<Exchange>,
    request: Arc<UnderWay>,
}

impl Handle {
    /// Ends it if it is still served.
    pub(crate) fn end(&self, why: Why) {
        self.exchange.cut(&self.request, why);
    }
}

/// Why the request of this task is being ended, if it is.
pub(crate) fn ending() -> Option<Why> {
    EXCHANGE.try_with(|exchange| exchange.ending.why()).ok().flatten()
}

/// A signal that is given once.
#[derive(Debug, Default)]
pub(super) struct Ending {
    why: AtomicU8,
    given: Arc<Notify>,
}

impl Ending {
    pub(super) fn set(&self, why: Why) {
        let _ = self.why.compare_exchange(0, why as u8 + 1, Ordering::AcqRel, Ordering::Acquire);
        self.given.notify_waiters();
    }

    pub(super) fn why(&self) -> Option<Why> {
        match self.why.load(Ordering::Acquire) {
            0 => None,
            1 => Some(Why::Ended),
            2 => Some(Why::Denied),
            3 => Some(Why::GoingAway),
            _ => Some(Why::NoAnswer),
        }
    }

    /// Waits for the next signal; whoever calls this must look at [`Self::why`] afterwards, before waiting.
    pub(super) fn signal(&self) -> tokio::sync::futures::OwnedNotified {
        Arc::clone(&self.given).notified_owned()
    }

    /// Waits until the signal is given.
    pub(super) async fn wait(&self) {
        let signal = self.given.notified();
        if self.why().is_none() {
            signal.await;
        }
    }
}
