//! Requests to MCP servers: the body is read before the decision, and the very bytes go on to the upstream.

use super::{Progress, Proxy};
use crate::admit::{Permit, Unread};
use crate::limits::Room;
use crate::mcp::{Fault, Messages, Mirror, SESSION_HEADER, Sessions, check_coding};
use crate::refusal::Refusal;
use crate::request::Request;
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Method, header};
use oauth::seal::Sealer;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::prelude::{Error, ErrorType, Result};
use pingora::proxy::Session;
use std::time::Duration;
use url::Url;

/// Time for the whole body.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// The most bytes that Pingora keeps to send them again, and the most that it reads at once.
const PINGORA_KEEPS: usize = 64 * 1024;

impl Proxy {
    /// Reads the messages of a request, and decides on it.
    pub(super) async fn read_messages(
        &self,
        session: &mut Session,
        progress: &mut Progress,
        request: &Request,
        unread: Unread,
    ) -> Result<std::result::Result<Permit, Refusal>> {
        let carries_none = request.method != Method::POST && session.as_downstream_mut().is_body_empty();
        let messages = if carries_none {
            Ok(Messages::None)
        } else {
            let mut room = self.gateway.world.held.room(request.ip);
            let body = read(session, unread.limit(), &mut room).await?;
            body.and_then(|body| {
                let mirror = Mirror::read(&session.req_header().headers)?;
                let messages = Messages::read(&body, &mirror)?;
                progress.kept = Some(Kept { body, sent: false, _room: room });
                Ok(messages)
            })
        };
        let headers = &session.req_header().headers;
        Ok(match messages {
            Ok(messages) => unread.decide((request, headers), messages, &self.gateway.world.at_rest),
            Err(fault) => Err(unread.refuse(fault)),
        })
    }
}

/// Reads a body of at most `limit` bytes.
///
/// Pingora sends a body that was read before only if it kept some of it itself: up to 64 KiB, or nothing. Then it asks
/// [`Kept::replay`] what to send. So it is told to keep the end of a body whose length is known, and nothing else of it.
async fn read(session: &mut Session, limit: usize, room: &mut Room) -> Result<std::result::Result<Bytes, Fault>> {
    let announced =
        session.get_header(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Ok(Err(Fault::too_large()));
    }
    if let Err(fault) = check_coding(&session.req_header().headers) {
        return Ok(Err(fault));
    }
    if session.get_header(header::EXPECT).is_some() {
        session.write_continue_response().await?;
    }
    match tokio::time::timeout(READ_TIMEOUT, read_within(session, (announced, limit), room)).await {
        Ok(read) => read.map_err(Error::into_down),
        Err(_) => Error::e_explain(ErrorType::ReadTimedout, "a message came too slowly").map_err(Error::into_down),
    }
}

async fn read_within(
    session: &mut Session,
    (announced, limit): (Option<usize>, usize),
    room: &mut Room,
) -> Result<std::result::Result<Bytes, Fault>> {
    let mut body = BytesMut::new();
    loop {
        let rest = announced.map_or(0, |length| length.saturating_sub(body.len()));
        if rest <= PINGORA_KEEPS {
            session.as_downstream_mut().enable_retry_buffering();
        }
        let Some(chunk) = session.as_downstream_mut().read_request_body().await? else { break };
        if body.len() + chunk.len() > limit {
            return Ok(Err(Fault::too_large()));
        }
        if !room.grow(chunk.len()) {
            return Ok(Err(Fault::no_room()));
        }
        body.extend_from_slice(&chunk);
    }
    if session.as_downstream().get_retry_buffer().is_none() && !body.is_empty() {
        return Ok(Err(Fault::length_required()));
    }
    Ok(Ok(body.freeze()))
}

/// A body that was decided on.
pub(super) struct Kept {
    body: Bytes,
    sent: bool,
    _room: Room,
}

