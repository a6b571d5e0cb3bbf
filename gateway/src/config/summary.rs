//! The effective configuration, with every default filled in, for people and programs to read.

use super::{App, Challenge, Config, IdentityHeaders, Mail, MailPrivacy, Server};
use crate::brand::{Brand, Logo};
use humantime::format_duration;
use limits::limits;
use policy::{Explanation, Facts, PolicyTrace, RulesTrace, Via};
use providers::identity_provider;
use serde_json::{Map, Value, json};
use std::time::Duration;

mod limits;
mod oauth;
mod providers;
mod tls;
mod upstream;

impl Config {
    /// The configuration as it is used, in the words of the file. It holds no secret.
    pub fn summary(&self) -> Value {
        let login = self.auth.origin.url();
        let providers =
            self.identity_providers.iter().map(|(name, provider)| (name.clone(), identity_provider(provider, &login)));
        let apps = self.apps.iter().map(|(id, app)| (id.clone(), summary_of(app)));
        json!({
            "server": server(&self.server),
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

fn server(server: &Server) -> Value {
    let admin = server.admin_listen.map(|address| address.to_string());
    json!({
        "listen": server.listen.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "trusted_proxies": server.trusted_proxies,
        "admin_listen": admin.map_or(Value::Bool(false), Value::String),
        "threads": server.threads,
        "certificates": server.certificates.iter().map(|pair| json!({ "cert": pair.cert, "key": pair.key })).collect::<Vec<_>>(),
        "client_certificates": server.client_certificates.as_ref().map(|clients| json!({ "ca": clients.ca, "crl": clients.crl })),
        "proxy_protocol": server.proxy_protocol,
        "acme": server.acme.as_deref().map(tls::acme),
        "redirect_listen": server.redirect_listen.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "hsts": server.hsts.map(written),
        "drain_delay": written(server.drain_delay),
        "drain_timeout": written(server.drain_timeout),
        "upgrade_folder": server.upgrade_folder,
        "limits": limits(&server.limits),
    })
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
        "oauth": oauth::summary(app),
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

fn written(duration: Duration) -> String {
    format_duration(duration).to_string()
}
