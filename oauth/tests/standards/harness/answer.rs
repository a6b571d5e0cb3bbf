//! What clients and browsers receive, with the checks that every answer of its kind must pass.

use super::{REDIRECT, Tokens, WIKI};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use oauth::Reply;
use oauth::call::Consent;
use serde_json::Value;
use url::Url;

/// What a client received.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self, member: &str) -> String {
        self.json()[member].as_str().unwrap_or_default().to_owned()
    }

    #[track_caller]
    pub(crate) fn tokens(&self) -> Tokens {
        assert_eq!(self.status, StatusCode::OK, "{:?}", self.body);
        Tokens { access: self.text("access_token"), refresh: self.text("refresh_token"), scope: self.text("scope") }
    }

    /// Checks that this is an error of the token or registration endpoint, in the form that clients can read.
    #[track_caller]
    pub(crate) fn assert_error(&self, status: u16, error: &str) {
        assert_eq!((self.status.as_u16(), self.text("error").as_str()), (status, error), "{:?}", self.body);
        assert!(!self.text("error_description").is_empty());
        assert_eq!(self.header(header::CONTENT_TYPE), "application/json");
        assert_eq!(self.header(header::CACHE_CONTROL), "no-store");
        assert!(!self.headers.contains_key(header::LOCATION));
    }
}

/// A redirect back to a client.
#[derive(Debug)]
pub(crate) struct Redirect {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) location: String,
}

impl Redirect {
    /// The one parameter of this name.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let url = Url::parse(&self.location).unwrap();
        let mut values = url.query_pairs().filter(|(other, _)| other == name).map(|(_, value)| value.into_owned());
        let value = values.next();
        assert!(values.next().is_none(), "{name} twice in {}", self.location);
        value
    }

    #[track_caller]
    pub(crate) fn assert_error(&self, error: &str) {
        assert_eq!(self.parameter("error").as_deref(), Some(error), "{}", self.location);
        assert_eq!(self.parameter("state").as_deref(), Some("xyz"));
        assert_eq!(self.parameter("iss").as_deref(), Some(WIKI));
        assert_eq!(self.parameter("code"), None);
        assert!(self.location.starts_with(REDIRECT));
    }
}

#[track_caller]
pub(crate) fn redirect_of(reply: Reply) -> Redirect {
    let Reply::Response(response) = reply else { panic!("no redirect but {reply:?}") };
    let (parts, body) = response.into_parts();
    assert!(body.is_empty());
    let location = parts.headers[header::LOCATION].to_str().unwrap().to_owned();
    Redirect { status: parts.status, headers: parts.headers, location }
}

#[track_caller]
pub(crate) fn page_of(reply: Reply) -> Consent {
    let Reply::Consent(consent) = reply else { panic!("no consent page but {reply:?}") };
    *consent
}

/// The status of an error page, which goes to nobody but the person.
#[track_caller]
pub(crate) fn error_page(reply: Reply) -> u16 {
    let Reply::Page(error) = reply else { panic!("no error page but {reply:?}") };
    error.code.page_status().as_u16()
}

/// The id in a client information response.
pub(crate) fn id(client: &Value) -> String {
    client["client_id"].as_str().unwrap().to_owned()
}
