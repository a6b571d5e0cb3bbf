//! Consent: what a person is asked before a client gets anything of theirs, and what of it they allowed. The same at every
//! endpoint where a person answers for a client; each one seals what is asked into its own form.

mod remembered;

use crate::call::{Call, Consent, VouchedBy};
use crate::client::ClientId;
use crate::parameters::Parameters;
use crate::redirect_uri::{csp_source, is_loopback, shown_host};
use crate::scope::{self, OFFLINE_ACCESS};
use crate::store::ConsentRecord;

/// What the name of a form field begins with that allows a scope; the scope's own name follows.
pub const TICK: &str = "scope:";

/// What a client wants of a person.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    pub(crate) client: &'a ClientId,
    /// What the client calls itself.
    pub(crate) client_name: &'a str,
    pub(crate) client_uri: Option<&'a str>,
    pub(crate) vouched_by: &'a VouchedBy,
    /// Where the answer goes; `None` where the client waits for it elsewhere.
    pub(crate) redirect_uri: Option<&'a str>,
    /// What it may get at most, space-separated.
    pub(crate) scope: &'a str,
    /// Whether it uses refresh tokens.
    pub(crate) refreshes: bool,
    /// Whether it has to prove who it is at the token endpoint.
    pub(crate) confidential: bool,
    /// Changes with what it says of itself.
    pub(crate) fingerprint: &'a str,
}

/// What a person allowed of a [`Question`]; never more than was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Allowed {
    /// The scopes, space-separated.
    pub(crate) scope: String,
    /// Whether refresh tokens are given.
    pub(crate) refreshes: bool,
}

impl Question<'_> {
    /// The page; `known` is what the person consented to before for this client, and `token` the sealed question.
    pub(crate) fn page(&self, call: Call<'_>, known: &[ConsentRecord], token: String) -> Consent {
        let managed = call.app.managed.as_ref();
        let short = managed.map(|managed| managed.access_token_lifetime).unwrap_or_default();
        let long = managed.map(|managed| managed.grant_duration).unwrap_or_default();
        Consent {
            client_name: self.client_name.to_owned(),
            client_id: self.client.to_string(),
            vouched_by: self.vouched_by.clone(),
            client_uri: self.client_uri.map(str::to_owned),
            redirect_host: self.redirect_uri.map(shown_host),
            loopback: self.redirect_uri.is_some_and(is_loopback),
            resource: call.app.resource.canonical().to_owned(),
            scopes: self.app_scopes().filter_map(|name| call.app.scopes.find(name).cloned()).collect(),
            lifetime: if self.refreshes { long } else { short },
            without_refresh: self.refreshes.then_some(short),
            first_seen: known.iter().map(|consent| consent.first_at).min(),
            nothing_ticked: false,
            device: None,
            token,
            form_target: self.redirect_uri.and_then(csp_source),
        }
    }

    /// What the form of the page allows: what was asked for and is ticked. `None` if that is nothing of the app.
    pub(crate) fn allowed(&self, form: &Parameters) -> Option<Allowed> {
        let is_ticked = |name: &str| form.get(&format!("{TICK}{name}")).is_some();
        let names: Vec<_> = self.app_scopes().filter(|name| is_ticked(name)).collect();
        (!names.is_empty()).then(|| self.of(names, self.refreshes && is_ticked(OFFLINE_ACCESS)))
    }

    /// These scopes of those asked for. `offline_access` is among them if it was asked for and is given.
    fn of(&self, mut names: Vec<&str>, refreshes: bool) -> Allowed {
        if refreshes && scope::contains(self.scope, OFFLINE_ACCESS) {
            names.push(OFFLINE_ACCESS);
        }
        Allowed { scope: names.join(" "), refreshes }
    }

    /// Those of the app: how long something is given for is shown and chosen apart from what.
    fn app_scopes(&self) -> impl Iterator<Item = &str> {
        self.scope.split(' ').filter(|name| *name != OFFLINE_ACCESS)
    }
}
