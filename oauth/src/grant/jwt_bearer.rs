//! `urn:ietf:params:oauth:grant-type:jwt-bearer` (RFC 7523 section 2.1) with an identity assertion authorization grant
//! (draft-ietf-oauth-identity-assertion-authz-grant): an issuer that an administrator trusts says that a person of its own
//! may use this app through this client.
//!
//! The person is known by issuer, tenant and subject, never by an address. There is no refresh token: whoever wants more
//! brings another assertion, so that the issuer decides afresh. Every refusal of an assertion reads the same to the client.

use super::{Issue, TokenRequest, approve_grant, check_resource, require};
use crate::app::{App, Managed, TokenIssuer};
use crate::approval::ForeignIdentity;
use crate::call::Server;
use crate::client::Client;
use crate::error::{Code, Error};
use crate::foreign_keys::Distrust;
use crate::grant_type::GrantType;
use crate::jose::{Claims, Jws, Malformed};
use crate::scope::OFFLINE_ACCESS;
use crate::secret::{Kind, Secret};
use crate::store::{Credential, Grant, GrantDetails};
use crate::world::Timestamp;
use bytes::Bytes;
use serde_json::Value;
use std::time::Duration;

/// `typ` of the assertion (section 4.4.1 of the draft).
const TYPE: &str = "oauth-id-jag+jwt";

/// Furthest end of an assertion; its `jti` is remembered until then.
const LONGEST: Duration = Duration::from_secs(3600);

/// How far the issuer's clock may be ahead.
const CLOCK_SKEW: Duration = Duration::from_secs(60);

const MAX_CHARS: usize = 256;

/// Gives a client an access token for the person that an assertion names.
pub(crate) async fn give(request: &TokenRequest<'_>) -> Result<Bytes, Error> {
    let TokenRequest { server, app, managed, client, form, jkt, now } = *request;
    require(client, GrantType::JwtBearer)?;
    if !client.is_confidential() {
        let why = "only a client that authenticates may bring assertions";
        return Err(Error::new(Code::UnauthorizedClient, why));
    }
    let assertion = form.get("assertion").ok_or_else(|| Error::missing("assertion"))?;
    check_resource(app, form)?;
    let jws = Jws::parse(assertion).map_err(|why| refused(&why.to_string()))?;
    let issuer = find_issuer(managed, &jws)?;
    check_claims(app, client, jws.unverified_claims(), now)?;
    let claims = verify(server, issuer, &jws, now).await?;
    let scope = scope(app, claims, form.get("scope"))?;
    let subject = person(server, issuer, claims).await?;
    let grant = grant(server, (app, managed), (client, issuer), (subject, scope), now);
    approve_grant(request, &grant).await.map_err(uniform)?;
    let body = Issue { grant: &grant, scope: &grant.scope, refresh: None, jkt }.response(request)?;
    use_up(server, app, issuer, claims).await?;
    // No refresh token is handed out; the store keeps each grant with a credential, and nobody knows this one.
    let nobodys = Secret::generate(Kind::Refresh, &*server.random);
    server.store.open_grant(&grant, &Credential::new(&nobodys, &grant, now)).await?;
    Ok(body)
}

/// Whose keys are needed; nothing is believed yet.
fn find_issuer<'a>(managed: &'a Managed, jws: &Jws<'_>) -> Result<&'a TokenIssuer, Error> {
    if jws.typ() != TYPE {
        return Err(refused(&format!("its `typ` is not `{TYPE}`")));
    }
    let named = jws.unverified_claims().text("iss").map_err(malformed)?;
    let known = managed.token_issuers.iter().find(|issuer| Some(issuer.issuer.as_str()) == named);
    known.ok_or_else(|| {
        refused(
            "its issuer is none that the app trusts; `[token_issuers.NAME]` and `accept_assertions_from` name these",
        )
    })
}

/// What the assertion must say (section 4.4.1 of the draft, RFC 7523 section 3).
fn check_claims(app: &App, client: &Client, claims: &Claims, now: Timestamp) -> Result<(), Error> {
    if claims.audience().map_err(malformed)? != [app.issuer.as_str()] {
        return Err(refused(&format!("its `aud` must be the issuer `{}` alone", app.issuer)));
    }
    if claims.text("client_id").map_err(malformed)? != Some(client.id.as_str()) {
        return Err(refused("its `client_id` is not the client that brought it"));
    }
    let expires_at = claims.moment("exp").map_err(malformed)?.ok_or_else(|| refused("it lacks `exp`"))?;
    let issued_at = claims.moment("iat").map_err(malformed)?.ok_or_else(|| refused("it lacks `iat`"))?;
    let latest = now.plus(CLOCK_SKEW);
    if now >= expires_at {
        return Err(refused("it has expired"));
    }
    if expires_at > latest.plus(LONGEST) {
        return Err(refused("it lasts longer than an hour"));
    }
    if issued_at > latest || claims.moment("nbf").map_err(malformed)?.is_some_and(|at| at > latest) {
        return Err(refused("it is from the future; are both clocks right?"));
    }
    check_named_resource(app, claims)
}

