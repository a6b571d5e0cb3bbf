//! Documents that were fetched, kept for a while (section 5.2).

use super::Unusable;
use super::document::Document;
use super::document_url::DocumentUrl;
use crate::kept::{Kept, Unfetched};
use crate::world::{Fetch, Timestamp};
use std::sync::Arc;

/// The documents of now.
#[derive(Debug, Default)]
pub struct Documents(Kept<Document, Unusable>);

impl Documents {
    /// The document at `url`, kept or fetched.
    ///
    /// # Errors
    /// Why there is none that can be used.
    pub async fn find(&self, fetch: &dyn Fetch, url: &DocumentUrl, now: Timestamp) -> Result<Arc<Document>, Unusable> {
        self.0.find(fetch, url.url(), now, |answer| Document::read(url, answer)).await
    }
}

impl From<Unfetched> for Unusable {
    fn from(unfetched: Unfetched) -> Self {
        match unfetched {
            Unfetched::TooMany => Self::TooMany,
            Unfetched::Failed(failed) => Self::NotFetched(failed),
        }
    }
}
