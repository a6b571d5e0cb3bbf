//! Who asks. Credential kinds are tried in order; the first that is presented settles it: valid or not.
//!
//! | kind | absent | invalid |
//! |---|---|---|
//! | [`certificate`] | none shown, or no policy takes one alone | ends the handshake, or 421 |
//! | [`service_token`] | no service token in `Authorization`, no `CF-Access-Client-…` | 401 |
//! | [`bearer`] | no `Authorization` | 401, also beside a good cookie; also without the proof that a bound token needs |
//! | [`session`] | no cookie of this app | counts as absent, said out loud there |

pub(crate) mod bearer;
pub(crate) mod certificate;
mod possession;
pub(crate) mod service_token;
pub(crate) mod session;

use crate::gateway::World;
use crate::known::{Known, service as service_of};
use crate::refusal::{At, Refusal};
use crate::request::Request;
use oauth::store::StoreError;
use oauth::world::Timestamp;
use policy::Identity;
use std::sync::Arc;

/// The identity that the first presented credential proves; `None` is anonymous.
pub(crate) async fn first(world: &World, at: &At, request: &Request) -> Result<Option<Arc<Known>>, Refusal> {
    if let Some(known) = service_token::identify(world, at, request).await? {
        return Ok(Some(known));
    }
    if let Some(known) = bearer::identify(world, at, request).await? {
        return Ok(Some(known));
    }
    session::identify(world, at, request).await
}

/// Who is behind a credential that was verified earlier, as of now; `None` when its grant or account has ended.
pub(crate) async fn again(world: &World, known: &Known, now: Timestamp) -> Result<Option<Identity>, StoreError> {
    if known.grant.is_empty() {
        return service_token::again(world, known.source(), now).await;
    }
    let Some(grant) = world.store.grant(&known.grant).await?.filter(|grant| grant.is_live(now)) else {
        return Ok(None);
    };
    if grant.is_of_service() {
        let client = world.store.client(&grant.app, &grant.client).await?;
        return Ok(client.map(|client| service_of(client.id.as_str(), &client.name, &grant.login_method)));
    }
    let account = world.store.account_by_subject(&grant.subject).await?.filter(|account| !account.disabled);
    Ok(account.map(|account| account.identity(&grant.login_method, &grant.details.amr)))
}
