//! Signing in with an account of the gateway's own: a password and a second factor, or a passkey.

pub(crate) mod account;
pub(super) mod familiar;
pub(crate) mod invitation;
pub(crate) mod passkey;
pub(crate) mod password;
mod recovery;
mod second;
pub(crate) mod strength;
mod totp;

use super::page::{Said, show};
use super::purpose::Purpose;
use super::session::{self, SignedIn};
use crate::config::{IdentityProvider, PasswordCost};
use crate::gateway::{Snapshot, World};
use crate::limits::{Guess, RETRY_AFTER, Subject};
use crate::mail::Letter;
use crate::pages::{CodeProblem, LoginProblem};
use crate::request::Request;
use crate::route::parameter;
use crate::store::Account;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use oauth::parameters::Parameters;
use oauth::store::StoreError;
use std::sync::Arc;

/// No e-mail address is longer (RFC 5321 section 4.5.3.1).
const MAX_USERNAME: usize = 254;

/// The form with a user name and a password.
pub(super) async fn sign_in(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    provider: Arc<IdentityProvider>,
    (purpose, form): (Purpose, &Parameters),
) -> Result<Response<Bytes>, StoreError> {
    let username = username(form);
    let account = world.store.account_by_username(&username).await?;
    let subject = account.as_ref().map_or("", |account| account.subject.as_str());
    let whence = familiar::whence(world, &snapshot.config.auth.origin, request, subject).await?;
    let tried = Subject { guess: Guess::Password, account: &username, whence };
    if !world.limits.try_guess(&tried) {
        let problem = Some(LoginProblem::TooManyAttempts { retry_after_seconds: RETRY_AFTER });
        let said = Said { status: StatusCode::TOO_MANY_REQUESTS, username: &username, problem };
        return Ok(too_many(show(world, snapshot, request, &purpose, said)));
    }
    let cost = provider.password_cost().unwrap_or_default();
    let password = form.get("password").unwrap_or_default();
    let Some(account) = authenticate(world, account, password, cost).await? else {
        tracing::info!(target: "audit", act = "wrong_password", ip = %request.ip, id = request.id);
        let problem = Some(LoginProblem::WrongPassword);
        let said = Said { status: StatusCode::FORBIDDEN, username: &username, problem };
        return Ok(show(world, snapshot, request, &purpose, said));
    };
    world.limits.right_guess(&tried);
    after_first(world, snapshot, request, (&account, &provider, "pwd"), purpose).await
}

/// Somebody has proven who they are in one way: whoever has a second factor is asked for it.
pub(super) async fn after_first(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    (account, provider, proven_by): (&Account, &IdentityProvider, &str),
    purpose: Purpose,
) -> Result<Response<Bytes>, StoreError> {
    let factors = world.store.factors(&account.subject).await?;
    if factors.any() {
        return second::begin(world, snapshot, request, (account, provider, &[proven_by]), (&factors, purpose)).await;
    }
    finish(world, snapshot, request, (account, &provider.name, vec![proven_by.to_owned()]), &purpose).await
}

/// The status of a page that asks for a code.
pub(in crate::login) const fn status_of(problem: Option<CodeProblem>) -> StatusCode {
    match problem {
        None => StatusCode::OK,
        Some(CodeProblem::TooManyAttempts { .. }) => StatusCode::TOO_MANY_REQUESTS,
        Some(_) => StatusCode::FORBIDDEN,
    }
}

/// Hands a letter in, if the gateway sends any.
pub(in crate::login) fn hand_in(world: &World, snapshot: &Snapshot, letter: Letter) {
    let Some(mail) = &snapshot.config.mail else { return };
    if !world.post.hand_in(mail, letter) {
        world.metrics.mail("dropped");
        tracing::error!(target: "mail", "too many mails wait to be sent; one was dropped");
    }
}

/// `POST /.doorward/login` with a `step`: not the first form of the sign-in.
pub(super) async fn next_step(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    form: &Parameters,
) -> Result<Response<Bytes>, StoreError> {
    match request.target.query().and_then(|query| parameter(query, "step")).as_deref() {
        Some("code") => super::email_code::answer(world, snapshot, request, form).await,
        _ => second::answer(world, snapshot, request, form).await,
    }
}

/// Opens the session of somebody who has proven who they are by all that it takes, and remembers where that was.
async fn finish(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    (account, login_method, amr): (&Account, &str, Vec<String>),
    purpose: &Purpose,
) -> Result<Response<Bytes>, StoreError> {
    let origin = &snapshot.config.auth.origin;
    let cookie = familiar::remember(world, origin, request, &account.subject).await?;
    let session = snapshot.oauth.new_id("g");
    let signed_in = SignedIn { session, account, login_method, amr, authenticated_at: request.now };
    let mut response = session::open(world, snapshot, request, signed_in, purpose).await?;
    if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The user name of a form, as it is looked up.
pub(super) fn username(form: &Parameters) -> String {
    let typed: String = form.get("username").unwrap_or_default().trim().chars().take(MAX_USERNAME).collect();
    typed.to_ascii_lowercase()
}

/// Tells programs too when to try again.
pub(super) fn too_many(mut response: Response<Bytes>) -> Response<Bytes> {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
    response
}

/// The account, if the password opens it. Without an account the same time is spent.
async fn authenticate(
    world: &World,
    account: Option<Account>,
    password: &str,
    cost: PasswordCost,
) -> Result<Option<Account>, StoreError> {
    let hash = account.as_ref().and_then(|account| account.password.clone());
    let right = password::verify(password.to_owned(), hash.clone(), cost).await;
    let Some(account) = account.filter(|account| right && !account.disabled) else { return Ok(None) };
    if let Some(hash) = hash.filter(|hash| password::is_outdated(hash, cost)) {
        renew_hash(world, &account, (password, &hash), cost).await?;
    }
    Ok(Some(account))
}

/// The cost has risen since the password was hashed, and only now it is known in clear.
async fn renew_hash(
    world: &World,
    account: &Account,
    (password, hash): (&str, &str),
    cost: PasswordCost,
) -> Result<(), StoreError> {
    if let Some(phc) = password::hash_aside(password.to_owned(), cost, &*world.random).await {
        world.store.replace_hash(&account.subject, hash, &phc).await?;
    }
    Ok(())
}
