//! Links to set a password by: those of an invitation, and those for who has forgotten theirs. Each is good once, for a
//! while, and only as long as the account's password is what it was when the link was made.

use super::account::new_password::{check_new, cost_of, sign_out};
use super::{after_first, familiar, hand_in, password, too_many, username};
use crate::config::{Config, IdentityProvider};
use crate::gateway::{Snapshot, World};
use crate::limits::{Guess, Subject};
use crate::login::form::Browser;
use crate::login::purpose::Purpose;
use crate::mail::is_address;
use crate::pages::{self, ForgottenPage, InvitationPage, LinkLetter, PasswordProblem, changed_letter, link_letter};
use crate::request::Request;
use crate::respond::{self, Dress, Problem, html};
use crate::route::parameter;
use crate::store::{Account, Attempt, Stores};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use oauth::parameters::Parameters;
use oauth::secret::SecretHash;
use oauth::store::StoreError;
use oauth::world::{Random, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

const PATH: &str = "/.doorward/invitation";
const FORGOTTEN: &str = "/.doorward/forgotten";

/// The purpose of the attempt, and of the token in its form.
const PURPOSE: &str = "invitation";
const FORGOTTEN_PURPOSE: &str = "forgotten form";

/// How long a link that somebody asked for themselves is good.
const FORGOTTEN_LIFETIME: Duration = Duration::from_secs(3600);

/// What a link is for.
#[derive(Serialize, Deserialize)]
struct Invited {
    subject: String,
    reset: bool,
    /// Of the password that the account had: once another is set, every link from before is over.
    before: SecretHash,
}

/// Makes a link for an account, and gives its URL.
pub(crate) async fn link(
    store: &dyn Stores,
    (config, random): (&Config, &dyn Random),
    (account, reset): (&Account, bool),
    (now, lifetime): (Timestamp, Duration),
) -> Result<String, StoreError> {
    let key = URL_SAFE_NO_PAD.encode(random.bytes::<32>());
    let invited = Invited { subject: account.subject.clone(), reset, before: mark(account) };
    let attempt = Attempt {
        hash: SecretHash::of(&key),
        purpose: PURPOSE.to_owned(),
        content: serde_json::to_string(&invited).map_err(|error| StoreError(error.to_string()))?,
        tries: 0,
        expires_at: now.plus(lifetime),
    };
    store.begin(&attempt).await?;
    Ok(format!("{}{PATH}?key={key}", config.auth.origin.url()))
}

fn mark(account: &Account) -> SecretHash {
    SecretHash::of_two("password", account.password.as_deref().unwrap_or_default())
}

/// A link that was opened.
struct Opened {
    key: String,
    account: Account,
    reset: bool,
}

/// `/.doorward/invitation`: looking at it uses nothing up, as programs that read mail do; setting the password does.
pub(crate) async fn invitation(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    body: &[u8],
) -> Result<Response<Bytes>, StoreError> {
    let origin = &snapshot.config.auth.origin;
    let browser = Browser::of(world, origin, request);
    let form = (request.method == Method::POST).then(|| Parameters::parse(body));
    let key = match &form {
        None => request.target.query().and_then(|query| parameter(query, "key")),
        Some(form) => {
            let sealed = form.get("form").unwrap_or_default();
            let known = Browser::known(origin, request).filter(|_| request.is_from(&origin.url()));
            known.and_then(|browser| browser.open::<String>(world, PURPOSE, sealed, request.now))
        }
    };
    let Some(opened) = open(world, key.unwrap_or_default(), request.now).await? else {
        let look = snapshot.look(request);
        let page = pages::invitation_over(&look, "/.doorward/login");
        return Ok(html(&look, StatusCode::GONE, page, Dress::default()));
    };
    match form {
        None => Ok(show(world, snapshot, request, (&browser, &opened), None)),
        Some(form) => set(world, snapshot, request, (&browser, opened, &form)).await,
    }
}

async fn open(world: &World, key: String, now: Timestamp) -> Result<Option<Opened>, StoreError> {
    let attempt = world.store.attempt(&SecretHash::of(&key), PURPOSE, now).await?;
    let Some(invited) = attempt.and_then(|attempt| serde_json::from_str::<Invited>(&attempt.content).ok()) else {
        return Ok(None);
    };
    let account = world.store.account_by_subject(&invited.subject).await?;
    let account = account.filter(|account| !account.disabled && !account.external && invited.before == mark(account));
    Ok(account.map(|account| Opened { key, account, reset: invited.reset }))
}

fn show(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    (browser, opened): (&Browser, &Opened),
    problem: Option<PasswordProblem<'_>>,
) -> Response<Bytes> {
    let token = browser.seal(world, PURPOSE, &opened.key, request.now);
    let page = InvitationPage {
        person: &opened.account.username,
        reset: opened.reset,
        least: super::strength::LEAST_CHARS,
        action: PATH,
        form_token: &token,
        problem,
    };
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let look = snapshot.look(request);
    let dress = Dress { cookies: browser.cookies(&snapshot.config.auth.origin), ..Dress::default() };
    html(&look, status, pages::invitation(&look, &page), dress)
}

/// Sets the password, and signs in who did: whoever has a second factor is asked for it.
async fn set(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    (browser, opened, form): (&Browser, Opened, &Parameters),
) -> Result<Response<Bytes>, StoreError> {
    let (look, account) = (snapshot.look(request), &opened.account);
    let about = [account.username.as_str(), account.name.as_deref().unwrap_or_default()];
    if let Err(why) = check_new(&look, form, &about) {
        return Ok(show(world, snapshot, request, (browser, &opened), Some(why.problem())));
    }
    let new = form.get("new_password").unwrap_or_default().to_owned();
    let hashed = password::hash_aside(new, cost_of(snapshot), &*world.random).await;
    let Some(phc) = hashed else {
        return Ok(show(world, snapshot, request, (browser, &opened), Some(PasswordProblem::Expired)));
    };
    // INVARIANT: taken before anything is set: of two who send the form at once, one sets the password.
    if world.store.take(&SecretHash::of(&opened.key), PURPOSE, request.now).await?.is_none() {
        let page = pages::invitation_over(&look, "/.doorward/login");
        return Ok(html(&look, StatusCode::GONE, page, Dress::default()));
    }
    world.store.set_password(&account.username, &phc, request.now).await?;
    sign_out(world, (&account.subject, None), request.now).await?;
    world.heed_revocations().await?;
    if opened.reset {
        hand_in(world, snapshot, changed_letter(&look, &account.username, &request.ip.to_string()));
    }
    let act = if opened.reset { "password_reset" } else { "invitation_accepted" };
    tracing::info!(target: "audit", act, by = "link", subject = account.subject, ip = %request.ip, id = request.id);
    match local(snapshot) {
        Some(local) => after_first(world, snapshot, request, (account, &local, "pwd"), Purpose::default()).await,
        None => Ok(respond::see_other(StatusCode::SEE_OTHER, "/.doorward/login", &[])),
    }
}

fn local(snapshot: &Snapshot) -> Option<Arc<IdentityProvider>> {
    snapshot.config.identity_providers.values().find(|provider| provider.is_local()).cloned()
}

/// Where somebody who has forgotten their password asks for a link; `None` where none can be sent.
pub(crate) fn forgotten_path(snapshot: &Snapshot) -> Option<&'static str> {
    (snapshot.config.mail.is_some() && local(snapshot).is_some()).then_some(FORGOTTEN)
}

