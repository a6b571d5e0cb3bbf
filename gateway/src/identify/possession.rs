//! The proof of possession that comes with a bound access token (RFC 9449 section 7): asked for at each request, also of a
//! token that is remembered.

use super::bearer::Scheme;
use crate::gateway::World;
use crate::known::Known;
use crate::refusal::{At, BadCredential, INVALID_PROOF, NONCE_NEEDED, Refusal};
use crate::replay::Use;
use crate::request::Request;
use oauth::app::Dpop;
use oauth::dpop::{self, Expected, Invalid};

/// Holds a verified token against how it was presented.
pub(super) fn check(
    world: &World,
    at: &At,
    request: &Request,
    (scheme, token): (Scheme, &str),
    known: &Known,
) -> Result<(), Refusal> {
    let mode = at.app.oauth.managed.as_ref().map_or(Dpop::Off, |managed| managed.dpop);
    let refused = |bad: BadCredential| Err(Refusal::InvalidToken(at.clone(), bad));
    match (scheme, &known.jkt) {
        (Scheme::Bearer, None) if mode == Dpop::Required => refused(UNBOUND),
        (Scheme::Bearer, None) => Ok(()),
        (Scheme::Bearer, Some(_)) => refused(WITHOUT_PROOF),
        (Scheme::Dpop, _) if mode == Dpop::Off => refused(NOT_OFFERED),
        (Scheme::Dpop, None) => refused(NOT_BOUND),
        (Scheme::Dpop, Some(jkt)) => prove(world, at, request, (token, jkt)),
    }
}

fn prove(world: &World, at: &At, request: &Request, (token, jkt): (&str, &str)) -> Result<(), Refusal> {
    let refused = |code, description| Err(Refusal::InvalidToken(at.clone(), BadCredential { code, description }));
    let [proof] = &request.proofs[..] else {
        return refused(INVALID_PROOF, "there must be exactly one DPoP header with a proof");
    };
    let sealer = world.keys.sealer(request.now);
    let wants_nonce = at.app.oauth.managed.as_ref().is_some_and(|managed| managed.dpop_nonce);
    // By the origin of the configuration: behind a proxy, that is the one which the client knows.
    let url = format!("{}{}", at.origin.url(), request.target.raw_path());
    let expected = Expected {
        method: request.method.as_str(),
        url: &url,
        access_token: Some(token),
        nonces: wants_nonce.then_some(&sealer),
        now: request.now,
    };
    let proof = match dpop::verify(proof, expected) {
        Ok(proof) => proof,
        Err(why @ Invalid::Nonce) => return refused(NONCE_NEEDED, why.text()),
        Err(why) => return refused(INVALID_PROOF, why.text()),
    };
    if proof.jkt != jkt {
        return refused("bearer_token_of_another_key", "the DPoP proof is of another key than that of the token");
    }
    match world.replays.take(&proof, request.now) {
        Use::First => Ok(()),
        Use::Again => refused(INVALID_PROOF, "the DPoP proof was used before; make a new one for each request"),
        Use::Full => Err(Refusal::Unavailable("too many DPoP proofs in two minutes to remember them all".to_owned())),
    }
}

const UNBOUND: BadCredential = BadCredential {
    code: "bearer_token_not_bound",
    description: "this app takes only tokens that are bound to a key; ask for one with a DPoP proof",
};
const WITHOUT_PROOF: BadCredential = BadCredential {
    code: "bearer_token_without_proof",
    description: "the token is bound to a key; send it as `DPoP`, with a proof of that key",
};
const NOT_OFFERED: BadCredential =
    BadCredential { code: "dpop_not_accepted", description: "this app does not take DPoP tokens; sign in again" };
const NOT_BOUND: BadCredential =
    BadCredential { code: "dpop_token_not_bound", description: "the token is bound to no key; send it as `Bearer`" };
