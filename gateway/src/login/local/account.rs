//! The account page: a person changes how they sign in. On the login origin alone, by forms of ours alone, and only soon after
//! they have proven who they are.

mod keys;
pub(super) mod new_password;

use super::{passkey, recovery, totp};
use crate::gateway::{Snapshot, World};
use crate::identify::session;
use crate::login::form::Browser;
use crate::login::page::ask;
use crate::login::purpose::{Purpose, StepUp};
use crate::pages::{
    self, AccountDone, AccountLinks, AccountPage, CodeProblem, OwnAccount, PasskeyLine, PasskeyOffer,
    RecoveryCodesPage, TotpPage,
};
use crate::request::Request;
use crate::respond::{Dress, as_json, html, see_other};
use crate::route::{Site, parameter};
use crate::store::{Account, FactorsOf};
use crate::world::rfc3339;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use oauth::call::Person;
use oauth::parameters::Parameters;
use oauth::store::StoreError;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

const PATH: &str = "/.doorward/account";
const PURPOSE: &str = "account form";
const TOTP_PURPOSE: &str = "totp form";

/// How long after a sign-in an account can be changed.
const FRESH: Duration = Duration::from_secs(600);

/// How long after a sign-in its password can be changed without the old one.
const VERY_FRESH: Duration = Duration::from_secs(300);

/// `/.doorward/account` and what is under it; an app's host leads on to the login origin's.
pub(crate) async fn account(
    world: &World,
    snapshot: &Snapshot,
    site: &Site,
    request: &Request,
    body: &[u8],
) -> Result<Response<Bytes>, StoreError> {
    let origin = &snapshot.config.auth.origin;
    let here = format!("{}{PATH}", origin.url());
    if matches!(site, Site::App(..)) {
        return Ok(see_other(StatusCode::FOUND, &here, &[]));
    }
    let post = request.method == Method::POST;
    let proving = !post && request.target.query().is_some_and(|query| parameter(query, "prove").is_some());
    let person = session::person(world, origin, request).await?;
    let account = match &person {
        Some(person) => world.store.account_by_subject(&person.subject).await?,
        None => None,
    };
    let (Some(person), Some(account), false) = (person, account, proving) else {
        if post {
            return Ok(see_other(StatusCode::SEE_OTHER, &here, &[]));
        }
        let step_up = proving.then(|| StepUp { max_age: Some(0), ..StepUp::default() });
        let purpose = Purpose { go_on: Some(request.target.path().to_owned()), step_up, ..Purpose::default() };
        return ask(world, snapshot, request, purpose).await;
    };
    let visit = Visit { world, snapshot, request, person, account, browser: Browser::of(world, origin, request) };
    if post { visit.change(&Parameters::parse(body)).await } else { visit.look().await }
}

/// Somebody at their account.
struct Visit<'a> {
    world: &'a World,
    snapshot: &'a Snapshot,
    request: &'a Request,
    person: Person,
    account: Account,
    browser: Browser,
}

/// A secret that an app is being given.
#[derive(Serialize, Deserialize)]
struct Offered {
    session: String,
    key: String,
}

