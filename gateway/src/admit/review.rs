//! The decision on a request that is under way, taken again: by the configuration, the account and the grant of now.

use super::Permit;
use crate::gateway::{Snapshot, World};
use crate::identify;
use crate::known::Known;
use crate::request::Request;
use oauth::store::StoreError;
use oauth::world::Timestamp;
use policy::{Facts, Identity, Message, RequestFacts, Via};
use std::collections::HashMap;

/// One look at the requests under way. The store is asked once for each of them.
pub(crate) struct Review<'a> {
    world: &'a World,
    snapshot: &'a Snapshot,
    now: Timestamp,
    /// Who is behind each grant or service token now; `None` where it has ended.
    behind: HashMap<String, Option<Identity>>,
}

/// How a request that was let through stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It would be let through.
    Permitted,
    /// Who is behind it may not come in any more.
    Ended,
    /// The policy does not let it through.
    Denied,
}

impl Standing {
    fn of(admitted: bool) -> Self {
        if admitted { Self::Permitted } else { Self::Denied }
    }
}

impl<'a> Review<'a> {
    /// At this moment.
    pub(crate) fn new(world: &'a World, snapshot: &'a Snapshot) -> Self {
        Self { world, snapshot, now: world.clock.now(), behind: HashMap::new() }
    }

    /// Whether the request would still be let through: who is behind it may still come in, and the policy of now says so.
    /// That an access token has expired since does not end what it opened; the end of its grant does.
    ///
    /// # Errors
    /// When the store cannot say.
    pub(crate) async fn standing(&mut self, permit: &Permit, request: &Request) -> Result<Standing, StoreError> {
        // Whoever came in with a certificate alone is gone with it.
        let shown = identify::certificate::again(self.world, request, self.now);
        if let Some(known) = permit.known().filter(|known| identify::certificate::is_behind(known)) {
            let standing = || Standing::of(self.admits(permit, request, Some((known, &known.identity))));
            return Ok(if shown.is_some() { standing() } else { Standing::Ended });
        }
        let Some(known) = permit.known() else {
            return Ok(Standing::of(self.admits(permit, request, None)));
        };
        let Some(identity) = self.behind(known).await?.cloned() else { return Ok(Standing::Ended) };
        Ok(Standing::of(self.admits(permit, request, Some((known, &identity)))))
    }

    async fn behind(&mut self, known: &Known) -> Result<Option<&Identity>, StoreError> {
        if !self.behind.contains_key(known.source()) {
            let identity = match self.world.outage.lasting() {
                None => identify::again(self.world, known, self.now).await?,
                // Nobody can say more than that: as long as requests go on, so do those that are under way.
                Some(lasting) if lasting < self.snapshot.config.store.outage_grace => Some(known.identity.clone()),
                Some(_) => None,
            };
            self.behind.insert(known.source().to_owned(), identity);
        }
        Ok(self.behind.get(known.source()).and_then(Option::as_ref))
    }

    fn admits(&self, permit: &Permit, request: &Request, known: Option<(&Known, &Identity)>) -> bool {
        let Some(app) = self.snapshot.config.apps.get(&permit.app().id) else { return false };
        let client = known.and_then(|(known, _)| known.oauth_client());
        let certificate = identify::certificate::again(self.world, request, self.now);
        let asked = RequestFacts {
            ip: request.ip,
            method: request.method.as_str(),
            path: request.target.path(),
            message: Message::Unread,
            certificate: certificate.map(|shown| &shown.says),
        };
        let facts = Facts {
            identity: known.map(|(_, identity)| identity),
            via: known.map_or(Via::Browser, |(known, _)| known.via),
            client_id: client.map(|(client, _)| client.as_str()),
            linked_app: known.and_then(|(known, _)| known.linked_app.as_deref()),
            authenticated_for: known.and_then(|(known, _)| known.authenticated_for(self.now)),
            request: Some(asked),
        };
        let provider = known.is_none_or(|(_, identity)| app.admits_way(identity));
        // An answer of an MCP server to a message goes on as long as the message would be let through.
        let admits = |message| {
            let facts = Facts { request: Some(RequestFacts { message, ..asked }), ..facts };
            app.policies.decide(&facts).is_allowed()
        };
        provider && permit.messages().each().into_iter().all(|(message, _)| admits(message))
    }
}
