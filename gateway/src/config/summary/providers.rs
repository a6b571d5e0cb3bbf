//! The identity providers, with what is to be pasted into each.

use super::written;
use crate::config::{
    BACKCHANNEL_LOGOUT, ClientAuth, Github, IdentityProvider, LogoutEnds, Oidc, ProviderKind, Reached, SIGNED_OUT,
    Userinfo,
};
use serde_json::{Value, json};

/// A provider of the gateway whose login origin is `login`.
pub(super) fn identity_provider(provider: &IdentityProvider, login: &str) -> Value {
    let mut summary = match &provider.kind {
        ProviderKind::Local(cost) => json!({
            "type": "local",
            "argon2": { "memory_kib": cost.memory, "iterations": cost.iterations, "parallelism": cost.parallelism },
        }),
        ProviderKind::EmailCode => json!({ "type": "email_code" }),
        ProviderKind::Oidc(settings) => oidc(settings, login),
        ProviderKind::Github(settings) => github(settings),
    };
    summary["name"] = json!(provider.label);
    if let Some(callback) = provider.callback() {
        summary["redirect_uri"] = json!(format!("{login}{callback}"));
    }
    summary
}

fn oidc(oidc: &Oidc, login: &str) -> Value {
    let algorithms: Vec<_> = oidc.algorithms.iter().map(|algorithm| algorithm.as_str()).collect();
    let mut summary = json!({
        "type": "oidc",
        "issuer": oidc.issuer,
        "client_id": oidc.client_id,
        "token_endpoint_auth_method": match oidc.client_auth {
            ClientAuth::Basic(_) => "client_secret_basic",
            ClientAuth::Post(_) => "client_secret_post",
            ClientAuth::PrivateKey(_) => "private_key_jwt",
            ClientAuth::None => "none",
        },
        "scopes": oidc.scopes,
        "groups_claim": oidc.mapping.groups,
        "email_claim": oidc.mapping.email,
        "email_verified_claim": oidc.mapping.email_verified,
        "name_claim": oidc.mapping.name,
        "claims": oidc.mapping.others,
        "userinfo": match oidc.userinfo {
            Userinfo::Auto => "auto",
            Userinfo::Always => "always",
            Userinfo::Never => "never",
        },
        "prompt": oidc.prompt,
        "step_up_acr_values": oidc.step_up_acr_values,
        "refresh_interval": written(oidc.refresh_interval),
        "logout": oidc.logout,
        "logout_ends": match oidc.logout_ends {
            LogoutEnds::Grants => "grants",
            LogoutEnds::Sessions => "sessions",
        },
        "algorithms": algorithms,
        "clock_skew": written(oidc.clock_skew),
        "backchannel_logout_uri": format!("{login}{BACKCHANNEL_LOGOUT}"),
        "post_logout_redirect_uri": format!("{login}{SIGNED_OUT}"),
        "initiate_login_uri": format!("{login}/.doorward/initiate"),
    });
    reached(&mut summary, &oidc.reached);
    summary
}

fn github(github: &Github) -> Value {
    let mut summary = json!({
        "type": "github",
        "url": github.url,
        "api_url": github.api_url,
        "client_id": github.client_id,
        "organisations": github.organisations,
    });
    reached(&mut summary, &github.reached);
    summary
}

fn reached(summary: &mut Value, reached: &Reached) {
    summary["ca"] = json!(if reached.ca.is_some() { "from a file" } else { "those of the machine" });
    // It may have a password in it.
    summary["proxy"] = json!(reached.proxy.as_ref().map(|_| "…"));
}
