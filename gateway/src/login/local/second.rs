//! The second step of a sign-in: a code of an app, a recovery code, or a passkey, after the password was right. What is
//! pending is kept in the store, bound to the browser, tried at most five times, and taken once.

use super::{familiar, finish, passkey, recovery, status_of, too_many, totp};
use crate::config::IdentityProvider;
use crate::gateway::{Snapshot, World};
use crate::limits::{Guess, RETRY_AFTER, Subject};
use crate::login::form::Browser;
use crate::login::page::{self, Said};
use crate::login::purpose::Purpose;
use crate::pages::{self, CodeProblem, LoginProblem, PasskeyOffer, SecondFactorPage};
use crate::request::Request;
use crate::respond::{Dress, Forms, html};
use crate::store::{Account, Attempt, FactorsOf};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Response, StatusCode};
use oauth::parameters::Parameters;
use oauth::secret::SecretHash;
use oauth::store::StoreError;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The purpose of the attempt, and of the token in its form.
pub(super) const PURPOSE: &str = "second factor";

const LIFETIME: Duration = Duration::from_secs(600);
const MOST_TRIES: u32 = 5;

/// Somebody whose password was right.
#[derive(Serialize, Deserialize)]
pub(super) struct Pending {
    browser: SecretHash,
    pub(super) subject: String,
    pub(super) login_method: String,
    pub(super) amr: Vec<String>,
    pub(super) purpose: Purpose,
}

/// Asks for the second factor of somebody who has one.
pub(super) async fn begin(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    (account, provider, amr): (&Account, &IdentityProvider, &[&str]),
    (factors, purpose): (&FactorsOf, Purpose),
) -> Result<Response<Bytes>, StoreError> {
    let Some(browser) = Browser::known(&snapshot.config.auth.origin, request) else {
        return Ok(again(world, snapshot, request));
    };
    let id = URL_SAFE_NO_PAD.encode(world.random.bytes::<24>());
    let pending = Pending {
        browser: browser.mark(),
        subject: account.subject.clone(),
        login_method: provider.name.clone(),
        amr: amr.iter().map(|&method| method.to_owned()).collect(),
        purpose,
    };
    let attempt = Attempt {
        hash: SecretHash::of(&id),
        purpose: PURPOSE.to_owned(),
        content: serde_json::to_string(&pending).unwrap_or_default(),
        tries: 0,
        expires_at: request.now.plus(LIFETIME),
    };
    world.store.begin(&attempt).await?;
    let shown = Shown { account, factors, id: &id, problem: None };
    Ok(show(world, snapshot, request, (&browser, shown)))
}

/// What the page shows.
struct Shown<'a> {
    account: &'a Account,
    factors: &'a FactorsOf,
    id: &'a str,
    problem: Option<CodeProblem>,
}

