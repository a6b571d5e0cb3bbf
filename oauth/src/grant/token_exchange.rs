//! `urn:ietf:params:oauth:grant-type:token-exchange` (RFC 8693): the upstream of one app calls another app as the person who
//! called it. It brings what it was given, the assertion or an access token of its own app, and gets a short token of the
//! other one: for the same person, never for more, and never for longer than what it came from.
//!
//! The grant behind the new token hangs on the grant behind the old one, and ends with it. Who acts for whom is told in
//! `act`, the client first, and within it whoever acted before (section 4.1).

use super::{Issue, TokenRequest, check_resource, require};
use crate::app::{App, Managed};
use crate::approval::{Ask, Verdict};
use crate::call::Server;
use crate::client::{Client, RegisteredBy};
use crate::error::{Code, Error};
use crate::grant_type::GrantType;
use crate::jwt::{self, Expected, Invalid};
use crate::parameters::Parameters;
use crate::scope::OFFLINE_ACCESS;
use crate::store::{Actor, Grant, GrantDetails, KeyPurpose};
use crate::token;
use crate::world::Timestamp;
use bytes::Bytes;
use serde::Deserialize;

/// An access token of ours (section 3).
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// A JWT that is none, such as the assertion.
pub const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// `typ` of an assertion, in lower case as it is compared (RFC 7515 section 4.1.9).
const ASSERTION: &str = "jwt";

/// Most parties that act one for another: a token that names them all must stay small.
const LONGEST_CHAIN: usize = 4;

/// Whom the client acts for, as the token says that it brought.
struct Subject<'a> {
    /// The app that the token is for.
    from: &'a App,
    /// The grant behind it.
    grant: Grant,
    /// What it may do there; `None` for a browser session, which no scope binds.
    scope: Option<String>,
}

/// The claims of an assertion, as far as they matter here.
#[derive(Deserialize)]
struct Assertion {
    sub: String,
    sid: Option<String>,
    grant: Option<String>,
    scope: Option<String>,
}

/// Exchanges a token of another app for one of this app.
pub(crate) async fn exchange(request: &TokenRequest<'_>) -> Result<Bytes, Error> {
    let TokenRequest { server, app, managed, client, form, jkt, now } = *request;
    require(client, GrantType::TokenExchange)?;
    if !client.is_confidential() || client.registered_by != RegisteredBy::Administrator {
        let why = "only a client with a secret that an administrator registered may exchange tokens";
        return Err(Error::new(Code::UnauthorizedClient, why));
    }
    check_target(app, form)?;
    let subject = find_subject(server, client, form, now).await?;
    let scope = scope(app, client, &subject, form.get("scope"))?;
    approve(server, app, client, &subject, now).await?;
    let grant = grant(server, (app, managed), client, &subject, now)?;
    let grant = server.store.renew_grant(&grant, now).await?.ok_or_else(|| refused(ENDED))?;
    Issue { grant: &grant, scope: &scope, refresh: None, jkt }.response(request)
}

/// Sections 2.1 and 2.2.2: what is asked for, and for where.
fn check_target(app: &App, form: &Parameters) -> Result<(), Error> {
    for name in ["actor_token", "actor_token_type"] {
        if form.get(name).is_some() {
            return Err(refused(&format!("`{name}` is not supported: the client that authenticates is the actor")));
        }
    }
    if form.get("requested_token_type").is_some_and(|requested| requested != ACCESS_TOKEN) {
        return Err(refused(&format!("`requested_token_type` must be `{ACCESS_TOKEN}`")));
    }
    check_resource(app, form)?;
    match form.get("audience") {
        Some(audience) if audience != app.id && !app.resource.is_named_by(audience) => {
            let what = format!("`audience` is not this app; it is {}", app.resource.canonical());
            Err(Error::new(Code::InvalidTarget, what))
        }
        _ => Ok(()),
    }
}

/// Holds the token that was brought against each app that the client acts for, and then against the grant behind it.
async fn find_subject<'a>(
    server: &'a Server,
    client: &Client,
    form: &Parameters,
    now: Timestamp,
) -> Result<Subject<'a>, Error> {
    let token = form.get("subject_token").ok_or_else(|| Error::missing("subject_token"))?;
    let kind = form.get("subject_token_type").ok_or_else(|| Error::missing("subject_token_type"))?;
    if ![JWT, ACCESS_TOKEN].contains(&kind) {
        return Err(refused(&format!("`subject_token_type` must be `{JWT}` or `{ACCESS_TOKEN}`")));
    }
    let mut why = Invalid::WrongPlace;
    for from in client.details.acts_for.iter().filter_map(|id| server.realm.apps.get(id)) {
        match read(server, from, (kind, token), now) {
            Ok((subject, grant, scope)) => return behind(server, from, (&subject, &grant, scope), now).await,
            Err(Invalid::WrongPlace) => {}
            Err(invalid) => why = invalid,
        }
    }
    let log = format!(
        "client `{}` brought a token as `{kind}`: {why}; it acts for: {}",
        client.id,
        client.details.acts_for.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
    );
    Err(refused(&format!("`subject_token` is refused: {why}")).logged(log))
}

