//! What a configuration file says, before it means anything. The comments here are the reference of the keys.

mod app;
mod identity_provider;
mod keys;
mod limits;
mod oauth;
mod tls;
mod upstream;

pub(crate) use app::{RawApp, RawChallenge, RawCors, RawMcp, RawPolicyEntry, RawPreset};
pub(crate) use identity_provider::{
    RawArgon2, RawAuthMethod, RawCallback, RawIdentityProvider, RawLogoutEnds, RawProviderType, RawUserinfo,
};
pub(crate) use keys::{RawKeys, RawSigningAlgorithm};
pub(crate) use limits::{RawAppLimits, RawLimits, RawPer, RawRequestLimit};
pub(crate) use oauth::{
    RawAssertions, RawConsent, RawDevice, RawDocuments, RawDpop, RawGrant, RawOAuth, RawRegistration, RawRemember,
    RawRequires, RawScope,
};
pub(crate) use tls::{RawAcme, RawAcmeChallenge, RawCertificate, RawClientCertificates, RawExternalAccount};
pub(crate) use upstream::{
    RawHeaderRules, RawHeaderValue, RawHealthCheck, RawLoadBalancing, RawMaintenance, RawTimeouts, RawUpstream,
    RawUpstreamProtocol, RawUpstreamTls,
};

use policy::{RawGroup, RawPolicy};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Unexpected, Visitor};
use std::collections::BTreeMap;
use std::fmt;

/// The whole file. All durations in it are written like `"15m"`, `"24h"` or `"14d"`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawConfig {
    /// Where the gateway listens.
    pub(crate) server: RawServer,
    /// Where people sign in.
    pub(crate) auth: RawAuth,
    /// How the gateway's own pages look, and what they say.
    pub(crate) brand: RawBrand,
    /// Where state is kept.
    pub(crate) store: RawStore,
    /// When keys change.
    pub(crate) keys: RawKeys,
    /// Who sends mail for the gateway. Without it none is sent.
    pub(crate) mail: Option<RawMail>,
    /// Who can vouch for a person, by name. Without any there is `local`.
    pub(crate) identity_providers: BTreeMap<String, RawIdentityProvider>,
    /// Who may vouch for people to clients by signing, by name (identity assertions, ID-JAG).
    pub(crate) token_issuers: BTreeMap<String, RawTokenIssuer>,
    /// Rules with a name, for use in policies.
    pub(crate) groups: BTreeMap<String, RawGroup>,
    /// Policies with a name, for use in apps.
    pub(crate) policies: BTreeMap<String, RawPolicy>,
    /// The protected apps, by id: a lower-case letter or digit, then up to 23 of these, `-` or `_`.
    pub(crate) apps: BTreeMap<String, RawApp>,
}

/// `[server]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawServer {
    /// The addresses that take requests: by TLS with `certificates` or `acme`, else by plain HTTP. Default: `["127.0.0.1:8080"]`.
    pub(crate) listen: Option<Vec<String>>,
    /// The address of `/healthz`, `/readyz` and `/metrics`, or `false` for none. Default: `"127.0.0.1:9090"`.
    pub(crate) admin_listen: Option<RawAdminListen>,
    /// The networks of proxies in front, such as a TLS terminator: only what comes from there is believed about the
    /// client's address (`X-Forwarded-For`, the rightmost address that is none of these). Default: none.
    pub(crate) trusted_proxies: Vec<String>,
    /// How many threads serve requests. Default: as many as there are CPUs.
    pub(crate) threads: Option<u64>,
    /// The certificates that `listen` speaks TLS with; a client gets the first that is for the name it asks for. Their files
    /// are read again when they change. Default: none, and then `listen` takes plain HTTP.
    pub(crate) certificates: Vec<RawCertificate>,
    /// Certificates from an ACME server, such as Let's Encrypt. Default: none.
    pub(crate) acme: Option<RawAcme>,
    /// Who signs certificates of clients, for the selectors `certificate` and `common_name`. Default: no client is asked
    /// for one.
    pub(crate) client_certificates: Option<RawClientCertificates>,
    /// Whether every connection of `listen` begins with a PROXY header, of version 1 or 2, from one of `trusted_proxies`.
    /// Default: `false`.
    pub(crate) proxy_protocol: bool,
    /// The addresses that take plain HTTP beside TLS, and send browsers on to https. Default: none.
    pub(crate) redirect_listen: Vec<String>,
    /// How long it goes on taking requests after SIGTERM while `/readyz` says 503, so that a load balancer notices. Default: not at
    /// all.
    pub(crate) drain_delay: Option<String>,
    /// How long requests under way may take after that, open streams included, before they are cut off. Default: `"30s"`.
    pub(crate) drain_timeout: Option<String>,
    /// The folder, private to the gateway's user, in which `doorward serve --upgrade` takes the sockets over. Default: the name of the
    /// database with `.upgrade`.
    pub(crate) upgrade_folder: Option<String>,
    /// How long browsers are told to ask for these hosts by https alone (`Strict-Transport-Security`), on every answer of an
    /// https URL; the upstream's own header stays. Default: not told.
    pub(crate) hsts: Option<String>,
    /// How much clients may ask of it.
    pub(crate) limits: RawLimits,
}

