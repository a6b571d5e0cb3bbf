//! One protected app as the authorization server knows it: its own issuer (RFC 8414 section 2), with its resource,
//! scopes, lifetimes and registration rules. Built from the configuration, never from a request.

use crate::grant_type::GrantType;
use crate::jose::Algorithm;
use crate::keys::SigningAlgorithm;
use crate::redirect_uri::RedirectRules;
use crate::resource::Resource;
use crate::scope::Scopes;
use crate::store::RegistrationLimits;
use crate::world::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;
use url::Url;

/// The id under which the single sign-on session is kept; no app may be called so.
pub const LOGIN: &str = "login";

/// All apps of a gateway, and its login origin.
#[derive(Clone, Debug, Default)]
pub struct Realm {
    /// URL of the login origin, without trailing slash: the issuer of the assertions that upstreams get.
    pub login: String,
    /// The apps by their ids.
    pub apps: BTreeMap<String, App>,
}

/// An app, seen from the authorization server.
#[derive(Clone, Debug)]
pub struct App {
    /// Its key in the configuration.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its public URL without trailing slash: the issuer identifier.
    pub issuer: String,
    /// Which `resource` values mean this app, and the one audience of its tokens.
    pub resource: Resource,
    /// What can be asked for.
    pub scopes: Scopes,
    /// Where its endpoints are.
    pub endpoints: Endpoints,
    /// Where the first-party browser client takes its codes; `*` in a host stands for one label.
    pub browser_redirect_uris: Vec<String>,
    /// How long a browser session at this app lasts.
    pub session_duration: Duration,
    /// The authentication methods (RFC 8176) that its policies speak of.
    pub auth_methods: Vec<String>,
    /// Managed OAuth; `None` when the app admits browsers alone.
    pub managed: Option<Managed>,
}

/// The endpoint URLs of an app, absolute.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// On the login origin, so that no script of the app can press "Allow".
    pub authorization: String,
    /// On the app's host.
    pub pushed_authorization_request: String,
    /// On the app's host.
    pub token: String,
    /// On the app's host.
    pub device_authorization: String,
    /// Where a person enters the code of a device: a page of the gateway at the login origin.
    pub device_verification: String,
    /// On the app's host.
    pub registration: String,
    /// On the app's host.
    pub revocation: String,
    /// On the app's host.
    pub introspection: String,
    /// On the app's host.
    pub jwks: String,
}

/// What an app with managed OAuth grants.
#[derive(Clone, Debug)]
pub struct Managed {
    /// What access tokens are signed by.
    pub signing_algorithm: SigningAlgorithm,
    /// Lifetime of an access token.
    pub access_token_lifetime: Duration,
    /// How long a grant lasts, refreshes included.
    pub grant_duration: Duration,
    /// How long a grant lasts without a refresh; `None` when that does not end it.
    pub idle_timeout: Option<Duration>,
    /// How long a used refresh token still gets its first answer.
    pub refresh_grace: Duration,
    /// Dynamic client registration; `None` when it is off.
    pub registration: Option<Registration>,
    /// Clients whose id is the URL of a document about them; `None` when these are not admitted.
    pub client_documents: Option<DocumentRules>,
    /// Clients that authenticate by a signed assertion (RFC 7523); `None` when these are not admitted.
    pub client_assertions: Option<AssertionRules>,
    /// Whether authorization requests must be pushed (RFC 9126 section 5); the browser's need not.
    pub require_pushed_authorization_requests: bool,
    /// Whether tokens are bound to keys of their clients.
    pub dpop: Dpop,
    /// Whether proofs of possession must have a nonce from here (RFC 9449 section 8).
    pub dpop_nonce: bool,
    /// Whose consent is asked for once, and whose each time.
    pub consent: ConsentRules,
    /// Whose identity assertions are accepted in place of a person's consent.
    pub token_issuers: Vec<TokenIssuer>,
    /// Sign-in by a code on another device (RFC 8628); `None` when it is off.
    pub device: Option<DeviceRules>,
}

