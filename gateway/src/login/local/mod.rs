//! Signing in with an account of the gateway's own.

pub(crate) mod password;

use super::page::{Said, show};
use super::purpose::Purpose;
use super::session::{self, SignedIn};
use crate::config::IdentityProvider;
use crate::gateway::{Snapshot, World};
use crate::limits::RETRY_AFTER;
use crate::pages::LoginProblem;
use crate::request::Request;
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
    purpose: Purpose,
    form: &Parameters,
) -> Result<Response<Bytes>, StoreError> {
    let username: String = form.get("username").unwrap_or_default().trim().chars().take(MAX_USERNAME).collect();
    let username = username.to_ascii_lowercase();
    if !world.limits.try_password(&username, request.ip) {
        let problem = Some(LoginProblem::TooManyAttempts { retry_after_seconds: RETRY_AFTER });
        let said = Said { status: StatusCode::TOO_MANY_REQUESTS, username: &username, problem };
        let mut response = show(world, snapshot, request, &purpose, said);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
        return Ok(response);
    }
    let Some(account) = authenticate(world, &username, form.get("password").unwrap_or_default()).await? else {
        tracing::info!(target: "audit", act = "wrong_password", ip = %request.ip, id = request.id);
        let problem = Some(LoginProblem::WrongPassword);
        let said = Said { status: StatusCode::FORBIDDEN, username: &username, problem };
        return Ok(show(world, snapshot, request, &purpose, said));
    };
    world.limits.right_password(&username, request.ip);
    let signed_in = SignedIn {
        session: snapshot.oauth.new_id("g"),
        account: &account,
        login_method: &provider.name,
        amr: vec!["pwd".to_owned()],
        authenticated_at: request.now,
    };
    session::open(world, snapshot, request, signed_in, &purpose).await
}

async fn authenticate(world: &World, username: &str, password: &str) -> Result<Option<Account>, StoreError> {
    let account = world.store.account_by_username(username).await?;
    let hash = account.as_ref().and_then(|account| account.password.clone());
    let right = password::verify(password.to_owned(), hash).await;
    Ok(account.filter(|account| right && !account.disabled))
}
