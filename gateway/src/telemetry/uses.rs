//! The last use of each grant, remembered here until a task writes it to the store: no request waits for that.

use crate::store::Use;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Uses that are not written yet.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    waiting: Mutex<HashMap<String, Use>>,
}

/// More are not remembered: while the store is out of order, the memory must not fill.
const MOST: usize = 100_000;

const AGENT_CHARS: usize = 120;

impl Uses {
    /// Remembers that a grant was used.
    pub(crate) fn note(&self, grant: &str, one: Use) {
        let mut waiting = self.lock();
        if let Some(known) = waiting.get_mut(grant) {
            *known = one;
        } else if waiting.len() < MOST {
            waiting.insert(grant.to_owned(), one);
        }
    }

    /// The last use of a grant that is not written yet.
    pub(crate) fn of(&self, grant: &str) -> Option<Use> {
        self.lock().get(grant).cloned()
    }

    /// All of them, to be written.
    pub(crate) fn take(&self) -> Vec<(String, Use)> {
        std::mem::take(&mut *self.lock()).into_iter().collect()
    }

    /// Takes back what could not be written, unless something newer has come.
    pub(crate) fn put_back(&self, uses: Vec<(String, Use)>) {
        let mut waiting = self.lock();
        for (grant, one) in uses {
            waiting.entry(grant).or_insert(one);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Use>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a `User-Agent` says, as far as it can be shown.
pub(crate) fn shorten(agent: Option<&http::HeaderValue>) -> Option<String> {
    let shown: String = agent?.to_str().ok()?.chars().filter(|c| !c.is_control()).take(AGENT_CHARS).collect();
    Some(shown).filter(|shown| !shown.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use oauth::world::Timestamp;

    fn one(at: i64) -> Use {
        Use { at: Timestamp::from_seconds(at), address: "192.0.2.1".parse().unwrap(), agent: None }
    }

    #[test]
    fn the_last_use_counts_and_a_failed_write_loses_nothing() {
        let uses = Uses::default();
        uses.note("g", one(1));
        uses.note("g", one(2));
        uses.note("h", one(3));
        let mut taken = uses.take();
        taken.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(taken, [("g".to_owned(), one(2)), ("h".to_owned(), one(3))]);
        assert!(uses.take().is_empty() && uses.of("g").is_none());
        uses.note("g", one(4));
        uses.put_back(taken);
        assert_eq!((uses.of("g"), uses.of("h")), (Some(one(4)), Some(one(3))));
    }

    #[test]
    fn an_agent_is_shown_short() {
        let long = http::HeaderValue::from_str(&"x".repeat(500)).unwrap();
        assert_eq!(shorten(Some(&long)).unwrap().len(), AGENT_CHARS);
        assert_eq!(shorten(Some(&http::HeaderValue::from_static(""))), None);
        assert_eq!(shorten(None), None);
    }
}
