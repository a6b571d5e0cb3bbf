//! The names of the selectors.

use std::fmt;

/// What a selector looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SelectorKey {
    /// Holds for everyone the policy is about.
    Everyone,
    /// The whole email address.
    Email,
    /// What follows the `@` of the email address.
    EmailDomain,
    /// A rule group.
    Group,
    /// The address of the client.
    Ip,
    /// The method of the request.
    Method,
    /// The path of the request.
    Path,
    /// How the identity was proven.
    LoginMethod,
    /// A way in which the person proved who they are (RFC 8176).
    AuthMethod,
    /// A group that the identity provider reported.
    IdpGroup,
    /// A claim of the identity provider.
    Claim,
    /// The OAuth client.
    ClientId,
    /// The kind of client.
    Via,
    /// One service token, by its name or id.
    ServiceToken,
    /// Holds for every service token.
    AnyServiceToken,
    /// Any client certificate.
    Certificate,
    /// The common name of the client certificate.
    CommonName,
    /// The app whose upstream acts for the person.
    LinkedApp,
    /// The tool that an MCP message calls.
    McpTool,
    /// The method of an MCP message.
    McpMethod,
}

impl SelectorKey {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 20] = [
        Self::Everyone,
        Self::Email,
        Self::EmailDomain,
        Self::Group,
        Self::Ip,
        Self::Method,
        Self::Path,
        Self::LoginMethod,
        Self::AuthMethod,
        Self::IdpGroup,
        Self::Claim,
        Self::ClientId,
        Self::Via,
        Self::ServiceToken,
        Self::AnyServiceToken,
        Self::Certificate,
        Self::CommonName,
        Self::LinkedApp,
        Self::McpTool,
        Self::McpMethod,
    ];

    /// The key in TOML.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::Email => "email",
            Self::EmailDomain => "email_domain",
            Self::Group => "group",
            Self::Ip => "ip",
            Self::Method => "method",
            Self::Path => "path",
            Self::LoginMethod => "login_method",
            Self::AuthMethod => "auth_method",
            Self::IdpGroup => "idp_group",
            Self::Claim => "claim",
            Self::ClientId => "client_id",
            Self::Via => "via",
            Self::ServiceToken => "service_token",
            Self::AnyServiceToken => "any_service_token",
            Self::Certificate => "certificate",
            Self::CommonName => "common_name",
            Self::LinkedApp => "linked_app",
            Self::McpTool => "mcp_tool",
            Self::McpMethod => "mcp_method",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.as_str() == name)
    }

    /// Whether it says something about who is asking, or through what. A group says whatever its
    /// rules say.
    pub(crate) fn needs_identity(self) -> bool {
        match self {
            Self::Email | Self::EmailDomain | Self::LoginMethod | Self::ClientId | Self::Via => true,
            Self::AuthMethod | Self::IdpGroup | Self::Claim => true,
            Self::ServiceToken | Self::AnyServiceToken | Self::LinkedApp => true,
            Self::Certificate | Self::CommonName => true,
            Self::Everyone | Self::Group | Self::Ip | Self::Method | Self::Path => false,
            Self::McpTool | Self::McpMethod => false,
        }
    }

    /// Whether it looks at the MCP message in a request's body.
    pub(crate) fn needs_message(self) -> bool {
        matches!(self, Self::McpTool | Self::McpMethod)
    }
}

impl fmt::Display for SelectorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
