//! How often somebody may ask, along the line: by address before anything costs us something, by who it is afterwards.

use crate::config::{Per, RequestLimit};
use crate::gateway::{Snapshot, World};
use crate::known::Known;
use crate::limits::{Asker, TooMany};
use crate::refusal::{At, Denial, Refusal, TOO_MANY};
use crate::request::Request;

/// `[server.limits]`, for whatever is asked for.
pub(crate) fn of_address(world: &World, snapshot: &Snapshot, request: &Request) -> Result<(), Refusal> {
    let limits = &snapshot.config.server.limits.requests;
    let take = |limit| world.buckets.take("", limit, Asker::Address(request.ip));
    limits.iter().try_for_each(take).map_err(|too_many| Refusal::TooMany(None, too_many, None))
}

/// The limits of an app that need to know no more than the address.
pub(super) fn before_identifying(world: &World, at: &At, request: &Request) -> Result<(), Refusal> {
    let mut limits = at.app.limits.requests.iter().filter(|limit| limit.per == Per::Address);
    let taken = limits.try_for_each(|limit| world.buckets.take(&at.app.id, limit, Asker::Address(request.ip)));
    taken.map_err(|too_many| Refusal::TooMany(Some(at.clone()), too_many, None))
}

/// Those that need to know who it is. What the policy will refuse is counted too.
pub(super) fn after_identifying(world: &World, at: &At, known: Option<&Known>) -> Result<(), Refusal> {
    let Some(known) = known else { return Ok(()) };
    let take = |limit: &RequestLimit| match asker(limit, known) {
        Some(asker) => world.buckets.take(&at.app.id, limit, asker),
        None => Ok(()),
    };
    let refused = |too_many: TooMany| {
        let denial = Denial::of(Some(known), TOO_MANY, None);
        Refusal::TooMany(Some(at.clone()), too_many, Some(denial))
    };
    at.app.limits.requests.iter().try_for_each(take).map_err(refused)
}

/// Whose bucket it is; a browser is no client.
fn asker<'a>(limit: &RequestLimit, known: &'a Known) -> Option<Asker<'a>> {
    match limit.per {
        Per::Identity => Some(Asker::Known(&known.identity.subject)),
        Per::Client => known.client_name.as_ref().map(|_| Asker::Known(known.client.as_str())),
        Per::Address => None,
    }
}
