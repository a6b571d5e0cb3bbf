//! One question about the facts, with the value it is asked for.

mod auth_method;
mod certificate;
mod claim;
mod common_name;
mod email;
mod ip;
mod key;
mod method;
mod path;

use std::fmt;
use std::sync::Arc;

use self::auth_method::AuthMethod;
use self::claim::Claim;
use self::common_name::CommonName;
use self::email::{Email, EmailDomain};
use self::ip::IpRange;
pub use self::key::SelectorKey;
use self::method::Method;
pub use self::path::PathPattern;
use crate::error::listed;
use crate::group::Group;
use crate::rule::Scope;
use crate::{Facts, Identity, Message, RawClaim, RequestFacts, Truth, Via};

/// A parsed selector.
#[derive(Debug)]
pub(crate) enum Selector {
    Everyone,
    Email(Email),
    EmailDomain(EmailDomain),
    Group(Arc<Group>),
    Ip(IpRange),
    Method(Method),
    Path(PathPattern),
    LoginMethod(Box<str>),
    AuthMethod(AuthMethod),
    IdpGroup(Box<str>),
    Claim(Claim),
    ClientId(Box<str>),
    Via(Via),
    ServiceToken(Box<str>),
    AnyServiceToken,
    Certificate,
    CommonName(CommonName),
    LinkedApp(Box<str>),
    McpTool(Box<str>),
    McpMethod(Box<str>),
}

impl Selector {
    /// Whether it holds.
    pub(crate) fn test(&self, facts: &Facts<'_>) -> Truth {
        match self {
            Self::Everyone => Truth::Yes,
            Self::Email(email) => of_email(facts, |asked| email.matches(asked)),
            Self::EmailDomain(domain) => of_email(facts, |asked| domain.matches(asked)),
            Self::Group(group) => group.rules.test(facts),
            Self::Ip(range) => of_request(facts, |request| range.matches(request.ip)),
            Self::Method(method) => of_request(facts, |request| method.matches(request.method)),
            Self::Path(pattern) => of_request(facts, |request| pattern.matches(request.path)),
            Self::LoginMethod(name) => of_identity(facts, |identity| *identity.login_method == **name),
            Self::AuthMethod(method) => of_identity(facts, |identity| method.is_in(&identity.auth_methods)),
            Self::IdpGroup(name) => {
                of_identity(facts, |identity| identity.groups.iter().any(|group| **group == **name))
            }
            Self::Claim(claim) => of_identity(facts, |identity| claim.is_in(&identity.claims)),
            Self::ClientId(id) => Truth::from(facts.client_id == Some(&**id)),
            Self::Via(via) => Truth::from(facts.via == *via),
            Self::ServiceToken(name) => of_identity(facts, |identity| {
                identity.is_service_token() && (identity.name.as_deref() == Some(name) || *identity.subject == **name)
            }),
            Self::AnyServiceToken => of_identity(facts, Identity::is_service_token),
            Self::Certificate => of_request(facts, certificate::is_presented),
            Self::CommonName(name) => of_request(facts, |request| name.matches(request)),
            Self::LinkedApp(app) => Truth::from(facts.linked_app == Some(&**app)),
            Self::McpTool(name) => of_message(facts, |_, tool| tool == Some(&**name)),
            Self::McpMethod(name) => of_message(facts, |method, _| method == Some(&**name)),
        }
    }

