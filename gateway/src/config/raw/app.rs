//! `[apps.ID]` as TOML says it.

use super::upstream::{
    RawHeaderRules, RawHealthCheck, RawLoadBalancing, RawMaintenance, RawTimeouts, RawUpstream, RawUpstreamProtocol,
    RawUpstreamTls,
};
use super::{RawAppLimits, RawOAuth, RawSigningAlgorithm};
use policy::RawPolicy;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use std::fmt;

/// `[apps.ID]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawApp {
    /// What people call it. Default: its id.
    pub(crate) name: Option<String>,
    /// What it is for, in a few words: shown below its name where people choose an app. Default: nothing.
    pub(crate) description: Option<String>,
    /// Its public URL. The host may have `*` for whole labels, and there may be a port and a path. Either this or
    /// `urls` is required.
    pub(crate) url: Option<String>,
    /// Its public URLs; the first is its OAuth issuer.
    pub(crate) urls: Option<Vec<String>>,
    /// Where its requests go: `http://`, `https://` or `h2c://` (HTTP/2 without TLS) with host, port and perhaps a path that
    /// all paths then begin with, or `unix:` and the path of a socket. Either this or `upstreams` is required.
    pub(crate) upstream: Option<String>,
    /// Several servers for its requests, each a URL as in `upstream` or `{ url = "…", weight = 2 }`.
    pub(crate) upstreams: Vec<RawUpstream>,
    /// Who gets the next request: `round_robin`, `least_connections`, or `{ hash = "cookie:NAME" }`, `"header:NAME"` or
    /// `"address"`, by which the same value leads to the same server. Default: `round_robin`.
    pub(crate) load_balancing: Option<RawLoadBalancing>,
    /// What is spoken to servers with `https`: `auto` (HTTP/2 where the server offers it), `http1` or `http2`. Default: `auto`.
    pub(crate) upstream_protocol: RawUpstreamProtocol,
    /// How servers with `https` are recognised, and how they recognise us.
    pub(crate) upstream_tls: Option<RawUpstreamTls>,
    /// How long the upstream may take.
    pub(crate) timeouts: RawTimeouts,
    /// How it is found out which servers can be asked. Without this table, all are, and one that cannot be connected to is
    /// left alone for ten seconds.
    pub(crate) health_check: Option<RawHealthCheck>,
    /// What `Host` says to the upstream: `preserve` (what the client sent), `upstream` (the host of its URL), or a name.
    /// Default: `preserve`.
    pub(crate) host_header: Option<String>,
    /// What is taken from the beginning of the public path before it goes on. Default: nothing.
    pub(crate) strip_prefix: Option<String>,
    /// What is put before the path that goes on. Default: the path of the upstream's URL.
    pub(crate) add_prefix: Option<String>,
    /// Changes to the headers that the upstream gets.
    pub(crate) request_headers: RawHeaderRules,
    /// Changes to the headers of its answers.
    pub(crate) response_headers: RawHeaderRules,
    /// Whether the app is closed for now.
    pub(crate) maintenance: RawMaintenance,
    /// Whether the upstream's redirects by 307 and 308 to itself are followed for the client, if policy lets the client go there:
    /// some MCP servers answer so, and many clients do not follow. Default: false.
    pub(crate) follow_redirects: bool,
    /// Who may pass: names of policies, or policies as inline tables, in order. Without any, nobody passes.
    pub(crate) policies: Vec<RawPolicyEntry>,
    /// How long people stay signed in at it. Default: that of `[auth]`.
    pub(crate) session_duration: Option<String>,
    /// Which identity providers people may use. Default: all.
    pub(crate) allowed_identity_providers: Vec<String>,
    /// What an anonymous request gets: `auto` sends a person's navigation to login and answers 401 to everything
    /// else, `redirect` sends every GET to login, `401` sends nobody. Default: `auto`.
    pub(crate) challenge: RawChallenge,
    /// Whether the client's own `Authorization` header goes on to the upstream. Bearer tokens of an app with managed
    /// OAuth never do. Default: false, and then any `Authorization` that is no token of this app gets 401.
    pub(crate) pass_authorization: bool,
    /// Managed OAuth.
    pub(crate) oauth: Option<RawOAuth>,
    /// Which pages of other origins may call it. Without this table, the upstream's own answer to that passes untouched.
    pub(crate) cors: Option<RawCors>,
    /// How much clients may ask of it.
    pub(crate) limits: Option<RawAppLimits>,
    /// What the upstream is told about who is asking.
    pub(crate) identity_headers: RawIdentityHeaders,
    /// It is an MCP server: messages are read, sessions belong to people.
    pub(crate) mcp: Option<RawMcp>,
}

