//! The page on which a person lets a device in by its code (RFC 8628 section 3.3). It is on the login origin, and one for
//! all apps: the code says which one it is about.
//!
//! Guessing is limited for whoever guesses; the codes that are guessed at stay good.

use super::OwnRequest;
use crate::config::App;
use crate::identify::session::person;
use crate::limits::DEVICE_RETRY_AFTER;
use crate::login::form::Browser;
use crate::login::{self, Purpose};
use crate::pages::{self, DeviceDonePage, DevicePage, DeviceProblem};
use crate::refusal::Refusal;
use crate::respond::{Dress, html, see_other};
use crate::route::{Site, parameter};
use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header};
use oauth::call::Person;
use oauth::endpoint::device_verification::Decided;
use oauth::parameters::Parameters;
use oauth::user_code::UserCode;
use oauth::{Call, Endpoint, Reply};
use std::sync::Arc;

const PURPOSE: &str = "device form";
/// The parameter that says that a stronger sign-in was asked for, and the purpose that it is sealed for.
const STRONGER: &str = "asked_to_step_up";
pub(super) const PATH: &str = "/.doorward/device";

impl OwnRequest<'_> {
    /// `/.doorward/device`: an app's host leads on to the login origin's.
    pub(super) async fn device(&self, site: &Site) -> Result<Response<Bytes>, Refusal> {
        let (config, request) = (&self.snapshot.config, self.request);
        let origin = &config.auth.origin;
        if !config.apps.values().any(lets_devices_in) {
            return Ok(self.nothing());
        }
        let here = format!("{}{PATH}", origin.url());
        if matches!(site, Site::App(..)) {
            return Ok(see_other(StatusCode::FOUND, &here, &[]));
        }
        let form = (request.method == Method::POST).then(|| Parameters::parse(self.http.body()));
        match (person(self.world, origin, request).await?, form) {
            (Some(person), Some(form)) if form.get("consent").is_some() => self.decide_on_device(&person, &form).await,
            (Some(person), Some(form)) => self.find_device(&person, &form).await,
            (Some(person), None) => {
                let query = request.target.query().unwrap_or_default();
                let code = parameter(query, "user_code").and_then(|typed| UserCode::parse(&typed));
                Ok(self.enter(&person, StatusCode::OK, code.as_ref(), None))
            }
            (None, None) => {
                let purpose = Purpose { go_on: Some(request.target.as_str().to_owned()), ..Purpose::default() };
                Ok(login::ask(self.world, self.snapshot, request, purpose).await?)
            }
            // The session ended while the page was open: it is asked for again, and asks to sign in.
            (None, Some(_)) => Ok(see_other(StatusCode::SEE_OTHER, &here, &[])),
        }
    }

    /// The page that asks for a code. It knows of no request yet.
    fn enter(
        &self,
        person: &Person,
        status: StatusCode,
        code: Option<&UserCode>,
        problem: Option<DeviceProblem>,
    ) -> Response<Bytes> {
        let origin = &self.snapshot.config.auth.origin;
        let browser = Browser::of(self.world, origin, self.request);
        let token = browser.seal(self.world, PURPOSE, &person.session, self.request.now);
        let code = code.map(ToString::to_string).unwrap_or_default();
        let mark = self.request.target.query().and_then(|query| parameter(query, STRONGER));
        let action = mark.map_or_else(|| PATH.to_owned(), |mark| format!("{PATH}?{STRONGER}={mark}"));
        let page = DevicePage { user_code: &code, action: &action, form_token: &token, problem };
        let dress = Dress { cookies: browser.cookies(origin), ..Dress::default() };
        let look = self.look();
        html(&look, status, pages::device(&look, &page), dress)
    }

    /// A code was sent: shows what it is for. Only a form of ours is heeded, so no link and no other site gets further than
    /// the page that asks for a code.
    async fn find_device(&self, person: &Person, form: &Parameters) -> Result<Response<Bytes>, Refusal> {
        let (world, request) = (self.world, self.request);
        let origin = &self.snapshot.config.auth.origin;
        let code = UserCode::parse(form.get("user_code").unwrap_or_default());
        let sealed = form.get("form").unwrap_or_default();
        let opened =
            Browser::known(origin, request).and_then(|b| b.open::<String>(world, PURPOSE, sealed, request.now));
        if opened.as_deref() != Some(&person.session) || !request.is_from(&origin.url()) {
            let expired = Some(DeviceProblem::FormExpired);
            return Ok(self.enter(person, StatusCode::FORBIDDEN, code.as_ref(), expired));
        }
        if !world.limits.try_device_code(&person.subject, request.ip) {
            return Ok(self.too_many_codes(person));
        }
        let unknown = || self.enter(person, StatusCode::BAD_REQUEST, code.as_ref(), Some(DeviceProblem::Unknown));
        let Some(code) = &code else { return Ok(unknown()) };
        let Some(device) = self.snapshot.oauth.find_device(code, request.now).await? else { return Ok(unknown()) };
        let Some(app) = self.snapshot.config.apps.get(&device.app) else { return Ok(unknown()) };
        match self.snapshot.oauth.ask_about_device(self.device_call(app, person), person, (&device, code)).await {
            Ok(Some(consent)) => {
                world.limits.right_device_code(&person.subject, request.ip);
                self.dress(app, Some(person), Reply::Consent(Box::new(consent))).await
            }
            Ok(None) => Ok(unknown()),
            Err(reply) => self.dress(app, Some(person), self.once_stronger(person, code, reply)).await,
        }
    }

    /// Instead of a refusal for want of a stronger sign-in: that sign-in, once. The way back says whose session did not do.
    fn once_stronger(&self, person: &Person, code: &UserCode, reply: Reply) -> Reply {
        let (request, origin) = (self.request, &self.snapshot.config.auth.origin);
        let Reply::Refused { step_up: Some(step_up), reason, rule } = reply else { return reply };
        let mark = request.target.query().and_then(|query| parameter(query, STRONGER)).unwrap_or_default();
        let Some(browser) = Browser::known(origin, request) else {
            return Reply::Refused { step_up: Some(step_up), reason, rule };
        };
        let did_not_do = browser.open::<String>(self.world, STRONGER, &mark, request.now);
        if did_not_do.is_some_and(|session| session != person.session) {
            return Reply::Refused { step_up: Some(step_up), reason, rule };
        }
        let mark = browser.seal(self.world, STRONGER, &person.session, request.now);
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("user_code", &code.to_string())
            .append_pair(STRONGER, &mark)
            .finish();
        Reply::LoginRequired { client: None, query: Some(query), step_up: Some(step_up) }
    }

    /// Allow or Deny was pressed.
    async fn decide_on_device(&self, person: &Person, form: &Parameters) -> Result<Response<Bytes>, Refusal> {
        let app = self
            .snapshot
            .oauth
            .app_of_device_form(form, self.request.now)
            .and_then(|id| self.snapshot.config.apps.get(&id));
        let from_here = self.request.is_from(&self.snapshot.config.auth.origin.url());
        let Some(app) = app.filter(|_| from_here) else {
            let expired = Some(DeviceProblem::FormExpired);
            return Ok(self.enter(person, StatusCode::FORBIDDEN, None, expired));
        };
        let allowed = match self.snapshot.oauth.decide_device(self.device_call(app, person), person, form).await {
            Ok(Decided::Gone) => {
                return Ok(self.enter(person, StatusCode::BAD_REQUEST, None, Some(DeviceProblem::Unknown)));
            }
            Ok(decided) => decided == Decided::Allowed,
            Err(reply) => return self.dress(app, Some(person), reply).await,
        };
        let act = if allowed { "device_allowed" } else { "device_denied" };
        let (subject, id, app_id) = (person.subject.as_str(), self.request.id.as_str(), app.id.as_str());
        tracing::info!(target: "audit", act, subject, app = app_id, ip = %self.request.ip, id);
        let page = DeviceDonePage { allowed, app: &app.name, connected: "/.doorward/connected" };
        let look = self.look();
        Ok(html(&look, StatusCode::OK, pages::device_done(&look, &page), Dress::default()))
    }

    fn too_many_codes(&self, person: &Person) -> Response<Bytes> {
        tracing::warn!(target: "audit", act = "device_codes_guessed", subject = person.subject, ip = %self.request.ip, id = self.request.id);
        let wait = Some(DeviceProblem::TooManyAttempts { retry_after_seconds: DEVICE_RETRY_AFTER });
        let mut response = self.enter(person, StatusCode::TOO_MANY_REQUESTS, None, wait);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(DEVICE_RETRY_AFTER));
        response
    }

    fn device_call<'a>(&self, app: &'a Arc<App>, person: &'a Person) -> Call<'a> {
        let endpoint = &Endpoint::DeviceAuthorization;
        Call { app: &app.oauth, endpoint, person: Some(person), ip: self.request.ip, now: self.request.now }
    }
}

fn lets_devices_in(app: &Arc<App>) -> bool {
    app.oauth.managed.as_ref().is_some_and(|managed| managed.device.is_some())
}
