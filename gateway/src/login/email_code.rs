//! Signing in by a code that is sent to the person's address: six digits, ten minutes, once, five tries.
//!
//! INVARIANT: the answer and the work are the same for an address that nobody has, that no policy lets in, and that gets a
//! code: only the mailbox tells.

use super::apps::may_open;
use super::form::Browser;
use super::local::{self, familiar};
use super::page::{Said, show};
use super::purpose::Purpose;
use crate::config::IdentityProvider;
use crate::gateway::{Snapshot, World};
use crate::limits::{Guess, RETRY_AFTER, Subject, Whence};
use crate::mail::is_address;
use crate::pages::{self, CodeLetter, CodeProblem, EmailCodePage, LoginProblem};
use crate::request::Request;
use crate::respond::{Dress, Forms, html};
use crate::store::{Account, Added, Attempt};
use bytes::Bytes;
use http::{Response, StatusCode};
use oauth::parameters::Parameters;
use oauth::secret::SecretHash;
use oauth::store::StoreError;
use oauth::world::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

const PURPOSE: &str = "email code";
const LIFETIME: Duration = Duration::from_secs(600);
const MOST_TRIES: u32 = 5;

/// A code that was asked for, whether it was sent or not.
#[derive(Serialize, Deserialize)]
struct Pending {
    /// With the id, which only the form has: six digits alone could be searched.
    code: SecretHash,
    sent: bool,
}

/// What the form of the code has, sealed for its browser.
#[derive(Clone, Serialize, Deserialize)]
struct Asked {
    address: String,
    provider: String,
    purpose: Purpose,
}

impl Asked {
    /// One for a browser and an address: a new code takes the place of the older one, and of no other browser's.
    fn id(&self, browser: &Browser) -> String {
        browser.name_of(&format!("{PURPOSE} {}", self.address))
    }
}

/// Somebody asks for a code at the login page.
pub(super) async fn begin(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    provider: &IdentityProvider,
    (purpose, form): (Purpose, &Parameters),
) -> Result<Response<Bytes>, StoreError> {
    let address = local::username(form);
    let again = |status, problem| {
        let said = Said { status, username: &address, problem: Some(problem) };
        show(world, snapshot, request, &purpose, said)
    };
    let Some(browser) = Browser::known(&snapshot.config.auth.origin, request) else {
        return Ok(again(StatusCode::FORBIDDEN, LoginProblem::FormExpired));
    };
    if !is_address(&address) {
        return Ok(again(StatusCode::BAD_REQUEST, LoginProblem::NoAddress));
    }
    let asked = Asked { address: address.clone(), provider: provider.name.clone(), purpose: purpose.clone() };
    if !send(world, snapshot, request, (&browser, &asked)).await? {
        let problem = LoginProblem::TooManyAttempts { retry_after_seconds: RETRY_AFTER };
        return Ok(local::too_many(again(StatusCode::TOO_MANY_REQUESTS, problem)));
    }
    Ok(show_code(world, snapshot, request, (&browser, &asked), Told::default()))
}

/// What the page of the code says.
#[derive(Default)]
struct Told {
    problem: Option<CodeProblem>,
    sent_again: bool,
}

/// Keeps a new code and sends it to whom it may be sent; `false` if too many were asked for.
async fn send(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    (browser, asked): (&Browser, &Asked),
) -> Result<bool, StoreError> {
    let account = world.store.account_by_username(&asked.address).await?;
    let whence = whence(world, snapshot, request, account.as_ref()).await?;
    if !world.limits.try_guess(&Subject { guess: Guess::Mail, account: &asked.address, whence }) {
        return Ok(false);
    }
    let code = format!("{:06}", u64::from_be_bytes(world.random.bytes::<8>()) % 1_000_000);
    let id = asked.id(browser);
    let sent = is_let_in(snapshot, account.as_ref(), asked);
    let pending = Pending { code: SecretHash::of_two(&id, &code), sent };
    let attempt = Attempt {
        hash: SecretHash::of(&id),
        purpose: PURPOSE.to_owned(),
        content: serde_json::to_string(&pending).map_err(|error| StoreError(error.to_string()))?,
        tries: 0,
        expires_at: request.now.plus(LIFETIME),
    };
    world.store.begin(&attempt).await?;
    let app = asked.purpose.app.as_ref().and_then(|id| snapshot.config.apps.get(id));
    let from = request.ip.to_string();
    let letter = CodeLetter { code: &code, app: app.map(|app| app.name.as_str()), from: &from, lifetime: LIFETIME };
    let letter = pages::code_letter(&snapshot.look(request), &asked.address, &letter);
    if sent {
        local::hand_in(world, snapshot, letter);
    }
    tracing::info!(target: "audit", act = "email_code_asked", by = asked.provider, sent, ip = %request.ip, id = request.id);
    Ok(true)
}

async fn whence(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    account: Option<&Account>,
) -> Result<Whence, StoreError> {
    let subject = account.map_or("", |account| account.subject.as_str());
    familiar::whence(world, &snapshot.config.auth.origin, request, subject).await
}

/// Whether a policy might let somebody of this address in: to the app that they are on the way to, or to any.
fn is_let_in(snapshot: &Snapshot, account: Option<&Account>, asked: &Asked) -> bool {
    let nobody = new_account(snapshot, &asked.address, Timestamp::default());
    let account = account.unwrap_or(&nobody);
    let identity = account.identity(&asked.provider, &["otp".to_owned()]);
    let on_the_way = |id: &str| asked.purpose.app.as_ref().is_none_or(|app| app == id);
    let mut apps = snapshot.config.apps.iter().filter(|(id, _)| on_the_way(id));
    !account.disabled && !account.external && apps.any(|(_, app)| may_open(app, &identity, Duration::ZERO))
}

