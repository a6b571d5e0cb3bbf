//! What people consented to, kept beside the grants that came of it: so that a person is not asked again where that is
//! safe, and is told when they first let a client in.

use crate::client::ClientId;
use crate::world::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The latest consent of a person for one client at one app, with one redirect URI (CN-04). Kept after its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentRecord {
    /// The app.
    pub app: String,
    /// The client.
    pub client: ClientId,
    /// Who consented.
    pub subject: String,
    /// Where codes go; one on the person's own machine has no port.
    pub redirect_uri: String,
    /// What was allowed, space-separated; `offline_access` is in it if refresh tokens are.
    pub scope: String,
    /// What the client said of itself then, as a hash (CM-19).
    pub fingerprint: String,
    /// When the person consented for the first time.
    pub first_at: Timestamp,
    /// When the person may have to be asked again, at the latest.
    pub expires_at: Timestamp,
}

/// A consent is known this long after its end, to tell when a person first let a client in.
pub const CONSENT_KEPT: Duration = Duration::from_secs(365 * 24 * 60 * 60);
