//! Changing the password: by the old one, or just after a sign-in; and not to a weak one.

use super::{PATH, VERY_FRESH, Visit};
use crate::config::PasswordCost;
use crate::gateway::{Snapshot, World};
use crate::limits::{Guess, RETRY_AFTER, Subject};
use crate::login::local::{familiar, hand_in, password, strength};
use crate::pages::{self, AccountDone, Look, PasswordPage, PasswordProblem, changed_letter};
use crate::respond::{Dress, html};
use bytes::Bytes;
use http::{Response, StatusCode};
use oauth::parameters::Parameters;
use oauth::store::{EndedBecause, GrantFilter, StoreError};
use oauth::world::Timestamp;

impl Visit<'_> {
    fn asks_current(&self) -> bool {
        self.account.password.is_some() && !self.is_within(VERY_FRESH)
    }

    /// The page.
    pub(super) fn show_password(&self, status: StatusCode, problem: Option<PasswordProblem<'_>>) -> Response<Bytes> {
        let token = self.token();
        let page = PasswordPage {
            person: &self.account.username,
            ask_current: self.asks_current(),
            least: strength::LEAST_CHARS,
            action: "/.doorward/account/password",
            form_token: &token,
            problem,
            back: PATH,
        };
        let look = self.snapshot.look(self.request);
        let dress = Dress { cookies: self.browser.cookies(&self.snapshot.config.auth.origin), ..Dress::default() };
        html(&look, status, pages::password(&look, &page), dress)
    }

    pub(super) async fn change_password(&self, form: &Parameters) -> Result<Response<Bytes>, StoreError> {
        let new = form.get("new_password").unwrap_or_default();
        if let Some(problem) = self.check_current(form).await? {
            return Ok(self.show_password(StatusCode::FORBIDDEN, Some(problem)));
        }
        let look = self.snapshot.look(self.request);
        if let Err(why) = check_new(&look, form, &self.about()) {
            return Ok(self.show_password(StatusCode::BAD_REQUEST, Some(why.problem())));
        }
        let cost = cost_of(self.snapshot);
        let Some(phc) = password::hash_aside(new.to_owned(), cost, &*self.world.random).await else {
            return Ok(self.show_password(StatusCode::SERVICE_UNAVAILABLE, Some(PasswordProblem::Expired)));
        };
        self.world.store.set_password(&self.account.username, &phc, self.request.now).await?;
        self.tell("password_changed");
        let from = self.request.ip.to_string();
        hand_in(self.world, self.snapshot, changed_letter(&look, &self.account.username, &from));
        if form.get("sign_out_elsewhere").is_some() {
            sign_out(self.world, (&self.account.subject, Some(&self.person.session)), self.request.now).await?;
        }
        self.world.heed_revocations().await?;
        self.show(StatusCode::OK, Some(AccountDone::PasswordChanged), None).await
    }

    /// What others know of the person.
    fn about(&self) -> [&str; 2] {
        [&self.account.username, self.account.name.as_deref().unwrap_or_default()]
    }

    async fn check_current(&self, form: &Parameters) -> Result<Option<PasswordProblem<'static>>, StoreError> {
        if !self.asks_current() {
            return Ok(None);
        }
        let origin = &self.snapshot.config.auth.origin;
        let whence = familiar::whence(self.world, origin, self.request, &self.account.subject).await?;
        let tried = Subject { guess: Guess::Password, account: &self.account.username, whence };
        if !self.world.limits.try_guess(&tried) {
            return Ok(Some(PasswordProblem::TooManyAttempts { retry_after_seconds: RETRY_AFTER }));
        }
        let current = form.get("password").unwrap_or_default().to_owned();
        if !password::verify(current, self.account.password.clone(), cost_of(self.snapshot)).await {
            self.tell("wrong_password");
            return Ok(Some(PasswordProblem::WrongPassword));
        }
        self.world.limits.right_guess(&tried);
        Ok(None)
    }
}

/// Ends what browsers have, except this session: whoever knew the old password may be in one of them.
pub(in crate::login::local) async fn sign_out(
    world: &World,
    (subject, except): (&str, Option<&str>),
    now: Timestamp,
) -> Result<(), StoreError> {
    for listed in world.store.grants(&GrantFilter::of(subject), now).await? {
        let grant = listed.grant;
        let is_this = except == Some(&grant.id) || (except.is_some() && grant.parent.as_deref() == except);
        if grant.client.is_browser() && !is_this {
            world.store.revoke_grant(&grant.id, EndedBecause::RevokedByPerson, now).await?;
        }
    }
    Ok(())
}

/// Why a new password will not do.
pub(in crate::login::local) enum Unfit {
    Different,
    Weak(String),
}

impl Unfit {
    pub(in crate::login::local) fn problem(&self) -> PasswordProblem<'_> {
        match self {
            Self::Different => PasswordProblem::Different,
            Self::Weak(how) => PasswordProblem::Weak(how),
        }
    }
}

/// Whether the new password of a form will do.
pub(in crate::login::local) fn check_new(look: &Look<'_>, form: &Parameters, about: &[&str]) -> Result<(), Unfit> {
    let new = form.get("new_password").unwrap_or_default();
    if new != form.get("again").unwrap_or_default() {
        return Err(Unfit::Different);
    }
    strength::check(new, about).map_err(|weak| Unfit::Weak(weak.sentence(look)))
}

/// What hashing a password costs here.
pub(in crate::login::local) fn cost_of(snapshot: &Snapshot) -> PasswordCost {
    snapshot.config.identity_providers.values().find_map(|provider| provider.password_cost()).unwrap_or_default()
}
