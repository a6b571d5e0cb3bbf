//! When a person is not asked (CN-04, CN-05, CN-13): they said so before to the same client, with the same redirect URI, at
//! the same app, to no less, and nobody else can be that client; or an administrator said so for everybody.

use super::{Allowed, Question};
use crate::app::Remember;
use crate::call::{Call, Person, VouchedBy};
use crate::redirect_uri::{is_assured, without_loopback_port};
use crate::scope::OFFLINE_ACCESS;
use crate::store::ConsentRecord;

impl Question<'_> {
    /// Whether nobody else can be this client (OAuth 2.1 section 7.3.1): what it is sent reaches one host on the web alone,
    /// and whoever has that host, or an administrator, says that this is the client's.
    pub(crate) fn is_assured(&self) -> bool {
        let vouched = match self.vouched_by {
            VouchedBy::Nobody => false,
            VouchedBy::Document { .. } | VouchedBy::Pinned { .. } => true,
            VouchedBy::Administrator => self.confidential,
        };
        vouched && self.redirect_uri.is_some_and(is_assured)
    }

    /// What the client gets without a question: all that it asks for, if that was answered before.
    pub(crate) fn answered(&self, call: Call<'_>, known: &[ConsentRecord]) -> Option<Allowed> {
        let answered = self.is_preapproved(call) || known.iter().any(|consent| self.is_within(call, consent));
        answered.then(|| self.of(self.app_scopes().collect(), self.refreshes))
    }

    /// What there is to remember once the person has allowed this.
    pub(crate) fn record(&self, call: Call<'_>, person: &Person, allowed: &Allowed) -> Option<ConsentRecord> {
        let lasts = call.app.managed.as_ref()?.grant_duration;
        let names = allowed.scope.split(' ').filter(|name| *name != OFFLINE_ACCESS);
        let names = names.chain(allowed.refreshes.then_some(OFFLINE_ACCESS));
        Some(ConsentRecord {
            app: call.app.id.clone(),
            client: self.client.clone(),
            subject: person.subject.clone(),
            redirect_uri: without_loopback_port(self.redirect_uri?),
            scope: names.collect::<Vec<_>>().join(" "),
            fingerprint: self.fingerprint.to_owned(),
            first_at: call.now,
            expires_at: call.now.plus(lasts),
        })
    }

    /// Whether a consent holds and covers everything that is asked for now.
    fn is_within(&self, call: Call<'_>, consent: &ConsentRecord) -> bool {
        let remembers = match call.app.managed.as_ref().map(|managed| managed.consent.remember) {
            Some(Remember::Always) => true,
            Some(Remember::Assured) => self.is_assured(),
            Some(Remember::Never) | None => false,
        };
        let same = self.redirect_uri.map(without_loopback_port).as_ref() == Some(&consent.redirect_uri)
            && consent.fingerprint == self.fingerprint;
        let mut asked = self.app_scopes().chain(self.refreshes.then_some(OFFLINE_ACCESS));
        remembers
            && same
            && call.now < consent.expires_at
            && asked.all(|name| call.app.scopes.covers(&consent.scope, name))
    }

    /// An administrator's word is for those that are who they say, and nobody else's documents: these may change.
    fn is_preapproved(&self, call: Call<'_>) -> bool {
        let listed = call
            .app
            .managed
            .as_ref()
            .is_some_and(|managed| managed.consent.preapproved.iter().any(|id| id == self.client.as_str()));
        listed && self.is_assured() && !matches!(self.vouched_by, VouchedBy::Document { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ClientId;

    #[test]
    fn cn_05_a_client_of_an_administrator_is_itself_only_if_it_has_to_prove_it() {
        let client = ClientId::new("c");
        let is_assured = |confidential, redirect_uri| {
            let question = Question {
                client: &client,
                client_name: "Client",
                client_uri: None,
                vouched_by: &VouchedBy::Administrator,
                redirect_uri,
                scope: "access",
                refreshes: true,
                confidential,
                fingerprint: "",
            };
            question.is_assured()
        };
        assert!(is_assured(true, Some("https://c.ex/cb")));
        assert!(!is_assured(false, Some("https://c.ex/cb")));
        assert!(!is_assured(true, Some("http://127.0.0.1/cb")) && !is_assured(true, None));
    }
}