    /// Reads one string as the value of a selector.
    pub(crate) fn parse(key: SelectorKey, text: &str, scope: &Scope<'_>) -> Result<Self, String> {
        if text.is_empty() {
            return Err("must not be empty".into());
        }
        if text.trim() != text {
            return Err("must not start or end with white space".into());
        }
        match key {
            SelectorKey::Everyone | SelectorKey::AnyServiceToken | SelectorKey::Certificate => Err(ALWAYS_TRUE.into()),
            SelectorKey::Email => Email::parse(text).map(Self::Email),
            SelectorKey::EmailDomain => EmailDomain::parse(text).map(Self::EmailDomain),
            SelectorKey::Group => scope.group(text).map(Self::Group),
            SelectorKey::Ip => IpRange::parse(text).map(Self::Ip),
            SelectorKey::Method => Method::parse(text).map(Self::Method),
            SelectorKey::Path => PathPattern::parse(text).map(Self::Path),
            SelectorKey::LoginMethod => Ok(Self::LoginMethod(text.into())),
            SelectorKey::AuthMethod => AuthMethod::parse(text).map(Self::AuthMethod),
            SelectorKey::IdpGroup => Ok(Self::IdpGroup(text.into())),
            SelectorKey::Claim => Err(CLAIM_IS_A_TABLE.into()),
            SelectorKey::ClientId => Ok(Self::ClientId(text.into())),
            SelectorKey::Via => parse_via(text).map(Self::Via),
            SelectorKey::ServiceToken => Ok(Self::ServiceToken(text.into())),
            SelectorKey::CommonName => Ok(Self::CommonName(CommonName::new(text))),
            SelectorKey::LinkedApp => Ok(Self::LinkedApp(text.into())),
            SelectorKey::McpTool => Ok(Self::McpTool(text.into())),
            SelectorKey::McpMethod => Ok(Self::McpMethod(text.into())),
        }
    }

    /// Reads a flag as the value of a selector.
    pub(crate) fn parse_flag(key: SelectorKey, flag: bool) -> Result<Self, String> {
        match (key, flag) {
            (SelectorKey::Everyone, true) => Ok(Self::Everyone),
            (SelectorKey::AnyServiceToken, true) => Ok(Self::AnyServiceToken),
            (SelectorKey::Certificate, true) => Ok(Self::Certificate),
            (SelectorKey::Everyone | SelectorKey::AnyServiceToken | SelectorKey::Certificate, false) => {
                Err(ALWAYS_TRUE.into())
            }
            (SelectorKey::Claim, _) => Err(CLAIM_IS_A_TABLE.into()),
            _ => Err("must be a string or a list of strings".into()),
        }
    }

    /// Reads a name and a value as the value of a selector: one for each value, of which one must match.
    pub(crate) fn parse_claim(key: SelectorKey, raw: &RawClaim) -> Result<Vec<Self>, String> {
        if key != SelectorKey::Claim {
            return Err("must be a string or a list of strings".into());
        }
        Ok(Claim::parse(raw)?.into_iter().map(Self::Claim).collect())
    }

    /// The way of proving who one is that it asks for, if it does.
    pub(crate) fn auth_method(&self) -> Option<&str> {
        match self {
            Self::AuthMethod(method) => Some(method.as_str()),
            _ => None,
        }
    }

    /// Whether it looks at the MCP message in a request's body.
    pub(crate) fn needs_message(&self) -> bool {
        match self {
            Self::Group(group) => group.rules.need_messages(),
            other => other.key().needs_message(),
        }
    }

    /// Whether it lets in by a client certificate.
    pub(crate) fn asks_for_certificate(&self) -> bool {
        match self {
            Self::Group(group) => group.rules.ask_for_certificate(),
            other => matches!(other, Self::Certificate | Self::CommonName(_)),
        }
    }

    /// Whether it looks at client certificates at all.
    pub(crate) fn speaks_of_certificates(&self) -> bool {
        match self {
            Self::Group(group) => group.rules.speak_of_certificates(),
            other => matches!(other, Self::Certificate | Self::CommonName(_)),
        }
    }

    /// The first selector in it that is about the identity, if there is one.
    pub(crate) fn identity_key(&self) -> Option<SelectorKey> {
        match self {
            Self::Group(group) => group.rules.identity_key(),
            other => Some(other.key()).filter(|key| key.needs_identity()),
        }
    }

