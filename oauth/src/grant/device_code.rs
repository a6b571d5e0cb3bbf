//! `urn:ietf:params:oauth:grant-type:device_code` (RFC 8628 section 3.4): a device asks again and again what a person has
//! said of its request, and gets the grant once.

use super::{Issue, TokenRequest, approve_grant, binding, check_resource, require};
use crate::app::{App, Managed};
use crate::call::Server;
use crate::client::Client;
use crate::error::{Code, Error};
use crate::grant_type::GrantType;
use crate::secret::{Kind, Secret, SecretHash};
use crate::store::{Credential, DeviceAuthorization, DeviceDecision, Grant, GrantDetails, Polled, Redeemed};
use crate::world::Timestamp;
use bytes::Bytes;

/// Redeems a device code: an access token, and a refresh token if the client uses them.
pub(crate) async fn redeem(request: &TokenRequest<'_>) -> Result<Bytes, Error> {
    let TokenRequest { server, app, managed, client, form, jkt, now } = *request;
    require(client, GrantType::DeviceCode)?;
    let presented = form.get("device_code").ok_or_else(|| Error::missing("device_code"))?;
    let presented = Secret::parse(Kind::Device, presented).ok_or_else(|| invalid("the device code is malformed"))?;
    check_resource(app, form)?;
    let device = find(server, &presented.hash(), app, client, now).await?;
    let (mut grant, refreshes) = decided(server, &device, (client, managed), now)?;
    grant.details.dpop_jkt = binding(client, jkt);
    approve_grant(request, &grant).await?;
    let refresh = Secret::generate(Kind::Refresh, &*server.random);
    let issue = Issue { grant: &grant, scope: &grant.scope, refresh: refreshes.then_some(&refresh), jkt };
    let body = issue.response(request)?;
    settle(server, &device, &grant, &refresh, now).await?;
    Ok(body)
}

/// The request, if this client made it. Somebody else's question does not count as its own.
async fn find(
    server: &Server,
    hash: &SecretHash,
    app: &App,
    client: &Client,
    now: Timestamp,
) -> Result<DeviceAuthorization, Error> {
    let Some(Polled { device, too_early }) = server.store.poll_device(hash, (&app.id, &client.id), now).await? else {
        return Err(invalid("the device code is not known, or it is another client's or another app's"));
    };
    if too_early {
        return Err(Error::new(Code::SlowDown, "that was too early; wait five seconds longer from now on"));
    }
    Ok(device)
}

/// The grant that a person allowed, and whether with refresh tokens; or what the device is told instead (section 3.5).
fn decided(
    server: &Server,
    device: &DeviceAuthorization,
    (client, managed): (&Client, &Managed),
    now: Timestamp,
) -> Result<(Grant, bool), Error> {
    match &device.decision {
        Some(DeviceDecision::Denied) => Err(Error::new(Code::AccessDenied, "the person said no")),
        // A late replay is left to the redemption, which ends the grant that came from the first one.
        Some(DeviceDecision::Allowed { subject, login_method, amr, authenticated_at, session, scope, refreshes }) => {
            let refreshes = *refreshes && client.may_use(GrantType::RefreshToken);
            // Without refresh tokens, the grant ends with its only access token.
            let latest = now.plus(if refreshes { managed.grant_duration } else { managed.access_token_lifetime });
            let grant = Grant {
                id: server.new_id("g"),
                app: device.app.clone(),
                client: device.client.clone(),
                subject: subject.clone(),
                scope: scope.clone(),
                login_method: login_method.clone(),
                authenticated_at: *authenticated_at,
                created_at: now,
                expires_at: managed.end_of_grant(latest, now),
                parent: None,
                revoked_at: None,
                details: GrantDetails {
                    opened_by: Some(GrantType::DeviceCode),
                    session: Some(session.clone()),
                    amr: amr.clone(),
                    latest_end: Some(latest).filter(|_| refreshes),
                    ..GrantDetails::default()
                },
            };
            Ok((grant, refreshes))
        }
        None if now >= device.expires_at => {
            Err(Error::new(Code::ExpiredToken, "nobody entered the code in time; ask for a new one"))
        }
        None => Err(Error::new(Code::AuthorizationPending, "nobody has entered the code and decided yet")),
    }
}

/// The one atomic act.
async fn settle(
    server: &Server,
    device: &DeviceAuthorization,
    grant: &Grant,
    secret: &Secret,
    now: Timestamp,
) -> Result<(), Error> {
    let credential = Credential::new(secret, grant, now);
    match server.store.redeem_device(&device.device_code, grant, &credential, now).await? {
        Redeemed::Opened => Ok(()),
        Redeemed::Replayed { grant } => {
            let log = format!(
                "security: the device code of client `{}` at `{}` came twice, so grant `{grant}` has ended: either the \
                 client sends it twice, or somebody else has it; the person is told, and can connect the client anew",
                device.client, device.app
            );
            Err(invalid("the device code was redeemed before; what came from it has ended").logged(log).ending(grant))
        }
        Redeemed::Unknown if now >= device.expires_at => {
            Err(Error::new(Code::ExpiredToken, "the answer was not fetched in time; ask for a new code"))
        }
        Redeemed::Unknown => Err(invalid("the sign-in that the answer came from has ended; ask for a new code")),
    }
}

fn invalid(description: &str) -> Error {
    Error::new(Code::InvalidGrant, description)
}
