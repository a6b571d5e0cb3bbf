//! `type = "oidc"`

use super::reached::{client_id, client_secret, provider_url, reached};
use super::values::{MINUTE, duration, missing, unknown, write};
use crate::config::key::Key;
use crate::config::provider_presets::{self as presets, Preset};
use crate::config::raw::{RawAuthMethod, RawIdentityProvider, RawLogoutEnds, RawUserinfo};
use crate::config::report::{Mistake, Report};
use crate::config::secret;
use crate::config::{ClientAuth, LogoutEnds, Mapping, Oidc, Userinfo};
use oauth::jose::{Algorithm, PrivateKey};
use std::time::Duration;

/// The keys of this type.
pub(super) const KEYS: &[&str] = &[
    "type",
    "name",
    "preset",
    "tenant",
    "domain",
    "issuer",
    "client_id",
    "client_secret",
    "token_endpoint_auth_method",
    "private_key",
    "private_key_id",
    "scopes",
    "groups_claim",
    "email_claim",
    "name_claim",
    "claims",
    "require_email_verified",
    "userinfo",
    "prompt",
    "step_up_acr_values",
    "refresh_interval",
    "logout",
    "logout_ends",
    "callback",
    "ca",
    "proxy",
    "algorithms",
    "clock_skew",
];

/// Reads the table.
pub(super) fn oidc(report: &mut Report<'_>, key: &Key, raw: &RawIdentityProvider) -> Option<Oidc> {
    let preset = preset(report, &key.field("preset"), raw.preset.as_deref())?;
    let issuer = issuer(report, key, raw, preset);
    let client_id = client_id(report, key, raw);
    let client_auth = client_auth(report, key, raw);
    let scopes = scopes(report, &key.field("scopes"), raw.scopes.as_deref(), preset);
    let mapping = mapping(report, key, raw, preset);
    let algorithms = algorithms(report, &key.field("algorithms"), raw.algorithms.as_deref());
    let refresh = duration(report, &key.field("refresh_interval"), raw.refresh_interval.as_deref(), 15 * MINUTE);
    let clock_skew = clock_skew(report, &key.field("clock_skew"), raw.clock_skew.as_deref());
    let reached = reached(report, key, raw);
    Some(Oidc {
        issuer: issuer?,
        client_id: client_id?,
        client_auth: client_auth?,
        scopes: scopes?,
        parameters: preset.parameters,
        mapping: mapping?,
        userinfo: userinfo(raw.userinfo, preset),
        prompt: raw.prompt.clone(),
        step_up_acr_values: raw.step_up_acr_values.clone(),
        refresh_interval: refresh?,
        logout: raw.logout.unwrap_or(true),
        logout_ends: match raw.logout_ends.unwrap_or_default() {
            RawLogoutEnds::Grants => LogoutEnds::Grants,
            RawLogoutEnds::Sessions => LogoutEnds::Sessions,
        },
        algorithms: algorithms?,
        clock_skew: clock_skew?,
        reached: reached?,
    })
}

