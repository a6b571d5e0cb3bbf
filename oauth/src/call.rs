//! What an endpoint works with, how it is called, and what it may answer.

use crate::app::{App, Realm};
use crate::approval::{Approval, StepUp};
use crate::client_document::Documents;
use crate::error::Error;
use crate::foreign_keys::ForeignKeys;
use crate::keys::Keyring;
use crate::scope::Scope;
use crate::store::Store;
use crate::user_code::UserCode;
use crate::world::{Fetch, Random, Timestamp};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::Response;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// The server and what it works with. Cheap to clone.
#[derive(Clone)]
pub struct Server {
    /// State that outlives a request.
    pub store: Arc<dyn Store>,
    /// Its keys.
    pub keys: Arc<Keyring>,
    /// How long verifiers may keep the public ones.
    pub keys_max_age: Duration,
    /// The source of secrets.
    pub random: Arc<dyn Random>,
    /// The policy.
    pub approval: Arc<dyn Approval>,
    /// Its apps: a token of one can be exchanged for one of another.
    pub realm: Arc<Realm>,
    /// What reads the documents of clients.
    pub fetch: Arc<dyn Fetch>,
    /// Those that were read.
    pub documents: Arc<Documents>,
    /// The keys of others that were read.
    pub foreign_keys: Arc<ForeignKeys>,
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
    /// RFC 7592, of one client.
    ClientConfiguration {
        /// Its id, as the path has it.
        client: String,
    },
    /// OAuth 2.1 section 3.1.
    Authorization,
    /// RFC 9126.
    PushedAuthorizationRequest,
    /// OAuth 2.1 section 3.2.
    Token,
    /// RFC 8628 section 3.1.
    DeviceAuthorization,
    /// RFC 7009.
    Revocation,
    /// RFC 7662.
    Introspection,
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
    /// The address that the call comes from.
    pub ip: IpAddr,
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
    /// How the person proved who they are (RFC 8176).
    pub amr: Vec<String>,
    /// When.
    pub authenticated_at: Timestamp,
}

/// What the consent page shows. Every text about the client is the client's own word.
#[derive(Debug)]
pub struct Consent {
    /// What the client calls itself.
    pub client_name: String,
    /// Its identifier.
    pub client_id: String,
    /// Who says so.
    pub vouched_by: VouchedBy,
    /// Its web site, as it says.
    pub client_uri: Option<String>,
    /// Where the answer goes; `None` if nobody is sent anywhere.
    pub redirect_host: Option<String>,
    /// Whether that is the person's own machine.
    pub loopback: bool,
    /// The resource that it wants.
    pub resource: String,
    /// What it may do. Those that are optional can be left out: a field [`crate::consent::TICK`] with the name of each scope
    /// that is allowed is sent with the form, required ones included.
    pub scopes: Vec<Scope>,
    /// For how long, with refresh tokens if the client uses them.
    pub lifetime: Duration,
    /// For how long without, if the client uses them: the field for `offline_access` allows them.
    pub without_refresh: Option<Duration>,
    /// When the person first let this client in at this app, as far as it is known.
    pub first_seen: Option<Timestamp>,
    /// Whether the form came back with nothing that was allowed.
    pub nothing_ticked: bool,
    /// The device that waits for the answer; `None` if the client sent the person here.
    pub device: Option<AskingDevice>,
    /// Hidden field `consent`.
    pub token: String,
    /// CSP source that the form's redirect needs.
    pub form_target: Option<String>,
}

/// A device that asks, as far as its request says anything of it.
#[derive(Clone, Debug)]
pub struct AskingDevice {
    /// The code that it shows, for the person to compare.
    pub user_code: UserCode,
    /// The address that it asked from.
    pub asked_from: IpAddr,
    /// When.
    pub asked_at: Timestamp,
}

/// Who says that a client is what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VouchedBy {
    /// Nobody: it registered itself.
    Nobody,
    /// The owner of this host, where the client's document is.
    Document {
        /// The host.
        host: String,
    },
    /// The same, and the document is one of the pinned ones.
    Pinned {
        /// The host.
        host: String,
    },
    /// An administrator of this gateway, who registered it.
    Administrator,
}

/// What the gateway does next.
#[derive(Debug)]
pub enum Reply {
    /// Send this.
    Response(Response<Bytes>),
    /// Somebody must sign in; then the same URL is asked for again.
    LoginRequired {
        /// The name of the client that sent the person here, or the host of its document; nobody vouches for it.
        client: Option<String>,
        /// The query to ask with then, if not the same one: a pushed request lives longer while somebody signs in.
        query: Option<String>,
        /// What the sign-in must be, where not any one does.
        step_up: Option<StepUp>,
    },
    /// Show the consent page; its form is posted to the same URL.
    Consent(Box<Consent>),
    /// The policy admits no request of this person.
    Refused {
        /// Stable code of the reason.
        reason: &'static str,
        /// The rule that refused, if one did.
        rule: Option<String>,
        /// What a sign-in that is let in must be, where that is what is missing.
        step_up: Option<StepUp>,
    },
    /// Show an error page; redirecting would be unsafe (OAuth 2.1 section 4.1.2.1).
    Page(Error),
}

impl Server {
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
