//! Grants: who gave which client what, where and until when.

use super::EndedBecause;
use crate::client::{Client, ClientId};
use crate::grant_type::GrantType;
use crate::world::Timestamp;
use serde::{Deserialize, Serialize};

/// A user's permission for one client at one app; a browser session is a grant of the browser client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Public id, not a secret.
    pub id: String,
    /// App it opens; [`crate::app::LOGIN`] for the single sign-on session.
    pub app: String,
    /// Client that holds it; [`ClientId::browser`] for a browser.
    pub client: ClientId,
    /// Who gave it.
    pub subject: String,
    /// Granted scope, space-separated.
    pub scope: String,
    /// How the person signed in: the identity provider's name.
    pub login_method: String,
    /// When the person signed in.
    pub authenticated_at: Timestamp,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// The single sign-on session it ends with (browser sessions at apps).
    pub parent: Option<String>,
    /// When it was ended, if it was.
    pub revoked_at: Option<Timestamp>,
    /// What only some grants have.
    pub details: GrantDetails,
}

/// What only some grants have; a store keeps it whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GrantDetails {
    /// How it was opened; `None` for the single sign-on session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_by: Option<GrantType>,
    /// The single sign-on session in which the person gave it. It may outlive that session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// How the person proved who they are (RFC 8176).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// Seconds without use after which a session ends; it never ends by them alone if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout: Option<u64>,
    /// Who acts for the person, where one acts for another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// The app whose upstream holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linked_app: Option<String>,
    /// The latest moment at which it ends, of a grant that is refreshed; its end moves up to it with each refresh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_end: Option<Timestamp>,
    /// Why it was ended, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_because: Option<EndedBecause>,
    /// Whether its client signed for it and need not have: then it signs for each refresh too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub client_signed: bool,
    /// Thumbprint of the key that its refresh tokens are bound to (RFC 9449 section 5); `None` for clients that
    /// authenticate, and for those that sent no proof.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
}

/// Who acts, and within it who acted before (RFC 8693 section 4.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The client.
    pub client_id: ClientId,
    /// Who acted before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<Self>>,
}

impl Actor {
    /// How many parties it names.
    pub fn parties(&self) -> usize {
        1 + self.act.as_ref().map_or(0, |act| act.parties())
    }
}

impl Grant {
    /// Whether it is a service's, in its own name: its subject is the client, and no person.
    pub fn is_of_service(&self) -> bool {
        self.details.opened_by == Some(GrantType::ClientCredentials)
    }

    /// Whether it is the same permission as `other`, given again.
    pub fn is_renewed_by(&self, other: &Self) -> bool {
        let Self { app, client, subject, parent, details, .. } = other;
        (&self.app, &self.client, &self.subject, &self.parent) == (app, client, subject, parent)
            && self.details.opened_by == details.opened_by
    }
}

/// A grant in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The grant.
    pub grant: Grant,
    /// The registered client that holds it; `None` for a browser.
    pub client: Option<Client>,
}
