//! `authorization_code` (OAuth 2.1 section 4.1.3), for registered clients at the token endpoint and for the first-party
//! browser client at its callback: the same checks, the same atomic act.
//!
//! Everything is checked before the code is used up. A failed check leaves the code as it was: it lives for a minute and
//! its verifier cannot be guessed, so a thief without the verifier can neither use nor burn it.

use super::{Issue, TokenRequest, approve, binding, check_resource};
use crate::app::App;
use crate::approval::Ask;
use crate::call::Server;
use crate::client::ClientId;
use crate::error::{Code as ErrorCode, Error};
use crate::grant_type::GrantType;
use crate::pkce;
use crate::secret::{Kind, Secret};
use crate::store::{Code, Credential, Grant, GrantDetails, Redeemed};
use crate::world::Timestamp;
use bytes::Bytes;

/// Redeems a code for a registered client: an access token, and a refresh token if the client uses them.
pub(crate) async fn redeem(request: &TokenRequest<'_>) -> Result<Bytes, Error> {
    let TokenRequest { server, app, managed, client, form, jkt, now } = *request;
    let presented = Presented {
        code: form.get("code").ok_or_else(|| Error::missing("code"))?,
        verifier: form.get("code_verifier").ok_or_else(|| invalid("`code_verifier` is missing"))?,
        redirect_uri: form.get("redirect_uri"),
        client: &client.id,
        jkt,
    };
    let code = check(server, app, &presented, now).await?;
    check_resource(app, form)?;
    let refreshes = code.refreshes && client.may_use(GrantType::RefreshToken);
    // What cannot be refreshed ends with its one access token; a list of grants would say otherwise.
    let lasts = if refreshes { managed.grant_duration } else { managed.access_token_lifetime };
    let latest = now.plus(lasts);
    let mut grant = open(server, &code, latest, None, now);
    grant.expires_at = managed.end_of_grant(latest, now);
    grant.details.latest_end = Some(latest).filter(|_| refreshes);
    grant.details.client_signed = client.authentication.signs_by_choice();
    grant.details.dpop_jkt = binding(client, jkt);
    let refresh = Secret::generate(Kind::Refresh, &*server.random);
    let issue = Issue { grant: &grant, scope: &code.scope, refresh: refreshes.then_some(&refresh), jkt };
    let body = issue.response(request)?;
    settle(server, &code, &grant, &refresh, now).await?;
    Ok(body)
}

/// A browser that has signed in: its cookie value, and the grant behind it.
#[derive(Debug)]
pub struct BrowserSession {
    /// The cookie's value.
    pub secret: Secret,
    /// The session as a grant of the browser client.
    pub grant: Grant,
}

impl Server {
    /// Redeems a code for the first-party browser client: a session at `app`, which ends with the single sign-on session.
    ///
    /// # Errors
    /// As the token endpoint's: `invalid_grant` for a code that is not this browser's, 503 when the store is down.
    pub async fn redeem_browser_code(
        &self,
        app: &App,
        (code, verifier, redirect_uri): (&str, &str, &str),
        now: Timestamp,
    ) -> Result<BrowserSession, Error> {
        let client = ClientId::browser();
        let presented = Presented { code, verifier, redirect_uri: Some(redirect_uri), client: &client, jkt: None };
        let code = check(self, app, &presented, now).await?;
        let mut grant = open(self, &code, now.plus(app.session_duration), code.session.clone(), now);
        if let Some(session) = &code.session {
            // It lies idle like the sign-in that it comes from.
            let sign_in = self.store.grant(session).await?;
            grant.details.idle_timeout = sign_in.and_then(|sign_in| sign_in.details.idle_timeout);
        }
        let secret = Secret::generate(Kind::Session, &*self.random);
        settle(self, &code, &grant, &secret, now).await?;
        Ok(BrowserSession { secret, grant })
    }
}

struct Presented<'a> {
    code: &'a str,
    verifier: &'a str,
    redirect_uri: Option<&'a str>,
    client: &'a ClientId,
    /// Thumbprint of the key that the client has.
    jkt: Option<&'a str>,
}

/// Holds a request against the code. Its expiry is left to the redemption, which notices a late replay too.
async fn check(server: &Server, app: &App, presented: &Presented<'_>, now: Timestamp) -> Result<Code, Error> {
    let secret = Secret::parse(Kind::Code, presented.code).ok_or_else(|| invalid("the code is malformed"))?;
    let code = server.store.code(&secret.hash()).await?.ok_or_else(|| invalid("the code is not known"))?;
    if code.app != app.id || code.client != *presented.client {
        return Err(invalid("the code was issued to another client or for another app"));
    }
    if presented.redirect_uri.is_some_and(|uri| uri != code.redirect_uri) {
        return Err(invalid("`redirect_uri` is not the one of the authorization request"));
    }
    if !pkce::verifies(presented.verifier, &code.code_challenge) {
        return Err(invalid("`code_verifier` does not belong to the code"));
    }
    if code.dpop_jkt.is_some() && code.dpop_jkt.as_deref() != presented.jkt {
        return Err(invalid("the code is bound to the key that `dpop_jkt` named; send a DPoP proof of that key"));
    }
    // Whoever signed out everywhere since, or was shut out, takes back what is not yet redeemed.
    if let Some(session) = &code.session
        && !server.store.grant(session).await?.is_some_and(|grant| grant.is_live(now))
    {
        return Err(invalid("the sign-in that the code came from has ended"));
    }
    let Code { client, subject, login_method, amr, authenticated_at, .. } = &code;
    let authenticated_at = *authenticated_at;
    let opened_by = GrantType::AuthorizationCode;
    let ask = Ask { app, client, opened_by, subject, login_method, amr, authenticated_at, linked_app: None, now };
    approve(server, ask).await?;
    Ok(code)
}

fn open(server: &Server, code: &Code, expires_at: Timestamp, parent: Option<String>, now: Timestamp) -> Grant {
    Grant {
        id: server.new_id("g"),
        app: code.app.clone(),
        client: code.client.clone(),
        subject: code.subject.clone(),
        scope: code.scope.clone(),
        login_method: code.login_method.clone(),
        authenticated_at: code.authenticated_at,
        created_at: now,
        expires_at,
        parent,
        revoked_at: None,
        details: GrantDetails {
            opened_by: Some(GrantType::AuthorizationCode),
            session: code.session.clone(),
            amr: code.amr.clone(),
            ..GrantDetails::default()
        },
    }
}

/// The one atomic act. A replay ends what the first redemption opened (OAuth 2.1 section 4.1.3).
async fn settle(server: &Server, code: &Code, grant: &Grant, secret: &Secret, now: Timestamp) -> Result<(), Error> {
    let credential = Credential::new(secret, grant, now);
    match server.store.redeem_code(&code.hash, grant, &credential, now).await? {
        Redeemed::Opened => Ok(()),
        Redeemed::Replayed { grant } => Err(invalid("the code was redeemed before; what came from it has ended")
            .logged(format!(
                "security: the code of client `{}` at `{}` came twice, so grant `{grant}` has ended: either the client \
                 sends it twice, or somebody else has it; the person is told, and can connect the client anew",
                code.client, code.app
            ))
            .ending(grant)),
        Redeemed::Unknown => Err(invalid("the code has expired, or the sign-in that it came from has ended")),
    }
}

fn invalid(description: &str) -> Error {
    Error::new(ErrorCode::InvalidGrant, description)
}
