//! The effective configuration, with every default filled in, for people and programs to read.

use super::{App, Challenge, Config, IdentityHeaders, Mail, MailPrivacy};
use crate::brand::{Brand, Logo};
use humantime::format_duration;
use limits::limits;
use oauth::app::{Dpop, Remember};
use policy::{Explanation, Facts, PolicyTrace, RulesTrace, Via};
use providers::identity_provider;
use serde_json::{Map, Value, json};
use std::time::Duration;

mod limits;
mod providers;
mod tls;
mod upstream;

impl Config {
    /// The configuration as it is used, in the words of the file. It holds no secret.
    pub fn summary(&self) -> Value {
        let listen: Vec<_> = self.server.listen.iter().map(ToString::to_string).collect();
        let admin = self.server.admin_listen.map(|address| address.to_string());
        let login = self.auth.origin.url();
        let providers =
            self.identity_providers.iter().map(|(name, provider)| (name.clone(), identity_provider(provider, &login)));
        let apps = self.apps.iter().map(|(id, app)| (id.clone(), summary_of(app)));
        json!({
            "server": {
                "listen": listen,
                "trusted_proxies": self.server.trusted_proxies,
                "admin_listen": admin.map_or(Value::Bool(false), Value::String),
                "threads": self.server.threads,
                "certificates": self.server.certificates.iter().map(|pair| json!({ "cert": pair.cert, "key": pair.key })).collect::<Vec<_>>(),
                "client_certificates": self.server.client_certificates.as_ref().map(|clients| json!({ "ca": clients.ca, "crl": clients.crl })),
                "proxy_protocol": self.server.proxy_protocol,
                "acme": self.server.acme.as_deref().map(tls::acme),
                "redirect_listen": self.server.redirect_listen.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "hsts": self.server.hsts.map(written),
                "drain_delay": written(self.server.drain_delay),
                "drain_timeout": written(self.server.drain_timeout),
                "upgrade_folder": self.server.upgrade_folder,
                "limits": limits(&self.server.limits),
            },
            "auth": {
                "url": self.auth.origin.url(),
                "session_duration": written(self.auth.session_duration),
                "idle_timeout": self.auth.idle_timeout.map(written),
            },
            "brand": brand(&self.brand),
            "store": {
                "url": self.store.url,
                "outage_grace": written(self.store.outage_grace),
                "key": if self.store.key.is_some() { "…" } else { "in the file beside the database" },
            },
            "keys": {
                "rotation_interval": written(self.keys.rotation_interval),
                "publish_ahead": written(self.keys.publish_ahead),
            },
            "mail": self.mail.as_deref().map(summary_of_mail),
            "identity_providers": providers.collect::<Map<_, _>>(),
            "apps": apps.collect::<Map<_, _>>(),
        })
    }
}

fn summary_of_mail(mail: &Mail) -> Value {
    let scheme = if mail.privacy == MailPrivacy::Tls { "smtps" } else { "smtp" };
    json!({
        "url": format!("{scheme}://{}:{}", mail.host, mail.port),
        "starttls": mail.privacy == MailPrivacy::StartTls,
        "from": mail.from,
        "username": mail.login.as_ref().map(|(username, _)| username),
        "password": mail.login.as_ref().map(|_| "…"),
        "ca": if mail.ca.is_some() { "its own" } else { "the public authorities" },
    })
}

fn brand(brand: &Brand) -> Value {
    json!({
        "name": brand.name(),
        "logo": brand.logo().map(Logo::media),
        "colour": brand.accent().map(|accent| accent.light.to_string()),
        "colour_dark": brand.accent().map(|accent| accent.dark.to_string()),
        "languages": brand.languages().collect::<Vec<_>>(),
    })
}

fn summary_of(app: &App) -> Value {
    let urls: Vec<_> = app.places.iter().map(|place| place.url()).collect();
    // Nobody asks for anything: only the rules are of interest, not what becomes of them.
    let nobody = Facts {
        identity: None,
        via: Via::Browser,
        client_id: None,
        linked_app: None,
        authenticated_for: None,
        request: None,
    };
    let Explanation { policies, .. } = app.policies.explain(&nobody);
    json!({
        "name": app.name,
        "description": app.description,
        "urls": urls,
        "upstream": upstream::summary(&app.upstream),
        "policies": policies.iter().map(policy).collect::<Vec<_>>(),
        "session_duration": written(app.oauth.session_duration),
        "allowed_identity_providers": app.allowed_identity_providers,
        "pass_authorization": app.pass_authorization,
        "challenge": match app.challenge {
            Challenge::Auto => "auto",
            Challenge::Redirect => "redirect",
            Challenge::Unauthorized => "401",
        },
        "cors": app.cors.as_ref().map(|cors| json!({
            "allowed_origins": cors.allowed_origins,
            "allow_credentials": cors.allow_credentials,
            "max_age": written(cors.max_age),
        })),
        "limits": limits::of_app(&app.limits),
        "identity_headers": {
            "preset": match app.identity_headers {
                IdentityHeaders::Doorward => "doorward",
                IdentityHeaders::None => "none",
            },
            "signing_algorithm": app.assertion_algorithm.as_str(),
        },
        "mcp": app.mcp.map_or_else(|| json!({ "enabled": false }), |mcp| json!({ "enabled": true, "max_body": limits::size(mcp.max_body as u64) })),
        "oauth": oauth(app),
    })
}

