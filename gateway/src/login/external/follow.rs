//! Following what a provider says of people after they signed in: claims and groups are asked for anew, and who is no longer
//! one of the provider's is signed out (OpenID Connect Core section 12).

use super::{HELD, Held, profile, unguessable};
use crate::config::{LogoutEnds, Oidc};
use crate::gateway::{Snapshot, World};
use crate::relying_party::{Refreshed, Trouble};
use crate::store::ProviderSession;
use oauth::client::ClientId;
use oauth::store::{EndedBecause, GrantFilter, StoreError};
use oauth::world::Timestamp;
use std::time::Duration;

/// How long one of us has for asking; then another one may.
const CLAIMED: Duration = Duration::from_secs(60);

/// Whether there is anybody to ask.
pub(crate) fn has_any(snapshot: &Snapshot) -> bool {
    snapshot.providers.all_openid().next().is_some()
}

/// Asks about one sign-in that is due; `false` if none is.
pub(crate) async fn follow(world: &World, snapshot: &Snapshot) -> Result<bool, StoreError> {
    let now = world.clock.now();
    let Some(session) = world.store.claim_provider_session(now, now.plus(CLAIMED)).await? else { return Ok(false) };
    let Some(openid) = snapshot.providers.openid(&session.provider) else {
        // Its provider is no longer in the configuration: policies decide by what is known.
        world.store.refresh_provider_session(&session.grant, &session.sealed, None).await?;
        return Ok(true);
    };
    let Some((held, token)) = held(world, &session) else {
        tracing::warn!(target: "oidc", provider = session.provider, "the `{HELD}` of a sign-in cannot be opened: the key of the store has changed");
        world.store.refresh_provider_session(&session.grant, &session.sealed, None).await?;
        return Ok(true);
    };
    match openid.refresh((&token, &session.sub), unguessable(world), now).await {
        Ok(refreshed) => keep(world, openid.settings(), &session, (held, refreshed), now).await?,
        Err(trouble) if is_final(&trouble) => {
            tracing::info!(target: "audit", act = "ended_by_provider", subject = session.subject, by = session.provider, grant = session.grant, what = %trouble);
            end(world, openid.settings(), &session, now).await?;
        }
        Err(trouble) => {
            // A grace: the provider may be away for a while.
            tracing::warn!(target: "oidc", provider = session.provider, what = %trouble, "a person could not be asked about");
            let again = now.plus(openid.settings().refresh_interval.min(CLAIMED));
            world.store.refresh_provider_session(&session.grant, &session.sealed, Some(again)).await?;
        }
    }
    Ok(true)
}

/// Whether the provider has said that the person is no longer one of its own, or no longer says what they may do.
fn is_final(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::Refused { code, .. } => code == "invalid_grant",
        Trouble::TooManyGroups => true,
        _ => false,
    }
}

fn held(world: &World, session: &ProviderSession) -> Option<(Held, String)> {
    let held = Held::open(world, &session.sealed)?;
    let token = held.refresh_token.clone()?;
    Some((held, token))
}

async fn keep(
    world: &World,
    oidc: &Oidc,
    session: &ProviderSession,
    (held, refreshed): (Held, Refreshed),
    now: Timestamp,
) -> Result<(), StoreError> {
    let Refreshed { told, id_token, refresh_token } = refreshed;
    let held = Held {
        id_token: id_token.unwrap_or(held.id_token),
        // Without a new one the old one stays good (RFC 6749 section 6).
        refresh_token: refresh_token.or(held.refresh_token),
    };
    let due = Some(now.plus(oidc.refresh_interval));
    world.store.refresh_provider_session(&session.grant, &held.seal(world), due).await?;
    if let Some(told) = told {
        world.store.keep_profile(&profile(&session.provider, &session.issuer, told)).await?;
        world.heed_revocations().await?;
    }
    Ok(())
}

/// Ends what came from one sign-in; and, if the person has no other one by this provider, all that came by it.
pub(super) async fn end(
    world: &World,
    oidc: &Oidc,
    session: &ProviderSession,
    now: Timestamp,
) -> Result<(), StoreError> {
    world.store.forget_provider_session(&session.grant).await?;
    world.store.revoke_grant(&session.grant, EndedBecause::EndedByProvider, now).await?;
    let in_session = GrantFilter { session: Some(session.grant.clone()), ..GrantFilter::of(&session.subject) };
    end_all(world, oidc, in_session, now).await?;
    let others = world.store.provider_sessions(&session.issuer, Some(&session.sub), None).await?;
    if others.is_empty() {
        end_person(world, oidc, (&session.subject, &session.provider), now).await?;
    }
    world.heed_revocations().await
}

/// Ends all of a person that came by a provider.
pub(super) async fn end_person(
    world: &World,
    oidc: &Oidc,
    (subject, provider): (&str, &str),
    now: Timestamp,
) -> Result<(), StoreError> {
    let came = GrantFilter { login_method: Some(provider.to_owned()), ..GrantFilter::of(subject) };
    end_all(world, oidc, came, now).await?;
    world.heed_revocations().await
}

async fn end_all(world: &World, oidc: &Oidc, filter: GrantFilter, now: Timestamp) -> Result<(), StoreError> {
    let client = match oidc.logout_ends {
        LogoutEnds::Grants => None,
        LogoutEnds::Sessions => Some(ClientId::browser().to_string()),
    };
    world.store.revoke_grants(&GrantFilter { client, ..filter }, EndedBecause::EndedByProvider, now).await?;
    Ok(())
}
