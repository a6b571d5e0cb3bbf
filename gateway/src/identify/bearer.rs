//! Bearer tokens (RFC 6750): our own access tokens for this app, and nothing else. Verified wholly once, then remembered.

use super::possession;
use crate::gateway::World;
use crate::known::{Known, Place, Verified, service, via};
use crate::refusal::{At, BadCredential, Refusal};
use crate::request::Request;
use crate::route::parameter;
use oauth::jwt::Invalid;
use oauth::store::Grant;
use oauth::token::{self, AccessToken};
use oauth::world::Timestamp;
use policy::Via;
use std::sync::Arc;

/// Who a presented token proves; `None` when none is presented. A bad one ends the search.
pub(crate) async fn identify(world: &World, at: &At, request: &Request) -> Result<Option<Arc<Known>>, Refusal> {
    let Some(authorization) = &request.authorization else { return Ok(None) };
    let Some((scheme, token)) = token_of(authorization) else {
        if at.app.pass_authorization && !is_token(authorization) {
            return Ok(None);
        }
        return Err(Refusal::InvalidToken(at.clone(), MALFORMED));
    };
    if at.app.oauth.managed.is_none() {
        return if at.app.pass_authorization { Ok(None) } else { Err(Refusal::InvalidToken(at.clone(), NOT_HERE)) };
    }
    // RFC 6750 section 2: one way of sending a token per request. In the URL it is never looked at.
    if request.target.query().and_then(|query| parameter(query, "access_token")).is_some() {
        return Err(Refusal::Malformed("the token is sent in two ways"));
    }
    let place = Place::of("bearer", &at.app.id, token);
    if let Some(known) = world.memory.find(&place, request.now) {
        possession::check(world, at, request, (scheme, token), &known)?;
        return Ok(Some(known));
    }
    let generation = world.memory.generation();
    let verified = verify(world, at, token, request.now).await?;
    let known = world.memory.keep(place, generation, verified);
    possession::check(world, at, request, (scheme, token), &known)?;
    Ok(Some(known))
}

/// How an access token is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// RFC 6750.
    Bearer,
    /// RFC 9449, with a proof in another header.
    Dpop,
}

impl Scheme {
    /// That of an `Authorization` header, however malformed; `None` for one that is not about our tokens.
    pub(crate) fn of(authorization: &str) -> Option<Self> {
        let scheme = authorization.split([' ', '\t', ',']).next().unwrap_or_default();
        let is = |name: &str| scheme.eq_ignore_ascii_case(name);
        if is("bearer") { Some(Self::Bearer) } else { is("dpop").then_some(Self::Dpop) }
    }
}

/// The one token of a well-formed header; the scheme's case does not matter (RFC 9110 section 11.1).
fn token_of(authorization: &str) -> Option<(Scheme, &str)> {
    let (scheme, token) = authorization.split_once(' ')?;
    let token = token.trim_start();
    let well_formed = !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic() && b != b',');
    Scheme::of(scheme).filter(|_| well_formed).map(|scheme| (scheme, token))
}

/// Whether a header claims to be a token of ours, however malformed.
pub(crate) fn is_token(authorization: &str) -> bool {
    Scheme::of(authorization).is_some()
}

async fn verify(world: &World, at: &At, token: &str, now: Timestamp) -> Result<Verified, Refusal> {
    let claims = token::verify(&world.keys, &at.app.oauth, token, now)
        .map_err(|invalid| Refusal::InvalidToken(at.clone(), describe(invalid)))?;
    let ended = || Refusal::InvalidToken(at.clone(), ENDED);
    let grant =
        world.store.grant(&claims.grant).await?.filter(|grant| is_behind(grant, &claims, at, now)).ok_or_else(ended)?;
    let client = world.store.client(&at.app.id, &grant.client).await?.ok_or_else(ended)?;
    // How the grant was opened decides what its subject is: a client's id is never looked for among people (JW-11).
    let (identity, via) = if grant.is_of_service() {
        (service(client.id.as_str(), &client.name, &grant.login_method), Via::Service)
    } else {
        let account = world.store.account_by_subject(&claims.sub).await?.filter(|account| !account.disabled);
        let identity = account.ok_or_else(ended)?.identity(&grant.login_method, &grant.details.amr);
        (identity, via(&grant.client, grant.details.opened_by))
    };
    let authenticated_at = Some(grant.authenticated_at).filter(|_| !grant.is_of_service());
    Ok(Verified {
        identity,
        via,
        client: grant.client,
        client_name: Some(client.name),
        grant: grant.id,
        scope: claims.scope,
        linked_app: grant.details.linked_app,
        earlier: grant.details.actor.and_then(|actor| actor.act),
        authenticated_at,
        prolonged_from: None,
        jkt: claims.cnf.map(|cnf| cnf.jkt),
        expires_at: claims.exp.min(grant.expires_at),
    })
}

/// The signature says what was granted; the store says whether it still is.
fn is_behind(grant: &Grant, claims: &AccessToken, at: &At, now: Timestamp) -> bool {
    grant.is_live(now)
        && grant.app == at.app.id
        && grant.subject == claims.sub
        && grant.client.as_str() == claims.client_id
        && !grant.client.is_browser()
        && grant.is_of_service() == (claims.kind.as_deref() == Some(token::SERVICE))
}

const MALFORMED: BadCredential = BadCredential {
    code: "authorization_malformed",
    description: "the Authorization header must be one access token of this app",
};
const NOT_HERE: BadCredential = BadCredential {
    code: "bearer_token_not_accepted",
    description: "this app takes no tokens; managed OAuth is off for it",
};
const ENDED: BadCredential =
    BadCredential { code: "bearer_token_revoked", description: "the grant behind the token has ended; sign in again" };

fn describe(invalid: Invalid) -> BadCredential {
    match invalid {
        Invalid::Expired => {
            BadCredential { code: "bearer_token_expired", description: "the token has expired; refresh it" }
        }
        Invalid::WrongPlace => {
            BadCredential { code: "bearer_token_wrong_audience", description: "the token is for another app" }
        }
        Invalid::NotYetValid => {
            BadCredential { code: "bearer_token_not_yet_valid", description: "the token is not valid yet" }
        }
        Invalid::Malformed
        | Invalid::WrongType
        | Invalid::UnknownKey
        | Invalid::BadSignature
        | Invalid::MissingClaim => {
            BadCredential { code: "bearer_token_invalid", description: "the token is not one of this app" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ch_21_the_scheme_is_case_insensitive() {
        assert_eq!(token_of("bEaReR abc"), Some((Scheme::Bearer, "abc")));
        assert_eq!(token_of("dPoP abc"), Some((Scheme::Dpop, "abc")));
    }

    #[test]
    fn ch_22_malformed_headers_carry_no_token() {
        for bad in [
            "foo",
            "Bearer",
            "Bearer ",
            "Bearer a b",
            "Bearer a,Bearer b",
            "Basic YTpi",
            "DPoP",
            "DPoP x y",
            "Bearerabc",
            "Bearer \u{e4}",
            "",
        ] {
            assert_eq!(token_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn ch_22_fuzz_authorization_headers() {
        crate::mutation::Corpus::read("tests/fuzz/bearer").fuzz_text(|header| {
            if let Some((_, token)) = token_of(header) {
                assert!(is_token(header), "it would be passed on to the app: {header}");
                assert!(header.ends_with(token) && !token.contains([' ', ',', '\t']), "{header}");
            }
        });
    }
}
