//! The effective settings of an app's authorization server.

use super::written;
use crate::config::App;
use ::oauth::app::{ConsentRules, Dpop, Managed, Remember};
use ::oauth::scope::Scope;
use serde_json::{Value, json};

pub(super) fn summary(app: &App) -> Value {
    let Some(managed) = &app.oauth.managed else { return off() };
    json!({
        "enabled": true,
        "issuer": app.oauth.issuer,
        "grant": grant(managed),
        "dynamic_client_registration": registration(managed).unwrap_or_else(off),
        "device": device(managed).unwrap_or_else(off),
        "client_id_metadata_documents": documents(managed).unwrap_or_else(off),
        "accept_assertions_from": managed.token_issuers.iter().map(|issuer| &issuer.name).collect::<Vec<_>>(),
        "client_assertions": client_assertions(managed).unwrap_or_else(off),
        "require_pushed_authorization_requests": managed.require_pushed_authorization_requests,
        "consent": consent(&managed.consent),
        "dpop": match managed.dpop {
            Dpop::Off => "off",
            Dpop::Optional => "optional",
            Dpop::Required => "required",
        },
        "dpop_nonce": managed.dpop_nonce,
        "scopes": scopes(app),
    })
}

/// A section that is not used.
fn off() -> Value {
    json!({ "enabled": false })
}

fn grant(managed: &Managed) -> Value {
    json!({
        "signing_algorithm": managed.signing_algorithm.as_str(),
        "access_token_lifetime": written(managed.access_token_lifetime),
        "session_duration": written(managed.grant_duration),
        "idle_timeout": managed.idle_timeout.map(written),
        "refresh_grace": written(managed.refresh_grace),
    })
}

fn registration(managed: &Managed) -> Option<Value> {
    let registration = managed.registration.as_ref()?;
    let (rules, limits) = (&registration.redirect_rules, &registration.limits);
    Some(json!({
        "enabled": true,
        "allow_any_on_localhost": rules.any_on_localhost,
        "allow_any_on_loopback": rules.any_on_loopback,
        "allowed_uris": rules.allowed,
        "max_clients": limits.total,
        "unused_for": written(limits.unused_for),
    }))
}

fn device(managed: &Managed) -> Option<Value> {
    let rules = managed.device?;
    Some(json!({ "enabled": true, "lifetime": written(rules.lifetime), "interval": written(rules.interval) }))
}

fn documents(managed: &Managed) -> Option<Value> {
    let rules = managed.client_documents.as_ref()?;
    Some(json!({
        "enabled": true,
        "allowed_domains": rules.allowed_domains,
        "implicit_none": rules.implicit_none,
    }))
}

fn client_assertions(managed: &Managed) -> Option<Value> {
    let rules = managed.client_assertions.as_ref()?;
    Some(json!({ "enabled": true, "accept_token_endpoint_audience": rules.token_endpoint_audience }))
}

fn consent(consent: &ConsentRules) -> Value {
    json!({
        "remember": match consent.remember {
            Remember::Assured => "assured",
            Remember::Never => "never",
            Remember::Always => "always",
        },
        "preapproved": consent.preapproved,
    })
}

fn scopes(app: &App) -> Vec<Value> {
    let known = app.oauth.scopes.names().filter_map(|name| app.oauth.scopes.find(name));
    let scope = |scope: &Scope| {
        let rule = app.scope_rules.iter().find(|rule| rule.scope == scope.name);
        let requires = rule.map(|rule| {
            let paths: Vec<_> = rule.paths.iter().map(ToString::to_string).collect();
            json!({ "methods": rule.methods, "paths": paths })
        });
        json!({
            "name": scope.name,
            "description": scope.description,
            "includes": scope.includes,
            "optional": scope.optional,
            "requires": requires,
        })
    };
    known.map(scope).collect()
}
