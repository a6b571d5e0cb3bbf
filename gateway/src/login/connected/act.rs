//! What a person may end: one grant, a client everywhere, the agents of an app, the other browsers.

use crate::gateway::World;
use crate::request::Request;
use oauth::call::Person;
use oauth::client::ClientId;
use oauth::store::{EndedBecause, Grant, GrantFilter, StoreError};

/// An act of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Ends this grant.
    Revoke(String),
    /// Ends all grants of the client that holds this one, at all apps.
    RevokeClient(String),
    /// Ends the grants of all agents at this app.
    RevokeApp(String),
    /// Signs out in all browsers but this one.
    SignOutElsewhere,
    /// Has read how this grant ended.
    Dismiss(String),
}

impl Act {
    /// The act of this name, on the grant or app that it needs; without a name, a revocation.
    pub(super) fn read(name: Option<&str>, grant: Option<&str>, app: Option<&str>) -> Option<Self> {
        let grant = grant.map(str::to_owned);
        match name {
            None | Some("revoke") => grant.map(Self::Revoke),
            Some("revoke_client") => grant.map(Self::RevokeClient),
            Some("revoke_app") => app.map(str::to_owned).map(Self::RevokeApp),
            Some("sign_out_elsewhere") => Some(Self::SignOutElsewhere),
            Some("dismiss") => grant.map(Self::Dismiss),
            Some(_) => None,
        }
    }

    /// Does it; gives the grants that ended. Somebody else's grants are not known here, and one that has ended is done with.
    pub(super) async fn perform(
        &self,
        world: &World,
        request: &Request,
        person: &Person,
    ) -> Result<Vec<String>, StoreError> {
        if let Self::Dismiss(id) = self {
            let own = world.store.grant(id).await?.filter(|grant| grant.subject == person.subject);
            if let Some(grant) = own {
                world.store.dismiss_alarm(&grant.id).await?;
            }
            return Ok(Vec::new());
        }
        let held = world.store.grants(&GrantFilter::of(&person.subject), request.now).await?;
        let held: Vec<_> = held.into_iter().map(|listed| listed.grant).collect();
        let mut ended = Vec::new();
        for grant in self.chosen(&held, &person.session) {
            if world.store.revoke_grant(&grant.id, EndedBecause::RevokedByPerson, request.now).await? {
                tell(grant, request);
                ended.push(grant.id.clone());
            }
        }
        if !ended.is_empty() {
            let _ = world.heed_revocations().await;
        }
        Ok(ended)
    }

    /// Which of the person's grants it is about.
    fn chosen<'a>(&self, held: &'a [Grant], this: &str) -> Vec<&'a Grant> {
        let client = match self {
            Self::RevokeClient(id) => held.iter().find(|grant| grant.id == *id).map(|grant| &grant.client),
            _ => None,
        };
        let client = client.filter(|client| !client.is_browser());
        let is_chosen = |grant: &&Grant| match self {
            Self::Revoke(id) => grant.id == *id,
            Self::RevokeClient(_) => client == Some(&grant.client),
            Self::RevokeApp(app) => grant.app == *app && !grant.client.is_browser(),
            Self::SignOutElsewhere => {
                grant.client == ClientId::browser() && grant.id != this && grant.parent.as_deref() != Some(this)
            }
            Self::Dismiss(_) => false,
        };
        held.iter().filter(is_chosen).collect()
    }
}

fn tell(grant: &Grant, request: &Request) {
    let Grant { id: grant, subject, client, app, .. } = grant;
    let (id, client) = (request.id.as_str(), client.as_str());
    tracing::info!(target: "audit", act = "revoke", by = "person", subject, grant, client, app, id);
}

#[cfg(test)]
mod tests {
    use super::*;
    use oauth::store::GrantDetails;
    use oauth::world::Timestamp;

    fn grant(id: &str, app: &str, client: ClientId, parent: Option<&str>) -> Grant {
        let at = Timestamp::from_seconds(1);
        Grant {
            id: id.into(),
            app: app.into(),
            client,
            subject: "u".into(),
            scope: String::new(),
            login_method: "local".into(),
            authenticated_at: at,
            created_at: at,
            expires_at: at,
            parent: parent.map(Into::into),
            revoked_at: None,
            details: GrantDetails::default(),
        }
    }

    #[test]
    fn cn_11_each_act_is_about_its_own_grants() {
        let (browser, agent) = (ClientId::browser, || ClientId::new("c"));
        let held = [
            grant("this", "login", browser(), None),
            grant("this's", "wiki", browser(), Some("this")),
            grant("other", "login", browser(), None),
            grant("orphan", "wiki", browser(), Some("gone")),
            grant("a", "wiki", agent(), None),
            grant("b", "mail", agent(), None),
            grant("c", "wiki", ClientId::new("d"), None),
        ];
        let act = |name: &str, grant: &str, app: &str| Act::read(Some(name), Some(grant), Some(app)).unwrap();
        for (act, expected) in [
            (act("revoke", "a", ""), ["a"].as_slice()),
            (act("revoke", "nobody", ""), &[]),
            (act("revoke_client", "a", ""), &["a", "b"]),
            (act("revoke_client", "this", ""), &[]),
            (act("revoke_app", "", "wiki"), &["a", "c"]),
            (act("sign_out_elsewhere", "", ""), &["other", "orphan"]),
            (act("dismiss", "a", ""), &[]),
        ] {
            let chosen: Vec<_> = act.chosen(&held, "this").iter().map(|grant| grant.id.as_str()).collect();
            assert_eq!(chosen, expected, "{act:?}");
        }
        assert_eq!(Act::read(None, Some("a"), None), Some(Act::Revoke("a".into())));
        assert_eq!(Act::read(Some("explode"), Some("a"), None), None);
        assert_eq!(Act::read(Some("revoke"), None, None), None);
    }
}
