//! What was fetched from others, kept by the rules of HTTP within bounds. Errors are never kept; what protects the hosts is
//! that there is one fetch per URL at a time, and the budget.

mod budget;

use self::budget::Budget;
use crate::world::{Fetch, FetchError, Fetched, Timestamp};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::OnceCell;
use url::Url;

/// However little a host allows, an answer is kept for this long.
const SHORTEST: Duration = Duration::from_secs(60);
/// Without a word of the host.
const USUAL: Duration = Duration::from_secs(300);
/// However much a host allows.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

const MOST: usize = 1000;

/// Why nothing was fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfetched {
    /// The budget of this minute is used up.
    #[error("too much was fetched in this minute")]
    TooMany,
    /// No whole answer.
    #[error("{0}")]
    Failed(#[from] FetchError),
}

/// The answers of now, read as `T`, or why they cannot be. Outlives the configuration.
#[derive(Debug)]
pub struct Kept<T, E> {
    state: Mutex<State<T, E>>,
}

/// A fetch under way, shared by all who wait for it.
type Flight<T, E> = OnceCell<Result<Arc<T>, E>>;

#[derive(Debug)]
struct State<T, E> {
    kept: HashMap<String, Entry<T>>,
    flights: HashMap<String, Weak<Flight<T, E>>>,
    budget: Budget,
}

#[derive(Debug)]
struct Entry<T> {
    value: Arc<T>,
    since: Timestamp,
    until: Timestamp,
}

impl<T, E> Default for Kept<T, E> {
    fn default() -> Self {
        let state = State { kept: HashMap::new(), flights: HashMap::new(), budget: Budget::default() };
        Self { state: Mutex::new(state) }
    }
}

impl<T, E: Clone + From<Unfetched>> Kept<T, E> {
    /// What is at `url`, kept or fetched.
    ///
    /// # Errors
    /// Why there is nothing that can be used.
    pub async fn find(
        &self,
        fetch: &dyn Fetch,
        url: &Url,
        now: Timestamp,
        read: impl FnOnce(&Fetched) -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        self.find_younger(fetch, url, (now, LONGEST), read).await
    }

    /// The same, fetched again if it was fetched `age` ago or earlier: for who knows that it must have changed.
    ///
    /// # Errors
    /// Why there is nothing that can be used.
    pub async fn find_younger(
        &self,
        fetch: &dyn Fetch,
        url: &Url,
        (now, age): (Timestamp, Duration),
        read: impl FnOnce(&Fetched) -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        let flight = match self.lock().look_up(url.as_str(), now, age) {
            Ok(kept) => return Ok(kept),
            Err(flight) => flight,
        };
        flight.get_or_init(|| self.fetch(fetch, url, now, read)).await.clone()
    }

    async fn fetch(
        &self,
        fetch: &dyn Fetch,
        url: &Url,
        now: Timestamp,
        read: impl FnOnce(&Fetched) -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        if !self.lock().budget.take(url.host_str().unwrap_or_default(), now) {
            return Err(Unfetched::TooMany.into());
        }
        let answer = fetch.fetch(url).await.map_err(Unfetched::from)?;
        let value = Arc::new(read(&answer)?);
        let lasts = answer.max_age.unwrap_or(USUAL).clamp(SHORTEST, LONGEST);
        self.lock().keep(url.as_str(), Entry { value: Arc::clone(&value), since: now, until: now.plus(lasts) });
        Ok(value)
    }

    fn lock(&self) -> MutexGuard<'_, State<T, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T, E> State<T, E> {
    /// What is kept, or the flight that brings it.
    fn look_up(&mut self, url: &str, now: Timestamp, age: Duration) -> Result<Arc<T>, Arc<Flight<T, E>>> {
        if let Some(entry) = self.kept.get(url)
            && now < entry.until
            && now < entry.since.plus(age)
        {
            return Ok(Arc::clone(&entry.value));
        }
        if let Some(flight) = self.flights.get(url).and_then(Weak::upgrade) {
            return Err(flight);
        }
        self.flights.retain(|_, flight| flight.strong_count() > 0);
        let flight = Arc::new(Flight::new());
        self.flights.insert(url.to_owned(), Arc::downgrade(&flight));
        Err(flight)
    }

    fn keep(&mut self, url: &str, entry: Entry<T>) {
        if self.kept.len() >= MOST {
            self.kept.retain(|_, other| entry.since < other.until);
        }
        if self.kept.len() >= MOST {
            let first = self.kept.iter().min_by_key(|(_, entry)| entry.until).map(|(url, _)| url.clone());
            first.map(|first| self.kept.remove(&first));
        }
        self.kept.insert(url.to_owned(), entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_cannot_fill_the_memory() {
        let kept = Kept::<(), Unfetched>::default();
        let mut state = kept.lock();
        let since = Timestamp::from_seconds(1_800_000_000);
        for n in 0..MOST as u64 + 10 {
            let entry = Entry { value: Arc::new(()), since, until: since.plus(Duration::from_secs(100 + n)) };
            state.keep(&format!("https://c.example/{n}"), entry);
            drop(state.look_up(&format!("https://d.example/{n}"), since, LONGEST));
        }
        assert_eq!(state.kept.len(), MOST);
        assert!(!state.kept.contains_key("https://c.example/0"), "the one that ends first makes room");
        assert_eq!(state.flights.len(), 1, "only flights under way are remembered");
    }
}
