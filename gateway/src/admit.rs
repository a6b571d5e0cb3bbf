//! The straight line of a request: route, identify, decide. `?` means that the request ends here.

mod limits;
mod messages;
mod permit;
mod review;

pub(crate) use limits::of_address;
pub(crate) use messages::Unread;
pub(crate) use permit::Permit;
pub(crate) use review::{Review, Standing};

use crate::config::ScopeRule;
use crate::cors;
use crate::gateway::{Snapshot, World};
use crate::identify;
use crate::known::Known;
use crate::refusal::{At, Denial, Refusal};
use crate::request::Request;
use crate::route::{Own, Route};
use http::Method;
use oauth::approval::INSUFFICIENT_USER_AUTHENTICATION;
use policy::{Action, Decision, Facts, Message, Reason, RequestFacts, Via};
use std::sync::Arc;

/// What a request that is not refused comes to.
pub(crate) enum Outcome {
    /// It goes to the upstream.
    Proxy(Box<Permit>),
    /// We answer it.
    Own(Own),
    /// Its MCP messages have to be read first.
    Read(Box<Unread>),
}

/// Decides on a request.
pub(crate) async fn admit(world: &World, snapshot: &Snapshot, request: &Request) -> Result<Outcome, Refusal> {
    let at = match snapshot.routes.find(request).ok_or(Refusal::NoSuchApp)? {
        Route::App(app, origin) => At { app, origin },
        Route::Own(own) => return Ok(Outcome::Own(own)),
    };
    if at.app.cors.is_some() && cors::is_preflight(request) {
        return Ok(Outcome::Own(Own::Preflight(at.app)));
    }
    limits::before_identifying(world, &at, request)?;
    let known = match by_certificate(world, &at, request)? {
        Some(known) => Some(known),
        None => identify::first(world, &at, request).await?,
    };
    limits::after_identifying(world, &at, known.as_deref())?;
    if at.app.mcp.is_some() && !request.upgrade {
        return Unread::new(at, known, request).map(|unread| Outcome::Read(Box::new(unread)));
    }
    let decision = at.app.policies.decide(&facts(request, known.as_deref(), Message::Unread));
    let allowed = conclude(&at, known.as_deref(), decision)?;
    let known = checked(&at, known, &allowed, request)?;
    Ok(Outcome::Proxy(Box::new(Permit::new(at, known, allowed))))
}

/// The rule that let a request through, and its action.
#[derive(Debug)]
struct Allowed {
    rule: Arc<str>,
    action: Action,
}

/// What holds beside the policy, for whom it lets through; and as whom they go on.
fn checked(
    at: &At,
    known: Option<Arc<Known>>,
    allowed: &Allowed,
    request: &Request,
) -> Result<Option<Arc<Known>>, Refusal> {
    // A bypass knows nobody: what it lets through carries no identity.
    let known = known.filter(|_| allowed.action != Action::Bypass);
    if let Some(known) = known.as_deref() {
        check_provider(at, known)?;
        check_origin(at, known, request)?;
        check_scope(at, known, request)?;
    }
    // Only now: whether an app is closed is nothing for those who may not pass.
    if at.app.upstream.maintenance.is_some() {
        return Err(Refusal::Maintenance(at.clone()));
    }
    Ok(known)
}

/// What a decision comes to.
fn conclude(at: &At, known: Option<&Known>, decision: Decision) -> Result<Allowed, Refusal> {
    match decision {
        Decision::Allow { rule, action } => Ok(Allowed { rule, action }),
        Decision::Deny { reason: Reason::LoginRequired, .. } => Err(Refusal::LoginRequired(at.clone())),
        Decision::Deny { reason: Reason::StrongerAuthenticationRequired { step_up }, rule } => {
            let denial = Denial::of(known, INSUFFICIENT_USER_AUTHENTICATION, rule.map(|rule| rule.to_string()));
            Err(Refusal::StepUp(at.clone(), step_up, denial))
        }
        Decision::Deny { reason, rule } => {
            let denial = Denial::of(known, reason.as_str(), rule.map(|rule| rule.to_string()));
            Err(Refusal::Denied(at.clone(), denial))
        }
    }
}

