//! The single sign-on session that a sign-in opens at the login origin.

use super::purpose::Purpose;
use crate::gateway::{Snapshot, World};
use crate::identify::session::{cookie_name, person, set_cookie};
use crate::request::Request;
use crate::respond::see_other;
use crate::store::Account;
use bytes::Bytes;
use http::{Response, StatusCode};
use oauth::client::ClientId;
use oauth::secret::{Kind, Secret};
use oauth::store::{Credential, EndedBecause, Grant, GrantDetails, StoreError};
use oauth::world::Timestamp;

/// Who signed in, and how.
#[derive(Debug)]
pub(super) struct SignedIn<'a> {
    /// The id of the session to open: `snapshot.oauth.new_id("g")`.
    pub(super) session: String,
    pub(super) account: &'a Account,
    /// The identity provider's name.
    pub(super) login_method: &'a str,
    /// How the person proved who they are (RFC 8176).
    pub(super) amr: Vec<String>,
    /// When: now, or the earlier moment that the provider tells (`auth_time`).
    pub(super) authenticated_at: Timestamp,
}

/// A new session with a new secret, whatever the browser brought along; then on to where the sign-in was for.
pub(super) async fn open(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    signed_in: SignedIn<'_>,
    purpose: &Purpose,
) -> Result<Response<Bytes>, StoreError> {
    let auth = &snapshot.config.auth;
    let secret = Secret::generate(Kind::Session, &*world.random);
    let account = signed_in.account;
    let grant = Grant {
        id: signed_in.session,
        app: oauth::app::LOGIN.to_owned(),
        client: ClientId::browser(),
        subject: account.subject.clone(),
        scope: String::new(),
        login_method: signed_in.login_method.to_owned(),
        authenticated_at: signed_in.authenticated_at,
        created_at: request.now,
        expires_at: request.now.plus(auth.session_duration),
        parent: None,
        revoked_at: None,
        details: GrantDetails {
            amr: signed_in.amr.clone(),
            idle_timeout: auth.idle_timeout.map(|idle| idle.as_secs()),
            ..GrantDetails::default()
        },
    };
    end_earlier(world, snapshot, request).await?;
    world.store.open_grant(&grant, &Credential::new(&secret, &grant, request.now)).await?;
    let amr = signed_in.amr.join(" ");
    tracing::info!(target: "audit", act = "sign_in", subject = account.subject, by = grant.login_method, amr, grant = grant.id, id = request.id);
    let cookie =
        set_cookie(&auth.origin, &cookie_name(&auth.origin, oauth::app::LOGIN), secret.expose(), auth.session_duration);
    let go_on = purpose.go_on.as_deref().unwrap_or("/.doorward/login");
    Ok(see_other(StatusCode::SEE_OTHER, &format!("{}{go_on}", auth.origin.url()), &[cookie]))
}

/// The sign-in that this browser had before ends with all its sessions: the browser forgets it, so nobody could sign out
/// of it any more.
async fn end_earlier(world: &World, snapshot: &Snapshot, request: &Request) -> Result<(), StoreError> {
    let origin = &snapshot.config.auth.origin;
    let Some(earlier) = person(world, origin, request).await? else { return Ok(()) };
    world.store.revoke_grant(&earlier.session, EndedBecause::SignedInAnew, request.now).await?;
    world.heed_revocations().await
}
