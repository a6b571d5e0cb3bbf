//! Passkeys (Web Authentication Level 3): signing in by one alone, or by one after the password. User verification is required
//! each time, so that a passkey is two factors in one. Each challenge is kept in the store, bound to its browser, and taken once.

use super::{finish, second};
use crate::config::Origin;
use crate::gateway::{Snapshot, World};
use crate::limits::Bucket;
use crate::login::form::Browser;
use crate::login::page::{self, Said, offered};
use crate::login::purpose::Purpose;
use crate::pages::{LoginProblem, PASSKEY_SCRIPT};
use crate::request::Request;
use crate::respond::as_json;
use crate::store::{Account, Attempt, Passkey as Kept};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Response, StatusCode};
use oauth::parameters::Parameters;
use oauth::secret::SecretHash;
use oauth::store::StoreError;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::time::Duration;
use webauthn_rs::prelude::{
    AuthenticationResult, DiscoverableAuthentication, Passkey, PasskeyAuthentication, PublicKeyCredential, Url, Uuid,
    Webauthn, WebauthnBuilder, WebauthnError, WebauthnResult,
};

/// Where challenges are asked for and answers are sent.
pub(in crate::login) const PATH: &str = "/.doorward/passkey";

const PURPOSE: &str = "passkey";
const LIFETIME: Duration = Duration::from_secs(600);

/// Whether browsers allow passkeys at this login origin: https or this machine, and a name.
pub(in crate::login) fn are_possible(origin: &Origin) -> bool {
    let local = origin.host == "localhost" || origin.host.ends_with(".localhost");
    let name = origin.host.parse::<std::net::Ipv4Addr>().is_err() && !origin.host.starts_with('[');
    name && (origin.secure || local)
}

/// The URL of the script that uses passkeys.
pub(in crate::login) fn script(origin: &Origin) -> String {
    format!("{}{PASSKEY_SCRIPT}", origin.url())
}

/// The relying party: the login origin's host.
pub(super) fn relying_party(origin: &Origin) -> WebauthnResult<Webauthn> {
    let url = Url::parse(&origin.url()).map_err(|_| WebauthnError::Configuration)?;
    WebauthnBuilder::new(&origin.host, &url)?.rp_name(&origin.host).build()
}

/// What an account's passkeys know it by (WebAuthn section 5.4.3): nothing that says who it is.
pub(super) fn handle(subject: &str) -> Uuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&SecretHash::of_two("passkey handle", subject).as_bytes()[..16]);
    Uuid::from_bytes(bytes)
}

/// What a challenge is for.
#[derive(Serialize, Deserialize)]
enum Asked {
    /// To sign in, as whomever the passkey belongs to.
    SignIn { purpose: Purpose, state: DiscoverableAuthentication },
    /// To prove the second factor of this attempt.
    Second { id: String, state: PasskeyAuthentication },
}

/// `POST /.doorward/passkey`: a challenge is asked for, or answered.
pub(crate) async fn passkey(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    body: &[u8],
) -> Result<Response<Bytes>, StoreError> {
    let form = Parameters::parse(body);
    let origin = &snapshot.config.auth.origin;
    let browser = Browser::known(origin, request).filter(|_| request.is_from(&origin.url()) && are_possible(origin));
    match (browser, form.get("act")) {
        (Some(browser), Some("challenge")) => challenge(world, snapshot, request, (&browser, &form)).await,
        (Some(browser), _) => answer(world, snapshot, request, (&browser, &form)).await,
        (None, _) => Ok(refused(world, snapshot, request, LoginProblem::FormExpired)),
    }
}

async fn challenge(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    (browser, form): (&Browser, &Parameters),
) -> Result<Response<Bytes>, StoreError> {
    if !world.limits.take(Bucket::PasskeyChallenge, request.ip) {
        return Ok(as_json(StatusCode::TOO_MANY_REQUESTS, &json!({ "error": "too_many_requests" })));
    }
    let sealed = form.get("form").unwrap_or_default();
    let Ok(party) = relying_party(&snapshot.config.auth.origin) else { return Ok(no_challenge()) };
    let asked = if let Some(purpose) = browser.open::<Purpose>(world, page::PURPOSE, sealed, request.now) {
        let started = party.start_discoverable_authentication();
        started.ok().map(|(options, state)| (json!(options.public_key), Asked::SignIn { purpose, state }))
    } else if let Some((_, id, account)) = second::open(world, snapshot, request, sealed).await? {
        let known = of_account(world, &account).await?;
        let started = party.start_passkey_authentication(&known);
        started.ok().map(|(options, state)| (json!(options.public_key), Asked::Second { id, state }))
    } else {
        None
    };
    let Some((options, asked)) = asked else { return Ok(no_challenge()) };
    let attempt = keep(world, browser, (PURPOSE, &asked), request).await?;
    Ok(as_json(StatusCode::OK, &json!({ "options": options, "attempt": attempt })))
}

/// Something that was begun in a browser.
#[derive(Serialize, Deserialize)]
struct Bound<T> {
    browser: SecretHash,
    content: T,
}

/// Keeps what a challenge is answered by; gives its id.
pub(super) async fn keep<T: Serialize>(
    world: &World,
    browser: &Browser,
    (purpose, content): (&str, T),
    request: &Request,
) -> Result<String, StoreError> {
    let id = URL_SAFE_NO_PAD.encode(world.random.bytes::<24>());
    let content = serde_json::to_string(&Bound { browser: browser.mark(), content });
    let attempt = Attempt {
        hash: SecretHash::of(&id),
        purpose: purpose.to_owned(),
        content: content.map_err(|error| StoreError(error.to_string()))?,
        tries: 0,
        expires_at: request.now.plus(LIFETIME),
    };
    world.store.begin(&attempt).await?;
    Ok(id)
}