/// `resource`: the app, or nothing; `aud` has named its issuer already, which is the app's alone.
fn check_named_resource(app: &App, claims: &Claims) -> Result<(), Error> {
    let is_ours = |value: &Value| value.as_str().is_some_and(|resource| app.resource.is_named_by(resource));
    let good = match claims.get("resource") {
        None => true,
        Some(Value::Array(several)) => !several.is_empty() && several.iter().all(is_ours),
        Some(one) => is_ours(one),
    };
    if good { Ok(()) } else { Err(refused(&format!("its `resource` is not `{}`", app.resource.canonical()))) }
}

async fn verify<'t>(
    server: &Server,
    issuer: &TokenIssuer,
    jws: &'t Jws<'_>,
    now: Timestamp,
) -> Result<&'t Claims, Error> {
    let token = (jws, issuer.algorithms.as_slice());
    let verified = server.foreign_keys.verify(&*server.fetch, &issuer.jwks_uri, token, now).await;
    verified.map_err(|distrust| match distrust {
        Distrust::Unverified(unverified) => refused(&unverified.to_string()),
        Distrust::Unavailable(unavailable) => {
            Error::new(Code::TemporarilyUnavailable, "the issuer's keys cannot be fetched now; try again")
                .logged(format!("token issuer `{}`: {unavailable}", issuer.name))
        }
    })
}

/// Of what the issuer allows and the app offers, what is asked for. An assertion without `scope` allows the least.
fn scope(app: &App, claims: &Claims, requested: Option<&str>) -> Result<String, Error> {
    let allowed = claims.text("scope").map_err(malformed)?.unwrap_or(crate::scope::ACCESS);
    let granted = app.scopes.grant(Some(allowed)).map_err(|_| refused("it allows no scope that the app offers"))?;
    let narrowed = app
        .scopes
        .narrow(&granted, requested)
        .map_err(|_| Error::new(Code::InvalidScope, "the assertion allows none of these scopes"))?;
    let named: Vec<_> = narrowed.split(' ').filter(|name| *name != OFFLINE_ACCESS).collect();
    if named.is_empty() {
        return Err(Error::new(Code::InvalidScope, "the assertion allows none of these scopes"));
    }
    Ok(named.join(" "))
}

/// The person whom an administrator linked with the issuer's word.
async fn person(server: &Server, issuer: &TokenIssuer, claims: &Claims) -> Result<String, Error> {
    let short = |name| match claims.text(name).map_err(malformed)? {
        Some(text) if text.is_empty() || text.len() > MAX_CHARS => {
            Err(refused(&format!("its `{name}` is empty or long")))
        }
        text => Ok(text),
    };
    let subject = short("sub")?.ok_or_else(|| refused("it lacks `sub`"))?;
    let identity = ForeignIdentity { issuer: &issuer.issuer, tenant: short("tenant")?, subject };
    let linked = server.approval.person_of(identity).await?;
    linked.ok_or_else(|| {
        let tenant = identity.tenant.map(|tenant| format!(" --tenant {}", printable(tenant))).unwrap_or_default();
        refused(&format!(
            "nobody is linked with its subject: `doorward user link EMAIL --issuer {} --subject {}{tenant}`",
            issuer.issuer,
            printable(subject)
        ))
    })
}

async fn use_up(server: &Server, app: &App, issuer: &TokenIssuer, claims: &Claims) -> Result<(), Error> {
    let jti = claims.text("jti").map_err(malformed)?.filter(|jti| !jti.is_empty() && jti.len() <= MAX_CHARS);
    let jti = jti.ok_or_else(|| refused("it lacks `jti`, or that is longer than 256 characters"))?;
    let until = claims.moment("exp").map_err(malformed)?.unwrap_or_default();
    let namespace = format!("id_jag {} {}", app.id, issuer.issuer);
    if server.store.use_once(&namespace, jti, until).await? {
        return Ok(());
    }
    let error = refused("");
    Err(error.logged(format!("security: an assertion of token issuer `{}` was brought a second time", issuer.name)))
}

fn grant(
    server: &Server,
    (app, managed): (&App, &Managed),
    (client, issuer): (&Client, &TokenIssuer),
    (subject, scope): (String, String),
    now: Timestamp,
) -> Grant {
    Grant {
        id: server.new_id("g"),
        app: app.id.clone(),
        client: client.id.clone(),
        subject,
        scope,
        login_method: issuer.name.clone(),
        authenticated_at: now,
        created_at: now,
        // It cannot be refreshed, and so ends with its one access token.
        expires_at: now.plus(managed.access_token_lifetime),
        parent: None,
        revoked_at: None,
        details: GrantDetails { opened_by: Some(GrantType::JwtBearer), ..GrantDetails::default() },
    }
}

/// TX-17: one answer for every assertion that is not accepted; the log says why.
fn refused(why: &str) -> Error {
    Error::new(Code::InvalidGrant, "the assertion is not accepted").logged(format!("the assertion: {why}"))
}

fn malformed(what: Malformed) -> Error {
    refused(&what.to_string())
}

/// That a policy refuses is for the log too.
fn uniform(error: Error) -> Error {
    if error.code == Code::InvalidGrant { refused("").logged(error.log) } else { error }
}

fn printable(text: &str) -> String {
    text.chars().filter(char::is_ascii_graphic).take(200).collect()
}
