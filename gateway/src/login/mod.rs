//! Signing in and out, and what is let in: the pages of the login origin, and the one-time handoff of a sign-in to an app's host.

mod apps;
mod connected;
mod email_code;
mod external;
pub(crate) mod form;
pub(crate) mod handoff;
mod identity;
pub(crate) mod local;
mod logout;
mod page;
mod purpose;
mod session;

pub(crate) use apps::apps;
pub(crate) use connected::{connected, describe};
pub(crate) use external::{backchannel_logout, callback, follow, has_any, initiate, signed_out};
pub(crate) use identity::{certs, identity};
pub(crate) use local::account::account;
pub(crate) use local::invitation::{forgotten, invitation};
pub(crate) use local::passkey::passkey;
pub(crate) use logout::logout;
pub(crate) use page::{answer, ask, page as sign_in_page};
pub(crate) use purpose::{Purpose, StepUp};