impl Kept {
    /// Sends the body that was decided on, whatever Pingora kept of it.
    pub(super) fn replay(&mut self, body: &mut Option<Bytes>, end_of_stream: bool) {
        self.sent = end_of_stream;
        *body = replayed(&self.body, body.take(), end_of_stream);
    }

    /// Whether the server has all of it.
    pub(super) fn is_sent(&self) -> bool {
        self.sent
    }
}

/// What is sent in the place of a part of a body.
fn replayed(kept: &Bytes, part: Option<Bytes>, end_of_stream: bool) -> Option<Bytes> {
    if end_of_stream && !kept.is_empty() { Some(kept.clone()) } else { part.map(|_| Bytes::new()) }
}

/// What an MCP server gets besides: its own id of the session, and no expectation that was met here.
pub(super) fn prepare(upstream: &mut RequestHeader, permit: &Permit) {
    upstream.remove_header(SESSION_HEADER);
    if let Some(session) = permit.session() {
        let _ = upstream.insert_header("Mcp-Session-Id", session.clone());
    }
    if matches!(permit.messages(), Messages::Read(_)) {
        upstream.remove_header(&header::EXPECT);
    }
}

/// What an MCP server may say: its sessions belong to whom they are given, and an agent is neither given cookies nor sent
/// elsewhere with its token.
pub(super) fn clean_response(
    response: &mut ResponseHeader,
    (permit, request): (&Permit, &Request),
    sealer: &Sealer,
) -> Result<()> {
    let sessions = Sessions::of(sealer, &permit.app().id, permit.session_owner());
    if let Some(sealed) = response.headers.get(SESSION_HEADER).map(|id| sessions.seal(id)) {
        response.remove_header(SESSION_HEADER);
        if let Some(sealed) = sealed {
            response.insert_header("Mcp-Session-Id", sealed)?;
        }
    }
    if permit.known().is_some_and(|known| known.is_access_token()) {
        response.remove_header(&header::SET_COOKIE);
        let target = response.headers.get(header::LOCATION);
        if target.is_some_and(|target| !stays(target, &permit.origin().url(), request.target.as_str())) {
            return Error::e_explain(ErrorType::InvalidHTTPHeader, "an MCP server sends an agent elsewhere")
                .map_err(Error::into_up);
        }
    }
    Ok(())
}

/// Whether a `Location` leads to the origin itself (RFC 9110 section 10.2.2).
fn stays(location: &HeaderValue, origin: &str, asked: &str) -> bool {
    let Ok(base) = Url::parse(&format!("{origin}{asked}")) else { return false };
    let target = location.to_str().ok().and_then(|location| base.join(location).ok());
    target.is_some_and(|target| target.origin() == base.origin() && target.username().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m_06_only_the_same_origin_is_the_same() {
        let stays = |location| stays(&HeaderValue::from_static(location), "https://app.ex", "/mcp?x");
        for same in ["/x", "x", "?y", "", "https://app.ex/x", "https://app.ex:443/x", "//app.ex/x", "HTTPS://APP.ex/"] {
            assert!(stays(same), "{same}");
        }
        for other in [
            "http://app.ex/x",
            "https://app.ex:444/",
            "https://app.ex.evil/",
            "//evil.ex/x",
            "/\\evil.ex/x",
            "\\\\evil.ex",
            "https:\\\\evil.ex",
            "https://app.ex@evil.ex/",
            "https://user@app.ex/",
            "javascript:x",
            "https://",
        ] {
            assert!(!stays(other), "{other}");
        }
    }

    #[test]
    fn what_was_decided_on_is_sent_once_and_whole() {
        let kept = Bytes::from_static(b"all of it");
        let sent = |body: Option<&'static [u8]>, end| replayed(&kept, body.map(Bytes::from_static), end);
        assert_eq!(sent(Some(b"the end"), true), Some(kept.clone()));
        assert_eq!(sent(Some(b"a part"), false), Some(Bytes::new()));
        assert_eq!(sent(None, false), None);
    }
}
