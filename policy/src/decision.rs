//! What a decision is, with its reason.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use crate::{Facts, Kind, StepUp};

/// Whether a request may pass, and which rule said so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Decision {
    /// It may pass.
    Allow {
        /// The name of the policy that matched.
        #[serde(serialize_with = "rule_name")]
        rule: Arc<str>,
        /// What that policy does: never [`Action::Block`].
        action: Action,
    },
    /// It may not pass.
    Deny {
        /// Why not.
        #[serde(flatten)]
        reason: Reason,
        /// The name of the policy that matched, if one did.
        #[serde(serialize_with = "optional_rule_name")]
        rule: Option<Arc<str>>,
    },
}

impl Decision {
    /// Whether the request may pass.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allow { .. })
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow { rule, action } => write!(f, "allowed by `{rule}` ({action})"),
            Self::Deny { reason, rule } => {
                write!(f, "denied: {reason}")?;
                if let Some(rule) = rule {
                    write!(f, " by `{rule}`")?;
                }
                match reason {
                    Reason::StrongerAuthenticationRequired { step_up } => write!(f, ", needs {step_up}"),
                    _ => Ok(()),
                }
            }
        }
    }
}

/// Why a request may not pass.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Reason {
    /// Nobody is signed in, and signing in might help.
    LoginRequired,
    /// No policy lets this through.
    NoRuleMatched,
    /// A `block` policy matched.
    Blocked,
    /// The person has not proven enough, or too long ago: signed in like this, they would pass (RFC 9470).
    #[serde(rename = "insufficient_user_authentication")]
    StrongerAuthenticationRequired {
        /// What is missing.
        step_up: StepUp,
    },
}

impl Reason {
    /// The stable code used in answers and logs.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::LoginRequired => "login_required",
            Self::NoRuleMatched => "no_rule_matched",
            Self::Blocked => "blocked",
            Self::StrongerAuthenticationRequired { .. } => "insufficient_user_authentication",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a policy does when it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Lets a signed-in user pass.
    Allow,
    /// Stops a signed-in user.
    Block,
    /// Lets anyone pass, before anybody is asked who they are.
    Bypass,
    /// Lets a service pass.
    ServiceAuth,
}

impl Action {
    /// The word used in configuration and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Block => "block",
            Self::Bypass => "bypass",
            Self::ServiceAuth => "service_auth",
        }
    }

    /// Whether policies of this action are asked before all `allow` and `block` policies.
    pub(crate) fn goes_first(self) -> bool {
        matches!(self, Self::Bypass | Self::ServiceAuth)
    }

    /// Whether policies of this action are about whoever is asking.
    pub(crate) fn applies_to(self, facts: &Facts<'_>) -> bool {
        let kind = facts.identity.map(|identity| identity.kind);
        match self {
            Self::Allow | Self::Block => kind == Some(Kind::User),
            Self::ServiceAuth => kind == Some(Kind::Service),
            Self::Bypass => true,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn rule_name<S: Serializer>(rule: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(rule)
}

fn optional_rule_name<S: Serializer>(rule: &Option<Arc<str>>, serializer: S) -> Result<S::Ok, S::Error> {
    rule.as_deref().serialize(serializer)
}
