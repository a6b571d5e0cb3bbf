//! Clients whose id is the https URL of a JSON document about them (draft-ietf-oauth-client-id-metadata-document): found
//! among the pinned ones, or fetched, checked and kept for a while.
//!
//! Of the other URLs in it, `jwks_uri` alone is ever fetched, by the same rules, and only to verify an assertion that the
//! client sent (section 8.6).

mod cache;
mod document;
mod document_url;
mod methods;
mod pinned;

pub use self::cache::Documents;
pub use self::document::Document;
pub use self::document_url::DocumentUrl;
pub use self::methods::Methods;
pub use self::pinned::{PINNED_ON, pinned, pinned_urls};

use crate::app::DocumentRules;
use crate::world::FetchError;

/// Whether an app admits the client with this id: a well-formed URL, of a host that its rules allow.
///
/// # Errors
/// What is wrong with the URL, or that the host is not allowed.
pub fn admit(rules: &DocumentRules, client_id: &str) -> Result<DocumentUrl, Unusable> {
    let url = DocumentUrl::parse(client_id).map_err(Unusable::Url)?;
    if rules.admits(url.host()) { Ok(url) } else { Err(Unusable::DomainNotAllowed) }
}

/// Why a client with a URL for an id cannot be used. The text is for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Section 3
    #[error("the client id is not the URL of a client document: {0}")]
    Url(&'static str),
    /// The administrator's rule.
    #[error("client documents of this host are not allowed at this app; an administrator can allow it")]
    DomainNotAllowed,
    /// No whole answer. Whoever named the URL is not told more.
    #[error("the client's document could not be fetched; this gateway must be able to reach it")]
    NotFetched(FetchError),
    /// Section 5: an answer that is no document.
    #[error("the client's document could not be fetched: {0}")]
    NotFound(String),
    /// Section 4
    #[error("the client's document is not valid: {0}")]
    Invalid(&'static str),
    /// The document leaves no way of authentication that is supported here.
    #[error(
        "the client's document has no authentication method that is supported here: `none`, or `private_key_jwt` with \
         usable keys in `jwks` or at an https `jwks_uri`"
    )]
    NoCommonMethod,
    /// It can only sign, and the app wants no assertions.
    #[error(
        "the client's document asks for `private_key_jwt`, which is off for this app; an administrator can allow it"
    )]
    AssertionsOff,
    /// The document names no way of authentication, and the app wants one named.
    #[error("the client's document must name its `token_endpoint_auth_method`")]
    NoMethod,
    /// The budget of this minute is used up.
    #[error("too many client documents were asked for; try again in a minute")]
    TooMany,
}
