//! Our own endpoints: the authorization server's, and the pages under `/.doorward/`.

mod consent;
mod device;
mod page;
mod record;
mod sent;

use crate::config::App;
use crate::cors;
use crate::gateway::{Snapshot, World};
use crate::identify::session::person;
use crate::limits::{Bucket, RETRY_AFTER};
use crate::login;
use crate::pages::Look;
use crate::refusal::Refusal;
use crate::refuse;
use crate::request::Request;
use crate::respond::{self, Problem};
use crate::route::Own;
use crate::telemetry::Told;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Response};
use oauth::approval::StepUp;
use oauth::call::{Consent, Person};
use oauth::endpoint::revocation::Revoked;
use oauth::error::{Code, Error};
use oauth::{Call, Endpoint, Reply};
use record::told;
use std::sync::Arc;

/// Most bytes that any of our endpoints reads.
pub(crate) const MAX_BODY: usize = 64 * 1024;

/// A request to one of our endpoints, with its body.
pub(crate) struct OwnRequest<'a> {
    pub(crate) world: &'a World,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) request: &'a Request,
    pub(crate) http: http::Request<Bytes>,
}

impl OwnRequest<'_> {
    /// The answer. `Err` ends as any refused request does.
    pub(crate) async fn answer(&self, own: Own) -> Result<Response<Bytes>, Refusal> {
        match own {
            Own::OAuth(app, endpoint) => self.oauth(&app, &endpoint).await,
            Own::Page(page, site) => self.page(page, &site).await,
            Own::Preflight(app) => Ok(self.preflight(&app)),
            Own::Nothing => Ok(self.nothing()),
        }
    }

    async fn oauth(&self, app: &Arc<App>, endpoint: &Endpoint) -> Result<Response<Bytes>, Refusal> {
        let (world, request) = (self.world, self.request);
        if !self.within_limits(endpoint) {
            return Ok(refuse::too_many(&self.look(), *endpoint == Endpoint::Authorization, &request.id, RETRY_AFTER));
        }
        let login = &self.snapshot.config.auth.origin;
        let at_login = *endpoint == Endpoint::Authorization;
        if at_login && request.method == Method::POST && !request.is_from(&login.url()) {
            return Ok(self.problem(403, "form_refused", "problem-foreign-form", true));
        }
        let person = if at_login { person(world, login, request).await? } else { None };
        if let Some(person) = &person {
            self.note_use(&person.session);
        }
        let call = Call { app: &app.oauth, endpoint, person: person.as_ref(), ip: request.ip, now: request.now };
        let reply = self.snapshot.oauth.answer(call, &self.http).await;
        if matches!(endpoint, Endpoint::Token | Endpoint::Revocation | Endpoint::ClientConfiguration { .. }) {
            // A replay or the client may just have ended a grant: the next request must see it.
            let _ = world.heed_revocations().await;
        }
        self.dress(app, person.as_ref(), reply).await
    }

    fn preflight(&self, app: &App) -> Response<Bytes> {
        match &app.cors {
            Some(cors) => cors::preflight(cors, self.request),
            None => self.nothing(),
        }
    }

    fn within_limits(&self, endpoint: &Endpoint) -> bool {
        let bucket = match endpoint {
            Endpoint::Authorization => Bucket::Authorization,
            Endpoint::Registration | Endpoint::ClientConfiguration { .. } => Bucket::Registration,
            Endpoint::DeviceAuthorization => Bucket::DeviceAuthorization,
            Endpoint::PushedAuthorizationRequest | Endpoint::Token | Endpoint::Revocation | Endpoint::Introspection => {
                Bucket::Token
            }
            Endpoint::ProtectedResource { .. } | Endpoint::AuthorizationServer | Endpoint::Jwks => return true,
        };
        self.world.limits.take(bucket, self.request.ip)
    }

    async fn dress(&self, app: &Arc<App>, person: Option<&Person>, reply: Reply) -> Result<Response<Bytes>, Refusal> {
        match reply {
            Reply::Response(mut response) => {
                if let Some(error) = response.extensions().get::<Error>().cloned() {
                    self.log(app, &error);
                    self.raise_alarm(&error).await;
                    self.record_error(app, &error);
                    name_decision(&mut response, &self.request.id);
                    response.extensions_mut().insert(told(app, &error));
                }
                if let Some(Revoked { grant, subject, client }) = response.extensions().get() {
                    let (id, app) = (self.request.id.as_str(), app.id.as_str());
                    tracing::info!(target: "audit", act = "revoke", by = "client", subject, grant, client, app, id);
                }
                Ok(response)
            }
            Reply::LoginRequired { client, query, step_up } => {
                let target = &self.request.target;
                let go_on = query.map(|query| format!("{}?{query}", target.raw_path()));
                let go_on = Some(go_on.unwrap_or_else(|| target.as_str().to_owned()));
                let step_up = step_up.map(login::StepUp::from);
                let purpose = login::Purpose { go_on, app: Some(app.id.clone()), client, step_up };
                Ok(login::ask(self.world, self.snapshot, self.request, purpose).await?)
            }
            Reply::Consent(consent) => self.consent(app, person, &consent).await,
            Reply::Refused { reason, rule, step_up } => self.refused(app, person, (reason, rule, step_up)).await,
            Reply::Page(error) => {
                self.log(app, &error);
                Ok(self.error_page(app, &error))
            }
        }
    }

    async fn consent(&self, app: &App, person: Option<&Person>, consent: &Consent) -> Result<Response<Bytes>, Refusal> {
        let person = self.username(person.map(|person| person.subject.as_str())).await?;
        Ok(consent::page(&self.look(), app, (&person, consent), self.request))
    }

    async fn refused(
        &self,
        app: &Arc<App>,
        person: Option<&Person>,
        (reason, rule, step_up): (&'static str, Option<String>, Option<StepUp>),
    ) -> Result<Response<Bytes>, Refusal> {
        let account = match person {
            Some(person) => self.world.store.account_by_subject(&person.subject).await?,
            None => None,
        };
        let identity = account.zip(person).map(|(account, person)| account.identity(&person.login_method, &person.amr));
        let email = identity.as_ref().and_then(|identity| identity.email.clone());
        let step_up = step_up.map(|StepUp { amr, max_age }| policy::StepUp { auth_methods: amr, max_age });
        let told = Told {
            outcome: reason,
            app: app.id.clone(),
            rule: rule.clone().unwrap_or_default(),
            subject: person.map(|person| person.subject.clone()).unwrap_or_default(),
            detail: String::new(),
        };
        let who = identity.map(|identity| (identity, person.map(|person| person.authenticated_at)));
        self.record(app, reason, rule, who, None);
        let sign_out = Some("/.doorward/logout?everywhere");
        let refused = refuse::Refused { person: email.as_deref(), reason, step_up: step_up.as_ref(), sign_out };
        let mut page = refuse::refused_page(&self.look(), &self.request.id, Some(&app.name), &refused);
        page.extensions_mut().insert(told);
        Ok(page)
    }

    async fn username(&self, subject: Option<&str>) -> Result<String, Refusal> {
        let Some(subject) = subject else { return Ok(String::new()) };
        Ok(self
            .world
            .store
            .account_by_subject(subject)
            .await?
            .map(|account| account.shown().to_owned())
            .unwrap_or_default())
    }

    fn error_page(&self, app: &Arc<App>, error: &Error) -> Response<Bytes> {
        if error.code == Code::TemporarilyUnavailable {
            return refuse::unread(&self.look(), &Refusal::Unavailable(error.log.clone()), true, &self.request.id);
        }
        let status = error.code.page_status().as_u16();
        self.record_error(app, error);
        let problem = Problem {
            status,
            code: error.code.as_str(),
            text: "problem-oauth",
            detail: Some(&error.description),
            app: Some(&app.name),
        };
        let mut page = respond::problem(&self.look(), true, &self.request.id, problem);
        name_decision(&mut page, &self.request.id);
        page.extensions_mut().insert(told(app, error));
        page
    }

    fn look(&self) -> Look<'_> {
        self.snapshot.look(self.request)
    }

    fn nothing(&self) -> Response<Bytes> {
        self.problem(404, "not_found", "problem-nothing-here", false)
    }

    fn problem(&self, status: u16, code: &str, text: &str, always_page: bool) -> Response<Bytes> {
        let page =
            always_page || (self.request.hints.accepts_html && self.request.target.path().starts_with("/.doorward/"));
        let problem = Problem { status, code, text, ..Problem::default() };
        respond::problem(&self.look(), page, &self.request.id, problem)
    }
}

/// Names the decision for whoever reads the answer: `doorward explain` knows it by this.
fn name_decision(response: &mut Response<Bytes>, id: &str) {
    if let Ok(id) = HeaderValue::from_str(id) {
        response.headers_mut().insert(HeaderName::from_static("doorward-decision"), id);
    }
}
