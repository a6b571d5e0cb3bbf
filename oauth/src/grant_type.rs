//! Grant types by their registered names (OAuth 2.1 section 4, RFC 8628, RFC 8693, RFC 7523).

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One way to come by a token: a value of `grant_type` (OAuth 2.1 section 3.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum GrantType {
    /// A person's consent, by a redirect of their browser (OAuth 2.1 section 4.1).
    #[serde(rename = "authorization_code")]
    AuthorizationCode,
    /// A grant that was given earlier (OAuth 2.1 section 4.3).
    #[serde(rename = "refresh_token")]
    RefreshToken,
    /// The client itself (OAuth 2.1 section 4.2).
    #[serde(rename = "client_credentials")]
    ClientCredentials,
    /// A person's consent on another device (RFC 8628).
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
    /// A token of another app (RFC 8693).
    #[serde(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
    /// An assertion of a trusted issuer (RFC 7523 section 2.1).
    #[serde(rename = "urn:ietf:params:oauth:grant-type:jwt-bearer")]
    JwtBearer,
}

impl GrantType {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
        Self::DeviceCode,
        Self::TokenExchange,
        Self::JwtBearer,
    ];

    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
            Self::JwtBearer => "urn:ietf:params:oauth:grant-type:jwt-bearer",
        }
    }

    /// The one with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant_type| grant_type.as_str() == name)
    }

    /// What a client that uses codes may use: refresh tokens too, if it does.
    pub fn of_code_client(refreshes: bool) -> BTreeSet<Self> {
        let refresh = refreshes.then_some(Self::RefreshToken);
        std::iter::once(Self::AuthorizationCode).chain(refresh).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_in_requests_and_in_the_store() {
        for grant_type in GrantType::ALL {
            assert_eq!(GrantType::named(grant_type.as_str()), Some(grant_type));
            assert_eq!(serde_json::to_value(grant_type).unwrap(), grant_type.as_str());
        }
        assert_eq!(GrantType::named("password"), None);
    }
}
