//! The pages that people see: pure functions from what a page shows to a complete HTML document.
//!
//! | page | shown when |
//! |---|---|
//! | [`login`] | someone has to say who they are |
//! | [`consent`] | a client asks to use an app as the person signed in |
//! | [`device`], [`device_done`] | someone lets a device in by its code, and after it |
//! | [`refused`] | a policy said no |
//! | [`error`] | something is broken, or a request made no sense |
//! | [`second_factor`], [`email_code`] | a code is needed to sign in |
//! | [`invitation`], [`invitation_over`], [`forgotten`] | a link from a mail sets a password, and how to get one |
//! | [`provider_trouble`] | an identity provider did not let somebody in |
//! | [`popup`] | a sign-in in a window that an app's page opened is done |
//! | [`session_ended`] | a form was sent after the session had ended |
//! | [`apps`] | someone looks for their apps, or a login did not start at one |
//! | [`account`], [`password`], [`totp`], [`recovery_codes`] | someone looks at their account, or changes it |
//! | [`connected`] | someone looks at what they have let in |
//! | [`logout`] | before signing out |
//! | [`signed_out`] | after signing out |
//!
//! Every page is given a [`Look`] first, which has all words: no page has a sentence of its own.
//!
//! Nothing here does IO or loads anything of anybody else: a content security policy has to permit the one style sheet, by
//! the hash of [`Brand::style_source`], and on the pages that offer a passkey or close a window, our own script.

mod account;
mod apps;
mod connected;
mod consent;
mod device;
mod email_code;
mod error;
mod invitation;
mod layout;
mod letters;
mod login;
mod logout;
mod parts;
mod popup;
mod provider_trouble;
mod qr;
mod refused;
mod second_factor;
mod session_ended;
mod signed_out;
#[cfg(test)]
mod tests;
mod text;
mod time;
mod weak_password;

pub use crate::brand::{Brand, FluentValue, Look};
pub use account::{
    AccountDone, AccountLinks, AccountPage, OwnAccount, PasskeyLine, PasswordPage, RecoveryCodesPage, TotpPage,
    account, password, recovery_codes, totp,
};
pub use apps::{AppTile, AppsPage, apps};
pub use connected::{
    AgentLine, BrowserLine, ConnectedApp, ConnectedPage, GrantLine, NoticeLine, Reused, UseLine, connected,
};
pub use consent::{ConsentPage, DeviceLine, ScopeLine, VouchedBy, consent};
pub use device::{DeviceDonePage, DevicePage, DeviceProblem, device, device_done};
pub use email_code::{EmailCodePage, email_code};
pub use error::{ErrorPage, error};
pub use invitation::{ForgottenPage, InvitationPage, PasswordProblem, forgotten, invitation, invitation_over};
pub use letters::{CodeLetter, LinkLetter, changed_letter, code_letter, link_letter, test_letter};
pub use login::{LoginNotice, LoginPage, LoginProblem, ProviderButton, Ways, login};
pub use logout::{LogoutPage, logout};
pub use parts::{PASSKEY_SCRIPT, PASSKEY_SOURCE, PasskeyOffer};
pub use popup::{PopupPage, popup};
pub use provider_trouble::{ProviderTrouble, ProviderTroublePage, provider_trouble};
pub use refused::{RefusedPage, refused};
pub use second_factor::{CodeProblem, SecondFactorPage, second_factor};
pub use session_ended::{SendAgain, SessionEndedPage, session_ended};
pub use signed_out::{SignedOutPage, signed_out};
pub(crate) use time::lasting;
pub use weak_password::{Pattern, WeakPassword};
