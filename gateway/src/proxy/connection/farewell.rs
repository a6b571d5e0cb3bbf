//! The end of a request that is under way, in the words of its protocol: a close frame for a WebSocket, a status for gRPC, the
//! end of the body for an event stream. Everything else breaks off, so that nobody takes a part for the whole.

use super::Why;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use pingora::http::ResponseHeader;
use pingora::prelude::Result;
use pingora::proxy::Session;

/// Says why it ends to a client whose answer has begun. `frames` is where the upstream's side of a WebSocket stands.
pub(crate) async fn say(session: &mut Session, why: Why, frames: &Frames) -> Result<()> {
    match session.response_written().map(Kind::of) {
        Some(Kind::WebSocket) if frames.is_whole() => {
            session.as_downstream_mut().write_response_body(close_frame(why), true).await
        }
        Some(Kind::Grpc) => session.as_downstream_mut().write_response_trailers(status(why)).await,
        // What comes after the last empty line is no event (HTML standard, "Server-sent events").
        Some(Kind::Events) => session.as_downstream_mut().finish_body().await,
        Some(Kind::WebSocket | Kind::Other) | None => Ok(()),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    WebSocket,
    Grpc,
    Events,
    Other,
}

impl Kind {
    fn of(response: &ResponseHeader) -> Self {
        if response.status == StatusCode::SWITCHING_PROTOCOLS {
            return Self::WebSocket;
        }
        let media =
            response.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        // An event stream whose length was announced cannot end before it.
        let open = !response.headers.contains_key(header::CONTENT_LENGTH);
        match media.as_str() {
            "text/event-stream" if open => Self::Events,
            media if media == "application/grpc" || media.starts_with("application/grpc+") => Self::Grpc,
            _ => Self::Other,
        }
    }
}

/// A frame of the server's that closes (RFC 6455 section 5.5.1).
fn close_frame(why: Why) -> Bytes {
    let (code, text) = match why {
        Why::Ended => (1008_u16, "the permission has ended"),
        Why::Denied => (1008, "no longer allowed"),
        Why::GoingAway => (1001, "going away"),
        Why::NoAnswer => (1011, "no answer"),
    };
    let mut frame = vec![0x88, text.len() as u8 + 2];
    frame.extend(code.to_be_bytes());
    frame.extend(text.as_bytes());
    frame.into()
}

/// How gRPC ends a call.
fn status(why: Why) -> HeaderMap {
    let (code, text) = match why {
        Why::Ended => ("16", "the permission has ended"),
        Why::Denied => ("7", "no longer allowed"),
        Why::GoingAway => ("14", "going away"),
        Why::NoAnswer => ("4", "no answer"),
    };
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static(code));
    trailers.insert("grpc-message", HeaderValue::from_static(text));
    trailers
}

/// Where in its frames a side of a WebSocket is (RFC 6455 section 5.2).
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// The beginning of a frame whose length is not known yet.
    head: Vec<u8>,
    /// Bytes of the frame that are still to come.
    rest: u64,
}

impl Frames {
    /// Between two frames.
    pub(crate) fn is_whole(&self) -> bool {
        self.head.is_empty() && self.rest == 0
    }

    /// More has been sent.
    pub(crate) fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.rest > 0 {
                let passed = usize::try_from(self.rest).unwrap_or(usize::MAX).min(bytes.len());
                self.rest -= passed as u64;
                bytes = &bytes[passed..];
                continue;
            }
            self.head.push(bytes[0]);
            bytes = &bytes[1..];
            if let Some(rest) = after_head(&self.head) {
                self.rest = rest;
                self.head.clear();
            }
        }
    }
}

/// How much follows a head, once it is complete.
fn after_head(head: &[u8]) -> Option<u64> {
    let second = *head.get(1)?;
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    let (wide, short) = match second & 0x7f {
        126 => (2, None),
        127 => (8, None),
        short => (0, Some(u64::from(short))),
    };
    if head.len() < 2 + wide {
        return None;
    }
    let length =
        short.unwrap_or_else(|| head[2..2 + wide].iter().fold(0, |length, byte| length << 8 | u64::from(*byte)));
    Some(length.saturating_add(mask))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_whole_only_between_two_of_them() {
        let mut bytes = vec![0x81, 3, b'a', b'b', b'c', 0x82, 126, 0x01, 0x00];
        bytes.extend([7; 256]);
        bytes.extend([0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
        bytes.extend(vec![7; 65536]);
        bytes.extend([0x89, 0x80, 1, 2, 3, 4, 0x8a, 0]);
        let ends = [5, 9 + 256, 9 + 256 + 10 + 65536, 9 + 256 + 10 + 65536 + 6, bytes.len()];
        for step in [1, 2, 3, 7, 100, bytes.len()] {
            let (mut frames, mut passed) = (Frames::default(), 0);
            for chunk in bytes.chunks(step) {
                frames.pass(chunk);
                passed += chunk.len();
                assert_eq!(frames.is_whole(), ends.contains(&passed), "after {passed} bytes in steps of {step}");
            }
        }
    }

    #[test]
    fn the_kind_of_an_answer_decides_how_it_ends() {
        let kind = |status: u16, fields: &[(&'static str, &str)]| {
            let mut response = ResponseHeader::build(status, None).unwrap();
            for (name, value) in fields {
                response.insert_header(*name, *value).unwrap();
            }
            Kind::of(&response)
        };
        assert_eq!(kind(101, &[("Upgrade", "websocket")]), Kind::WebSocket);
        assert_eq!(kind(200, &[("Content-Type", "application/grpc")]), Kind::Grpc);
        assert_eq!(kind(200, &[("Content-Type", "application/grpc+proto")]), Kind::Grpc);
        assert_eq!(kind(200, &[("Content-Type", "Text/Event-Stream; charset=utf-8")]), Kind::Events);
        assert_eq!(kind(200, &[("Content-Type", "text/event-stream"), ("Content-Length", "9")]), Kind::Other);
        assert_eq!(kind(200, &[("Content-Type", "application/grpc-web")]), Kind::Other);
        assert_eq!(kind(200, &[]), Kind::Other);
    }

    #[test]
    fn a_close_frame_has_a_code_and_a_text() {
        let frame = close_frame(Why::Ended);
        assert_eq!(&frame[..4], &[0x88, 26, 0x03, 0xf0]);
        let mut frames = Frames::default();
        frames.pass(&frame);
        assert!(frames.is_whole());
    }
}
