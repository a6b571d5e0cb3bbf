//! What is remembered of the use of grants: when and from where each was used last, and who brought again what ended it.

use async_trait::async_trait;
use oauth::store::StoreError;
use oauth::world::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::net::IpAddr;

/// The traces of grants; they go with their grants.
#[async_trait]
pub trait Traces: Send + Sync {
    /// Keeps the last use of each of these grants, where it is later than the one that is kept.
    async fn record_uses(&self, uses: &[(String, Use)]) -> Result<(), StoreError>;

    /// Keeps who brought a token or code again, by which this grant ended. The first one is kept.
    async fn record_alarm(&self, grant: &str, by: &Use) -> Result<(), StoreError>;

    /// The person has seen how this grant ended and does not want to be told any more.
    async fn dismiss_alarm(&self, grant: &str) -> Result<(), StoreError>;

    /// What is remembered of these grants.
    async fn traces(&self, grants: &[String]) -> Result<HashMap<String, Trace>, StoreError>;
}

/// A use of a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// When.
    pub at: Timestamp,
    /// From where.
    pub address: IpAddr,
    /// What the client said that it is (`User-Agent`), shortened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

/// What is remembered of a grant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Its last use.
    pub last_use: Option<Use>,
    /// Who brought again what ended it.
    pub alarm: Option<Use>,
    /// The person has seen how it ended.
    pub dismissed: bool,
}
