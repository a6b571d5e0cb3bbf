//! `[apps.ID.oauth]` as TOML says it.

use super::RawSigningAlgorithm;
use serde::Deserialize;

/// `[apps.ID.oauth]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawOAuth {
    /// Whether CLIs and agents may come in by OAuth. Default: `false`.
    pub(crate) enabled: Option<bool>,
    /// How long what they are given lasts.
    pub(crate) grant: RawGrant,
    /// Which of them may register themselves (RFC 7591).
    pub(crate) dynamic_client_registration: RawRegistration,
    /// Which of them may come with the URL of a document about them as their id.
    pub(crate) client_id_metadata_documents: RawDocuments,
    /// Which of them may authenticate by a signed assertion instead of a secret (`private_key_jwt`, RFC 7523).
    pub(crate) client_assertions: RawAssertions,
    /// Whether their authorization requests must be pushed (RFC 9126): then nothing of a request can be read or changed in
    /// the browser, and clients that cannot push do not come in. Default: `false`; all may push.
    pub(crate) require_pushed_authorization_requests: Option<bool>,
    /// Whose consent is asked for once, and whose each time.
    pub(crate) consent: RawConsent,
    /// The names of the token issuers whose identity assertions are accepted in place of a person's consent. Default: none.
    pub(crate) accept_assertions_from: Vec<String>,
    /// Sign-in by a code that a person enters on another device.
    pub(crate) device: RawDevice,
    /// What becomes of proofs of possession (RFC 9449): `"off"`; `"optional"`, so that who sends one gets tokens that are worth
    /// nothing without its key; or `"required"`. Default: `"optional"`.
    pub(crate) dpop: RawDpop,
    /// Whether proofs must have a nonce from the gateway, so that none can be made long before it is used. Clients are told
    /// to try again with one. Default: `false`.
    pub(crate) dpop_nonce: Option<bool>,
    /// What they can be limited to, beside `access`, which every app has.
    pub(crate) scopes: Vec<RawScope>,
}

/// `apps.ID.oauth.dpop`
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RawDpop {
    Off,
    #[default]
    Optional,
    Required,
}

/// `[apps.ID.oauth.grant]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawGrant {
    /// What access tokens are signed by: `EdDSA`, `Ed25519` (the same under its fully specified name) or `ES256`. Default:
    /// `EdDSA`.
    pub(crate) signing_algorithm: RawSigningAlgorithm,
    /// How long an access token lasts. Default: `"15m"`.
    pub(crate) access_token_lifetime: Option<String>,
    /// How long a person's permission lasts, refreshes included. Default: `"336h"`.
    pub(crate) session_duration: Option<String>,
    /// How long it lasts without a refresh; at most `session_duration`. Default: no refresh is needed.
    pub(crate) idle_timeout: Option<String>,
    /// How long a refresh token that was used already still gets the same answer. Default: `"60s"`.
    pub(crate) refresh_grace: Option<String>,
}

/// `[apps.ID.oauth.dynamic_client_registration]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawRegistration {
    /// Whether clients may register themselves. Default: `true`.
    pub(crate) enabled: Option<bool>,
    /// Whether any redirect URI at `http://localhost` is accepted. Default: `true`.
    pub(crate) allow_any_on_localhost: Option<bool>,
    /// Whether any redirect URI at `http://127.0.0.1` and `http://[::1]` is accepted. Default: `true`.
    pub(crate) allow_any_on_loopback: Option<bool>,
    /// Redirect URIs that are accepted beside these: whole ones, or with `/*` at the end what is below them.
    pub(crate) allowed_uris: Vec<String>,
    /// Well-known clients whose redirect URIs are accepted. Default: `["claude", "chatgpt", "cursor", "vscode"]`.
    pub(crate) presets: Option<Vec<String>>,
    /// How many clients may be registered at the same time. Default: `10000`.
    pub(crate) max_clients: Option<u64>,
    /// How long a client is kept that nobody has given a grant, once there is no room for more. Default: `"15m"`.
    pub(crate) unused_for: Option<String>,
}

