//! Signing out: of one app, or of everything in this browser. A page asks first; only its form does it.

use super::external::provider_logout;
use super::form::Browser;
use super::handoff::signed_out_cookie;
use crate::config::{App, Origin};
use crate::gateway::{Snapshot, World};
use crate::identify::session::{cookie_name, find, set_cookie};
use crate::pages::{self, LogoutPage, Look, SignedOutPage};
use crate::request::Request;
use crate::respond::{self, Dress, Forms, Problem, html, see_other};
use crate::route::{Site, parameter};
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use oauth::parameters::Parameters;
use oauth::secret::{Kind, Secret};
use oauth::store::{EndedBecause, Grant, StoreError};
use std::time::Duration;

const PURPOSE: &str = "logout form";

/// `/.doorward/logout`, at an app's host or at the login origin.
pub(crate) async fn logout(
    world: &World,
    snapshot: &Snapshot,
    site: &Site,
    request: &Request,
    body: &[u8],
) -> Result<Response<Bytes>, StoreError> {
    let here = Here::of(snapshot, site, request);
    if request.method == Method::POST {
        here.end(world, snapshot, request, body).await
    } else {
        here.ask(world, &snapshot.config.auth.origin, request).await
    }
}

/// The session that a sign-out concerns.
struct Here<'a> {
    origin: &'a Origin,
    app: Option<&'a App>,
    look: Look<'a>,
}

impl<'a> Here<'a> {
    fn of(snapshot: &'a Snapshot, site: &'a Site, request: &Request) -> Self {
        let look = snapshot.look(request);
        match site {
            Site::Login => Self { origin: &snapshot.config.auth.origin, app: None, look },
            Site::App(app, origin) => Self { origin, app: Some(app), look },
        }
    }

    fn cookie_name(&self) -> String {
        cookie_name(self.origin, self.app.map_or(oauth::app::LOGIN, |app| &app.id))
    }

    async fn session(&self, world: &World, request: &Request) -> Result<Option<Grant>, StoreError> {
        let value = request.cookie(&self.cookie_name());
        let Some(secret) = value.and_then(|value| Secret::parse(Kind::Session, value)) else { return Ok(None) };
        let app = self.app.map_or(oauth::app::LOGIN, |app| &app.id);
        Ok(find(world, &secret, app, request.now).await?.map(|(grant, _)| grant))
    }

    async fn ask(&self, world: &World, login: &Origin, request: &Request) -> Result<Response<Bytes>, StoreError> {
        let everywhere = request.target.query().is_some_and(|query| parameter(query, "everywhere").is_some());
        let Some(session) = self.session(world, request).await? else {
            return Ok(self.without_session(login, everywhere));
        };
        let account = world.store.account_by_subject(&session.subject).await?;
        let browser = Browser::of(world, self.origin, request);
        let token = browser.seal(world, PURPOSE, &session.id, request.now);
        let action =
            self.app.map_or_else(|| "/.doorward/logout".to_owned(), |app| format!("/.doorward/logout?app={}", app.id));
        let page = LogoutPage {
            person: account.as_ref().map(|account| account.shown()),
            app: self.app.map(|app| app.name.as_str()),
            action: &action,
            form_token: &token,
            everywhere: everywhere || self.app.is_none(),
        };
        // Signing out may lead on to the identity provider.
        let dress = Dress { cookies: browser.cookies(self.origin), forms: Forms::Anywhere, ..Dress::default() };
        Ok(html(&self.look, StatusCode::OK, pages::logout(&self.look, &page), dress))
    }

    async fn end(
        &self,
        world: &World,
        snapshot: &Snapshot,
        request: &Request,
        body: &[u8],
    ) -> Result<Response<Bytes>, StoreError> {
        let login = &snapshot.config.auth.origin;
        let form = Parameters::parse(body);
        let everywhere = form.get("everywhere").is_some();
        let Some(session) = self.session(world, request).await? else {
            return Ok(self.without_session(login, everywhere));
        };
        let sealed = form.get("form").unwrap_or_default();
        let opened =
            Browser::known(self.origin, request).and_then(|b| b.open::<String>(world, PURPOSE, sealed, request.now));
        if opened.as_deref() != Some(&session.id) || !request.is_from(&self.origin.url()) {
            let (code, text) = ("form_refused", "problem-not-signed-out");
            let problem = Problem { status: 403, code, text, ..Problem::default() };
            return Ok(respond::problem(&self.look, request.hints.accepts_html, &request.id, problem));
        }
        let ended = if everywhere { session.parent.as_ref().unwrap_or(&session.id) } else { &session.id };
        world.store.revoke_grant(ended, EndedBecause::SignedOut, request.now).await?;
        // The session itself too, whatever it came from.
        world.store.revoke_grant(&session.id, EndedBecause::SignedOut, request.now).await?;
        world.heed_revocations().await?;
        tracing::info!(target: "audit", act = "sign_out", subject = session.subject, grant = ended, everywhere, id = request.id);
        let mut cookies = vec![set_cookie(self.origin, &self.cookie_name(), "", Duration::ZERO)];
        if let (Some(app), Some(parent), false) = (self.app, &session.parent, everywhere) {
            let day = Duration::from_secs(24 * 3600);
            cookies.push(set_cookie(self.origin, &signed_out_cookie(self.origin, app), parent, day));
        }
        // Whoever signs out of everything signs out of the provider too.
        if (everywhere || self.app.is_none())
            && let Some(url) = provider_logout(world, snapshot, request, ended).await?
        {
            return Ok(see_other(StatusCode::SEE_OTHER, url.as_str(), &cookies));
        }
        Ok(self.done(&cookies, everywhere))
    }

    /// Nobody is signed in here. Everywhere is more than here: the login origin knows.
    fn without_session(&self, login: &Origin, everywhere: bool) -> Response<Bytes> {
        if everywhere && self.app.is_some() {
            return see_other(StatusCode::FOUND, &format!("{}/.doorward/logout?everywhere", login.url()), &[]);
        }
        self.done(&[], everywhere)
    }

    fn done(&self, cookies: &[String], everywhere: bool) -> Response<Bytes> {
        let back = self.app.map(|app| app.oauth.issuer.as_str());
        let page = SignedOutPage { app: self.app.map(|app| app.name.as_str()), back, everywhere };
        let dress = Dress { cookies: cookies.to_vec(), ..Dress::default() };
        html(&self.look, StatusCode::OK, pages::signed_out(&self.look, &page), dress)
    }
}
