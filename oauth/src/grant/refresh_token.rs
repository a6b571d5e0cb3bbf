//! `refresh_token` (OAuth 2.1 section 4.3): rotation with a same-answer replay within the grace.
//!
//! The whole response is made and sealed before the store is asked to rotate. The store lets one rotation win; everybody
//! who brings the predecessor within the grace, on any node or after a crash, gets the winner's response, byte for byte.
//! Brought later, it ends the grant (RFC 9700 section 4.14.2). Everything that can be refused is refused before.

use super::{Issue, TokenRequest, approve_grant, check_resource, require};
use crate::app::{App, Dpop, Managed};
use crate::call::Server;
use crate::client::{Authentication, Client};
use crate::error::{Code, Error};
use crate::grant_type::GrantType;
use crate::seal::Sealer;
use crate::secret::{Kind, Secret};
use crate::store::{Credential, EndedBecause, Grant, Rotation, Successor};
use crate::world::Timestamp;
use bytes::Bytes;

const PURPOSE: &str = "refresh response";

/// Refreshes: the next access and refresh token of the grant.
pub(crate) async fn refresh(request: &TokenRequest<'_>) -> Result<Bytes, Error> {
    let TokenRequest { server, app, managed, client, form, jkt, now } = *request;
    require(client, GrantType::RefreshToken)?;
    let presented = form.get("refresh_token").ok_or_else(|| Error::missing("refresh_token"))?;
    let predecessor =
        Secret::parse(Kind::Refresh, presented).ok_or_else(|| invalid("the refresh token is malformed"))?;
    let (credential, grant) = find(server, &predecessor, app, client, now).await?;
    check_resource(app, form)?;
    let jkt = check_key(&grant, (client, managed), jkt)?;
    let scope = app
        .scopes
        .narrow(&grant.scope, form.get("scope"))
        .map_err(|_| Error::new(Code::InvalidScope, format!("the grant has the scope `{}`", grant.scope)))?;
    if credential.rotated_at.is_none() {
        // Whoever lost access gets no further token; this one stays good for the day access returns.
        approve_grant(request, &grant).await?;
    }
    let expires_at = managed.end_of_grant(grant.latest_end(), now);
    let grant = Grant { expires_at, ..grant };
    let refresh = Secret::generate(Kind::Refresh, &*server.random);
    let issue = Issue { grant: &grant, scope: &scope, refresh: Some(&refresh), jkt };
    let body = issue.response(request)?;
    rotate(server, (&predecessor, &refresh), &grant, (managed, now), body).await
}

/// The token's grant, if it lives and belongs to this client at this app. Nothing is used up by asking.
async fn find(
    server: &Server,
    presented: &Secret,
    app: &App,
    client: &Client,
    now: Timestamp,
) -> Result<(Credential, Grant), Error> {
    let found = server.store.credential(&presented.hash()).await?;
    let (credential, grant) = found.ok_or_else(|| invalid("the refresh token is not known"))?;
    if grant.client != client.id || grant.app != app.id {
        let (id, its_app, its_client) = (&grant.id, &grant.app, &grant.client);
        return Err(invalid("the refresh token belongs to another client or app").logged(format!(
            "the refresh token is of grant `{id}` of client `{its_client}` at `{its_app}`, and client `{}` at `{}` brought \
             it: the program mixes up its tokens, or has one of somebody else",
            client.id, app.id
        )));
    }
    if grant.details.client_signed && client.authentication == Authentication::None {
        // Whoever took the token has not taken the key too.
        let error = Error::new(Code::InvalidClient { basic: false }, "this grant is refreshed with a client assertion");
        return Err(error.logged(format!(
            "security: client `{}` signed when it got grant `{}`, and did not sign to refresh it",
            client.id, grant.id
        )));
    }
    if let Some((_, because)) = grant.ended(now) {
        return Err(has_ended(&grant, because));
    }
    if now >= credential.expires_at {
        return Err(invalid("the refresh token has expired; ask the person again"));
    }
    Ok((credential, grant))
}

/// The key that the next access token is bound to (RFC 9449 section 5). The refresh token of a public client belongs to the
/// key of its first proof, or to none for good; that of another client to its credentials, so that its keys may change.
fn check_key<'a>(
    grant: &Grant,
    (client, managed): (&Client, &Managed),
    jkt: Option<&'a str>,
) -> Result<Option<&'a str>, Error> {
    match (grant.details.dpop_jkt.as_deref(), jkt) {
        (Some(bound), Some(jkt)) if bound == jkt => Ok(Some(jkt)),
        (Some(_), Some(_)) => Err(invalid("the refresh token is bound to another key; send a DPoP proof of its own")
            .logged(format!("security: refresh token of grant `{}` brought with another key", grant.id))),
        (Some(_), None) if managed.dpop == Dpop::Off => {
            Err(invalid("the refresh token is bound to a key, and DPoP is off for this app now; ask the person again"))
        }
        (Some(_), None) => {
            Err(Error::new(Code::InvalidDpopProof, "the refresh token is bound to a key; send a DPoP proof of it"))
        }
        (None, jkt) if client.authentication != Authentication::None => Ok(jkt),
        (None, _) if managed.dpop == Dpop::Required => {
            Err(invalid("the grant is bound to no key, which the app requires now; ask the person again"))
        }
        (None, _) => Ok(None),
    }
}

async fn rotate(
    server: &Server,
    (predecessor, refresh): (&Secret, &Secret),
    grant: &Grant,
    (managed, now): (&Managed, Timestamp),
    body: Bytes,
) -> Result<Bytes, Error> {
    let sealer = Sealer::of_secret(predecessor, PURPOSE);
    let successor = Successor {
        credential: Credential::new(refresh, grant, now),
        sealed_response: sealer.seal_bytes(PURPOSE, &body, &*server.random),
    };
    match server.store.rotate(&predecessor.hash(), &successor, managed.refresh_grace, now).await? {
        Rotation::Rotated => Ok(body),
        Rotation::Replay { sealed_response } => sealer
            .open_bytes(PURPOSE, &sealed_response)
            .map(Bytes::from)
            .ok_or_else(|| Error::new(Code::TemporarilyUnavailable, "the earlier answer could not be read")),
        Rotation::Reused => Err(invalid("the refresh token was used before; the grant has ended")
            .logged(format!(
                "security: a used refresh token of grant `{}` (client `{}` at `{}`) came again after `refresh_grace`, so \
                 the grant has ended: either the client keeps old tokens, or somebody else has them; the person is told, \
                 and can connect the client anew",
                grant.id, grant.client, grant.app
            ))
            .ending(&grant.id)),
        Rotation::Unknown => Err(invalid("the grant has ended; ask the person again")),
    }
}

/// Why a grant has ended is for the client to show, and tells a thief nothing that helps.
fn has_ended(grant: &Grant, because: EndedBecause) -> Error {
    let description = match because {
        EndedBecause::Idle => "the grant was not refreshed for too long and has ended; ask the person again",
        EndedBecause::Expired => "the time of the grant is over; ask the person again",
        EndedBecause::RefreshReused | EndedBecause::CodeReplayed => {
            "the grant has ended because a token or code of it was used twice; ask the person again"
        }
        _ => "the grant has ended; ask the person again",
    };
    let (id, client, app, why) = (&grant.id, &grant.client, &grant.app, because.as_str());
    invalid(description).logged(format!(
        "grant `{id}` of client `{client}` at `{app}` has ended ({why}); the person connects the client anew"
    ))
}

fn invalid(description: &str) -> Error {
    Error::new(Code::InvalidGrant, description)
}