fn preset(report: &mut Report<'_>, key: &Key, name: Option<&str>) -> Option<&'static Preset> {
    let Some(name) = name else { return Some(&presets::NONE) };
    let found = presets::find(name).ok_or_else(|| unknown("preset", name, presets::names()));
    report.take(key, found)
}

/// As written, or as the preset makes it of `tenant` or `domain`.
fn issuer(report: &mut Report<'_>, key: &Key, raw: &RawIdentityProvider, preset: &Preset) -> Option<String> {
    let parts = [("tenant", raw.tenant.as_deref(), TENANT), ("domain", raw.domain.as_deref(), DOMAIN)];
    let mut complete = true;
    let mut issuer = preset.issuer.map(str::to_owned);
    for (name, given, example) in parts {
        let place = format!("{{{name}}}");
        let wanted = raw.issuer.is_none() && preset.issuer.is_some_and(|issuer| issuer.contains(&place));
        let part = match given {
            Some(_) if !wanted => Err(Mistake::new("is part of no issuer here: `issuer` or the preset says it whole")),
            Some(part) if is_name(part) => Ok(Some(part)),
            Some(_) => Err(Mistake::new("must be a name alone, without `/`").help(write(example))),
            None if wanted => Err(missing(example)),
            None => Ok(None),
        };
        let part = report.take(&key.field(name), part);
        complete &= part.is_some();
        if let (Some(issuer), Some(Some(part))) = (&mut issuer, part) {
            *issuer = issuer.replace(&place, part);
        }
    }
    let issuer = raw.issuer.clone().or(issuer).filter(|_| complete);
    let issuer = match issuer {
        Some(text) => provider_url(&text, ISSUER).map(|_| text),
        None if complete => Err(missing(ISSUER)),
        None => return None,
    };
    report.take(&key.field("issuer"), issuer)
}

fn is_name(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

fn client_auth(report: &mut Report<'_>, key: &Key, raw: &RawIdentityProvider) -> Option<ClientAuth> {
    let secret = client_secret(report, key, raw)?;
    let by_key = raw.private_key.as_ref().map(|key| private_key(key, raw.private_key_id.as_deref())).transpose();
    let by_key = report.take(&key.field("private_key"), by_key)?;
    let method = raw.token_endpoint_auth_method;
    let needs = |name: &str| Mistake::new(format!("needs `{name}`"));
    let read = match (method, secret, by_key) {
        (_, Some(_), Some(_)) => Err(Mistake::new("is one too many: there is a `client_secret` and a `private_key`")),
        (Some(RawAuthMethod::ClientSecretBasic) | None, Some(secret), None) => Ok(ClientAuth::Basic(secret)),
        (Some(RawAuthMethod::ClientSecretPost), Some(secret), None) => Ok(ClientAuth::Post(secret)),
        (Some(RawAuthMethod::PrivateKeyJwt) | None, None, Some(key)) => Ok(ClientAuth::PrivateKey(key)),
        (Some(RawAuthMethod::None), None, None) => Ok(ClientAuth::None),
        (Some(RawAuthMethod::None), ..) => Err(Mistake::new("uses neither `client_secret` nor `private_key`")),
        (Some(RawAuthMethod::PrivateKeyJwt), ..) => Err(needs("private_key")),
        (Some(_), ..) => Err(needs("client_secret")),
        (None, None, None) => {
            let help = r#"write { env = "CLIENT_SECRET" }, or token_endpoint_auth_method = "none""#.to_owned();
            return report.take(&key.field("client_secret"), Err(Mistake::new("is missing").help(help)));
        }
    };
    report.take(&key.field("token_endpoint_auth_method"), read)
}

fn private_key(raw: &crate::config::raw::RawSecret, kid: Option<&str>) -> Result<PrivateKey, Mistake> {
    let pem = secret::read(raw)?;
    let wrong = || Mistake::new("the secret is no PEM with an RSA, P-256 or Ed25519 private key");
    PrivateKey::from_pem(&pem, kid).ok_or_else(wrong)
}

fn scopes(report: &mut Report<'_>, key: &Key, raw: Option<&[String]>, preset: &Preset) -> Option<Vec<String>> {
    let Some(scopes) = raw else { return Some(preset.scopes.iter().map(|scope| (*scope).to_owned()).collect()) };
    let mut complete = true;
    for (index, scope) in scopes.iter().enumerate() {
        if scope.is_empty() || !scope.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\')) {
            report.error(&key.index(index), "is no scope: white space, quotes and backslashes have no place in it");
            complete = false;
        }
    }
    if !scopes.iter().any(|scope| scope == "openid") {
        report.error(key, Mistake::new("needs `openid`, without which there is no ID token"));
        complete = false;
    }
    complete.then(|| scopes.to_vec())
}

fn mapping(report: &mut Report<'_>, key: &Key, raw: &RawIdentityProvider, preset: &Preset) -> Option<Mapping> {
    let claim = |report: &mut Report<'_>, name: &str, written: Option<&str>, usual: &str| {
        let claim = written.unwrap_or(usual);
        let good = if claim.is_empty() { Err(Mistake::new("must not be empty")) } else { Ok(claim.to_owned()) };
        report.take(&key.field(name), good)
    };
    let groups = claim(report, "groups_claim", raw.groups_claim.as_deref(), preset.groups_claim);
    let email = claim(report, "email_claim", raw.email_claim.as_deref(), "email");
    let name = claim(report, "name_claim", raw.name_claim.as_deref(), "name");
    if raw.claims.len() > MAX_CLAIMS {
        report.error(&key.field("claims"), "names more than 32 claims");
        return None;
    }
    Some(Mapping {
        groups: groups?,
        email: email?,
        email_verified: raw.require_email_verified.unwrap_or(true).then_some(preset.email_verified_claim),
        name: name?,
        others: raw.claims.clone(),
    })
}

fn userinfo(raw: Option<RawUserinfo>, preset: &Preset) -> Userinfo {
    match raw {
        None if preset.userinfo => Userinfo::Always,
        None | Some(RawUserinfo::Auto) => Userinfo::Auto,
        Some(RawUserinfo::Always) => Userinfo::Always,
        Some(RawUserinfo::Never) => Userinfo::Never,
    }
}

fn algorithms(report: &mut Report<'_>, key: &Key, raw: Option<&[String]>) -> Option<Vec<Algorithm>> {
    // OpenID Connect Core section 3.1.3.7, item 7.
    let Some(names) = raw else { return Some(vec![Algorithm::Rs256]) };
    let read = names.iter().enumerate().map(|(index, name)| {
        let named = Algorithm::named(name).ok_or_else(|| unknown("algorithm", name, Algorithm::NAMES));
        report.take(&key.index(index), named)
    });
    let read: Vec<_> = read.collect();
    if names.is_empty() {
        report.error(key, "must not be empty");
        return None;
    }
    read.into_iter().collect()
}

fn clock_skew(report: &mut Report<'_>, key: &Key, raw: Option<&str>) -> Option<Duration> {
    let skew = duration(report, key, raw, MINUTE)?;
    let bounded = if skew > MINUTE { Err(Mistake::new("must be at most a minute")) } else { Ok(skew) };
    report.take(key, bounded)
}

const ISSUER: &str = "https://id.example.com";
const TENANT: &str = "00000000-0000-0000-0000-000000000000";
const DOMAIN: &str = "example.okta.com";
const MAX_CLAIMS: usize = 32;
