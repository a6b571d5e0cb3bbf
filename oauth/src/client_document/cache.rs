//! Documents that were fetched, kept by the rules of HTTP within bounds. Errors and invalid documents are never kept
//! (section 5.2); what protects their hosts is that there is one fetch per URL at a time, and the budget.

use super::Unusable;
use super::budget::Budget;
use super::document::Document;
use super::document_url::DocumentUrl;
use crate::world::{Fetch, Timestamp};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::OnceCell;

/// However little a host allows, a document is kept for this long.
const SHORTEST: Duration = Duration::from_secs(60);
/// Without a word of the host.
const USUAL: Duration = Duration::from_secs(300);
/// However much a host allows.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

const MOST: usize = 1000;

/// The documents of now. Outlives the configuration.
#[derive(Debug, Default)]
pub struct Documents {
    state: Mutex<State>,
}

/// A fetch under way, shared by all who wait for it.
type Flight = OnceCell<Result<Arc<Document>, Unusable>>;

#[derive(Debug, Default)]
struct State {
    kept: HashMap<String, (Arc<Document>, Timestamp)>,
    flights: HashMap<String, Weak<Flight>>,
    budget: Budget,
}

impl Documents {
    /// The document at `url`, kept or fetched.
    ///
    /// # Errors
    /// Why there is none that can be used.
    pub async fn find(&self, fetch: &dyn Fetch, url: &DocumentUrl, now: Timestamp) -> Result<Arc<Document>, Unusable> {
        let flight = match self.lock().look_up(url, now) {
            Ok(kept) => return Ok(kept),
            Err(flight) => flight,
        };
        flight.get_or_init(|| self.fetch(fetch, url, now)).await.clone()
    }

    async fn fetch(&self, fetch: &dyn Fetch, url: &DocumentUrl, now: Timestamp) -> Result<Arc<Document>, Unusable> {
        if !self.lock().budget.take(url.host(), now) {
            return Err(Unusable::TooMany);
        }
        let answer = fetch.fetch(url.url()).await.map_err(Unusable::NotFetched)?;
        let document = Arc::new(Document::read(url, &answer)?);
        let lasts = answer.max_age.unwrap_or(USUAL).clamp(SHORTEST, LONGEST);
        self.lock().keep(url, Arc::clone(&document), (now, now.plus(lasts)));
        Ok(document)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A kept document, or the flight that brings it.
    fn look_up(&mut self, url: &DocumentUrl, now: Timestamp) -> Result<Arc<Document>, Arc<Flight>> {
        if let Some((document, until)) = self.kept.get(url.as_str())
            && now < *until
        {
            return Ok(Arc::clone(document));
        }
        if let Some(flight) = self.flights.get(url.as_str()).and_then(Weak::upgrade) {
            return Err(flight);
        }
        self.flights.retain(|_, flight| flight.strong_count() > 0);
        let flight = Arc::new(Flight::new());
        self.flights.insert(url.as_str().to_owned(), Arc::downgrade(&flight));
        Err(flight)
    }

    fn keep(&mut self, url: &DocumentUrl, document: Arc<Document>, (now, until): (Timestamp, Timestamp)) {
        if self.kept.len() >= MOST {
            self.kept.retain(|_, (_, until)| now < *until);
        }
        if self.kept.len() >= MOST {
            let first = self.kept.iter().min_by_key(|(_, (_, until))| *until).map(|(url, _)| url.clone());
            first.map(|first| self.kept.remove(&first));
        }
        self.kept.insert(url.as_str().to_owned(), (document, until));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_cannot_fill_the_memory() {
        let mut state = State::default();
        let now = Timestamp::from_seconds(1_800_000_000);
        for n in 0..MOST as u64 + 10 {
            let url = DocumentUrl::parse(&format!("https://c.example/{n}")).unwrap();
            let pinned = DocumentUrl::parse("https://zed.dev/oauth/client-metadata.json").unwrap();
            let document = Arc::new(super::super::pinned(&pinned).unwrap());
            state.keep(&url, document, (now, now.plus(Duration::from_secs(100 + n))));
            drop(state.look_up(&DocumentUrl::parse(&format!("https://d.example/{n}")).unwrap(), now));
        }
        assert_eq!(state.kept.len(), MOST);
        assert!(!state.kept.contains_key("https://c.example/0"), "the one that ends first makes room");
        assert_eq!(state.flights.len(), 1, "only flights under way are remembered");
    }
}
