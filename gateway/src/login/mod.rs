//! Signing in and out, and what is let in: the pages of the login origin, and the one-time handoff of a sign-in to an app's host.

mod connected;
pub(crate) mod form;
pub(crate) mod handoff;
mod identity;
mod logout;
pub(crate) mod password;
mod sign_in;

pub(crate) use connected::{connected, describe};
pub(crate) use identity::{certs, identity};
pub(crate) use logout::logout;
pub(crate) use sign_in::{Purpose, ask, page as sign_in_page, sign_in};
