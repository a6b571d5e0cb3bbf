//! The facts a decision is made from.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{ClientCertificate, Identity};

/// All that is known when a decision is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Who is asking; `None` is anonymous.
    pub identity: Option<&'a Identity>,
    /// Through what kind of client.
    pub via: Via,
    /// The OAuth client that acts for the identity, if one does.
    pub client_id: Option<&'a str>,
    /// The app whose upstream exchanged its own token for this one, if one did (RFC 8693).
    pub linked_app: Option<&'a str>,
    /// How long ago the person proved who they are; `None` means that nobody can say, and counts as too long ago.
    pub authenticated_for: Option<Duration>,
    /// `None` means not known yet: a token is being asked for, and no request exists.
    pub request: Option<RequestFacts<'a>>,
}

/// What is known of the request itself.
#[derive(Clone, Copy, Debug)]
pub struct RequestFacts<'a> {
    /// The address of the client.
    pub ip: IpAddr,
    /// The method as sent; methods are case-sensitive (RFC 9110 section 9.1).
    pub method: &'a str,
    /// The normalised, percent-decoded path, without the query.
    pub path: &'a str,
    /// The client certificate of its connection, if it has one that is trusted now.
    pub certificate: Option<&'a ClientCertificate>,
    /// The MCP message in its body.
    pub message: Message<'a>,
}

/// What is known of the MCP message that a request carries. Of a batch, each message is decided on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// It carries none.
    None,
    /// It may carry one, which nobody has read: what depends on it is not known.
    Unread,
    /// This one.
    Read {
        /// The method that is called, such as `tools/call`; `None` for an answer to the server.
        method: Option<&'a str>,
        /// The tool, if the method is `tools/call`.
        tool: Option<&'a str>,
    },
}

/// Through what kind of client an identity comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// A browser session.
    Browser,
    /// An OAuth client that acts for a user.
    Agent,
    /// A service token or client certificate.
    Service,
    /// A client signed in by a code on another device (RFC 8628).
    Device,
}

impl Via {
    pub(crate) const ALL: [Self; 4] = [Self::Browser, Self::Agent, Self::Service, Self::Device];

    /// The word used in configuration, logs and assertions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Agent => "agent",
            Self::Service => "service",
            Self::Device => "device",
        }
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
