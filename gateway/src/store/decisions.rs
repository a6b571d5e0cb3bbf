//! Decisions that can be explained later by their id.

use async_trait::async_trait;
use oauth::store::StoreError;
use oauth::world::Timestamp;

/// The latest decisions.
#[async_trait]
pub trait Decisions: Send + Sync {
    /// Keeps these decisions; of all that were ever kept, the newest [`KEPT`] stay.
    async fn record_decisions(&self, decisions: &[StoredDecision]) -> Result<(), StoreError>;

    /// The decision of this id, if it is still kept.
    async fn decision(&self, id: &str) -> Result<Option<StoredDecision>, StoreError>;
}

/// How many decisions are kept.
pub(super) const KEPT: i64 = 10_000;

/// A decision as `doorward explain` reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDecision {
    /// The id that the refused person saw.
    pub id: String,
    /// When it was made.
    pub at: Timestamp,
    /// What was asked and why it was answered so.
    pub json: String,
}
