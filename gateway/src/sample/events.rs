//! `GET /events`: a short stream of server-sent events, to see that streams are not held back.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame};
use tokio::time::Interval;

use super::Reply;

pub(super) fn answer(pace: Duration) -> Reply {
    let counter = Counter { sent: 0, pace: tokio::time::interval(pace) };
    super::reply(StatusCode::OK, "text/event-stream", counter.boxed())
}

/// A body that counts: the first event at once, then one at each tick.
struct Counter {
    sent: u8,
    pace: Interval,
}

impl Body for Counter {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.sent == EVENTS {
            return Poll::Ready(None);
        }
        ready!(self.pace.poll_tick(context));
        self.sent += 1;
        let event = format!("id: {0}\nevent: count\ndata: {0}\n\n", self.sent);
        Poll::Ready(Some(Ok(Frame::data(event.into()))))
    }
}

const EVENTS: u8 = 5;
