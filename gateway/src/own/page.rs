//! The pages under `/.doorward/`: which methods each takes, and who answers.

use super::OwnRequest;
use crate::config::{App, Origin};
use crate::login::{self, handoff, sign_in_page};
use crate::pages::PASSKEY_SOURCE;
use crate::refusal::{At, Refusal};
use crate::respond;
use crate::route::{Page, Site, parameter};
use bytes::Bytes;
use http::{HeaderValue, Method, Response, header};
use std::sync::Arc;

const READ: &str = "GET, HEAD";
const FORM: &str = "GET, HEAD, POST";
const SENT: &str = "POST";

/// The methods that a page takes, as `Allow` names them (RFC 9110 section 10.2.1); `None` if this site has no such page.
fn methods(page: Page, site: &Site) -> Option<&'static str> {
    match (page, site) {
        (Page::Passkey | Page::PasskeyScript, Site::App(..)) | (Page::Popup, Site::Login) => None,
        (Page::Passkey | Page::BackchannelLogout, _) => Some(SENT),
        (Page::Logout | Page::Initiate | Page::Invitation | Page::Forgotten, _) => Some(FORM),
        (Page::Login | Page::Account | Page::Connected | Page::Device, Site::Login) => Some(FORM),
        // A code is good once: no look ahead takes it.
        (Page::Callback, Site::Login) => Some("GET"),
        _ => Some(READ),
    }
}

impl OwnRequest<'_> {
    /// The answer of a page.
    pub(super) async fn page(&self, page: Page, site: &Site) -> Result<Response<Bytes>, Refusal> {
        let Some(methods) = methods(page, site) else { return Ok(self.nothing()) };
        if !methods.split(", ").any(|method| method == self.request.method.as_str()) {
            return Ok(self.wrong_method(methods));
        }
        self.open(page, site).await
    }

    async fn open(&self, page: Page, site: &Site) -> Result<Response<Bytes>, Refusal> {
        let (world, snapshot, request, body) = (self.world, self.snapshot, self.request, self.http.body());
        Ok(match (page, site) {
            (Page::Login, Site::Login) if request.method == Method::POST => {
                login::answer(world, snapshot, request, body).await?
            }
            (Page::Login, Site::Login) => sign_in_page(world, snapshot, request).await?,
            (Page::Login, Site::App(app, origin)) => self.hand_off(app, origin),
            (Page::Callback, Site::Login) => login::callback(world, snapshot, request).await?,
            (Page::Callback, Site::App(_, origin)) => handoff::finish(world, snapshot, origin, request).await?,
            (Page::Logout, site) => login::logout(world, snapshot, site, request, body).await?,
            (Page::SignedOut, _) => login::signed_out(world, snapshot, request).await?,
            (Page::BackchannelLogout, _) => login::backchannel_logout(world, snapshot, request, body).await?,
            (Page::Initiate, _) => login::initiate(world, snapshot, request, body).await?,
            (Page::Apps, site) => login::apps(world, snapshot, site, request).await?,
            (Page::Connected, site) => login::connected(world, snapshot, site, request, &self.http).await?,
            (Page::Account, site) => login::account(world, snapshot, site, request, body).await?,
            (Page::Invitation, _) => login::invitation(world, snapshot, request, body).await?,
            (Page::Forgotten, _) => login::forgotten(world, snapshot, request, body).await?,
            (Page::Passkey, _) => login::passkey(world, snapshot, request, body).await?,
            (Page::PasskeyScript, _) => respond::script(PASSKEY_SOURCE),
            (Page::Device, site) => self.device(site).await?,
            (Page::Popup, _) => handoff::popup(snapshot, request),
            (Page::Identity, site) => login::identity(world, snapshot, site, request).await?,
            (Page::Certs, _) => login::certs(world, snapshot, request, self.http.headers()),
            (Page::Logo, _) => self.logo(),
        })
    }

    /// Signing in at an app's own host: the person is sent to the login origin, and comes back.
    fn hand_off(&self, app: &Arc<App>, origin: &Origin) -> Response<Bytes> {
        let (world, request) = (self.world, self.request);
        let at = At { app: Arc::clone(app), origin: origin.clone() };
        let sent = |name| request.target.query().and_then(|query| parameter(query, name));
        let step_up = handoff::asked_for(request);
        if sent("popup").is_some() {
            return handoff::begin_in_popup(world, &at, request, step_up.as_ref());
        }
        let back = sent("return_to").unwrap_or_default();
        handoff::begin(world, &at, request, (&back, step_up.as_ref()))
    }

    fn wrong_method(&self, methods: &'static str) -> Response<Bytes> {
        let mut response = self.problem(405, "method_not_allowed", "problem-wrong-method", false);
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(methods));
        response
    }

    fn logo(&self) -> Response<Bytes> {
        self.snapshot.config.brand.logo().map_or_else(|| self.nothing(), respond::logo)
    }
}
