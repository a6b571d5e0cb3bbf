//! What is kept sealed by its name, and who of several nodes works on it.

use async_trait::async_trait;
use oauth::store::StoreError;
use oauth::world::Timestamp;

/// Sealed values by name. The store cannot read them.
#[async_trait]
pub trait Vault: Send + Sync {
    /// The value of this name, if there is one.
    async fn kept(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Puts a value in the place of the one that there is.
    async fn keep(&self, name: &str, sealed: &[u8]) -> Result<(), StoreError>;

    /// Takes a name for `holder` alone until then; `false` if another has it now. Asking again prolongs it.
    async fn claim(&self, name: &str, holder: &str, until: Timestamp, now: Timestamp) -> Result<bool, StoreError>;

    /// Gives it back before its time.
    async fn release(&self, name: &str, holder: &str) -> Result<(), StoreError>;
}
