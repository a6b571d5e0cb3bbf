//! How far a request has come through the phases of Pingora.

use super::connection::{Counted, Frames};
use super::messages::Kept;
use super::upload::Upload;
use super::upstream::{self, Attempts};
use crate::admit::Permit;
use crate::gateway::Snapshot;
use crate::refusal::Refusal;
use crate::request::{Request, Target};
use crate::telemetry::Told;
use oauth::world::Random;
use pingora::http::ResponseHeader;
use std::sync::Arc;
use std::time::Instant;

/// How far a request has come. A phase cannot use what is not settled.
pub(crate) struct Progress {
    pub(super) started: Instant,
    pub(super) id: String,
    pub(super) snapshot: Option<Arc<Snapshot>>,
    pub(super) request: Option<Arc<Request>>,
    pub(super) state: State,
    /// The body of a request to an MCP server, which was read before the decision.
    pub(super) kept: Option<Kept>,
    /// What the client sends to the upstream.
    pub(super) upload: Option<Upload>,
    pub(super) upstream_status: Option<u16>,
    pub(super) attempts: Attempts,
    /// Where the upstream's side of a WebSocket stands.
    pub(super) frames: Frames,
    _counted: Counted,
}

/// What is settled of it.
pub(super) enum State {
    Received,
    Refused(Box<Refusal>),
    Answered(Option<Box<Told>>),
    Permitted(Arc<Permit>),
}

impl Progress {
    /// A request that has just begun.
    pub(super) fn new(random: &dyn Random, counted: Counted) -> Self {
        Self {
            started: Instant::now(),
            id: new_id(random),
            snapshot: None,
            request: None,
            state: State::Received,
            kept: None,
            upload: None,
            upstream_status: None,
            attempts: Attempts::default(),
            frames: Frames::default(),
            _counted: counted,
        }
    }

    /// The request that an answer leads to, if it is a redirect of the upstream to itself that may be followed.
    pub(super) fn redirected(&self, response: &ResponseHeader) -> Option<Request> {
        let (State::Permitted(permit), Some(request)) = (&self.state, &self.request) else { return None };
        let server = self.attempts.server().filter(|_| self.attempts.may_hop())?;
        let target = upstream::follow(response, permit, server)?;
        let target = Target::read(target.as_bytes()).ok()?;
        Some(Request { target, ..Request::clone(request) })
    }
}

/// A decision id: 60 random bits in an alphabet that can be read out loud.
fn new_id(random: &dyn Random) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut id = String::with_capacity(14);
    id.push_str("d_");
    id.extend(random.bytes::<12>().iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])));
    id
}
