//! Who is asking, as the gateway has established it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A proven identity. Anonymous is its absence, not a value of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// A person or a program.
    pub kind: Kind,
    /// The stable name within the login method.
    pub subject: String,
    /// The verified email address, if there is one.
    pub email: Option<String>,
    /// The name to show to people.
    pub name: Option<String>,
    /// The groups the identity provider reported at the last login.
    pub groups: Vec<String>,
    /// The configured name of the identity provider, or of the credential.
    pub login_method: String,
    /// How the identity was proven, in the words of RFC 8176, as far as that is known.
    #[serde(default)]
    pub auth_methods: Vec<String>,
    /// What else the identity provider says, by the name of the claim; a claim of one value has one.
    #[serde(default)]
    pub claims: BTreeMap<String, Vec<String>>,
}

/// The login method of service tokens.
pub const SERVICE_TOKEN: &str = "service_token";

/// The login method of client certificates that come alone.
pub const CERTIFICATE: &str = "certificate";

impl Identity {
    /// Whether it is a client certificate that came alone.
    pub(crate) fn is_certificate(&self) -> bool {
        self.kind == Kind::Service && self.login_method == CERTIFICATE
    }

    /// Whether it is a service token.
    pub(crate) fn is_service_token(&self) -> bool {
        self.kind == Kind::Service && self.login_method == SERVICE_TOKEN
    }
}

/// What sort of identity it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A person who signed in; `allow` and `block` are about these.
    User,
    /// A service token or client certificate; `service_auth` is about these.
    Service,
}
