//! The pages under [`OWN`], and their names in URLs.

use super::OWN;
use crate::config::{App, Origin};
use std::sync::Arc;

/// The pages under [`OWN`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// Sign in.
    Login,
    /// Where the browser client takes its codes.
    Callback,
    /// Sign out.
    Logout,
    /// The apps that the person may open.
    Apps,
    /// After signing out of an identity provider.
    SignedOut,
    /// An identity provider tells that somebody has signed out.
    BackchannelLogout,
    /// An identity provider sends somebody to sign in.
    Initiate,
    /// What the person has let in.
    Connected,
    /// Change how one signs in.
    Account,
    /// Set a password by a link.
    Invitation,
    /// Ask for such a link.
    Forgotten,
    /// Challenges for passkeys, and their answers.
    Passkey,
    /// The script that uses passkeys.
    PasskeyScript,
    /// Let a device in by its code.
    Device,
    /// The end of a sign-in in a window that a page opened.
    Popup,
    /// Who I am, as JSON.
    Identity,
    /// The keys that assertions are signed with.
    Certs,
    /// The picture in the header of our pages.
    Logo,
}

/// Whose host a page was asked on.
#[derive(Clone, Debug)]
pub(crate) enum Site {
    /// The login origin.
    Login,
    /// A host of apps; the app is the one that the page concerns.
    App(Arc<App>, Origin),
}

/// The page of a path that every host of ours has.
pub(super) fn page(path: &str) -> Option<Page> {
    Some(match path.strip_prefix(OWN)? {
        "login" => Page::Login,
        "callback" => Page::Callback,
        "logout" => Page::Logout,
        "apps" => Page::Apps,
        "connected" => Page::Connected,
        "account" | "account/password" | "account/totp" | "account/passkeys" => Page::Account,
        "passkey" => Page::Passkey,
        "passkey.js" => Page::PasskeyScript,
        "device" => Page::Device,
        "identity" => Page::Identity,
        "popup" => Page::Popup,
        "certs" => Page::Certs,
        "brand/logo" => Page::Logo,
        _ => return None,
    })
}

/// Pages that only the login origin has.
pub(super) fn page_of_login(path: &str) -> Option<Page> {
    Some(match path.strip_prefix(OWN)? {
        "signed-out" => Page::SignedOut,
        "backchannel_logout" => Page::BackchannelLogout,
        "initiate" => Page::Initiate,
        "invitation" => Page::Invitation,
        "forgotten" => Page::Forgotten,
        rest => {
            let provider = rest.strip_prefix("callback/")?;
            return (!provider.is_empty() && !provider.contains('/')).then_some(Page::Callback);
        }
    })
}
