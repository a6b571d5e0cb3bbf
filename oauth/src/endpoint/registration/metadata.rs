//! Client metadata as sent (RFC 7591 section 2), read into what is kept. Unknown members are ignored, odd values of
//! optional ones dropped: what was kept is in the answer.

use super::signer;
use crate::client::Signer;
use crate::client_metadata::{BOUND, MAX_NAME_CHARS, MAX_TEXT_CHARS, PUSHES, is_web_uri, list, text};
use crate::error::{Code, Error};
use crate::grant_type::GrantType;
use crate::scope::Scopes;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

const MAX_REDIRECT_URIS: usize = 16;

/// What a registration asks for.
#[derive(Debug)]
pub(in crate::endpoint) struct Metadata {
    pub(in crate::endpoint) client_name: String,
    pub(in crate::endpoint) redirect_uris: Vec<String>,
    pub(in crate::endpoint) method: Method,
    pub(in crate::endpoint) grant_types: BTreeSet<GrantType>,
    /// Kept and echoed, and shown to nobody as the truth.
    pub(in crate::endpoint) others: Map<String, Value>,
}

/// `token_endpoint_auth_method`, of those that are supported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::endpoint) enum Method {
    None,
    ClientSecretBasic,
    ClientSecretPost,
    PrivateKeyJwt(Signer),
}

impl Metadata {
    pub(super) fn parse(
        body: &[u8],
        scopes: &Scopes,
        (offered, assertions): (&[GrantType], bool),
    ) -> Result<Self, Error> {
        let sent: Map<String, Value> =
            serde_json::from_slice(body).map_err(|_| invalid("the body must be one JSON object"))?;
        let grant_types = grant_types(&sent, offered)?;
        Ok(Self {
            client_name: text(&sent, "client_name", MAX_NAME_CHARS).unwrap_or_else(|| "Unnamed client".into()),
            redirect_uris: redirect_uris(&sent, grant_types.contains(&GrantType::AuthorizationCode))?,
            method: method(&sent, assertions)?,
            grant_types,
            others: others(&sent, scopes),
        })
    }
}

/// Of what it names, what is offered. It has to have a way to come by a grant: a code, or a code on another device.
fn grant_types(sent: &Map<String, Value>, offered: &[GrantType]) -> Result<BTreeSet<GrantType>, Error> {
    let code = GrantType::AuthorizationCode;
    let Some(named) = list(sent, "grant_types") else {
        require_code_response(sent)?;
        return Ok(GrantType::of_code_client(true));
    };
    let of_client = [code, GrantType::RefreshToken, GrantType::DeviceCode];
    let known = named.into_iter().filter_map(GrantType::named);
    let kept: BTreeSet<_> = known
        .filter(|known| (of_client.contains(known) || *known == GrantType::JwtBearer) && offered.contains(known))
        .collect();
    if kept.contains(&code) {
        require_code_response(sent)?;
    } else if !kept.contains(&GrantType::DeviceCode) {
        let ways = of_client.iter().filter(|way| **way != GrantType::RefreshToken && offered.contains(way));
        let ways = ways.map(|way| way.as_str()).collect::<Vec<_>>().join("` or `");
        return Err(invalid(&format!("`grant_types` must contain `{ways}`")));
    }
    Ok(kept)
}

fn require_code_response(sent: &Map<String, Value>) -> Result<(), Error> {
    if list(sent, "response_types").is_some_and(|types| !types.contains(&"code")) {
        return Err(invalid("`response_types` must contain `code`"));
    }
    Ok(())
}

/// Only a client that uses codes needs some (RFC 7591 section 2).
fn redirect_uris(sent: &Map<String, Value>, needed: bool) -> Result<Vec<String>, Error> {
    let bad = |what: &str| Error::new(Code::InvalidRedirectUri, format!("`redirect_uris` {what}"));
    let sent = match sent.get("redirect_uris") {
        None if !needed => return Ok(Vec::new()),
        sent => sent.and_then(Value::as_array).ok_or_else(|| bad("is required: an array of URIs"))?,
    };
    if (needed && sent.is_empty()) || sent.len() > MAX_REDIRECT_URIS {
        return Err(bad("must have 1 to 16 entries"));
    }
    let uris = sent.iter().map(|uri| uri.as_str().map(str::to_owned).ok_or_else(|| bad("must be strings")));
    uris.collect()
}

/// Absent means a secret by RFC 7591, but public clients leave it out and keep none: `none` is substituted and echoed.
fn method(sent: &Map<String, Value>, assertions: bool) -> Result<Method, Error> {
    match sent.get("token_endpoint_auth_method").and_then(Value::as_str) {
        None | Some("none") => Ok(Method::None),
        Some("client_secret_basic") => Ok(Method::ClientSecretBasic),
        Some("client_secret_post") => Ok(Method::ClientSecretPost),
        Some("private_key_jwt") if assertions => signer::parse(sent).map(Method::PrivateKeyJwt),
        Some(_) => {
            let signed = if assertions { ", `private_key_jwt`" } else { "" };
            Err(invalid(&format!(
                "`token_endpoint_auth_method` must be one of `none`, `client_secret_basic`, `client_secret_post`{signed}"
            )))
        }
    }
}

fn others(sent: &Map<String, Value>, scopes: &Scopes) -> Map<String, Value> {
    let mut kept = Map::new();
    for name in ["software_id", "software_version"] {
        if let Some(value) = text(sent, name, MAX_TEXT_CHARS) {
            kept.insert(name.to_owned(), value.into());
        }
    }
    for name in ["client_uri", "logo_uri", "tos_uri", "policy_uri"] {
        let uri = sent.get(name).and_then(Value::as_str).filter(|uri| is_web_uri(uri));
        kept.extend(uri.map(|uri| (name.to_owned(), uri.into())));
    }
    for name in [PUSHES, BOUND] {
        if sent.get(name).is_some_and(|said| *said == true) {
            kept.insert(name.to_owned(), true.into());
        }
    }
    if let Some(kind @ ("native" | "web")) = sent.get("application_type").and_then(Value::as_str) {
        kept.insert("application_type".to_owned(), kind.into());
    }
    let scope = sent.get("scope").and_then(Value::as_str).and_then(|scope| scopes.grant(Some(scope)).ok());
    kept.extend(scope.map(|scope| ("scope".to_owned(), scope.into())));
    kept
}

pub(super) fn invalid(description: &str) -> Error {
    Error::new(Code::InvalidClientMetadata, description)
}
