//! Bodies that we read and answers that we write ourselves.

use crate::limits::Room;
use crate::refusal::Refusal;
use crate::request::Request;
use bytes::{Bytes, BytesMut};
use http::{Response, Uri, header};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::prelude::{Error, ErrorType, Result};
use pingora::proxy::Session;
use std::time::Duration;

/// Time for the whole body of a request to us.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// Time for the rest of a body that nobody reads, so that the client sees the answer and not a reset.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a body is not read to its end.
pub(super) enum NotRead {
    TooLong,
    /// Too much is held already.
    NoRoom,
}

impl From<NotRead> for Refusal {
    fn from(not_read: NotRead) -> Self {
        match not_read {
            NotRead::TooLong => Self::TooLarge(413, None),
            NotRead::NoRoom => Self::Unavailable("too many bodies are being read".to_owned()),
        }
    }
}

/// Reads a body of at most `limit` bytes into `room`.
pub(super) async fn read(
    session: &mut Session,
    limit: usize,
    room: &mut Room,
) -> Result<std::result::Result<Bytes, NotRead>> {
    let announced =
        session.get_header(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Ok(Err(NotRead::TooLong));
    }
    if session.get_header(header::EXPECT).is_some() {
        session.write_continue_response().await?;
    }
    let mut body = BytesMut::new();
    let reading = async {
        while let Some(chunk) = session.as_downstream_mut().read_request_body().await? {
            if body.len() + chunk.len() > limit {
                return Ok(Err(NotRead::TooLong));
            }
            if !room.grow(chunk.len()) {
                return Ok(Err(NotRead::NoRoom));
            }
            body.extend_from_slice(&chunk);
        }
        Result::<_>::Ok(Ok(()))
    };
    match tokio::time::timeout(READ_TIMEOUT, reading).await {
        Ok(read) => Ok(read.map_err(Error::into_down)?.map(|()| body.freeze())),
        Err(_) => Error::e_explain(ErrorType::ReadTimedout, "the body of a request to the gateway came too slowly")
            .map_err(Error::into_down),
    }
}

/// The request as the authorization server wants it.
pub(super) fn as_http(header: &RequestHeader, request: &Request, body: Bytes) -> http::Request<Bytes> {
    let mut http = http::Request::new(body);
    *http.method_mut() = header.method.clone();
    *http.uri_mut() = request.target.as_str().parse::<Uri>().unwrap_or_default();
    *http.headers_mut() = header.headers.clone();
    http
}

/// Writes an answer of ours.
pub(super) async fn write(session: &mut Session, response: Response<Bytes>) -> Result<()> {
    session.as_downstream_mut().set_close_on_response_before_downstream_finish(false);
    session.as_downstream_mut().set_total_drain_timeout(Some(DRAIN_TIMEOUT));
    let (parts, body) = response.into_parts();
    let head = session.req_header().method == http::Method::HEAD;
    let mut header = ResponseHeader::build(parts.status, Some(parts.headers.len() + 1))?;
    for (name, value) in &parts.headers {
        header.append_header(name.clone(), value.clone())?;
    }
    // Of a 304 it would say how long the document is (RFC 9110 section 8.6).
    if !matches!(parts.status, http::StatusCode::NO_CONTENT | http::StatusCode::NOT_MODIFIED) {
        header.insert_header(header::CONTENT_LENGTH, body.len())?;
    }
    let empty = head || body.is_empty();
    session.write_response_header(Box::new(header), empty).await?;
    if !empty {
        session.write_response_body(Some(body), true).await?;
    }
    Ok(())
}
