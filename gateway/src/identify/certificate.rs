//! Client certificates that come alone: the first identity that is tried, and only where a `service_auth` policy of the app
//! asks for certificates. Beside a person or a service token a certificate is a fact of the request, and no identity.
//!
//! A certificate that is presented and bad has ended the handshake. One that is not good any more, because its authority was
//! taken out of the configuration since, ends the requests of its connection here.

use crate::gateway::World;
use crate::known::{Known, Place, Verified};
use crate::refusal::{At, Refusal};
use crate::request::Request;
use crate::tls::Presented;
use oauth::world::Timestamp;
use policy::{CERTIFICATE, Via};
use std::sync::Arc;

/// The certificate of a request whose connection may carry requests for this app.
///
/// A connection with a certificate, or for an app that looks at certificates, is good for the host alone that its handshake
/// named: what was settled for one host says nothing of another (HP-16).
pub(crate) fn check<'a>(world: &World, at: &At, request: &'a Request) -> Result<Option<&'a Arc<Presented>>, Refusal> {
    let Some(handshake) = &request.handshake else { return Ok(None) };
    let shown = handshake.certificate.as_ref();
    let matters = at.app.policies.speak_of_certificates();
    if (matters || shown.is_some()) && !handshake.is_for(&request.authority.host) {
        return Err(Refusal::Misdirected(at.clone()));
    }
    match shown {
        Some(shown) if !world.tls.clients.trust(shown, request.now) => Err(Refusal::Misdirected(at.clone())),
        shown => Ok(shown),
    }
}

/// The service that a certificate proves by itself; `None` where the app takes none alone.
pub(crate) fn identify(world: &World, at: &At, request: &Request, shown: &Presented) -> Option<Arc<Known>> {
    if !at.app.policies.take_certificates_alone() {
        return None;
    }
    let place = Place::of("certificate", &at.app.id, &shown.says.fingerprint);
    if let Some(known) = world.memory.find(&place, request.now) {
        return Some(known);
    }
    let verified = Verified::service((&shown.holder, shown.name()), CERTIFICATE, shown.not_after);
    Some(world.memory.keep(place, world.memory.generation(), verified))
}

/// Whether what was known came from a certificate alone.
pub(crate) fn is_behind(known: &Known) -> bool {
    known.via == Via::Service && known.identity.login_method == CERTIFICATE
}

/// The certificate of a request that is under way, if it would be taken now.
pub(crate) fn again<'a>(world: &World, request: &'a Request, now: Timestamp) -> Option<&'a Presented> {
    let shown = request.handshake.as_ref()?.certificate.as_deref()?;
    world.tls.clients.trust(shown, now).then_some(shown)
}
