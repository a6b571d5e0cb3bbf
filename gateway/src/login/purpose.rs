//! What a sign-in is for: where it goes on, and what is asked of it.

use serde::{Deserialize, Serialize};

/// Where a sign-in goes on, and what its page says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Purpose {
    /// Path and query on the login origin; its own page if absent.
    pub(crate) go_on: Option<String>,
    /// Id of the app.
    pub(crate) app: Option<String>,
    /// Name of the client that sent the person.
    pub(crate) client: Option<String>,
    /// What the sign-in must be, where not any one does.
    pub(crate) step_up: Option<StepUp>,
}

impl Purpose {
    /// Whether a provider is asked at once, where there is only one. Not for a client that wants no page to be shown, and not
    /// after signing out of an app: signing in again is then the person's own choice.
    pub(crate) fn is_led_on(&self) -> bool {
        let query = self.go_on.as_deref().and_then(|go_on| go_on.split_once('?')).map_or("", |(_, query)| query);
        let held_back = |name: &str, value: &str| (name == "prompt" && value == "none") || name == "except_session";
        !form_urlencoded::parse(query.as_bytes()).any(|(name, value)| held_back(&name, &value))
    }
}

/// How strong and how fresh a sign-in must be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StepUp {
    /// It must be proven by all of these (RFC 8176).
    pub(crate) auth_methods: Vec<String>,
    /// Seconds since the person last proved who they are; zero is now.
    pub(crate) max_age: Option<u64>,
}

impl From<oauth::approval::StepUp> for StepUp {
    fn from(needed: oauth::approval::StepUp) -> Self {
        Self { auth_methods: needed.amr, max_age: needed.max_age.map(|age| age.as_secs()) }
    }
}
