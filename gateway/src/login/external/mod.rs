//! Signing in by a provider elsewhere: the way there and back (OpenID Connect Core section 3.1), what it tells later, and
//! signing out of it.

mod back_channel;
mod begin;
mod callback;
mod follow;
mod initiate;
mod logout;
mod trouble;

pub(crate) use back_channel::backchannel_logout;
pub(super) use begin::begin;
pub(crate) use callback::callback;
pub(crate) use follow::{follow, has_any};
pub(crate) use initiate::initiate;
pub(super) use logout::provider_logout;
pub(crate) use logout::signed_out;

use super::purpose::Purpose;
use crate::config::IdentityProvider;
use crate::gateway::{Snapshot, World};
use crate::relying_party::Told;
use crate::store::Profile;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

/// The purpose of what is kept until the person comes back.
const PURPOSE: &str = "sign-in by a provider";

/// What is kept until the person comes back, sealed for the browser.
#[derive(Debug, Serialize, Deserialize)]
struct Pending {
    /// The provider that was asked, and no other.
    provider: String,
    nonce: String,
    /// PKCE (RFC 7636 section 4.1).
    verifier: String,
    purpose: Purpose,
}

/// The tokens of a sign-in, sealed in the store and nowhere else.
#[derive(Serialize, Deserialize)]
struct Held {
    id_token: String,
    refresh_token: Option<String>,
}

const HELD: &str = "provider session";

impl Held {
    fn seal(&self, world: &World) -> String {
        world.at_rest.seal(HELD, self, &*world.random)
    }

    fn open(world: &World, sealed: &str) -> Option<Self> {
        world.at_rest.open(HELD, sealed)
    }
}

/// Where the provider sends people back to: from the configuration, never from the request.
fn redirect_uri(snapshot: &Snapshot, provider: &IdentityProvider) -> String {
    format!("{}{}", snapshot.config.auth.origin.url(), provider.callback().unwrap_or_default())
}

/// 256 bits that nobody can guess.
fn unguessable(world: &World) -> String {
    URL_SAFE_NO_PAD.encode(world.random.bytes::<32>())
}

/// What is kept of a person whom `provider` describes.
fn profile(provider: &str, issuer: &str, told: Told) -> Profile {
    Profile {
        provider: provider.to_owned(),
        issuer: issuer.to_owned(),
        sub: told.sub,
        email: told.email,
        name: told.name,
        groups: told.groups,
        claims: told.claims,
    }
}
