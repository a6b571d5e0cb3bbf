//! Clients, and room for those that register themselves.

use super::State;
use crate::client::{Client, ClientId, RegisteredBy};
use crate::store::{EndedBecause, Grant, Registered, RegistrationLimits};
use crate::world::Timestamp;

impl State {
    pub(super) fn register_client(
        &mut self,
        client: &Client,
        limits: RegistrationLimits,
        now: Timestamp,
    ) -> Registered {
        let key = (client.app.clone(), client.id.clone());
        if self.clients.contains_key(&key) {
            return Registered::Known;
        }
        self.make_room(&client.app, limits, now);
        if self.count_clients(&client.app) >= limits.total {
            return Registered::Full;
        }
        self.clients.insert(key, client.clone());
        Registered::New
    }

    /// Forgets the oldest unused clients of `app`, as many as one more needs.
    fn make_room(&mut self, app: &str, limits: RegistrationLimits, now: Timestamp) {
        let excess = (self.count_clients(app) + 1).saturating_sub(limits.total);
        let oldest_kept = now.minus(limits.unused_for);
        let unused = |client: &&Client| {
            let holds = |grant: &Grant| grant.app == app && grant.client == client.id && grant.is_live(now);
            let registered_itself = client.registered_by == RegisteredBy::Itself;
            registered_itself
                && client.app == app
                && client.registered_at < oldest_kept
                && !self.grants.values().any(holds)
        };
        let mut unused: Vec<_> =
            self.clients.values().filter(unused).map(|c| (c.registered_at, c.id.clone())).collect();
        unused.sort();
        for (_, id) in unused.into_iter().take(usize::try_from(excess).unwrap_or(usize::MAX)) {
            self.clients.remove(&(app.to_owned(), id));
        }
    }

    fn count_clients(&self, app: &str) -> u64 {
        let counts = |client: &&Client| client.app == app && client.registered_by == RegisteredBy::Itself;
        self.clients.values().filter(counts).count() as u64
    }

    pub(super) fn remove_client(&mut self, app: &str, id: &ClientId, now: Timestamp) -> bool {
        let held = self.grants.values().filter(|grant| grant.app == app && grant.client == *id);
        let held = held.map(|grant| grant.id.clone()).collect();
        self.end(held, EndedBecause::ClientRemoved, now);
        self.clients.remove(&(app.to_owned(), id.clone())).is_some()
    }
}