fn policy(policy: &PolicyTrace) -> Value {
    let RulesTrace { include, require, exclude } = &policy.rules;
    let [include, require, exclude] =
        [include, require, exclude].map(|list| list.iter().map(|entry| entry.selector.as_str()).collect::<Vec<_>>());
    let mut summary = json!({
        "name": policy.name,
        "action": policy.action,
        "include": include,
        "require": require,
        "exclude": exclude,
    });
    if let Some(freshness) = &policy.session_duration {
        summary["session_duration"] = json!(freshness.longest);
    }
    summary
}

fn oauth(app: &App) -> Value {
    let Some(managed) = &app.oauth.managed else {
        return json!({ "enabled": false });
    };
    let registration = managed.registration.as_ref().map(|registration| {
        let (rules, limits) = (&registration.redirect_rules, &registration.limits);
        json!({
            "enabled": true,
            "allow_any_on_localhost": rules.any_on_localhost,
            "allow_any_on_loopback": rules.any_on_loopback,
            "allowed_uris": rules.allowed,
            "max_clients": limits.total,
            "unused_for": written(limits.unused_for),
        })
    });
    let documents = managed.client_documents.as_ref().map(|rules| {
        json!({
            "enabled": true,
            "allowed_domains": rules.allowed_domains,
            "implicit_none": rules.implicit_none,
        })
    });
    let assertions = managed
        .client_assertions
        .as_ref()
        .map(|rules| json!({ "enabled": true, "accept_token_endpoint_audience": rules.token_endpoint_audience }));
    let device = managed.device.map(
        |rules| json!({ "enabled": true, "lifetime": written(rules.lifetime), "interval": written(rules.interval) }),
    );
    json!({
        "enabled": true,
        "issuer": app.oauth.issuer,
        "grant": {
            "signing_algorithm": managed.signing_algorithm.as_str(),
            "access_token_lifetime": written(managed.access_token_lifetime),
            "session_duration": written(managed.grant_duration),
            "idle_timeout": managed.idle_timeout.map(written),
            "refresh_grace": written(managed.refresh_grace),
        },
        "dynamic_client_registration": registration.unwrap_or_else(|| json!({ "enabled": false })),
        "device": device.unwrap_or_else(|| json!({ "enabled": false })),
        "client_id_metadata_documents": documents.unwrap_or_else(|| json!({ "enabled": false })),
        "accept_assertions_from": managed.token_issuers.iter().map(|issuer| &issuer.name).collect::<Vec<_>>(),
        "client_assertions": assertions.unwrap_or_else(|| json!({ "enabled": false })),
        "require_pushed_authorization_requests": managed.require_pushed_authorization_requests,
        "consent": {
            "remember": match managed.consent.remember {
                Remember::Assured => "assured",
                Remember::Never => "never",
                Remember::Always => "always",
            },
            "preapproved": managed.consent.preapproved,
        },
        "dpop": match managed.dpop {
            Dpop::Off => "off",
            Dpop::Optional => "optional",
            Dpop::Required => "required",
        },
        "dpop_nonce": managed.dpop_nonce,
        "scopes": scopes(app),
    })
}

fn scopes(app: &App) -> Vec<Value> {
    let known = app.oauth.scopes.names().filter_map(|name| app.oauth.scopes.find(name));
    let scope = |scope: &oauth::scope::Scope| {
        let rule = app.scope_rules.iter().find(|rule| rule.scope == scope.name);
        let requires = rule.map(|rule| {
            let paths: Vec<_> = rule.paths.iter().map(ToString::to_string).collect();
            json!({ "methods": rule.methods, "paths": paths })
        });
        json!({ "name": scope.name, "description": scope.description, "includes": scope.includes, "optional": scope.optional,
            "requires": requires })
    };
    known.map(scope).collect()
}

fn written(duration: Duration) -> String {
    format_duration(duration).to_string()
}
