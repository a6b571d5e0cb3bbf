//! What is done for a request that was let through, beside passing it on: it is known to be under way, its use is remembered, it
//! follows the upstream's redirects, and it is taken leave of.

use super::connection::{self, UnderWay, Why};
use super::upload::{self, Upload};
use super::{Progress, Proxy, State, read, upstream};
use crate::admit::{self, Outcome, Permit, Review, Standing};
use crate::gateway::Snapshot;
use crate::refusal::Refusal;
use crate::request::Request;
use crate::respond::{self, Problem};
use crate::store::Use;
use crate::telemetry::shorten;
use http::HeaderMap;
use pingora::proxy::{FailToProxy, Session};
use std::sync::Arc;

/// Counts what the client will send to the upstream. What is announced as too long goes nowhere.
pub(super) fn measure(
    session: &mut Session,
    progress: &mut Progress,
    snapshot: &Snapshot,
    permit: Permit,
) -> Result<Permit, Refusal> {
    let upload = Upload::new(session, &snapshot.config.server.limits, &permit.app().limits);
    if upload.is_announced_too_long(session) {
        return Err(Refusal::TooLarge(413, Some(permit.at())));
    }
    progress.upload = Some(upload);
    if upload::is_stream(session) {
        // A WebSocket may be silent for long; its connection ends when either side ends it.
        session.set_read_timeout(Some(permit.app().upstream.timeouts.idle));
    }
    Ok(permit)
}

impl Proxy {
    /// A request is let through. What was taken away while it was decided on is heeded at once: a look at the requests
    /// under way may have missed it.
    pub(super) async fn begin(&self, progress: &mut Progress, request: Request, permit: Arc<Permit>, generation: u64) {
        let request = Arc::new(request);
        let under_way = UnderWay::new(&request, &permit);
        connection::begin(&under_way);
        let world = &self.gateway.world;
        if world.memory.generation() != generation {
            let snapshot = self.gateway.snapshot();
            match Review::new(world, &snapshot).standing(&permit, &request).await {
                Ok(Standing::Permitted) | Err(_) => {}
                Ok(Standing::Ended) => connection::cut(&under_way, Why::Ended),
                Ok(Standing::Denied) => connection::cut(&under_way, Why::Denied),
            }
        }
        progress.request = Some(request);
        progress.state = State::Permitted(permit);
    }

    /// Ends a request that was let through: by an answer of ours if the upstream has not begun one, else in the words of its
    /// protocol.
    pub(super) async fn take_leave(&self, session: &mut Session, why: Why, progress: &Progress) -> FailToProxy {
        let left = if !read::is_answered(session) {
            let (status, code, text) = match why {
                Why::Ended => (401, "permission_ended", "problem-permission-ended"),
                Why::Denied => (403, "permission_ended", "problem-permission-ended"),
                Why::GoingAway => (503, "going_away", "problem-going-away"),
                Why::NoAnswer => upstream::NO_ANSWER,
            };
            let snapshot = self.snapshot(progress);
            let html = progress.request.as_ref().is_some_and(|request| request.hints.accepts_html);
            let look = snapshot.config.brand.look(read::languages(session));
            let response =
                respond::problem(&look, html, &progress.id, Problem { status, code, text, ..Problem::default() });
            self.write(session, &snapshot, response).await
        } else {
            connection::say(session, why, &progress.frames).await
        };
        let error_code = session.response_written().map_or(0, |response| response.status.as_u16());
        FailToProxy { error_code: if left.is_ok() { error_code } else { 0 }, can_reuse_downstream: false }
    }

    /// Whether a redirect of the upstream to itself may be followed here. The request that it leads to is decided on like any
    /// other: what the upstream names may be what policy keeps from the client.
    pub(super) async fn follow(&self, request: Request, headers: &HeaderMap, progress: &mut Progress) -> bool {
        let (State::Permitted(permit), Some(snapshot)) = (&progress.state, &progress.snapshot) else { return false };
        let world = &self.gateway.world;
        let generation = world.memory.generation();
        let next = match admit::admit(world, snapshot, &request).await {
            Ok(Outcome::Proxy(next)) => *next,
            Ok(Outcome::Read(unread)) => {
                let messages = permit.messages().clone();
                let Ok(next) = unread.decide((&request, headers), messages, &world.at_rest) else { return false };
                next
            }
            _ => return false,
        };
        if next.app().id != permit.app().id {
            return false;
        }
        // From here on it is this request that may be ended.
        self.begin(progress, request, next.into(), generation).await;
        true
    }

    /// Remembers who uses a grant, and from where; once a minute and address.
    pub(super) fn note_use(&self, session: &Session, request: &Request, permit: &Permit) {
        if let Some(known) = permit.known().filter(|known| known.is_news(request.ip, request.now)) {
            let agent = shorten(session.req_header().headers.get(http::header::USER_AGENT));
            self.gateway.world.uses.note(&known.grant, Use { at: request.now, address: request.ip, agent });
        }
    }
}