impl Visit<'_> {
    fn path(&self) -> &str {
        self.request.target.path().strip_prefix(PATH).unwrap_or_default()
    }

    fn is_within(&self, time: Duration) -> bool {
        self.request.now.since(self.person.authenticated_at) <= time
    }

    /// Asks the person to prove again who they are, and comes back here.
    fn prove_first(&self) -> Response<Bytes> {
        let path = if self.path() == "/passkeys" { PATH } else { self.request.target.path() };
        let url = format!("{}{path}?prove", self.snapshot.config.auth.origin.url());
        if self.request.hints.accepts_html {
            return see_other(StatusCode::SEE_OTHER, &url, &[]);
        }
        as_json(StatusCode::UNAUTHORIZED, &json!({ "error": "insufficient_user_authentication", "login_url": url }))
    }

    /// A page is asked for. Those that lead to a change are shown soon after a sign-in alone.
    async fn look(&self) -> Result<Response<Bytes>, StoreError> {
        match self.path() {
            "" => self.show(StatusCode::OK, None, None).await,
            _ if self.account.external => Ok(see_other(StatusCode::FOUND, PATH, &[])),
            _ if !self.is_within(FRESH) => Ok(self.prove_first()),
            "/password" => Ok(self.show_password(StatusCode::OK, None)),
            "/totp" => Ok(self.offer_totp(totp::new_key(&*self.world.random).as_slice(), None)),
            _ => Ok(see_other(StatusCode::FOUND, PATH, &[])),
        }
    }

    /// The overview.
    async fn show(
        &self,
        status: StatusCode,
        done: Option<AccountDone>,
        problem: Option<&str>,
    ) -> Result<Response<Bytes>, StoreError> {
        let origin = &self.snapshot.config.auth.origin;
        let factors = self.world.store.factors(&self.account.subject).await?;
        let lines = Lines::of(&factors);
        let passkeys = lines.lines();
        let token = self.token();
        let offer = PasskeyOffer { endpoint: "/.doorward/account/passkeys", token: &token };
        let possible = !self.account.external && passkey::are_possible(origin);
        let since = factors.totp.as_ref().map(|totp| rfc3339(totp.created_at));
        let own = OwnAccount {
            password: self.account.password.is_some(),
            totp: since.as_deref(),
            recovery_codes: factors.any().then_some(factors.recovery_codes),
            passkeys: &passkeys,
            add_passkey: possible.then_some(offer),
        };
        let page = AccountPage {
            person: self.account.shown(),
            done,
            problem,
            own: (!self.account.external).then_some(own),
            providers: &self.providers(),
            action: PATH,
            form_token: &token,
            links: AccountLinks { password: "/.doorward/account/password", totp: "/.doorward/account/totp" },
        };
        let script = possible.then(|| passkey::script(origin));
        let dress = Dress { cookies: self.browser.cookies(origin), script, ..Dress::default() };
        let look = self.snapshot.look(self.request);
        Ok(html(&look, status, pages::account(&look, &page), dress))
    }

    /// What people call the identity providers by which the person comes.
    fn providers(&self) -> Vec<&str> {
        let known = &self.snapshot.config.identity_providers;
        let name =
            |profile: &'_ crate::store::Profile| known.get(&profile.provider).map(|provider| provider.label.as_str());
        self.account.profiles.iter().filter_map(name).collect()
    }

    fn token(&self) -> String {
        self.browser.seal(self.world, PURPOSE, &self.person.session, self.request.now)
    }

    /// A form was sent.
    async fn change(&self, form: &Parameters) -> Result<Response<Bytes>, StoreError> {
        let sealed = form.get("form").unwrap_or_default();
        let offered = self.browser.open::<Offered>(self.world, TOTP_PURPOSE, sealed, self.request.now);
        let session = self.browser.open::<String>(self.world, PURPOSE, sealed, self.request.now);
        let session = session.or_else(|| offered.as_ref().map(|offered| offered.session.clone()));
        if !self.is_own_form(session.as_ref()) {
            return self.show(StatusCode::FORBIDDEN, None, Some("form-expired")).await;
        }
        if !self.is_within(FRESH) {
            return Ok(self.prove_first());
        }
        match (self.path(), form.get("act").unwrap_or_default(), offered) {
            ("/totp", _, Some(offered)) => self.confirm_totp(&offered, form).await,
            (_, _, Some(_)) => self.show(StatusCode::FORBIDDEN, None, Some("form-expired")).await,
            ("/password", ..) => self.change_password(form).await,
            ("/passkeys", "challenge", _) => self.offer_passkey().await,
            ("/passkeys", ..) => self.add_passkey(form).await,
            (_, "remove_totp", _) => self.remove_totp().await,
            (_, "remove_passkey", _) => self.remove_passkey(form).await,
            (_, "renew_recovery_codes", _) => self.renew_recovery_codes().await,
            _ => self.show(StatusCode::BAD_REQUEST, None, Some("form-expired")).await,
        }
    }

    /// INVARIANT: nothing changes but by a form that this session was given, in this browser, on this origin; and, as
    /// `change` sees to, soon after the person has proven who they are (ASVS 5.0 section 7.5.1).
    fn is_own_form(&self, session: Option<&String>) -> bool {
        let from_here = self.request.is_from(&self.snapshot.config.auth.origin.url());
        session == Some(&self.person.session) && from_here && !self.account.external
    }

    /// Shows a new secret for an app. It is kept only when the app has shown that it has it.
    fn offer_totp(&self, key: &[u8], problem: Option<CodeProblem>) -> Response<Bytes> {
        let look = self.snapshot.look(self.request);
        let offered = Offered { session: self.person.session.clone(), key: URL_SAFE_NO_PAD.encode(key) };
        let token = self.browser.seal(self.world, TOTP_PURPOSE, offered, self.request.now);
        let (uri, secret) = totp::for_app(key, look.brand().name(), &self.account.username).unwrap_or_default();
        let action = "/.doorward/account/totp";
        let page = TotpPage { uri: &uri, secret: &secret, action, form_token: &token, problem, back: PATH };
        let status = if problem.is_some() { StatusCode::FORBIDDEN } else { StatusCode::OK };
        let dress = Dress { cookies: self.browser.cookies(&self.snapshot.config.auth.origin), ..Dress::default() };
        html(&look, status, pages::totp(&look, &page), dress)
    }

    async fn confirm_totp(&self, offered: &Offered, form: &Parameters) -> Result<Response<Bytes>, StoreError> {
        let key = URL_SAFE_NO_PAD.decode(&offered.key).unwrap_or_default();
        let code: String = form.get("code").unwrap_or_default().chars().filter(|c| !c.is_whitespace()).collect();
        let Some(step) = totp::step(&key, &code, self.request.now) else {
            return Ok(self.offer_totp(&key, Some(CodeProblem::Wrong)));
        };
        let had_any = self.world.store.factors(&self.account.subject).await?.any();
        let kept = totp::sealed(self.world, &key, step, self.request.now);
        self.world.store.keep_totp(&self.account.subject, &kept).await?;
        self.tell("totp_added");
        self.after_adding(had_any, AccountDone::TotpOn).await
    }

    /// With the first factor come recovery codes, and other browsers are signed out: they came in without it, and whoever
    /// sits there could take it away or make codes of their own.
    async fn after_adding(&self, had_any: bool, done: AccountDone) -> Result<Response<Bytes>, StoreError> {
        if had_any {
            return self.show(StatusCode::OK, Some(done), None).await;
        }
        let others = (self.account.subject.as_str(), Some(self.person.session.as_str()));
        new_password::sign_out(self.world, others, self.request.now).await?;
        self.world.heed_revocations().await?;
        self.renew_recovery_codes().await
    }

    async fn remove_totp(&self) -> Result<Response<Bytes>, StoreError> {
        if self.world.store.remove_totp(&self.account.subject).await? {
            self.tell("totp_removed");
        }
        self.show(StatusCode::OK, Some(AccountDone::TotpOff), None).await
    }

    async fn renew_recovery_codes(&self) -> Result<Response<Bytes>, StoreError> {
        if !self.world.store.factors(&self.account.subject).await?.any() {
            return self.show(StatusCode::BAD_REQUEST, None, Some("form-expired")).await;
        }
        let codes = recovery::renew(self.world, &self.account.subject).await?;
        self.tell("recovery_codes_renewed");
        let look = self.snapshot.look(self.request);
        let page = pages::recovery_codes(&look, &RecoveryCodesPage { codes: &codes, back: PATH });
        Ok(html(&look, StatusCode::OK, page, Dress::default()))
    }

    fn tell(&self, act: &str) {
        let (subject, id) = (self.account.subject.as_str(), self.request.id.as_str());
        tracing::info!(target: "audit", act, by = "person", subject, ip = %self.request.ip, id);
    }
}

/// The texts of the lines of passkeys.
struct Lines(Vec<Line>);

struct Line {
    id: String,
    name: String,
    since: String,
    last_used: Option<String>,
}

impl Lines {
    fn of(factors: &FactorsOf) -> Self {
        let line = |passkey: &crate::store::Passkey| Line {
            id: URL_SAFE_NO_PAD.encode(&passkey.id),
            name: passkey.name.clone(),
            since: rfc3339(passkey.created_at),
            last_used: passkey.last_used_at.map(rfc3339),
        };
        Self(factors.passkeys.iter().map(line).collect())
    }

    fn lines(&self) -> Vec<PasskeyLine<'_>> {
        let shown = self.0.iter();
        let shown = shown.map(|Line { id, name, since, last_used }| (id, name, since, last_used.as_deref()));
        shown.map(|(id, name, since, last_used)| PasskeyLine { id, name, since, last_used }).collect()
    }
}
