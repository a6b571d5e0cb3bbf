//! Questions of our own to a server, without a request of a client: after its health, or as a stranger would ask.

use super::group::Group;
use super::server::Server;
use crate::config::HostHeader;
use pingora::connectors::http::Connector;
use pingora::http::RequestHeader;
use pingora::prelude::{HttpPeer, Result};
use pingora::protocols::http::client::HttpSession;
use std::time::Duration;

/// A question after what is at this path of the server itself.
pub(super) fn question(group: &Group, server: &Server, path: &str) -> Result<RequestHeader> {
    let mut question = RequestHeader::build("GET", path.as_bytes(), None)?;
    match &group.app.upstream.host_header {
        HostHeader::Fixed(name) => question.insert_header("Host", name.clone())?,
        _ => question.insert_header("Host", server.config.authority())?,
    }
    Ok(question)
}

/// Asks; the head of the answer has come when this ends. Each step of reading waits for so long.
pub(super) async fn ask(
    connector: &Connector,
    peer: &HttpPeer,
    question: RequestHeader,
    wait: Duration,
) -> Result<HttpSession<()>> {
    let (mut session, _) = connector.get_http_session(peer).await?;
    session.write_request_header(Box::new(question)).await?;
    session.finish_request_body().await?;
    session.set_read_timeout(Some(wait));
    session.read_response_header().await?;
    Ok(session)
}
