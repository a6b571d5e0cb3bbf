//! The pages that people see: pure functions from what a page shows to a complete HTML document.
//!
//! | page | shown when |
//! |---|---|
//! | [`login`] | someone has to say who they are |
//! | [`consent`] | a client asks to use an app as the person signed in |
//! | [`device`], [`device_done`] | someone lets a device in by its code, and after it |
//! | [`refused`] | a policy said no |
//! | [`error`] | something is broken, or a request made no sense |
//! | [`signed_in`] | a login did not start at an app |
//! | [`connected`] | someone looks at what they have let in |
//! | [`logout`] | before signing out |
//! | [`signed_out`] | after signing out |
//!
//! Every page is given a [`Look`] first, which has all words: no page has a sentence of its own.
//!
//! Nothing here does IO, runs script or loads a resource: the only thing a content security policy
//! has to permit is the one style sheet, by the hash of [`Brand::style_source`].

mod connected;
mod consent;
mod device;
mod error;
mod layout;
mod login;
mod logout;
mod refused;
mod signed_in;
mod signed_out;
#[cfg(test)]
mod tests;
mod text;
mod time;

pub use crate::brand::{Brand, FluentValue, Look};
pub use connected::{
    AgentLine, BrowserLine, ConnectedApp, ConnectedPage, GrantLine, NoticeLine, Reused, UseLine, connected,
};
pub use consent::{ConsentPage, DeviceLine, ScopeLine, VouchedBy, consent};
pub use device::{DeviceDonePage, DevicePage, DeviceProblem, device, device_done};
pub use error::{ErrorPage, error};
pub use login::{LoginPage, LoginProblem, login};
pub use logout::{LogoutPage, logout};
pub use refused::{RefusedPage, refused};
pub use signed_in::{AppLink, SignedInPage, signed_in};
pub use signed_out::{SignedOutPage, signed_out};
