//! `private_key_jwt` (RFC 7523 section 2.2 and 3, draft-ietf-oauth-rfc7523bis): a client signs a short-lived token about
//! itself, for this server alone, and uses it once.

use crate::app::App;
use crate::call::Server;
use crate::client::{Client, Signer, SignerKeys};
use crate::foreign_keys::{Distrust, Unavailable};
use crate::jose::{Algorithm, Allowed, Claims, Jws, Malformed};
use crate::store::StoreError;
use crate::world::Timestamp;
use std::time::Duration;
use url::Url;

/// The only value of `client_assertion_type`.
pub(super) const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Furthest end of an assertion; its `jti` is remembered until then.
const LONGEST: Duration = Duration::from_secs(600);

/// How far the client's clock may be ahead.
const CLOCK_SKEW: Duration = Duration::from_secs(60);

const MAX_JTI_CHARS: usize = 256;

/// Why an assertion does not authenticate. The text is for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// A rule of ours.
    #[error("{0}")]
    Rule(String),
    /// The keys cannot be had now: neither right nor wrong.
    #[error("{0}")]
    KeysUnavailable(Unavailable),
    /// The store is broken.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Malformed> for Refused {
    fn from(malformed: Malformed) -> Self {
        Self::Rule(format!("its assertion: {malformed}"))
    }
}

/// Holds an assertion against the client. What costs nothing is checked first, and its `jti` is taken last.
pub(super) async fn verify(
    server: &Server,
    app: &App,
    client: &Client,
    (signer, assertion): (&Signer, &Jws<'_>),
    now: Timestamp,
) -> Result<(), Refused> {
    let rules = app.managed.as_ref().and_then(|managed| managed.client_assertions.as_ref());
    let rules = rules.ok_or_else(|| {
        rule(format!("client assertions are off for this app (`apps.{}.oauth.client_assertions`)", app.id))
    })?;
    // Section 4 of rfc7523bis: typed or not, but never a token of another kind.
    if !matches!(assertion.typ().as_str(), "" | "jwt" | "client-authentication+jwt") {
        return Err(rule("the `typ` of its assertion is that of another kind of token".into()));
    }
    check_claims(app, rules.token_endpoint_audience, client, assertion.unverified_claims(), now)?;
    let one = signer.algorithm.map(|algorithm| [algorithm]);
    let allowed: Allowed<'_> = one.as_ref().map_or(&Algorithm::ALL, |one| one);
    let claims = verify_signature(server, signer, (assertion, allowed), now).await?;
    let jti = claims.text("jti")?.filter(|jti| !jti.is_empty() && jti.len() <= MAX_JTI_CHARS);
    let jti = jti.ok_or_else(|| rule("its assertion lacks `jti`, or it is longer than 256 characters".into()))?;
    let until = claims.moment("exp")?.unwrap_or(now);
    let namespace = format!("client_assertion {} {}", app.id, client.id);
    if !server.store.use_once(&namespace, jti, until).await? {
        return Err(rule(
            "security: its assertion was used before; each request needs one with a `jti` of its own".into(),
        ));
    }
    Ok(())
}

async fn verify_signature<'t>(
    server: &Server,
    signer: &Signer,
    (assertion, allowed): (&'t Jws<'_>, Allowed<'_>),
    now: Timestamp,
) -> Result<&'t Claims, Refused> {
    let verified = match &signer.keys {
        SignerKeys::Jwks(keys) => assertion.verify(keys, allowed).map_err(Distrust::from),
        SignerKeys::JwksUri(uri) => {
            let url = Url::parse(uri).map_err(|_| rule("its `jwks_uri` is no URL".into()))?;
            server.foreign_keys.verify(&*server.fetch, &url, (assertion, allowed), now).await
        }
    };
    verified.map_err(|distrust| match distrust {
        Distrust::Unavailable(Unavailable::Keys(unusable)) => rule(format!("its keys: {unusable}")),
        Distrust::Unavailable(unavailable) => Refused::KeysUnavailable(unavailable),
        Distrust::Unverified(unverified) => rule(format!("its assertion: {unverified}")),
    })
}

fn check_claims(
    app: &App,
    token_endpoint_too: bool,
    client: &Client,
    claims: &Claims,
    now: Timestamp,
) -> Result<(), Refused> {
    if claims.text("iss")? != Some(client.id.as_str()) || claims.text("sub")? != Some(client.id.as_str()) {
        return Err(rule("`iss` and `sub` of its assertion must both be the client's id".into()));
    }
    let is_ours = |one: &&str| *one == app.issuer || (token_endpoint_too && *one == app.endpoints.token);
    let audience = claims.audience()?;
    if audience.is_empty() || !audience.iter().all(is_ours) {
        let hint = match audience.contains(&app.endpoints.token.as_str()) {
            true => "; it names the token endpoint, which `accept_token_endpoint_audience` allows",
            false => "",
        };
        return Err(rule(format!("`aud` of its assertion must be the issuer `{}` alone{hint}", app.issuer)));
    }
    let expires_at = claims.moment("exp")?.ok_or_else(|| rule("its assertion lacks `exp`".into()))?;
    if now >= expires_at {
        return Err(rule("its assertion has expired".into()));
    }
    if expires_at > now.plus(LONGEST + CLOCK_SKEW) {
        return Err(rule("its assertion lasts longer than ten minutes".into()));
    }
    let latest = now.plus(CLOCK_SKEW);
    if claims.moment("iat")?.is_some_and(|at| at > latest) || claims.moment("nbf")?.is_some_and(|at| at > latest) {
        return Err(rule("its assertion is from the future; are both clocks right?".into()));
    }
    Ok(())
}

fn rule(text: String) -> Refused {
    Refused::Rule(text)
}