/// `[apps.ID.oauth.client_id_metadata_documents]`
///
/// The documents of Claude Code, Claude, Codex, ChatGPT, Visual Studio Code, Zed and OpenCode are part of the gateway, so
/// these come in without any network. All others are fetched, once somebody has signed in, from public https addresses
/// only: without a way out, the person gets an error page that says so, and agents that register themselves are not
/// affected. Agents with a document no longer register themselves once this is enabled.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawDocuments {
    /// Whether such clients are admitted. Default: `true`.
    pub(crate) enabled: Option<bool>,
    /// The hosts whose documents are admitted; `*` stands for one label, as in `"*.example.com"`. It counts for the
    /// documents that are part of the gateway too: list `claude.ai` for Claude Code. Default: all.
    pub(crate) allowed_domains: Vec<String>,
    /// Whether a document that names no `token_endpoint_auth_method` means a public client. Otherwise it is refused.
    /// Default: `true`.
    pub(crate) implicit_none: Option<bool>,
}

/// `[apps.ID.oauth.client_assertions]`
///
/// A client that publishes its keys at a `jwks_uri` has them fetched, from public https addresses only, when an assertion
/// is to be verified. A gateway without a way out switches assertions off: agents that can do both, such as ChatGPT, then
/// come as public clients.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawAssertions {
    /// Whether such clients are admitted. Default: `true`.
    pub(crate) enabled: Option<bool>,
    /// Whether an assertion may be for the URL of the token endpoint too, and not for the issuer alone, as older clients
    /// make them. Default: `false`.
    pub(crate) accept_token_endpoint_audience: Option<bool>,
}

/// `[apps.ID.oauth.consent]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawConsent {
    /// Whose consent is remembered, for as long as the grant could last: `assured`, that for clients which nobody else can
    /// pretend to be; `never`; or `always`, that for programs on people's own computers and for clients which registered
    /// themselves too, although any program can pretend to be one of these. Default: `assured`.
    pub(crate) remember: RawRemember,
    /// Ids of clients that get what they ask for without a question: documents that are part of the gateway, and clients
    /// with a secret or a key that an administrator registered; in both cases with an `https` redirect URI that is not on
    /// the person's own computer. Default: none.
    pub(crate) preapproved: Vec<String>,
}

/// `remember`
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawRemember {
    /// For clients that nobody else can pretend to be.
    #[default]
    Assured,
    /// For none.
    Never,
    /// For all.
    Always,
}

/// `[apps.ID.oauth.device]` (RFC 8628)
///
/// For machines without a browser. Whoever can be talked into entering a code lets a stranger in, so it is off unless an
/// app needs it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawDevice {
    /// Whether clients may come in by it. Default: `false`.
    pub(crate) enabled: Option<bool>,
    /// How long a code can be entered, and the answer fetched: one minute to thirty. Default: `"5m"`.
    pub(crate) lifetime: Option<String>,
    /// How long a client waits between two questions, at most a minute. Default: `"5s"`.
    pub(crate) interval: Option<String>,
}

/// `[[apps.ID.oauth.scopes]]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawScope {
    /// Its name. Required.
    pub(crate) name: Option<String>,
    /// What it allows, for the consent page. Default: its name.
    pub(crate) description: Option<String>,
    /// The narrower scopes that it stands for, and what these include: a request that needs one of them is content with
    /// this one. Not in a circle. Default: none.
    pub(crate) includes: Vec<String>,
    /// Whether a person can leave it out on the consent page. Default: `false`, because few clients can say what is wrong
    /// when they get less than they asked for.
    pub(crate) optional: bool,
    /// Which requests need it. Default: none.
    pub(crate) requires: Option<RawRequires>,
}

/// `requires` of a scope. A request needs the scope if both its method and its path are listed.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawRequires {
    /// Methods in upper case. Default: all.
    pub(crate) methods: Vec<String>,
    /// Paths, or with `/*` at the end also what is below them. Default: all.
    pub(crate) paths: Vec<String>,
}