/// Somebody who vouches for people by signing (draft-ietf-oauth-identity-assertion-authz-grant).
#[derive(Clone, Debug)]
pub struct TokenIssuer {
    /// Its name in the configuration: how people that it vouches for have signed in.
    pub name: String,
    /// `iss`, byte for byte.
    pub issuer: String,
    /// Where its keys are.
    pub jwks_uri: Url,
    /// What it may sign by.
    pub algorithms: Vec<Algorithm>,
}

/// How devices sign in at an app (RFC 8628 section 3.2).
#[derive(Clone, Copy, Debug)]
pub struct DeviceRules {
    /// How long a code can be entered, and the answer fetched.
    pub lifetime: Duration,
    /// How long a device waits between two questions.
    pub interval: Duration,
}

/// What becomes of proofs of possession (RFC 9449).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dpop {
    /// They are not looked at, and no token is bound.
    Off,
    /// Who sends one gets tokens that are bound to its key.
    Optional,
    /// Without one there are no tokens.
    Required,
}

/// How client assertions are held at an app.
#[derive(Clone, Debug)]
pub struct AssertionRules {
    /// Whether `aud` may be the URL of the token endpoint, as it was before draft-ietf-oauth-rfc7523bis.
    pub token_endpoint_audience: bool,
}

/// When a person is asked before a client gets a code.
#[derive(Clone, Debug, Default)]
pub struct ConsentRules {
    /// Whose consent is remembered.
    pub remember: Remember,
    /// Ids of clients for which an administrator has consented in everybody's name.
    pub preapproved: Vec<String>,
}

/// Whose consent is remembered, for as long as the grant that came of it could last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Remember {
    /// That for clients which nobody else can pretend to be.
    #[default]
    Assured,
    /// Nobody's.
    Never,
    /// Everybody's: whoever says that it is such a client gets what it got.
    Always,
}

impl Managed {
    /// What the token endpoint gives tokens for.
    pub fn grant_types(&self) -> Vec<GrantType> {
        let device = self.device.map(|_| GrantType::DeviceCode);
        let assertions = (!self.token_issuers.is_empty()).then_some(GrantType::JwtBearer);
        let always = [
            GrantType::AuthorizationCode,
            GrantType::RefreshToken,
            GrantType::ClientCredentials,
            GrantType::TokenExchange,
        ];
        always.into_iter().chain(device).chain(assertions).collect()
    }

    /// When a grant ends that is opened or refreshed now and lasts until `latest` at most.
    pub fn end_of_grant(&self, latest: Timestamp, now: Timestamp) -> Timestamp {
        self.idle_timeout.map_or(latest, |idle| latest.min(now.plus(idle)))
    }
}

/// Which client ID metadata documents an app admits.
#[derive(Clone, Debug)]
pub struct DocumentRules {
    /// The hosts that may vouch for a client, pinned ones included; `*` stands for one label. All when empty.
    pub allowed_domains: Vec<String>,
    /// Whether a document that names no authentication method means a public client.
    pub implicit_none: bool,
}

impl DocumentRules {
    /// Whether documents of this host (lower case) are admitted.
    pub fn admits(&self, host: &str) -> bool {
        let is_covered = |domain: &String| {
            domain.split('.').count() == host.split('.').count()
                && domain.split('.').zip(host.split('.')).all(|(known, given)| known == "*" || known == given)
        };
        self.allowed_domains.is_empty() || self.allowed_domains.iter().any(is_covered)
    }
}

/// Rules of dynamic client registration at an app.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Which redirect URIs may be registered.
    pub redirect_rules: RedirectRules,
    /// How much it may fill the store.
    pub limits: RegistrationLimits,
}

/// How long an authorization code can be redeemed (OAuth 2.1 section 4.1.2 allows ten minutes).
pub const CODE_LIFETIME: Duration = Duration::from_secs(60);

/// How long a consent page can be answered.
pub const CONSENT_LIFETIME: Duration = Duration::from_secs(600);
