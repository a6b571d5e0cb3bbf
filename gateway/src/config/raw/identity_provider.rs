//! `[identity_providers.NAME]` as written: the keys of all types, each of which is said to which it belongs.

use super::RawSecret;
use serde::Deserialize;

/// `[identity_providers.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawIdentityProvider {
    /// `local`: accounts that the gateway keeps itself. `oidc`: an OpenID provider. `github`: GitHub, or GitHub Enterprise.
    /// `email_code`: whoever can read a code that is sent to their address; needs `[mail]`. Required.
    pub(crate) r#type: Option<RawProviderType>,
    /// What people call it, on the login page. Default: its key.
    pub(crate) name: Option<String>,

    /// local: what it costs to hash a password.
    pub(crate) argon2: Option<RawArgon2>,

    /// oidc: `google`, `entra`, `okta`, `keycloak`, `authentik`, `zitadel` or `gitlab`: what these need is filled in where
    /// it is not written. Default: none.
    pub(crate) preset: Option<String>,
    /// oidc, preset `entra`: the id of the tenant, a UUID; it becomes part of the issuer.
    pub(crate) tenant: Option<String>,
    /// oidc, preset `okta`: the host of the organisation, such as `example.okta.com`; it becomes the issuer.
    pub(crate) domain: Option<String>,
    /// oidc: the provider's `iss`, byte for byte: an https URL, or http on this machine. Required, unless the preset says.
    pub(crate) issuer: Option<String>,
    /// oidc, github: what the provider calls the gateway. Required.
    pub(crate) client_id: Option<String>,
    /// oidc, github: the secret that goes with it, from `{ env = "NAME" }` or `{ file = "PATH" }`.
    pub(crate) client_secret: Option<RawSecret>,
    /// oidc: how the gateway proves itself at the token endpoint: `client_secret_basic`, `client_secret_post`,
    /// `private_key_jwt` or `none`. Default: what goes with the secret or key that is there.
    pub(crate) token_endpoint_auth_method: Option<RawAuthMethod>,
    /// oidc, for `private_key_jwt`: a PEM with an RSA, P-256 or Ed25519 key, from `{ env = "NAME" }` or `{ file = "PATH" }`.
    pub(crate) private_key: Option<RawSecret>,
    /// oidc: the `kid` by which the provider knows `private_key`. Default: none.
    pub(crate) private_key_id: Option<String>,
    /// oidc: what is asked for. Default: `["openid", "email", "profile"]`, or the preset's.
    pub(crate) scopes: Option<Vec<String>>,
    /// oidc: the claim with the groups: a string, strings, or an object whose keys they are; a dotted path leads into
    /// objects, such as `realm_access.roles`. Default: `"groups"`, or the preset's.
    pub(crate) groups_claim: Option<String>,
    /// oidc: the claim with the address. Default: `"email"`.
    pub(crate) email_claim: Option<String>,
    /// oidc: the claim with what the person is called. Default: `"name"`.
    pub(crate) name_claim: Option<String>,
    /// oidc: other claims to keep for policies and upstreams, at most 32. Default: none.
    pub(crate) claims: Vec<String>,
    /// oidc: whether an address counts only if the provider says that it has verified it. Turn it off only for a provider that
    /// gives people no address of their own choosing. Default: `true`.
    pub(crate) require_email_verified: Option<bool>,
    /// oidc: whether the provider's userinfo is asked too: `auto` (if the ID token lacks the address or the groups), `always`
    /// or `never`. Default: `auto`.
    pub(crate) userinfo: Option<RawUserinfo>,
    /// oidc: `prompt` of each sign-in, such as `select_account`. Default: none.
    pub(crate) prompt: Option<String>,
    /// oidc: the values of `acr` that stand for more than one factor: they are asked for when a policy needs that, and count
    /// as `mfa`. Default: none.
    pub(crate) step_up_acr_values: Vec<String>,
    /// oidc: how often a person's claims and groups are asked for anew, by the provider's refresh token. Default: `"15m"`.
    pub(crate) refresh_interval: Option<String>,
    /// oidc: whether signing out everywhere signs out of the provider too. Default: `true`.
    pub(crate) logout: Option<bool>,
    /// oidc: what ends when the provider says that a person has signed out, or is no longer one of its own: `grants` (browser
    /// sessions and the agents that were let in during them) or `sessions` (browser sessions alone). Default: `grants`.
    pub(crate) logout_ends: Option<RawLogoutEnds>,
    /// oidc, github: where the provider sends people back to: `shared` (`/.doorward/callback`) or `own`
    /// (`/.doorward/callback/NAME`). Default: `shared`.
    pub(crate) callback: Option<RawCallback>,
    /// oidc, github: a PEM file with the authorities that certificates of the provider are from. Default: those of the machine.
    pub(crate) ca: Option<String>,
    /// oidc, github: the URL of an HTTP proxy by which the provider is reached. Default: none.
    pub(crate) proxy: Option<String>,
    /// oidc: what the provider may sign by, of `RS256`, `PS256`, `ES256` and `EdDSA`. Default: `["RS256"]`.
    pub(crate) algorithms: Option<Vec<String>>,
    /// oidc: how far the provider's clock may be off, at most a minute. Default: `"60s"`.
    pub(crate) clock_skew: Option<String>,

    /// github: the URL of a GitHub Enterprise Server. Default: `"https://github.com"`.
    pub(crate) url: Option<String>,
    /// github: the URL of its API. Default: `"https://api.github.com"`, or `/api/v3` at `url`.
    pub(crate) api_url: Option<String>,
    /// github: only members of one of these organisations may sign in. Default: everybody may, and policies decide.
    pub(crate) organisations: Vec<String>,
}

/// `[identity_providers.NAME.argon2]`. No less than OWASP's minimum, which trades memory for iterations.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawArgon2 {
    /// Memory in KiB. Default: 19456 (19 MiB).
    pub(crate) memory_kib: Option<u32>,
    /// Passes over the memory. Default: 2.
    pub(crate) iterations: Option<u32>,
    /// Lanes. Default: 1.
    pub(crate) parallelism: Option<u32>,
}

/// `type` of an identity provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawProviderType {
    /// Built-in accounts.
    Local,
    /// An OpenID provider.
    Oidc,
    /// GitHub.
    Github,
    /// A code by mail.
    EmailCode,
}

/// `token_endpoint_auth_method`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawAuthMethod {
    /// HTTP Basic.
    ClientSecretBasic,
    /// In the form.
    ClientSecretPost,
    /// A signed assertion (RFC 7523).
    PrivateKeyJwt,
    /// Not at all.
    None,
}

/// `userinfo`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawUserinfo {
    /// When something is missing.
    #[default]
    Auto,
    /// At each sign-in.
    Always,
    /// Never.
    Never,
}

/// `logout_ends`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawLogoutEnds {
    /// Browser sessions and agents' grants.
    #[default]
    Grants,
    /// Browser sessions alone.
    Sessions,
}

/// `callback`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawCallback {
    /// One for all providers.
    #[default]
    Shared,
    /// Its own.
    Own,
}