fn show(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    (browser, shown): (&Browser, Shown<'_>),
) -> Response<Bytes> {
    let origin = &snapshot.config.auth.origin;
    let token = browser.seal(world, PURPOSE, shown.id, request.now);
    let by_passkey = !shown.factors.passkeys.is_empty() && passkey::are_possible(origin);
    let page = SecondFactorPage {
        person: shown.account.shown(),
        action: "/.doorward/login?step=second",
        form_token: &token,
        totp: shown.factors.totp.is_some(),
        recovery: shown.factors.recovery_codes > 0,
        passkey: by_passkey.then_some(PasskeyOffer { endpoint: passkey::PATH, token: &token }),
        problem: shown.problem,
        start_over: "/.doorward/login",
    };
    let status = status_of(shown.problem);
    let script = by_passkey.then(|| passkey::script(origin));
    let dress = Dress { forms: Forms::Anywhere, script, ..Dress::default() };
    let look = snapshot.look(request);
    html(&look, status, pages::second_factor(&look, &page), dress)
}

/// A code was sent.
pub(super) async fn answer(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    form: &Parameters,
) -> Result<Response<Bytes>, StoreError> {
    let opened = open(world, snapshot, request, form.get("form").unwrap_or_default()).await?;
    let Some((browser, id, account)) = opened else { return Ok(again(world, snapshot, request)) };
    let factors = world.store.factors(&account.subject).await?;
    let whence = familiar::whence(world, &snapshot.config.auth.origin, request, &account.subject).await?;
    let subject = Subject { guess: Guess::SecondFactor, account: &account.username, whence };
    let wrong = |problem| {
        let shown = Shown { account: &account, factors: &factors, id: &id, problem: Some(problem) };
        show(world, snapshot, request, (&browser, shown))
    };
    if !world.limits.try_guess(&subject) {
        let problem = CodeProblem::TooManyAttempts { retry_after_seconds: RETRY_AFTER };
        return Ok(too_many(wrong(problem)));
    }
    // INVARIANT: counted before it is looked at, so that of a thousand tries at once five are looked at.
    let hash = SecretHash::of(&id);
    if world.store.try_attempt(&hash, (PURPOSE, MOST_TRIES), request.now).await?.is_none() {
        return Ok(again(world, snapshot, request));
    }
    if !is_right(world, &account, &factors, form, request).await? {
        tracing::info!(target: "audit", act = "wrong_second_factor", subject = account.subject, ip = %request.ip, id = request.id);
        return Ok(wrong(CodeProblem::Wrong));
    }
    world.limits.right_guess(&subject);
    complete(world, snapshot, request, (&id, &account), &["otp", "mfa"]).await
}

/// The pending attempt that a form is about, and whose it is.
pub(super) async fn open(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    sealed: &str,
) -> Result<Option<(Browser, String, Account)>, StoreError> {
    let origin = &snapshot.config.auth.origin;
    let Some(browser) = Browser::known(origin, request).filter(|_| request.is_from(&origin.url())) else {
        return Ok(None);
    };
    let Some(id) = browser.open::<String>(world, PURPOSE, sealed, request.now) else { return Ok(None) };
    // Looking counts for nothing: the tries do.
    let attempt = world.store.attempt(&SecretHash::of(&id), PURPOSE, request.now).await?;
    let pending = attempt.and_then(|attempt| serde_json::from_str::<Pending>(&attempt.content).ok());
    let Some(pending) = pending.filter(|pending| pending.browser == browser.mark()) else { return Ok(None) };
    let account = world.store.account_by_subject(&pending.subject).await?.filter(|account| !account.disabled);
    Ok(account.map(|account| (browser, id, account)))
}

/// A recovery code is a one-time code of somebody's own as well: `otp` says so (RFC 8176 section 2).
async fn is_right(
    world: &World,
    account: &Account,
    factors: &FactorsOf,
    form: &Parameters,
    request: &Request,
) -> Result<bool, StoreError> {
    if let Some(typed) = form.get("recovery_code") {
        return recovery::spend(world, &account.subject, typed).await;
    }
    let typed = form.get("code").unwrap_or_default();
    let code: String = typed.chars().filter(|c| !c.is_whitespace()).take(16).collect();
    match &factors.totp {
        Some(kept) => totp::spend(world, &account.subject, (kept, &code), request.now).await,
        None => Ok(false),
    }
}

/// Signs in whose second factor was right: the attempt is taken, so that it is used once.
pub(super) async fn complete(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    (id, account): (&str, &Account),
    proven_by: &[&str],
) -> Result<Response<Bytes>, StoreError> {
    let taken = world.store.take(&SecretHash::of(id), PURPOSE, request.now).await?;
    let pending = taken.and_then(|attempt| serde_json::from_str::<Pending>(&attempt.content).ok());
    let pending = pending.filter(|pending| pending.subject == account.subject);
    let Some(mut pending) = pending else { return Ok(again(world, snapshot, request)) };
    // A code after a code is twice something that one has: no second kind of factor.
    let other_kind = pending.amr.iter().any(|method| method == "pwd") || proven_by.contains(&"user");
    let proven_by = proven_by.iter().filter(|method| **method != "mfa" || other_kind);
    pending.amr.extend(proven_by.map(|&method| method.to_owned()));
    pending.amr.dedup();
    finish(world, snapshot, request, (account, &pending.login_method, pending.amr), &pending.purpose).await
}

/// Shows the page once more, to whom a passkey did not prove.
pub(super) async fn passkey_refused(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    (browser, id): (&Browser, &str),
) -> Result<Response<Bytes>, StoreError> {
    let token = browser.seal(world, PURPOSE, id, request.now);
    let Some((browser, id, account)) = open(world, snapshot, request, &token).await? else {
        return Ok(again(world, snapshot, request));
    };
    let factors = world.store.factors(&account.subject).await?;
    let shown = Shown { account: &account, factors: &factors, id: &id, problem: Some(CodeProblem::PasskeyRefused) };
    Ok(show(world, snapshot, request, (&browser, shown)))
}

/// Back to the start, which says that it took too long.
fn again(world: &World, snapshot: &Snapshot, request: &Request) -> Response<Bytes> {
    let said = Said { status: StatusCode::FORBIDDEN, problem: Some(LoginProblem::FormExpired), ..Said::default() };
    page::show(world, snapshot, request, &Purpose::default(), said)
}
