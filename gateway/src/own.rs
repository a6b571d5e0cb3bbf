//! Our own endpoints: the authorization server's, and the pages under `/.doorward/`.

mod consent;
mod device;
mod sent;

use crate::cors;
use crate::gateway::{Snapshot, World};
use crate::identify::session::person;
use crate::limits::{Bucket, RETRY_AFTER};
use crate::login::{self, handoff, sign_in_page};
use crate::pages::{Look, PASSKEY_SOURCE};
use crate::refusal::{At, Refusal};
use crate::refuse;
use crate::request::Request;
use crate::respond::{self, Problem};
use crate::route::{Own, Page, Site, parameter};
use crate::store::Use;
use crate::telemetry::{Asked, Refused, Told, remedy, shorten};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Response, header};
use oauth::approval::StepUp;
use oauth::call::{Consent, Person};
use oauth::client::ClientId;
use oauth::endpoint::revocation::Revoked;
use oauth::error::{Code, Error};
use oauth::world::Timestamp;
use oauth::{Call, Endpoint, Reply};
use policy::{Identity, Via};
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
            Own::Nothing => Ok(self.problem(404, "not_found", "problem-nothing-here", false)),
        }
    }

    async fn page(&self, page: Page, site: &Site) -> Result<Response<Bytes>, Refusal> {
        let (world, snapshot, request) = (self.world, self.snapshot, self.request);
        let get = matches!(request.method, Method::GET | Method::HEAD);
        let post = request.method == Method::POST;
        match (page, site) {
            (Page::Login, Site::Login) if get => Ok(sign_in_page(world, snapshot, request).await?),
            (Page::Login, Site::Login) if post => Ok(login::answer(world, snapshot, request, self.http.body()).await?),
            (Page::Login, Site::App(app, origin)) if get => {
                let at = At { app: Arc::clone(app), origin: origin.clone() };
                let back = request.target.query().and_then(|query| parameter(query, "return_to")).unwrap_or_default();
                let step_up = handoff::asked_for(request);
                if request.target.query().is_some_and(|query| parameter(query, "popup").is_some()) {
                    return Ok(handoff::begin_in_popup(world, &at, request, step_up.as_ref()));
                }
                Ok(handoff::begin(world, &at, request, (&back, step_up.as_ref())))
            }
            (Page::Callback, Site::App(_, origin)) if get => handoff::finish(world, snapshot, origin, request).await,
            (Page::Logout, _) if get || post => {
                Ok(login::logout(world, snapshot, site, request, self.http.body()).await?)
            }
            (Page::Apps, site) if get => Ok(login::apps(world, snapshot, site, request).await?),
            (Page::Connected, site) if get || (post && matches!(site, Site::Login)) => {
                Ok(login::connected(world, snapshot, site, request, &self.http).await?)
            }
            (Page::Account, site) if get || (post && matches!(site, Site::Login)) => {
                Ok(login::account(world, snapshot, site, request, self.http.body()).await?)
            }
            (Page::Invitation, _) if get || post => {
                Ok(login::invitation(world, snapshot, request, self.http.body()).await?)
            }
            (Page::Forgotten, _) if get || post => {
                Ok(login::forgotten(world, snapshot, request, self.http.body()).await?)
            }
            (Page::Passkey, Site::Login) if post => {
                Ok(login::passkey(world, snapshot, request, self.http.body()).await?)
            }
            (Page::PasskeyScript, Site::Login) if get => Ok(respond::script(PASSKEY_SOURCE)),
            (Page::Device, site) if get || (post && matches!(site, Site::Login)) => self.device(site).await,
            (Page::Logo, _) if get => Ok(self.logo()),
            (Page::Popup, Site::App(..)) if get => Ok(handoff::popup(snapshot, request)),
            (Page::Popup, Site::Login) => Ok(self.problem(404, "not_found", "problem-nothing-here", false)),
            (Page::Identity, _) if get => login::identity(world, snapshot, site, request).await,
            (Page::Certs, _) if get => Ok(login::certs(world, snapshot, request, self.http.headers())),
            (Page::Callback, Site::Login) if request.method == Method::GET => {
                Ok(login::callback(world, snapshot, request).await?)
            }
            (Page::SignedOut, _) if get => Ok(login::signed_out(world, snapshot, request).await?),
            (Page::BackchannelLogout, _) if post => {
                Ok(login::backchannel_logout(world, snapshot, request, self.http.body()).await?)
            }
            (Page::Initiate, _) if get || post => {
                Ok(login::initiate(world, snapshot, request, self.http.body()).await?)
            }
            (Page::Passkey | Page::PasskeyScript, Site::App(..)) => {
                Ok(self.problem(404, "not_found", "problem-nothing-here", false))
            }
            _ => {
                let mut response = self.problem(405, "method_not_allowed", "problem-wrong-method", false);
                let with_form = matches!(
                    (page, site),
                    (Page::Login | Page::Logout | Page::Initiate | Page::Invitation | Page::Forgotten, _)
                        | (Page::Account | Page::Connected | Page::Device, Site::Login)
                );
                let allow = match page {
                    Page::BackchannelLogout | Page::Passkey => "POST",
                    _ if with_form => "GET, HEAD, POST",
                    _ => "GET, HEAD",
                };
                response.headers_mut().insert(header::ALLOW, http::HeaderValue::from_static(allow));
                Ok(response)
            }
        }
    }

    async fn oauth(&self, app: &Arc<crate::config::App>, endpoint: &Endpoint) -> Result<Response<Bytes>, Refusal> {
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

    fn preflight(&self, app: &crate::config::App) -> Response<Bytes> {
        match &app.cors {
            Some(cors) => cors::preflight(cors, self.request),
            None => self.problem(404, "not_found", "problem-nothing-here", false),
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

    async fn dress(
        &self,
        app: &Arc<crate::config::App>,
        person: Option<&Person>,
        reply: Reply,
    ) -> Result<Response<Bytes>, Refusal> {
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

    async fn consent(
        &self,
        app: &crate::config::App,
        person: Option<&Person>,
        consent: &Consent,
    ) -> Result<Response<Bytes>, Refusal> {
        let person = self.username(person.map(|person| person.subject.as_str())).await?;
        Ok(consent::page(&self.look(), app, (&person, consent), self.request))
    }

    async fn refused(
        &self,
        app: &Arc<crate::config::App>,
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

    /// Keeps a refusal for `doorward explain ID`.
    fn record(
        &self,
        app: &Arc<crate::config::App>,
        reason: &'static str,
        rule: Option<String>,
        who: Option<(Identity, Option<Timestamp>)>,
        detail: Option<String>,
    ) {
        let (identity, authenticated_at) = who.unzip();
        let (method, path) = (self.request.method.to_string(), self.request.target.path().to_owned());
        let sent = sent::sent(&self.http);
        let client = sent["client_id"].as_str().filter(|id| !ClientId::new(*id).is_browser()).map(str::to_owned);
        self.world.recorder.record(Refused {
            id: self.request.id.clone(),
            at: self.request.now,
            reason,
            rule,
            app: Some(Arc::clone(app)),
            identity,
            via: match &client {
                _ if self.request.target.path() == device::PATH => Via::Device,
                Some(_) => Via::Agent,
                None => Via::Browser,
            },
            client,
            linked_app: None,
            authenticated_at: authenticated_at.flatten(),
            detail,
            asked: Asked::OfEndpoint { ip: self.request.ip, method, path, sent },
        });
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

    /// What a client's developer or an administrator needs to know of a refusal.
    fn log(&self, app: &crate::config::App, error: &Error) {
        let code = error.code.as_str();
        let (id, app, path) = (self.request.id.as_str(), app.id.as_str(), self.request.target.raw_path());
        if error.log.starts_with("security:") {
            let (ip, grant) = (self.request.ip, error.ended.as_deref());
            tracing::warn!(target: "audit", id, app, path, %ip, grant, error = code, what = error.log);
        } else {
            let remedy = remedy(code).map(|(_, admin)| admin);
            tracing::info!(target: "oauth", id, app, path, error = code, what = error.log, remedy);
        }
    }

    /// Remembers that the sign-in behind this request was used.
    fn note_use(&self, session: &str) {
        self.world.uses.note(session, self.as_use());
    }

    fn as_use(&self) -> Use {
        let agent = shorten(self.http.headers().get(header::USER_AGENT));
        Use { at: self.request.now, address: self.request.ip, agent }
    }

    /// Remembers who brought something again that two parties have, for the person whose grant ended by it.
    async fn raise_alarm(&self, error: &Error) {
        let Some(grant) = &error.ended else { return };
        if let Err(broken) = self.world.store.record_alarm(grant, &self.as_use()).await {
            tracing::warn!(target: "store", id = self.request.id, grant, what = %broken, "who reused a token could not be kept");
        }
    }

    /// Keeps the refusal of a call, with what was sent, for `doorward explain ID`.
    fn record_error(&self, app: &Arc<crate::config::App>, error: &Error) {
        if error.code == Code::TemporarilyUnavailable {
            return;
        }
        self.record(app, error.code.as_str(), None, None, Some(error.log.clone()));
    }

    fn error_page(&self, app: &Arc<crate::config::App>, error: &Error) -> Response<Bytes> {
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

    fn logo(&self) -> Response<Bytes> {
        let nothing = || self.problem(404, "not_found", "problem-nothing-here", false);
        self.snapshot.config.brand.logo().map_or_else(nothing, respond::logo)
    }

    fn look(&self) -> Look<'_> {
        self.snapshot.look(self.request)
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

/// What the event of a request says of an error.
fn told(app: &crate::config::App, error: &Error) -> Told {
    Told {
        outcome: error.code.as_str(),
        app: app.id.clone(),
        rule: String::new(),
        subject: String::new(),
        detail: error.log.clone(),
    }
}