/// `/.doorward/forgotten`. The answer is the same for every address; only the mailbox tells.
pub(crate) async fn forgotten(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    body: &[u8],
) -> Result<Response<Bytes>, StoreError> {
    let look = snapshot.look(request);
    let problem = |status: u16, code, text| {
        let problem = Problem { status, code, text, ..Problem::default() };
        Ok(respond::problem(&look, request.hints.accepts_html, &request.id, problem))
    };
    if forgotten_path(snapshot).is_none() {
        return problem(404, "not_found", "problem-nothing-here");
    }
    let origin = &snapshot.config.auth.origin;
    let browser = Browser::of(world, origin, request);
    let page = |username: &str, sent| {
        let token = browser.seal(world, FORGOTTEN_PURPOSE, (), request.now);
        let login = "/.doorward/login";
        let page = ForgottenPage { action: FORGOTTEN, form_token: &token, username, sent, login };
        let dress = Dress { cookies: browser.cookies(origin), ..Dress::default() };
        html(&look, StatusCode::OK, pages::forgotten(&look, &page), dress)
    };
    if request.method != Method::POST {
        return Ok(page("", false));
    }
    let form = Parameters::parse(body);
    let sealed = form.get("form").unwrap_or_default();
    let known = Browser::known(origin, request).filter(|_| request.is_from(&origin.url()));
    let address = username(&form);
    if known.and_then(|browser| browser.open::<()>(world, FORGOTTEN_PURPOSE, sealed, request.now)).is_none()
        || !is_address(&address)
    {
        return Ok(page(&address, false));
    }
    if !send(world, snapshot, request, &address).await? {
        let answer = problem(429, "too_many_requests", "problem-too-many-requests")?;
        return Ok(too_many(answer));
    }
    Ok(page(&address, true))
}

/// Sends a link to whom an account is; `false` if too many were asked for.
async fn send(world: &World, snapshot: &Snapshot, request: &Request, address: &str) -> Result<bool, StoreError> {
    let account = world.store.account_by_username(address).await?;
    let subject = account.as_ref().map_or("", |account| account.subject.as_str());
    let whence = familiar::whence(world, &snapshot.config.auth.origin, request, subject).await?;
    if !world.limits.try_guess(&Subject { guess: Guess::Mail, account: address, whence }) {
        return Ok(false);
    }
    let account = account.filter(|account| !account.disabled && !account.external && account.password.is_some());
    let sent = account.is_some();
    // Without an account as much is done, but for the letter.
    let nobody = nobody(address);
    let whose = account.as_ref().unwrap_or(&nobody);
    let times = (request.now, FORGOTTEN_LIFETIME);
    let url = link(&*world.store, (&snapshot.config, &*world.random), (whose, true), times).await?;
    let from = request.ip.to_string();
    let letter = LinkLetter { url: &url, reset: true, lifetime: FORGOTTEN_LIFETIME, from: Some(&from) };
    let letter = link_letter(&snapshot.look(request), address, &letter);
    if sent {
        hand_in(world, snapshot, letter);
    }
    tracing::info!(target: "audit", act = "password_forgotten", sent, ip = %request.ip, id = request.id);
    Ok(true)
}

fn nobody(address: &str) -> Account {
    Account {
        subject: String::new(),
        username: address.to_owned(),
        name: None,
        groups: Vec::new(),
        password: None,
        disabled: true,
        created_at: Timestamp::default(),
        external: false,
        profiles: Vec::new(),
    }
}