/// Subject, grant and scope of a token for `from`.
fn read(
    server: &Server,
    from: &App,
    (kind, token): (&str, &str),
    now: Timestamp,
) -> Result<(String, String, Option<String>), Invalid> {
    if kind == ACCESS_TOKEN {
        let access = token::verify(&server.keys, from, token, now)?;
        // Its key is with the agent: whoever brings the token alone has not shown that it is theirs to use (RFC 9449).
        if access.cnf.is_some() {
            return Err(Invalid::WrongType);
        }
        return Ok((access.sub, access.grant, Some(access.scope)));
    }
    let expected = Expected { typ: ASSERTION, issuer: &server.realm.login, audience: &from.id, now };
    let assertion: Assertion =
        jwt::verify(|kid| server.keys.verifier(KeyPurpose::Assertion, kid, now), token, expected)?;
    let grant = assertion.sid.or(assertion.grant).ok_or(Invalid::MissingClaim)?;
    Ok((assertion.sub, grant, assertion.scope))
}

/// The signature says what was granted; the store says whether it still is, and to a person.
async fn behind<'a>(
    server: &Server,
    from: &'a App,
    (subject, grant, scope): (&str, &str, Option<String>),
    now: Timestamp,
) -> Result<Subject<'a>, Error> {
    let grant = server.store.grant(grant).await?;
    let held = |grant: &Grant| grant.is_live(now) && grant.app == from.id && grant.subject == subject;
    let grant = grant.filter(held).ok_or_else(|| refused(ENDED))?;
    if grant.is_of_service() {
        return Err(refused("`subject_token` is a service's; only people are acted for"));
    }
    let scope = (!grant.client.is_browser()).then(|| scope.unwrap_or_else(|| grant.scope.clone()));
    Ok(Subject { from, grant, scope })
}

/// What is asked for, if all of it may be had; else all that may be had.
fn scope(app: &App, client: &Client, subject: &Subject<'_>, requested: Option<&str>) -> Result<String, Error> {
    let most = app.scopes.grant_within(client.details.scope.as_deref(), None).unwrap_or_default();
    let may_have = |name: &str| app.scopes.covers(&most, name) && may_pass_on(app, subject, name);
    let names: Vec<_> = match requested {
        Some(requested) => requested.split(' ').filter(|name| !name.is_empty() && *name != OFFLINE_ACCESS).collect(),
        None => app.scopes.fewest(app.scopes.names().filter(|name| may_have(name))),
    };
    let wider = names.iter().find(|name| app.scopes.find(name).is_none() || !may_have(name));
    match wider {
        None if !names.is_empty() => Ok(names.join(" ")),
        _ => {
            Err(Error::new(Code::InvalidScope, "this client may not have these scopes for this token").logged(format!(
                "client `{}` may have `{most}` at `{}`, for a token with `{}` at `{}`",
                client.id,
                app.id,
                subject.scope.as_deref().unwrap_or("no limit"),
                subject.from.id
            )))
        }
    }
}

/// A scope that both apps know, by itself or within a broader one, is passed on only by who has it.
fn may_pass_on(app: &App, subject: &Subject<'_>, name: &str) -> bool {
    let Some(held) = &subject.scope else { return true };
    let theirs = &subject.from.scopes;
    let within = app.scopes.find(name).into_iter().flat_map(|scope| scope.includes.iter().map(String::as_str));
    within.chain([name]).all(|name| theirs.find(name).is_none() || theirs.covers(held, name))
}

/// Section 2.2.2: a subject that the policy does not let in makes the request invalid.
async fn approve(
    server: &Server,
    app: &App,
    client: &Client,
    subject: &Subject<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    let Grant { subject: person, login_method, authenticated_at, details, .. } = &subject.grant;
    let linked_app = Some(subject.from.id.as_str());
    match server
        .approval
        .approve(Ask {
            app,
            client: &client.id,
            opened_by: GrantType::TokenExchange,
            subject: person,
            login_method,
            amr: &details.amr,
            authenticated_at: *authenticated_at,
            linked_app,
            now,
        })
        .await?
    {
        Verdict::Approved => Ok(()),
        verdict => {
            let (reason, rule) = verdict.reason();
            let from = &subject.from.id;
            let log = format!("`{person}` by client `{}` from `{from}` refused: {reason}, rule {rule:?}", client.id);
            Err(refused("the policy of the app does not admit this person").logged(log))
        }
    }
}

fn grant(
    server: &Server,
    (app, managed): (&App, &Managed),
    client: &Client,
    subject: &Subject<'_>,
    now: Timestamp,
) -> Result<Grant, Error> {
    let before = &subject.grant;
    let itself = || (!before.client.is_browser()).then(|| Actor { client_id: before.client.clone(), act: None });
    let act = before.details.actor.clone().or_else(itself).map(Box::new);
    let actor = Actor { client_id: client.id.clone(), act };
    if actor.parties() > LONGEST_CHAIN {
        return Err(refused("too many act one for another"));
    }
    Ok(Grant {
        id: server.new_id("g"),
        app: app.id.clone(),
        client: client.id.clone(),
        subject: before.subject.clone(),
        scope: scope(app, client, subject, None)?,
        login_method: before.login_method.clone(),
        authenticated_at: before.authenticated_at,
        created_at: now,
        expires_at: now.plus(managed.grant_duration).min(before.expires_at),
        parent: Some(before.id.clone()),
        revoked_at: None,
        details: GrantDetails {
            opened_by: Some(GrantType::TokenExchange),
            amr: before.details.amr.clone(),
            actor: Some(actor),
            linked_app: Some(subject.from.id.clone()),
            ..GrantDetails::default()
        },
    })
}

const ENDED: &str = "`subject_token` is refused: the grant behind it has ended";

/// Section 2.2.2: whatever is wrong with a subject token is `invalid_request`.
fn refused(why: &str) -> Error {
    Error::new(Code::InvalidRequest, why)
}
