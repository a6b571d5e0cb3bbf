//! The body of a request on its way to an upstream: how long it may become, and how slowly it may come.

use crate::config::{AppLimits, Limits};
use http::header;
use pingora::prelude::{Error, ErrorType, Result};
use pingora::proxy::Session;
use std::time::Duration;

/// The name of the error of a body that became too long.
pub(super) const TOO_LARGE: ErrorType = ErrorType::Custom("body_too_large");

/// Time of waiting in which no rate is asked for: a connection may begin slowly, and a person may pause.
const GRACE: Duration = Duration::from_secs(30);

/// What came of a body so far.
pub(super) struct Upload {
    most: Option<u64>,
    /// Bytes in a second.
    least_rate: u64,
    /// How long the client had been waited for when the first part came. Only such time counts: an upstream that pauses is not
    /// the client's fault.
    began: Option<Duration>,
    bytes: u64,
}

impl Upload {
    /// A body that is to come. A stream that is open to both sides, of gRPC or a WebSocket, may be as slow as it likes.
    pub(super) fn new(session: &Session, front: &Limits, app: &AppLimits) -> Self {
        let least_rate = if is_stream(session) { 0 } else { front.upload_rate };
        Self { most: app.body, least_rate, began: None, bytes: 0 }
    }

    /// Whether its length is told, and too long.
    pub(super) fn is_announced_too_long(&self, session: &Session) -> bool {
        let told =
            session.get_header(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        told.is_some_and(|length| self.is_too_long(length))
    }

    /// Counts what came, of a client that was waited for so long up to now.
    pub(super) fn take(&mut self, bytes: usize, waited: Duration) -> Result<()> {
        let began = *self.began.get_or_insert(waited);
        self.bytes += bytes as u64;
        if self.is_too_long(self.bytes) {
            return Error::e_explain(TOO_LARGE, "the body is longer than the app takes").map_err(Error::into_down);
        }
        if self.is_too_slow(waited.saturating_sub(began)) {
            return Error::e_explain(ErrorType::ReadTimedout, "the body comes too slowly").map_err(Error::into_down);
        }
        Ok(())
    }

    /// It is sent once more from its start, as far as it came.
    pub(super) fn again(&mut self) {
        (self.bytes, self.began) = (0, None);
    }

    fn is_too_long(&self, length: u64) -> bool {
        self.most.is_some_and(|most| length > most)
    }

    fn is_too_slow(&self, waited: Duration) -> bool {
        waited > GRACE && self.bytes < self.least_rate.saturating_mul(waited.as_secs())
    }
}

/// How long the client may be silent in it; `None` for the usual time.
pub(super) fn is_stream(session: &Session) -> bool {
    is_grpc(session) || session.req_header().headers.contains_key(header::UPGRADE)
}

/// Whether it is a call of gRPC.
pub(super) fn is_grpc(session: &Session) -> bool {
    let told = session.req_header().headers.get(header::CONTENT_TYPE);
    told.is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hp_25_a_body_is_long_enough_and_fast_enough() {
        let mut upload = Upload { most: Some(10), least_rate: 2, began: None, bytes: 0 };
        let before = Duration::from_secs(1000);
        assert!(upload.take(10, before).is_ok(), "what was waited for before it is no matter");
        assert!(!upload.is_too_slow(GRACE), "it may begin slowly");
        assert!(upload.is_too_slow(GRACE + Duration::from_secs(1)));
        assert!(!upload.is_too_long(10) && upload.is_too_long(11));
        assert_eq!(upload.take(1, before).unwrap_err().etype(), &TOO_LARGE);
        upload.again();
        let later = before + GRACE;
        assert!(upload.take(1, later).is_ok() && upload.take(1, later + GRACE).is_ok());
        let slow = upload.take(1, later + GRACE + Duration::from_secs(1)).unwrap_err();
        assert_eq!(slow.etype(), &ErrorType::ReadTimedout);
    }

    #[test]
    fn a_body_without_limits_has_none() {
        let upload = Upload { most: None, least_rate: 0, began: None, bytes: 0 };
        assert!(!upload.is_too_long(u64::MAX) && !upload.is_too_slow(Duration::MAX));
    }
}
