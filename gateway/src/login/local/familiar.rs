//! Where somebody signed in to an account before: a browser, or a network. Strangers' guesses do not count against tries from
//! there, so that nobody is locked out of their own account by others who guess at it.

use crate::config::Origin;
use crate::gateway::World;
use crate::limits::{Whence, network};
use crate::login::form::Browser;
use crate::request::Request;
use oauth::secret::SecretHash;
use oauth::store::StoreError;

/// Where a try at an account comes from; nobody's account is known from nowhere.
pub(in crate::login) async fn whence(
    world: &World,
    origin: &Origin,
    request: &Request,
    subject: &str,
) -> Result<Whence, StoreError> {
    for place in places(origin, request) {
        if world.store.is_familiar(subject, &place).await? {
            return Ok(Whence::Familiar(place));
        }
    }
    Ok(Whence::Strange(request.ip))
}

/// Remembers where somebody signed in; the cookie keeps the browser's mark for as long.
pub(super) async fn remember(
    world: &World,
    origin: &Origin,
    request: &Request,
    subject: &str,
) -> Result<Option<String>, StoreError> {
    for place in places(origin, request) {
        world.store.remember_place(subject, &place, request.now).await?;
    }
    Ok(Browser::known(origin, request).map(|browser| browser.lasting_cookie(origin)))
}

fn places(origin: &Origin, request: &Request) -> Vec<SecretHash> {
    let browser = Browser::known(origin, request).map(|browser| browser.mark());
    let network = SecretHash::of_two("network", &network(request.ip).to_string());
    browser.into_iter().chain([network]).collect()
}
