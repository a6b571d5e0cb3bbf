//! What we answer ourselves.

use super::progress::{Progress, State};
use super::{Proxy, body, read, upload, upstream};
use crate::gateway::Snapshot;
use crate::own::{MAX_BODY, OwnRequest};
use crate::request::Request;
use crate::route::Own;
use crate::telemetry::Told;
use bytes::Bytes;
use http::{Response, header};
use oauth::client_auth::Guesser;
use pingora::prelude::Result;
use pingora::proxy::Session;
use std::sync::Arc;

impl Proxy {
    /// Writes an answer of ours.
    pub(super) async fn write(
        &self,
        session: &mut Session,
        snapshot: &Snapshot,
        mut response: Response<Bytes>,
    ) -> Result<()> {
        if let Some(hsts) = read::host(session).and_then(|host| snapshot.hsts(&host)) {
            response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, hsts);
        }
        if upload::is_grpc(session) && !response.status().is_success() {
            upstream::say_in_grpc(&mut response);
        }
        body::write(session, response).await
    }

    pub(super) async fn answer(
        &self,
        session: &mut Session,
        progress: &mut Progress,
        snapshot: &Snapshot,
        request: Request,
        own: Own,
    ) -> Result<()> {
        let mut room = self.gateway.world.held.room(request.ip);
        let sent = match body::read(session, MAX_BODY, &mut room).await? {
            Ok(sent) => sent,
            Err(not_read) => return self.refuse(session, progress, request, not_read.into()).await,
        };
        let mut http = body::as_http(session.req_header(), &request, sent);
        http.extensions_mut().insert(Guesser(Arc::new(self.gateway.world.limits.guesser(request.ip))));
        let own_request = OwnRequest { world: &self.gateway.world, snapshot, request: &request, http };
        match own_request.answer(own).await {
            Ok(response) => {
                drop(own_request);
                progress.state = State::Answered(response.extensions().get::<Told>().cloned().map(Box::new));
                progress.request = Some(Arc::new(request));
                self.write(session, snapshot, response).await
            }
            Err(refusal) => {
                drop(own_request);
                self.refuse(session, progress, request, refusal).await
            }
        }
    }
}