    pub(crate) fn key(&self) -> SelectorKey {
        match self {
            Self::Everyone => SelectorKey::Everyone,
            Self::Email(_) => SelectorKey::Email,
            Self::EmailDomain(_) => SelectorKey::EmailDomain,
            Self::Group(_) => SelectorKey::Group,
            Self::Ip(_) => SelectorKey::Ip,
            Self::Method(_) => SelectorKey::Method,
            Self::Path(_) => SelectorKey::Path,
            Self::LoginMethod(_) => SelectorKey::LoginMethod,
            Self::AuthMethod(_) => SelectorKey::AuthMethod,
            Self::IdpGroup(_) => SelectorKey::IdpGroup,
            Self::Claim(_) => SelectorKey::Claim,
            Self::ClientId(_) => SelectorKey::ClientId,
            Self::Via(_) => SelectorKey::Via,
            Self::ServiceToken(_) => SelectorKey::ServiceToken,
            Self::AnyServiceToken => SelectorKey::AnyServiceToken,
            Self::Certificate => SelectorKey::Certificate,
            Self::CommonName(_) => SelectorKey::CommonName,
            Self::LinkedApp(_) => SelectorKey::LinkedApp,
            Self::McpTool(_) => SelectorKey::McpTool,
            Self::McpMethod(_) => SelectorKey::McpMethod,
        }
    }
}

/// The value alone, as in TOML.
impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone | Self::AnyServiceToken | Self::Certificate => f.write_str("true"),
            Self::CommonName(name) => name.fmt(f),
            Self::Email(email) => write!(f, "\"{email}\""),
            Self::EmailDomain(domain) => write!(f, "\"{domain}\""),
            Self::Group(group) => write!(f, "{:?}", group.name),
            Self::Ip(range) => write!(f, "\"{range}\""),
            Self::Method(method) => write!(f, "\"{method}\""),
            Self::Path(pattern) => write!(f, "\"{pattern}\""),
            Self::LoginMethod(text) | Self::IdpGroup(text) | Self::ClientId(text) => write!(f, "{text:?}"),
            Self::ServiceToken(text) | Self::LinkedApp(text) => write!(f, "{text:?}"),
            Self::McpTool(text) | Self::McpMethod(text) => write!(f, "{text:?}"),
            Self::AuthMethod(method) => write!(f, "\"{method}\""),
            Self::Claim(claim) => claim.fmt(f),
            Self::Via(via) => write!(f, "\"{via}\""),
        }
    }
}

fn of_identity(facts: &Facts<'_>, test: impl FnOnce(&Identity) -> bool) -> Truth {
    facts.identity.is_some_and(test).into()
}

fn of_email(facts: &Facts<'_>, test: impl FnOnce(&str) -> bool) -> Truth {
    of_identity(facts, |identity| identity.email.as_deref().is_some_and(test))
}

fn of_request(facts: &Facts<'_>, test: impl FnOnce(RequestFacts<'_>) -> bool) -> Truth {
    facts.request.map_or(Truth::Unknown, |request| test(request).into())
}

fn of_message(facts: &Facts<'_>, test: impl FnOnce(Option<&str>, Option<&str>) -> bool) -> Truth {
    match facts.request.map(|request| request.message) {
        None | Some(Message::Unread) => Truth::Unknown,
        Some(Message::None) => Truth::No,
        Some(Message::Read { method, tool }) => test(method, tool).into(),
    }
}

fn parse_via(text: &str) -> Result<Via, String> {
    let found = Via::ALL.into_iter().find(|via| via.as_str() == text);
    found.ok_or_else(|| {
        let known = listed(Via::ALL.map(Via::as_str));
        format!("unknown kind of client `{text}`, known are {known}")
    })
}

const CLAIM_IS_A_TABLE: &str = "must be a table such as `{ name = \"department\", value = \"it\" }`";
const ALWAYS_TRUE: &str = "can only be `true`; to match nobody, leave it out";
