//! The login page, and the single sign-on session that it opens at the login origin.

use super::form::Browser;
use super::password;
use crate::gateway::{Snapshot, World};
use crate::identify::session::{cookie_name, person, set_cookie};
use crate::limits::RETRY_AFTER;
use crate::pages::{self, AppLink, Brand, LoginPage, LoginProblem, SignedInPage};
use crate::request::Request;
use crate::respond::{Dress, Forms, html, see_other};
use crate::store::Account;
use bytes::Bytes;
use http::{Response, StatusCode};
use oauth::client::ClientId;
use oauth::parameters::Parameters;
use oauth::secret::{Kind, Secret};
use oauth::store::{Credential, EndedBecause, Grant, GrantDetails, StoreError};
use serde::{Deserialize, Serialize};

const PURPOSE: &str = "login form";

/// The built-in identity provider's name (the only one so far).
const LOCAL: &str = "local";

/// No e-mail address is longer (RFC 5321 section 4.5.3.1).
const MAX_USERNAME: usize = 254;

/// Where a sign-in goes on, and what its page says.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Purpose {
    /// Path and query on the login origin; its own page if absent.
    pub(crate) go_on: Option<String>,
    /// Name of the app.
    pub(crate) app: Option<String>,
    /// Name of the client that sent the person.
    pub(crate) client: Option<String>,
}

/// `GET /.doorward/login` at the login origin.
pub(crate) async fn page(world: &World, snapshot: &Snapshot, request: &Request) -> Result<Response<Bytes>, StoreError> {
    let origin = &snapshot.config.auth.origin;
    let Some(person) = person(world, origin, request).await? else {
        return Ok(ask(world, snapshot, request, Purpose::default()));
    };
    let account = world.store.account_by_subject(&person.subject).await?;
    let name = account.map(|account| account.username).unwrap_or_default();
    let urls: Vec<_> =
        snapshot.config.apps.values().map(|app| (app.name.as_str(), app.oauth.issuer.as_str())).collect();
    let apps: Vec<_> = urls.iter().map(|(name, url)| AppLink { name, url }).collect();
    let page =
        SignedInPage { person: &name, apps: &apps, connected: "/.doorward/connected", logout: "/.doorward/logout" };
    Ok(html(StatusCode::OK, pages::signed_in(&Brand::default(), &page), Dress::default()))
}

/// The login page for `purpose`.
pub(crate) fn ask(world: &World, snapshot: &Snapshot, request: &Request, purpose: Purpose) -> Response<Bytes> {
    show(world, snapshot, request, (StatusCode::OK, ""), purpose, None)
}

fn show(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    (status, username): (StatusCode, &str),
    purpose: Purpose,
    problem: Option<LoginProblem>,
) -> Response<Bytes> {
    let origin = &snapshot.config.auth.origin;
    let browser = Browser::of(world, origin, request);
    let token = browser.seal(world, PURPOSE, &purpose, request.now);
    let page = LoginPage {
        app: purpose.app.as_deref(),
        client: purpose.client.as_deref(),
        action: "/.doorward/login",
        form_token: &token,
        username,
        problem,
    };
    let dress = Dress { cookies: browser.cookies(origin), forms: Forms::Anywhere };
    html(status, pages::login(&Brand::default(), &page), dress)
}

/// `POST /.doorward/login`
pub(crate) async fn sign_in(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    body: &[u8],
) -> Result<Response<Bytes>, StoreError> {
    let origin = &snapshot.config.auth.origin;
    let form = Parameters::parse(body);
    let sealed = form.get("form").unwrap_or_default();
    let purpose = Browser::known(origin, request).and_then(|browser| browser.open(world, PURPOSE, sealed, request.now));
    let (Some(purpose), true) = (purpose, request.is_from(&origin.url())) else {
        let expired = Some(LoginProblem::FormExpired);
        return Ok(show(world, snapshot, request, (StatusCode::FORBIDDEN, ""), Purpose::default(), expired));
    };
    let username: String = form.get("username").unwrap_or_default().trim().chars().take(MAX_USERNAME).collect();
    let username = username.to_ascii_lowercase();
    if !world.limits.try_password(&username, request.ip) {
        let wait = Some(LoginProblem::TooManyAttempts { retry_after_seconds: RETRY_AFTER });
        let mut response = show(world, snapshot, request, (StatusCode::TOO_MANY_REQUESTS, &username), purpose, wait);
        response.headers_mut().insert(http::header::RETRY_AFTER, http::HeaderValue::from(RETRY_AFTER));
        return Ok(response);
    }
    match authenticate(world, &username, form.get("password").unwrap_or_default()).await? {
        Some(account) => {
            world.limits.right_password(&username, request.ip);
            open_session(world, snapshot, request, &account, purpose).await
        }
        None => {
            tracing::info!(target: "audit", act = "wrong_password", ip = %request.ip, id = request.id);
            let wrong = Some(LoginProblem::WrongPassword);
            Ok(show(world, snapshot, request, (StatusCode::FORBIDDEN, &username), purpose, wrong))
        }
    }
}

async fn authenticate(world: &World, username: &str, password: &str) -> Result<Option<Account>, StoreError> {
    let account = world.store.account_by_username(username).await?;
    let hash = account.as_ref().and_then(|account| account.password.clone());
    let right = password::verify(password.to_owned(), hash).await;
    Ok(account.filter(|account| right && !account.disabled))
}

/// The sign-in that this browser had before ends with all its sessions: the browser forgets it, so nobody could sign out
/// of it any more.
async fn end_earlier(world: &World, snapshot: &Snapshot, request: &Request) -> Result<(), StoreError> {
    let origin = &snapshot.config.auth.origin;
    let Some(earlier) = person(world, origin, request).await? else { return Ok(()) };
    world.store.revoke_grant(&earlier.session, EndedBecause::SignedInAnew, request.now).await?;
    world.heed_revocations().await
}

/// A new session with a new secret, whatever the browser brought along.
async fn open_session(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    account: &Account,
    purpose: Purpose,
) -> Result<Response<Bytes>, StoreError> {
    let auth = &snapshot.config.auth;
    let secret = Secret::generate(Kind::Session, &*world.random);
    let grant = Grant {
        id: snapshot.oauth.new_id("g"),
        app: oauth::app::LOGIN.to_owned(),
        client: ClientId::browser(),
        subject: account.subject.clone(),
        scope: String::new(),
        login_method: LOCAL.to_owned(),
        authenticated_at: request.now,
        created_at: request.now,
        expires_at: request.now.plus(auth.session_duration),
        parent: None,
        revoked_at: None,
        details: GrantDetails::default(),
    };
    let credential =
        Credential { hash: secret.hash(), grant: grant.id.clone(), expires_at: grant.expires_at, rotated_at: None };
    end_earlier(world, snapshot, request).await?;
    world.store.open_grant(&grant, &credential).await?;
    tracing::info!(target: "audit", act = "sign_in", subject = account.subject, grant = grant.id, id = request.id);
    let cookie =
        set_cookie(&auth.origin, &cookie_name(&auth.origin, oauth::app::LOGIN), secret.expose(), auth.session_duration);
    let go_on = purpose.go_on.unwrap_or_else(|| "/.doorward/login".to_owned());
    Ok(see_other(StatusCode::SEE_OTHER, &format!("{}{go_on}", auth.origin.url()), &[cookie]))
}
