//! Key sets that others publish at a URL, fetched when a signature is to be verified and kept for a while. A token that was
//! signed by a key that is not among them has them fetched once more, so that others can change their keys.

use crate::jose::{Allowed, Claims, Jws, KeySet, Unusable, Unverified};
use crate::json;
use crate::kept::{Kept, Unfetched};
use crate::world::{Fetch, Fetched, Timestamp};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// A set is not fetched again before this time, whatever tokens claim.
const YOUNG: Duration = Duration::from_secs(60);

/// The key sets of now.
#[derive(Debug, Default)]
pub struct ForeignKeys(Kept<KeySet, Unavailable>);

/// Why there are no keys to verify with. The text is for the log alone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// Nothing was fetched.
    #[error("the keys were not fetched: {0}")]
    NotFetched(#[from] Unfetched),
    /// An answer without keys.
    #[error("the keys were not fetched: their host answered with status {0}")]
    Status(u16),
    /// An answer that is no key set.
    #[error("what is published is no usable key set: {0}")]
    Keys(#[from] Unusable),
}

/// Why a token is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// Nobody can say now.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
    /// It is not signed as it must be.
    #[error("{0}")]
    Unverified(#[from] Unverified),
}

impl ForeignKeys {
    /// The claims of `token`, if a key that is published at `url` signed it.
    ///
    /// # Errors
    /// Why it is not believed.
    pub async fn verify<'t>(
        &self,
        fetch: &dyn Fetch,
        url: &Url,
        (token, allowed): (&'t Jws<'_>, Allowed<'_>),
        now: Timestamp,
    ) -> Result<&'t Claims, Distrust> {
        let keys = self.0.find(fetch, url, now, read).await?;
        let verified = token.verify(&keys, allowed);
        if verified != Err(Unverified::UnknownKey) {
            return Ok(verified?);
        }
        let newer = self.0.find_younger(fetch, url, (now, YOUNG), read).await?;
        if Arc::ptr_eq(&keys, &newer) {
            return Err(Unverified::UnknownKey.into());
        }
        Ok(token.verify(&newer, allowed)?)
    }
}

/// Whether keys may be fetched from here: https and a public host, with nothing in it that would be sent along.
pub fn is_key_url(text: &str) -> bool {
    let is_named = |url: &Url| matches!(url.host(), Some(url::Host::Domain(host)) if host.contains('.'));
    let is_plain = |url: &Url| url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let url = Url::parse(text).ok().filter(|url| url.scheme() == "https");
    text.len() <= 500 && url.is_some_and(|url| is_named(&url) && is_plain(&url))
}

fn read(answer: &Fetched) -> Result<KeySet, Unavailable> {
    if answer.status != 200 {
        return Err(Unavailable::Status(answer.status));
    }
    let set = json::object(&answer.body).ok_or(Unusable::Malformed)?;
    Ok(KeySet::parse(&Value::Object(set))?)
}