/// The service that the certificate of the connection proves, where a policy lets that in; else other credentials are
/// looked at, and the certificate is a fact beside them.
fn by_certificate(world: &World, at: &At, request: &Request) -> Result<Option<Arc<Known>>, Refusal> {
    let Some(shown) = identify::certificate::check(world, at, request)? else { return Ok(None) };
    let known = identify::certificate::identify(world, at, request, shown);
    Ok(known.filter(|known| {
        let decision = at.app.policies.may_yet(&facts(request, Some(known), Message::Unread));
        matches!(decision, Decision::Allow { action: Action::ServiceAuth, .. })
    }))
}

/// What the policy is asked about.
pub(crate) fn facts<'a>(request: &'a Request, known: Option<&'a Known>, message: Message<'a>) -> Facts<'a> {
    Facts {
        identity: known.map(|known| &known.identity),
        via: known.map_or(Via::Browser, |known| known.via),
        client_id: known.and_then(|known| known.oauth_client()).map(|(client, _)| client.as_str()),
        linked_app: known.and_then(|known| known.linked_app.as_deref()),
        authenticated_for: known.and_then(|known| known.authenticated_for(request.now)),
        request: Some(RequestFacts {
            ip: request.ip,
            method: request.method.as_str(),
            path: request.target.path(),
            message,
            certificate: request.certificate(),
        }),
    }
}

fn check_provider(at: &At, known: &Known) -> Result<(), Refusal> {
    if at.app.admits_way(&known.identity) {
        return Ok(());
    }
    Err(Refusal::Denied(at.clone(), Denial::of(Some(known), "identity_provider_not_allowed", None)))
}

/// A page of another site may not act in the person's name: unsafe methods and WebSockets with a foreign `Origin`
/// (RFC 6455 section 10.2, MCP transport "DNS rebinding").
fn check_origin(at: &At, known: &Known, request: &Request) -> Result<(), Refusal> {
    let safe = matches!(request.method, Method::GET | Method::HEAD | Method::OPTIONS) && !request.upgrade;
    let listed = || cors::may_act(at.app.cors.as_ref(), request, known.is_access_token());
    if safe || request.is_from(&at.origin.url()) || listed() {
        return Ok(());
    }
    Err(Refusal::CrossOrigin(at.clone(), Denial::of(Some(known), "cross_origin", None)))
}

/// Scopes bind access tokens, not people: a browser session has what the person has, and a service token what the policy
/// gives it.
fn check_scope(at: &At, known: &Known, request: &Request) -> Result<(), Refusal> {
    if !known.is_access_token() {
        return Ok(());
    }
    let scopes = &at.app.oauth.scopes;
    let needed: Vec<_> = at.app.scope_rules.iter().filter(|rule| applies(rule, request)).collect();
    if needed.iter().all(|rule| scopes.covers(&known.scope, &rule.scope)) {
        return Ok(());
    }
    let held: Vec<_> = match speaks_before_2026_07_28(request) {
        // Older clients replace the scopes that they have by those of the challenge (SC-03).
        true => known.scope.split(' ').filter(|name| *name != oauth::scope::OFFLINE_ACCESS).collect(),
        false => Vec::new(),
    };
    // All that the request needs, in one challenge (SC-02), but nothing twice: not by its own name and within a broader one.
    let names = scopes.fewest(held.into_iter().chain(needed.iter().map(|rule| rule.scope.as_str())));
    let denial = Denial::of(Some(known), "insufficient_scope", None);
    Err(Refusal::InsufficientScope(at.clone(), names.join(" "), denial))
}

fn applies(rule: &ScopeRule, request: &Request) -> bool {
    // A HEAD tells what a GET would, but for the body (RFC 9110 section 9.3.2).
    let is = |method: &String| method == request.method.as_str() || (method == "GET" && request.method == Method::HEAD);
    let method = rule.methods.is_empty() || rule.methods.iter().any(is);
    method && (rule.paths.is_empty() || rule.paths.iter().any(|path| path.matches(request.target.path())))
}

fn speaks_before_2026_07_28(request: &Request) -> bool {
    request.hints.mcp_version.as_deref().is_none_or(|version| version < "2026-07-28")
}
