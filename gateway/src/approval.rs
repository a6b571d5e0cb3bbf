//! The authorization server's questions, answered by the app's policies and the account of now.

use crate::config::{App, Config};
use crate::known::{service, via};
use crate::store::Stores;
use async_trait::async_trait;
use oauth::app::App as OAuthApp;
use oauth::approval::{Approval, Ask, ForeignIdentity, StepUp, Unavailable, Verdict};
use oauth::client::Client;
use oauth::grant::client_credentials::LOGIN_METHOD;
use policy::{Action, Decision, Facts, Reason, Via};
use std::sync::Arc;

/// Asks the policies of one configuration.
pub(crate) struct PolicyApproval {
    store: Arc<dyn Stores>,
    config: Arc<Config>,
}

impl PolicyApproval {
    pub(crate) fn new(store: Arc<dyn Stores>, config: Arc<Config>) -> Self {
        Self { store, config }
    }
}

#[async_trait]
impl Approval for PolicyApproval {
    async fn approve(&self, ask: Ask<'_>) -> Result<Verdict, Unavailable> {
        let account =
            self.store.account_by_subject(ask.subject).await.map_err(|broken| Unavailable(broken.to_string()))?;
        let Some(account) = account.filter(|account| !account.disabled) else {
            return Ok(Verdict::Refused { reason: "account_disabled", rule: None });
        };
        let Some(app) = self.config.apps.get(&ask.app.id) else {
            return Ok(Verdict::Refused { reason: "no_such_app", rule: None });
        };
        if !app.admits_provider(ask.login_method) {
            return Ok(Verdict::Refused { reason: "identity_provider_not_allowed", rule: None });
        }
        let identity = account.identity(ask.login_method, ask.amr);
        let via = via(ask.client, Some(ask.opened_by));
        let facts = Facts {
            identity: Some(&identity),
            via,
            client_id: (via != Via::Browser).then(|| ask.client.as_str()),
            linked_app: ask.linked_app,
            authenticated_for: Some(ask.now.since(ask.authenticated_at)),
            request: None,
        };
        Ok(verdict(app, &facts))
    }

    async fn approve_client(&self, app: &OAuthApp, client: &Client) -> Result<Verdict, Unavailable> {
        let Some(app) = self.config.apps.get(&app.id) else {
            return Ok(Verdict::Refused { reason: "no_such_app", rule: None });
        };
        let identity = service(client.id.as_str(), &client.name, LOGIN_METHOD);
        let client_id = Some(client.id.as_str());
        Ok(verdict(
            app,
            &Facts {
                identity: Some(&identity),
                via: Via::Service,
                client_id,
                linked_app: None,
                authenticated_for: None,
                request: None,
            },
        ))
    }

    async fn person_of(&self, identity: ForeignIdentity<'_>) -> Result<Option<String>, Unavailable> {
        self.store.linked_subject(identity).await.map_err(|broken| Unavailable(broken.to_string()))
    }
}

fn verdict(app: &App, facts: &Facts<'_>) -> Verdict {
    match app.policies.may_ever(facts) {
        // A bypass lets requests through without a token; it is no reason to give one.
        Decision::Allow { rule, action: Action::Bypass } => {
            Verdict::Refused { reason: "no_rule_matched", rule: Some(rule.to_string()) }
        }
        Decision::Allow { .. } => Verdict::Approved,
        Decision::Deny { reason: Reason::StrongerAuthenticationRequired { step_up }, rule } => {
            let step_up = StepUp { amr: step_up.auth_methods, max_age: step_up.max_age };
            Verdict::StepUp { step_up, rule: rule.map(|rule| rule.to_string()) }
        }
        Decision::Deny { reason, rule } => {
            Verdict::Refused { reason: reason.as_str(), rule: rule.map(|rule| rule.to_string()) }
        }
    }
}
