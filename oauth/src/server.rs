//! The authorization server: one function from a request at one of its endpoints to a [`Reply`].

use crate::app::App;
use crate::approval::Approval;
use crate::endpoint::{authorization, authorization_server, jwks, protected_resource, registration, token};
use crate::error::{Code, Error};
use crate::keys::Keyring;
use crate::store::Store;
use crate::world::{Random, Timestamp};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use std::fmt;
use std::sync::Arc;

/// The server and what it works with. Cheap to clone.
#[derive(Clone)]
pub struct Server {
    /// State that outlives a request.
    pub store: Arc<dyn Store>,
    /// Its keys.
    pub keys: Arc<Keyring>,
    /// The source of secrets.
    pub random: Arc<dyn Random>,
    /// The policy.
    pub approval: Arc<dyn Approval>,
}

/// Which endpoint was called; the gateway's router knows, from the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// RFC 9728, for the resource at this absolute URL.
    ProtectedResource {
        /// The URL asked for, built from the configured origin and the path of the request.
        resource: String,
    },
    /// RFC 8414.
    AuthorizationServer,
    /// RFC 7517.
    Jwks,
    /// RFC 7591.
    Registration,
    /// OAuth 2.1 section 3.1.
    Authorization,
    /// OAuth 2.1 section 3.2.
    Token,
}

/// One call of an endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The app whose endpoint it is.
    pub app: &'a App,
    /// Which endpoint.
    pub endpoint: &'a Endpoint,
    /// Who is signed in at the login origin, if somebody is.
    pub person: Option<&'a Person>,
    /// The time of the request.
    pub now: Timestamp,
}

/// Who is signed in at the login origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Opaque id.
    pub subject: String,
    /// The single sign-on session's grant id.
    pub session: String,
    /// The identity provider by which the person signed in.
    pub login_method: String,
    /// When.
    pub authenticated_at: Timestamp,
}

/// What the gateway does next.
#[derive(Debug)]
pub enum Reply {
    /// Send this.
    Response(Response<Bytes>),
    /// Somebody must sign in; then the same URL is asked for again.
    LoginRequired {
        /// The name of the client that sent the person here; nobody vouches for it.
        client: Option<String>,
    },
    /// Show the consent page; its form is posted to the same URL.
    Consent(Box<authorization::Consent>),
    /// The policy admits no request of this person.
    Refused {
        /// Stable code of the reason.
        reason: &'static str,
        /// The rule that refused, if one did.
        rule: Option<String>,
    },
    /// Show an error page; redirecting would be unsafe (OAuth 2.1 section 4.1.2.1).
    Page(Error),
}

impl Server {
    /// Answers a call.
    pub async fn answer(&self, call: Call<'_>, request: &Request<Bytes>) -> Reply {
        if *call.endpoint == Endpoint::Authorization {
            return authorization::answer(self, call, request).await.unwrap_or_else(|reply| reply);
        }
        let mut response = match self.answer_client(call, request).await {
            Ok(response) => response,
            Err(error) => error.into_response(),
        };
        allow_every_origin(&mut response);
        Reply::Response(response)
    }

    async fn answer_client(&self, call: Call<'_>, request: &Request<Bytes>) -> Result<Response<Bytes>, Error> {
        let Some(managed) = &call.app.managed else {
            return Err(Error::new(Code::NotFound, "this app has no managed OAuth"));
        };
        let post = matches!(call.endpoint, Endpoint::Registration | Endpoint::Token);
        if request.method() == Method::OPTIONS {
            return Ok(preflight(post));
        }
        if post != (request.method() == Method::POST)
            || !matches!(*request.method(), Method::GET | Method::HEAD | Method::POST)
        {
            let allow = if post { "POST, OPTIONS" } else { "GET, HEAD, OPTIONS" };
            return Err(Error::new(Code::MethodNotAllowed { allow }, "this endpoint does not know the method"));
        }
        match call.endpoint {
            Endpoint::ProtectedResource { resource } => protected_resource::answer(call.app, resource),
            Endpoint::AuthorizationServer => Ok(authorization_server::answer(call.app, managed)),
            Endpoint::Jwks => Ok(jwks::answer(&[&self.keys.access_token])),
            Endpoint::Registration => registration::answer(self, (call.app, managed), request, call.now).await,
            Endpoint::Token => token::answer(self, (call.app, managed), request, call.now).await,
            Endpoint::Authorization => Err(Error::new(Code::NotFound, "answered elsewhere")),
        }
    }

    /// A new public id: random, and not a secret.
    pub fn new_id(&self, prefix: &str) -> String {
        format!("{prefix}_{}", URL_SAFE_NO_PAD.encode(self.random.bytes::<12>()))
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Server")
    }
}

/// Pages of any origin may call these endpoints: nothing here is decided by a cookie.
fn allow_every_origin(response: &mut Response<Bytes>) {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("WWW-Authenticate"));
}

fn preflight(post: bool) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    let methods = if post { "POST, OPTIONS" } else { "GET, HEAD, OPTIONS" };
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("Authorization, Content-Type, Accept, MCP-Protocol-Version, MCP-Session-Id"),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
    response
}