/// `admin_listen`
#[derive(Debug)]
pub(crate) enum RawAdminListen {
    /// `false`
    Off,
    /// An address.
    At(String),
}

/// `[auth]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawAuth {
    /// The public URL where people sign in and consent, without a path, on a host of its own. Required.
    pub(crate) url: Option<String>,
    /// How long people stay signed in there. Default: `"24h"`.
    pub(crate) session_duration: Option<String>,
    /// How long a browser may do nothing before its sessions end, there and at the apps. Default: no such end, because
    /// `session_duration` ends them within a day anyway.
    pub(crate) idle_timeout: Option<String>,
}

/// `[brand]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawBrand {
    /// The name in the header and the title of every page. Default: `"Doorward"`.
    pub(crate) name: Option<String>,
    /// A picture for the header: a file of at most 256 KiB, SVG, PNG, JPEG or WebP. Default: a door.
    pub(crate) logo: Option<String>,
    /// The colour of buttons and links on light pages, as `"#rrggbb"`; it must have a contrast of 4.5 to them (WCAG AA).
    /// Default: a dark green.
    pub(crate) colour: Option<String>,
    /// The same for dark pages. Default: `colour`, made lighter until it can be read.
    pub(crate) colour_dark: Option<String>,
    /// A folder of texts in Fluent: `en.ftl` and `de.ftl` replace single texts, `fr.ftl` adds French. Default: none.
    pub(crate) texts: Option<String>,
}

/// `[store]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawStore {
    /// `sqlite:` and a file name. Default: `"sqlite:doorward.db"`.
    pub(crate) url: Option<String>,
    /// How long people and agents that were let in before may go on while the store is out of reach; everything else is
    /// answered with 503. What is revoked in that time is heeded when the store is back. `"0s"` is not at all. Default: `"1m"`.
    pub(crate) outage_grace: Option<String>,
    /// The key under which the signing keys in the store are sealed: 32 bytes as base64, from `{ env = "NAME" }` or
    /// `{ file = "PATH" }`. Default: a file beside the database, made at the first start, readable by its owner alone.
    pub(crate) key: Option<RawSecret>,
}

/// `[mail]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawMail {
    /// The server: `smtps://HOST` with TLS from the start (port 465), or `smtp://HOST` with STARTTLS (port 587). Required.
    pub(crate) url: Option<String>,
    /// Whether `smtp://` must use STARTTLS. `false` only for a relay on this machine. Default: `true`.
    pub(crate) starttls: Option<bool>,
    /// Who the mails are from, as `Name <user@example.com>` or an address. Required.
    pub(crate) from: Option<String>,
    /// The user name at the server, if it asks for one.
    pub(crate) username: Option<String>,
    /// The password at the server, from `{ env = "NAME" }` or `{ file = "PATH" }`.
    pub(crate) password: Option<RawSecret>,
    /// A PEM file of who signs the server's certificate. Default: the public authorities.
    pub(crate) ca: Option<String>,
}

/// `[token_issuers.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawTokenIssuer {
    /// `iss` of its assertions, byte for byte: an https URL. Required.
    pub(crate) issuer: Option<String>,
    /// Where it publishes its keys: an https URL at a public address. Required.
    pub(crate) jwks_uri: Option<String>,
    /// What it may sign by, of `ES256`, `EdDSA`, `RS256` and `PS256`. Default: all of these.
    pub(crate) algorithms: Option<Vec<String>>,
}

/// A secret: where it is, never what it is.
#[derive(Debug)]
pub(crate) enum RawSecret {
    /// `{ env = "NAME" }`
    Env(String),
    /// `{ file = "PATH" }`
    File(String),
}

impl<'de> Deserialize<'de> for RawSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

struct SecretVisitor;

impl<'de> Visitor<'de> for SecretVisitor {
    type Value = RawSecret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`{ env = \"NAME\" }` or `{ file = \"PATH\" }`; a secret has no place in this file")
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<RawSecret, E> {
        // The text itself is not repeated.
        Err(E::invalid_type(Unexpected::Other("a string"), &self))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawSecret, A::Error> {
        let read = match map.next_key::<String>()?.as_deref() {
            Some("env") => RawSecret::Env(map.next_value()?),
            Some("file") => RawSecret::File(map.next_value()?),
            _ => return Err(A::Error::invalid_type(Unexpected::Map, &self)),
        };
        if map.next_key::<String>()?.is_some() {
            return Err(A::Error::invalid_length(2, &self));
        }
        Ok(read)
    }
}

impl<'de> Deserialize<'de> for RawAdminListen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AdminListenVisitor)
    }
}

struct AdminListenVisitor;

impl Visitor<'_> for AdminListenVisitor {
    type Value = RawAdminListen;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an address or `false`")
    }

    fn visit_bool<E: Error>(self, on: bool) -> Result<RawAdminListen, E> {
        if on {
            return Err(E::invalid_value(Unexpected::Bool(on), &self));
        }
        Ok(RawAdminListen::Off)
    }

    fn visit_str<E: Error>(self, address: &str) -> Result<RawAdminListen, E> {
        Ok(RawAdminListen::At(address.to_owned()))
    }
}
