//! The one place where a failure of the authorization server becomes bytes (OAuth 2.1 section 3.2.4, RFC 7591 section 3.2.2).

use crate::approval::Unavailable;
use crate::store::StoreError;
use bytes::Bytes;
use http::{Response, StatusCode, header};
use serde_json::json;

/// A failure at an endpoint that a client calls.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code:?}: {log}")]
pub struct Error {
    /// The registered error code.
    pub code: Code,
    /// For the caller: what is wrong and what to do.
    pub description: String,
    /// For the log: which rule refused, and what can be done.
    pub log: String,
    /// The grant that ended with this refusal, because somebody else had something of it.
    pub ended: Option<String>,
}

/// Error codes, by their registered names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// RFC 6749 section 5.2
    InvalidRequest,
    /// RFC 6749 section 5.2; `basic` when the client used HTTP Basic
    InvalidClient {
        /// Whether a `WWW-Authenticate: Basic` is owed.
        basic: bool,
    },
    /// RFC 6750 section 3.1
    InvalidToken,
    /// RFC 6749 section 5.2
    InvalidGrant,
    /// RFC 6749 section 5.2
    UnauthorizedClient,
    /// RFC 6749 section 5.2
    UnsupportedGrantType,
    /// RFC 6749 section 5.2
    InvalidScope,
    /// RFC 8707 section 2
    InvalidTarget,
    /// RFC 7591 section 3.2.2
    InvalidRedirectUri,
    /// RFC 7591 section 3.2.2
    InvalidClientMetadata,
    /// RFC 8628 section 3.5
    AuthorizationPending,
    /// RFC 8628 section 3.5
    SlowDown,
    /// RFC 8628 section 3.5
    ExpiredToken,
    /// RFC 6749 section 4.1.2.1
    AccessDenied,
    /// OpenID Connect Core section 3.1.2.6
    LoginRequired,
    /// OpenID Connect Core section 3.1.2.6
    ConsentRequired,
    /// OpenID Connect Core Error Code unmet_authentication_requirements
    UnmetAuthenticationRequirements,
    /// RFC 6749 section 4.1.2.1
    UnsupportedResponseType,
    /// RFC 9449 section 5
    InvalidDpopProof,
    /// RFC 9449 section 8
    UseDpopNonce,
    /// OpenID Connect Core section 6.1
    RequestNotSupported,
    /// OpenID Connect Core section 6.2
    RequestUriNotSupported,
    /// RFC 9101 section 6.1, for a pushed request that cannot be used
    InvalidRequestUri,
    /// The store or a provider is out of order; try again (RFC 6749 section 4.1.2.1)
    TemporarilyUnavailable,
    /// No room for more registrations now.
    TooManyRegistrations,
    /// No room for more devices that wait.
    TooManyDevices,
    /// Too many client documents were asked for in this minute.
    TooManyDocuments,
    /// Too many wrong secrets of a client in this minute.
    TooManyGuesses,
    /// The body is larger than this endpoint reads.
    TooLarge,
    /// No such endpoint here.
    NotFound,
    /// The method is not one of these.
    MethodNotAllowed {
        /// For `Allow`.
        allow: &'static str,
    },
}

impl Error {
    /// An error whose log text is its description.
    pub fn new(code: Code, description: impl Into<String>) -> Self {
        let description = description.into();
        Self { code, log: description.clone(), description, ended: None }
    }

    /// A parameter is absent or empty without which there is no request.
    pub fn missing(name: &str) -> Self {
        Self::new(Code::InvalidRequest, format!("`{name}` is missing"))
    }

    /// The same with more detail for the log alone.
    #[must_use]
    pub fn logged(mut self, log: impl Into<String>) -> Self {
        self.log = log.into();
        self
    }

    /// The same of a refusal that ended this grant.
    #[must_use]
    pub fn ending(mut self, grant: impl Into<String>) -> Self {
        self.ended = Some(grant.into());
        self
    }

    /// The answer. It carries the error itself as an extension, so that the gateway can log it.
    pub fn into_response(self) -> Response<Bytes> {
        let body = json!({ "error": self.code.as_str(), "error_description": self.description });
        let mut response = json_response(self.code.status(), &body);
        let headers = response.headers_mut();
        match self.code {
            Code::InvalidClient { basic: true } => {
                headers.insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Basic realm=\"doorward\""));
            }
            Code::InvalidToken => {
                let challenge = header::HeaderValue::from_static("Bearer error=\"invalid_token\"");
                headers.insert(header::WWW_AUTHENTICATE, challenge);
            }
            Code::TemporarilyUnavailable => {
                headers.insert(header::RETRY_AFTER, header::HeaderValue::from_static("2"));
            }
            Code::TooManyRegistrations | Code::TooManyDevices | Code::TooManyDocuments | Code::TooManyGuesses => {
                headers.insert(header::RETRY_AFTER, header::HeaderValue::from_static("60"));
            }
            Code::MethodNotAllowed { allow } => {
                headers.insert(header::ALLOW, header::HeaderValue::from_static(allow));
            }
            _ => {}
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl Code {
    /// The `error` value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest | Self::TooLarge | Self::MethodNotAllowed { .. } => "invalid_request",
            Self::InvalidClient { .. } => "invalid_client",
            Self::InvalidToken => "invalid_token",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::ExpiredToken => "expired_token",
            Self::AccessDenied => "access_denied",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::TemporarilyUnavailable
            | Self::TooManyRegistrations
            | Self::TooManyDevices
            | Self::TooManyDocuments
            | Self::TooManyGuesses => "temporarily_unavailable",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::NotFound => "not_found",
        }
    }

    /// The status of a page that shows this error to a person: never 401, which would ask for credentials.
    pub const fn page_status(self) -> StatusCode {
        match self {
            Self::InvalidClient { .. } => StatusCode::BAD_REQUEST,
            Self::AccessDenied => StatusCode::FORBIDDEN,
            other => other.status(),
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::InvalidClient { .. } | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooManyRegistrations | Self::TooManyDevices | Self::TooManyDocuments | Self::TooManyGuesses => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl From<StoreError> for Error {
    fn from(broken: StoreError) -> Self {
        Self::new(Code::TemporarilyUnavailable, "the server cannot answer now; try again").logged(broken.to_string())
    }
}

impl From<Unavailable> for Error {
    fn from(broken: Unavailable) -> Self {
        Self::new(Code::TemporarilyUnavailable, "the server cannot answer now; try again").logged(broken.to_string())
    }
}

/// A JSON answer that nobody keeps (OAuth 2.1 section 3.2.3).
pub fn json_response(status: StatusCode, body: &serde_json::Value) -> Response<Bytes> {
    json_bytes(status, body.to_string().into_bytes().into())
}

/// The same, of JSON that is written already.
pub fn json_bytes(status: StatusCode, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}