/// Takes what was kept for this browser, once.
pub(super) async fn take<T: DeserializeOwned>(
    world: &World,
    browser: &Browser,
    (purpose, id): (&str, &str),
    request: &Request,
) -> Result<Option<T>, StoreError> {
    let taken = world.store.take(&SecretHash::of(id), purpose, request.now).await?;
    let bound = taken.and_then(|attempt| serde_json::from_str::<Bound<T>>(&attempt.content).ok());
    Ok(bound.filter(|bound| bound.browser == browser.mark()).map(|bound| bound.content))
}

async fn answer(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    (browser, form): (&Browser, &Parameters),
) -> Result<Response<Bytes>, StoreError> {
    let attempt = (PURPOSE, form.get("attempt").unwrap_or_default());
    let Some(asked) = take::<Asked>(world, browser, attempt, request).await? else {
        return Ok(refused(world, snapshot, request, LoginProblem::FormExpired));
    };
    let credential = serde_json::from_str::<PublicKeyCredential>(form.get("credential").unwrap_or_default()).ok();
    let (purpose, second, proven) = match asked {
        Asked::SignIn { purpose, state } => {
            let proven = prove(
                world,
                snapshot,
                request,
                (credential, |party, credential, known| {
                    party.finish_discoverable_authentication_v2(credential, state, known)
                }),
            );
            (purpose, None, proven.await?)
        }
        Asked::Second { id, state } => {
            let proven = prove(
                world,
                snapshot,
                request,
                (credential, |party, credential, _| party.finish_passkey_authentication(credential, &state)),
            );
            (Purpose::default(), Some(id), proven.await?)
        }
    };
    match (second, proven) {
        (Some(id), Some((account, amr))) => second::complete(world, snapshot, request, (&id, &account), &amr).await,
        (None, Some((account, amr))) => sign_in(world, snapshot, request, (&account, &amr), &purpose).await,
        (Some(id), None) => second::passkey_refused(world, snapshot, request, (browser, &id)).await,
        (None, None) => Ok(refused(world, snapshot, request, LoginProblem::PasskeyRefused)),
    }
}

/// Whose passkey answered, and what that proves (RFC 8176): possession of a key, presence, and with the user verified two
/// factors. A key that may be copied to other devices is software's; without attestation nobody vouches for hardware.
async fn prove(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    (credential, finish): (
        Option<PublicKeyCredential>,
        impl FnOnce(&Webauthn, &PublicKeyCredential, &Passkey) -> WebauthnResult<AuthenticationResult>,
    ),
) -> Result<Option<(Account, [&'static str; 3])>, StoreError> {
    let Some(credential) = credential else { return Ok(None) };
    let Some(kept) = world.store.passkey(&credential.raw_id).await? else { return Ok(None) };
    let account = world.store.account_by_subject(&kept.subject).await?.filter(|account| !account.disabled);
    let (Some(account), Ok(mut known)) = (account, serde_json::from_str::<Passkey>(&kept.credential)) else {
        return Ok(None);
    };
    let theirs = credential.get_user_unique_id().is_none_or(|id| id == handle(&kept.subject).as_bytes());
    let party = relying_party(&snapshot.config.auth.origin);
    let result = party.and_then(|party| finish(&party, &credential, &known));
    let result = match result {
        Ok(result) if theirs && result.user_verified() => result,
        Ok(_) => return Ok(None),
        Err(error) => {
            tracing::warn!(target: "audit", act = "passkey_refused", subject = account.subject, ip = %request.ip, id = request.id, what = %error);
            return Ok(None);
        }
    };
    known.update_credential(&result);
    let updated = serde_json::to_string(&known).unwrap_or_else(|_| kept.credential.clone());
    if !world.store.use_passkey(&kept, &updated, request.now).await? {
        return Ok(None);
    }
    let key = if result.backup_eligible() { "swk" } else { "hwk" };
    Ok(Some((account, [key, "user", "mfa"])))
}

async fn sign_in(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    (account, amr): (&Account, &[&str]),
    purpose: &Purpose,
) -> Result<Response<Bytes>, StoreError> {
    let Some(local) = offered(snapshot, purpose).into_iter().find(|provider| provider.is_local()) else {
        return Ok(refused(world, snapshot, request, LoginProblem::PasskeyRefused));
    };
    let amr = amr.iter().map(|&method| method.to_owned()).collect();
    finish(world, snapshot, request, (account, &local.name, amr), purpose).await
}

/// The passkeys of an account, as the relying party knows them.
async fn of_account(world: &World, account: &Account) -> Result<Vec<Passkey>, StoreError> {
    let factors = world.store.factors(&account.subject).await?;
    Ok(factors.passkeys.iter().filter_map(read).collect())
}

/// A passkey as the relying party knows it.
pub(super) fn read(kept: &Kept) -> Option<Passkey> {
    serde_json::from_str(&kept.credential).ok()
}

/// What a script is told that asked in vain.
pub(super) fn no_challenge() -> Response<Bytes> {
    let told = "This form is not from here, or too old. Open the page again.";
    as_json(StatusCode::FORBIDDEN, &json!({ "error": "form_refused", "error_description": told }))
}

fn refused(world: &World, snapshot: &Snapshot, request: &Request, problem: LoginProblem) -> Response<Bytes> {
    let said = Said { status: StatusCode::FORBIDDEN, problem: Some(problem), ..Said::default() };
    page::show(world, snapshot, request, &Purpose::default(), said)
}

/// The options of a challenge, where a key that finds its owner by itself is preferred.
pub(super) fn preferring_discoverable(mut options: Value) -> Value {
    options["authenticatorSelection"]["residentKey"] = json!("preferred");
    options
}
