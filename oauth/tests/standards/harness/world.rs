//! What surrounds the server: two apps, a policy, randomness and people.

use super::{ACCESS_TOKEN_LIFETIME, CURSOR, GRACE, GRANT_DURATION, SECOND, START};
use async_trait::async_trait;
use oauth::app::{App, AssertionRules, ConsentRules, Dpop, Endpoints, Managed, Registration};
use oauth::approval::{Approval, Ask, ForeignIdentity, StepUp, Unavailable, Verdict};
use oauth::call::Person;
use oauth::client::Client;
use oauth::keys::SigningAlgorithm;
use oauth::redirect_uri::RedirectRules;
use oauth::resource::Resource;
use oauth::scope::{Scope, Scopes};
use oauth::store::RegistrationLimits;
use oauth::world::Random;
use sha2::{Digest, Sha256};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use url::Url;

pub(crate) const WIKI: &str = "https://wiki.ex";
/// A token issuer, in whose tenants people have the same subjects.
pub(crate) const COMPANY: &str = "https://company.ex";
pub(crate) const MAIL: &str = "https://mail.ex/mcp";

pub(crate) fn app(id: &str, url: &str, other: &str) -> App {
    let parse = |url: &str| Url::parse(url).unwrap();
    let write = Scope {
        name: format!("{id}:write"),
        description: "Change it".to_owned(),
        includes: Vec::new(),
        optional: false,
    };
    App {
        id: id.to_owned(),
        name: format!("The {id}"),
        issuer: url.to_owned(),
        resource: Resource::new(&[parse(url)], &[parse(other)]),
        scopes: Scopes::new(vec![write]),
        endpoints: Endpoints {
            authorization: format!("https://auth.ex/.doorward/authorize/{id}"),
            pushed_authorization_request: format!("{url}/.doorward/par"),
            token: format!("{url}/.doorward/token"),
            device_authorization: format!("{url}/.doorward/device_authorization"),
            device_verification: "https://auth.ex/.doorward/device".to_owned(),
            registration: format!("{url}/.doorward/register"),
            revocation: format!("{url}/.doorward/revoke"),
            introspection: format!("{url}/.doorward/introspect"),
            jwks: format!("{url}/.doorward/jwks"),
        },
        browser_redirect_uris: vec![format!("{url}/.doorward/callback")],
        session_duration: Duration::from_secs(12 * 3600),
        auth_methods: vec!["mfa".to_owned(), "badge".to_owned()],
        managed: Some(managed()),
    }
}

fn managed() -> Managed {
    let redirect_rules = RedirectRules {
        any_on_localhost: true,
        any_on_loopback: true,
        allowed: ["https://play.ex/*", CURSOR, "https://vscode.dev/redirect", "https://insiders.vscode.dev/redirect"]
            .map(str::to_owned)
            .into(),
    };
    let limits = RegistrationLimits { total: 100, unused_for: Duration::from_secs(3600) };
    Managed {
        signing_algorithm: SigningAlgorithm::EdDsa,
        access_token_lifetime: ACCESS_TOKEN_LIFETIME,
        grant_duration: GRANT_DURATION,
        idle_timeout: None,
        refresh_grace: GRACE,
        registration: Some(Registration { redirect_rules, limits }),
        client_documents: None,
        client_assertions: Some(AssertionRules { token_endpoint_audience: false }),
        require_pushed_authorization_requests: false,
        consent: ConsentRules::default(),
        token_issuers: Vec::new(),
        device: None,
        dpop: Dpop::Optional,
        dpop_nonce: false,
    }
}

pub(crate) fn person(subject: &str, session: &str) -> Person {
    Person {
        subject: subject.to_owned(),
        session: session.to_owned(),
        login_method: "local".to_owned(),
        amr: vec!["pwd".to_owned()],
        authenticated_at: START.minus(SECOND),
    }
}

/// What the policy says of everybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mood {
    #[default]
    Approves,
    Refuses,
    /// Lets in whoever used a second factor.
    WantsMfa,
    Unavailable,
}

#[derive(Default)]
pub(crate) struct Policy(Mutex<Mood>);

impl Policy {
    pub(crate) fn set(&self, mood: Mood) {
        *self.0.lock().unwrap() = mood;
    }

    fn say(&self, amr: &[String]) -> Result<Verdict, Unavailable> {
        match *self.0.lock().unwrap() {
            Mood::WantsMfa if !amr.iter().any(|method| method == "mfa") => {
                let step_up = StepUp { amr: vec!["mfa".to_owned()], max_age: None };
                Ok(Verdict::StepUp { step_up, rule: Some("mfa".to_owned()) })
            }
            Mood::WantsMfa => Ok(Verdict::Approved),
            Mood::Approves => Ok(Verdict::Approved),
            Mood::Refuses => Ok(Verdict::Refused { reason: "no_rule_matched", rule: None }),
            Mood::Unavailable => Err(Unavailable("the directory is down".to_owned())),
        }
    }
}

#[async_trait]
impl Approval for Policy {
    async fn approve(&self, ask: Ask<'_>) -> Result<Verdict, Unavailable> {
        self.say(ask.amr)
    }

    async fn approve_client(&self, _: &App, _: &Client) -> Result<Verdict, Unavailable> {
        self.say(&[])
    }

    async fn person_of(&self, identity: ForeignIdentity<'_>) -> Result<Option<String>, Unavailable> {
        let person = match (identity.issuer, identity.tenant, identity.subject) {
            (COMPANY, None, "ada-at-company") => Some("ada"),
            (COMPANY, Some("north"), "ada-at-company") => Some("another-ada"),
            _ => None,
        };
        self.say(&[]).map(|_| person.map(str::to_owned))
    }
}

/// Bytes that are the same in every run and different at every call.
#[derive(Default)]
pub(crate) struct Seeded(AtomicU64);

impl Random for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let block = Sha256::digest(self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}