/// `[apps.ID.mcp]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawMcp {
    /// Whether the bodies of its requests are read as MCP messages. Default: true where this table is, and where a policy of
    /// the app asks for `mcp_tool` or `mcp_method`; else false.
    pub(crate) enabled: Option<bool>,
    /// The largest body that is read, up to `"64MiB"`; more gets 413. Default: `"1MiB"`.
    pub(crate) max_body: Option<String>,
}

/// One of `policies`.
#[derive(Debug)]
pub(crate) enum RawPolicyEntry {
    /// The name of one of `[policies.…]`.
    Named(String),
    /// A policy of this app alone. Its name is `inline #2` if it is the second in the list and has none of its own.
    Inline(RawPolicy),
}

/// `challenge`
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawChallenge {
    /// A person's navigation goes to login, everything else gets 401.
    #[default]
    Auto,
    /// Every GET goes to login.
    Redirect,
    /// Always 401.
    #[serde(rename = "401")]
    Unauthorized,
}

/// `[apps.ID.cors]`: what the gateway tells browsers (Fetch standard, "CORS protocol"), in place of the upstream.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawCors {
    /// The origins of the pages, such as `["https://app.example.com"]`. Required; `"*"` has no place here.
    pub(crate) allowed_origins: Vec<String>,
    /// Whether pages may call it in the name of who is signed in: with the session cookie, and by unsafe methods too.
    /// Browsers send the cookie between hosts of one site only. Default: false.
    pub(crate) allow_credentials: bool,
    /// The methods that they may use. Default: `GET`, `HEAD`, `POST`, `PUT`, `PATCH` and `DELETE`.
    pub(crate) allowed_methods: Option<Vec<String>>,
    /// The request headers that they may set. Default: `Authorization` and `Content-Type`.
    pub(crate) allowed_headers: Option<Vec<String>>,
    /// The response headers that they may read besides `WWW-Authenticate`. Default: none.
    pub(crate) exposed_headers: Vec<String>,
    /// How long browsers remember the answer to a preflight. Default: `"10m"`.
    pub(crate) max_age: Option<String>,
}

/// `[apps.ID.identity_headers]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawIdentityHeaders {
    /// `doorward`: `Doorward-Assertion` and `X-Forwarded-User`, `-Email`, `-Groups`. `none`: no headers. Default:
    /// `doorward`.
    pub(crate) preset: RawPreset,
    /// What `Doorward-Assertion` is signed by: `EdDSA`, `Ed25519` (the same under its fully specified name) or `ES256`.
    /// Default: `EdDSA`.
    pub(crate) signing_algorithm: RawSigningAlgorithm,
}

/// `preset` of the identity headers.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawPreset {
    /// The gateway's own.
    #[default]
    Doorward,
    /// None.
    None,
}

impl<'de> Deserialize<'de> for RawPolicyEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PolicyEntryVisitor)
    }
}

struct PolicyEntryVisitor;

impl<'de> Visitor<'de> for PolicyEntryVisitor {
    type Value = RawPolicyEntry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a policy or an inline policy")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<RawPolicyEntry, E> {
        Ok(RawPolicyEntry::Named(name.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawPolicyEntry, A::Error> {
        RawPolicy::deserialize(MapAccessDeserializer::new(map)).map(RawPolicyEntry::Inline)
    }
}
