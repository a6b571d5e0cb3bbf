//! Who may pass: Access policies as a pure, total function from facts to a decision.
//!
//! Everything that can fail fails while parsing ([`Groups::parse`], [`Policy::parse`]); deciding
//! ([`Policies::decide`]) never does. Nothing here does IO, reads a clock or speaks HTTP.
//!
//! ```
//! use std::sync::Arc;
//! use policy::{Decision, Facts, Groups, Policies, Policy, RawPolicy, Reason, Via};
//!
//! let raw: RawPolicy = toml::from_str(
//!     r#"
//!     action = "allow"
//!     include = [{ email_domain = "example.com" }]
//!     "#,
//! )?;
//! let staff = Policy::parse("staff", &raw, &Groups::default()).map_err(|mut all| all.remove(0))?;
//! let policies = Policies::new(vec![Arc::new(staff)]);
//!
//! let stranger = Facts {
//!     identity: None,
//!     via: Via::Browser,
//!     client_id: None,
//!     linked_app: None,
//!     authenticated_for: None,
//!     request: None,
//! };
//! assert_eq!(
//!     policies.decide(&stranger),
//!     Decision::Deny { reason: Reason::LoginRequired, rule: None },
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

// What a decision is made from.
mod certificate;
mod facts;
mod identity;

// What TOML says, and what it becomes.
mod error;
mod group;
mod policy;
mod raw;
mod rule;
mod selector;

// Deciding.
mod decision;
mod explain;
mod policies;
mod step_up;
mod truth;

pub use certificate::ClientCertificate;
pub use decision::{Action, Decision, Reason};
pub use error::ParseError;
pub use explain::{EntryTrace, Explanation, FreshnessTrace, PolicyTrace, RulesTrace};
pub use facts::{Facts, Message, RequestFacts, Via};
pub use group::Groups;
pub use identity::{CERTIFICATE, Identity, Kind, SERVICE_TOKEN};
pub use policies::Policies;
pub use policy::Policy;
pub use raw::{RawClaim, RawGroup, RawPolicy, RawSelector, RawValue};
pub use selector::{PathPattern, SelectorKey};
pub use step_up::StepUp;
pub use truth::Truth;
