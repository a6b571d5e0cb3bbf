//! The end of a request that is refused: an answer, and a record for `doorward explain`.

use super::{Progress, Proxy, State, body, read};
use crate::refusal::Refusal;
use crate::refuse;
use crate::request::Request;
use crate::telemetry::{Asked, Refused};
use pingora::prelude::Result;
use pingora::proxy::Session;
use policy::Via;
use std::sync::Arc;

impl Proxy {
    /// Ends a request that cannot be read.
    pub(super) async fn refuse_unread(
        &self,
        session: &mut Session,
        progress: &mut Progress,
        refusal: Refusal,
    ) -> Result<bool> {
        let snapshot = self.snapshot(progress);
        let look = snapshot.config.brand.look(read::languages(session));
        let response = refuse::unread(&look, &refusal, read::accepts_html(session), &progress.id);
        let (ip, method, path) = read::glimpse(session);
        self.gateway.world.recorder.record(Refused {
            id: progress.id.clone(),
            at: self.gateway.world.clock.now(),
            reason: refusal.code(),
            rule: None,
            app: None,
            identity: None,
            via: Via::Browser,
            client: None,
            linked_app: None,
            authenticated_at: None,
            detail: refusal.detail(),
            asked: Asked::ForRequest { ip, method, path, called: None, certificate: None },
        });
        progress.state = State::Refused(Box::new(refusal));
        // What follows on this connection cannot be trusted to be a request.
        session.set_keepalive(None);
        self.write(session, &snapshot, response).await?;
        Ok(true)
    }

    pub(super) async fn refuse(
        &self,
        session: &mut Session,
        progress: &mut Progress,
        request: Request,
        refusal: Refusal,
    ) -> Result<()> {
        let snapshot = self.snapshot(progress);
        let content_type = session.get_header(http::header::CONTENT_TYPE);
        let form = match refuse::keeps_form(&request, &refusal, content_type) {
            true => {
                let mut room = self.gateway.world.held.room(request.ip);
                body::read(session, refuse::MAX_FORM, &mut room).await?.ok()
            }
            false => None,
        };
        let refused = (&refusal, form.as_deref());
        let response = refuse::refusal(&self.gateway.world, &snapshot.look(&request), &request, refused);
        self.record(&request, &refusal);
        progress.request = Some(Arc::new(request));
        progress.state = State::Refused(Box::new(refusal));
        self.write(session, &snapshot, response).await
    }

    /// Keeps a refusal for `doorward explain ID`.
    fn record(&self, request: &Request, refusal: &Refusal) {
        let denial = refusal.denial();
        self.gateway.world.recorder.record(Refused {
            id: request.id.clone(),
            at: request.now,
            reason: refusal.code(),
            rule: denial.and_then(|denial| denial.rule.clone()),
            app: refusal.at().map(|at| Arc::clone(&at.app)),
            identity: denial.and_then(|denial| denial.identity.clone()),
            via: denial.map_or(Via::Browser, |denial| denial.via),
            client: denial.and_then(|denial| denial.client.clone()),
            linked_app: denial.and_then(|denial| denial.linked_app.clone()),
            authenticated_at: denial.and_then(|denial| denial.authenticated_at),
            detail: refusal.detail(),
            asked: Asked::ForRequest {
                ip: request.ip,
                method: request.method.to_string(),
                path: request.target.path().to_owned(),
                called: denial.and_then(|denial| denial.called.clone()),
                certificate: request.certificate().cloned(),
            },
        });
    }

    /// A request that was let through ends because of its body.
    pub(super) fn end_upload(&self, progress: &mut Progress) {
        let (State::Permitted(permit), Some(request)) = (&progress.state, &progress.request) else { return };
        let refusal = Refusal::TooLarge(413, Some(permit.at()));
        self.record(request, &refusal);
        progress.state = State::Refused(Box::new(refusal));
    }
}