fn show_code(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    (browser, asked): (&Browser, &Asked),
    said: Told,
) -> Response<Bytes> {
    let token = browser.seal(world, PURPOSE, asked, request.now);
    let page = EmailCodePage {
        address: &asked.address,
        lifetime: LIFETIME,
        action: "/.doorward/login?step=code",
        form_token: &token,
        problem: said.problem,
        sent_again: said.sent_again,
        start_over: "/.doorward/login",
    };
    let status = local::status_of(said.problem);
    let look = snapshot.look(request);
    html(&look, status, pages::email_code(&look, &page), Dress { forms: Forms::Anywhere, ..Dress::default() })
}

/// A code was typed, or a new one asked for.
pub(super) async fn answer(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    form: &Parameters,
) -> Result<Response<Bytes>, StoreError> {
    let origin = &snapshot.config.auth.origin;
    let browser = Browser::known(origin, request).filter(|_| request.is_from(&origin.url()));
    let sealed = form.get("form").unwrap_or_default();
    let opened = browser.and_then(|browser| {
        let asked = browser.open::<Asked>(world, PURPOSE, sealed, request.now)?;
        Some((browser, asked))
    });
    let Some((browser, asked)) = opened else { return Ok(start_again(world, snapshot, request)) };
    let tell = |said| show_code(world, snapshot, request, (&browser, &asked), said);
    let wait = || tell(Told { problem: Some(TOO_MANY), ..Told::default() });
    if form.get("act") == Some("resend") {
        let sent_again = send(world, snapshot, request, (&browser, &asked)).await?;
        return Ok(if sent_again { tell(Told { problem: None, sent_again }) } else { local::too_many(wait()) });
    }
    let account = world.store.account_by_username(&asked.address).await?;
    let whence = whence(world, snapshot, request, account.as_ref()).await?;
    let tried = Subject { guess: Guess::SecondFactor, account: &asked.address, whence };
    if !world.limits.try_guess(&tried) {
        return Ok(local::too_many(wait()));
    }
    if let Some(problem) = check(world, request, &asked.id(&browser), form).await? {
        tracing::info!(target: "audit", act = "wrong_email_code", ip = %request.ip, id = request.id);
        return Ok(tell(Told { problem: Some(problem), ..Told::default() }));
    }
    world.limits.right_guess(&tried);
    sign_in(world, snapshot, request, (account, asked)).await
}

const TOO_MANY: CodeProblem = CodeProblem::TooManyAttempts { retry_after_seconds: RETRY_AFTER };

/// What is wrong with a code; a right one is used up.
async fn check(
    world: &World,
    request: &Request,
    id: &str,
    form: &Parameters,
) -> Result<Option<CodeProblem>, StoreError> {
    let hash = SecretHash::of(id);
    let attempt = world.store.try_attempt(&hash, (PURPOSE, MOST_TRIES), request.now).await?;
    let pending = attempt.and_then(|attempt| serde_json::from_str::<Pending>(&attempt.content).ok());
    let Some(pending) = pending else { return Ok(Some(CodeProblem::Expired)) };
    let typed = form.get("code").unwrap_or_default();
    let code: String = typed.chars().filter(|c| !c.is_whitespace()).take(16).collect();
    if !pending.code.matches(&SecretHash::of_two(id, &code)) || !pending.sent {
        return Ok(Some(CodeProblem::Wrong));
    }
    let taken = world.store.take(&hash, PURPOSE, request.now).await?;
    Ok(taken.is_none().then_some(CodeProblem::Expired))
}

/// The mailbox has proven the address: its account is opened, and made if there is none.
async fn sign_in(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    (account, asked): (Option<Account>, Asked),
) -> Result<Response<Bytes>, StoreError> {
    let account = match account {
        Some(account) => Some(account),
        None => make(world, snapshot, request, &asked.address).await?,
    };
    // INVARIANT: an address opens no account of an identity provider, whatever its user name looks like.
    let account = account.filter(|account| !account.disabled && !account.external);
    let provider = snapshot.config.identity_providers.get(&asked.provider).filter(|one| one.is_email_code());
    let (Some(account), Some(provider)) = (account, provider) else {
        return Ok(start_again(world, snapshot, request));
    };
    local::after_first(world, snapshot, request, (&account, provider, "otp"), asked.purpose).await
}

async fn make(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    address: &str,
) -> Result<Option<Account>, StoreError> {
    let account = new_account(snapshot, address, request.now);
    if world.store.add_account(&account).await? == Added::Added {
        let (subject, id) = (account.subject.as_str(), request.id.as_str());
        tracing::info!(target: "audit", act = "user_add", by = "email_code", subject, id);
    }
    world.store.account_by_username(address).await
}

fn new_account(snapshot: &Snapshot, address: &str, now: Timestamp) -> Account {
    Account {
        subject: snapshot.oauth.new_id("u"),
        username: address.to_owned(),
        name: None,
        groups: Vec::new(),
        password: None,
        disabled: false,
        created_at: now,
        external: false,
        profiles: Vec::new(),
    }
}

fn start_again(world: &World, snapshot: &Snapshot, request: &Request) -> Response<Bytes> {
    let problem = Some(LoginProblem::FormExpired);
    let said = Said { status: StatusCode::FORBIDDEN, problem, ..Said::default() };
    show(world, snapshot, request, &Purpose::default(), said)
}
