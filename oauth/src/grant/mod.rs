//! One file per `grant_type` value.

pub mod authorization_code;
pub mod client_credentials;
pub mod device_code;
pub mod jwt_bearer;
pub mod refresh_token;
pub mod token_exchange;

use crate::app::{App, Managed};
use crate::approval::{Ask, Verdict};
use crate::call::Server;
use crate::client::{Authentication, Client};
use crate::error::{Code, Error};
use crate::grant_type::GrantType;
use crate::parameters::Parameters;
use crate::secret::Secret;
use crate::store::{Grant, KeyPurpose};
use crate::token;
use crate::world::Timestamp;
use bytes::Bytes;
use serde_json::json;

/// A request to the token endpoint, by a client that is who it says.
pub(crate) struct TokenRequest<'a> {
    pub(crate) server: &'a Server,
    pub(crate) app: &'a App,
    /// How the app gives tokens.
    pub(crate) managed: &'a Managed,
    pub(crate) client: &'a Client,
    pub(crate) form: &'a Parameters,
    /// Thumbprint of the key that the client has shown to have (RFC 9449).
    pub(crate) jkt: Option<&'a str>,
    pub(crate) now: Timestamp,
}

/// What a successful token request gives.
struct Issue<'a> {
    /// The grant that the tokens belong to.
    grant: &'a Grant,
    /// What they may do; never more than the grant.
    scope: &'a str,
    /// The next refresh token, for clients that use them.
    refresh: Option<&'a Secret>,
    /// Thumbprint of the key that the access token is bound to.
    jkt: Option<&'a str>,
}

impl Issue<'_> {
    /// The body of the response (OAuth 2.1 section 3.2.3). It has no optional members that could be null.
    fn response(self, request: &TokenRequest<'_>) -> Result<Bytes, Error> {
        let TokenRequest { server, app, managed, now, .. } = *request;
        let signer = server.keys.signer(KeyPurpose::AccessToken, managed.signing_algorithm, now)?;
        let expires_at = signer.within(now.plus(managed.access_token_lifetime).min(self.grant.expires_at));
        let access = token::issue(&signer, app, self.grant, (self.scope, self.jkt), (now, expires_at), &*server.random)
            .ok_or_else(|| Error::new(Code::TemporarilyUnavailable, "the token could not be signed"))?;
        let mut body = json!({
            "access_token": access,
            "token_type": token::token_type(self.jkt.is_some()),
            "expires_in": expires_at.since(now).as_secs(),
            "scope": self.scope,
        });
        if self.grant.details.opened_by == Some(GrantType::TokenExchange) {
            body["issued_token_type"] = json!(token_exchange::ACCESS_TOKEN);
        }
        if let Some(refresh) = self.refresh {
            body["refresh_token"] = json!(refresh.expose());
        }
        Ok(body.to_string().into())
    }
}

/// Decides on the person of a grant that no other app acts for.
async fn approve_grant(request: &TokenRequest<'_>, grant: &Grant) -> Result<(), Error> {
    let Grant { client, subject, login_method, authenticated_at, details, .. } = grant;
    let ask = Ask {
        app: request.app,
        client,
        opened_by: details.opened_by.unwrap_or(GrantType::AuthorizationCode),
        subject,
        login_method,
        amr: &details.amr,
        authenticated_at: *authenticated_at,
        linked_app: None,
        now: request.now,
    };
    approve(request.server, ask).await
}

/// Decides afresh, at every token that is given: an account may have been disabled, a rule changed.
async fn approve(server: &Server, ask: Ask<'_>) -> Result<(), Error> {
    match server.approval.approve(ask).await? {
        Verdict::Approved => Ok(()),
        verdict => {
            let (reason, rule) = verdict.reason();
            let Ask { app, client, subject, .. } = ask;
            let log = format!(
                "`{subject}` through client `{client}` refused: {reason}, rule {rule:?}; `doorward explain --app {} \
                 --client {client}` with their `--email` shows each policy",
                app.id
            );
            let why = match verdict {
                Verdict::StepUp { .. } => {
                    "the sign-in is too old or too weak for the policy of the app; ask the person again"
                }
                _ => "the policy of the app no longer admits this person",
            };
            Err(Error::new(Code::InvalidGrant, why).logged(log))
        }
    }
}

/// Holds a request against what its client may use.
pub(crate) fn require(client: &Client, grant_type: GrantType) -> Result<(), Error> {
    if client.may_use(grant_type) {
        return Ok(());
    }
    let what = format!("the client is registered without the grant type `{}`", grant_type.as_str());
    Err(Error::new(Code::UnauthorizedClient, what))
}

/// What a request gets of the scope that it asks for; never more than `most`.
pub(crate) fn check_scope(app: &App, most: Option<&str>, form: &Parameters) -> Result<String, Error> {
    app.scopes.grant_within(most, form.get("scope")).map_err(|_| {
        let offered = app.scopes.names().collect::<Vec<_>>().join(" ");
        Error::new(Code::InvalidScope, format!("the client can have none of these scopes; offered are: {offered}"))
    })
}

/// The key that a new grant, and with it each refresh token, is bound to: that of a public client, which has nothing else to
/// show that a refresh token is its own (RFC 9449 section 5).
fn binding(client: &Client, jkt: Option<&str>) -> Option<String> {
    jkt.filter(|_| client.authentication == Authentication::None).map(str::to_owned)
}

/// Holds `resource` of an authorization or token request against the app (RFC 8707 section 2); absent means this app.
pub(crate) fn check_resource(app: &App, form: &Parameters) -> Result<(), Error> {
    match form.resources() {
        [] => Ok(()),
        [one] if app.resource.is_named_by(one) => Ok(()),
        [_] => Err(Error::new(
            Code::InvalidTarget,
            format!("`resource` is not this app; it is {}", app.resource.canonical()),
        )),
        _ => Err(Error::new(Code::InvalidTarget, "one `resource` at a time")),
    }
}
