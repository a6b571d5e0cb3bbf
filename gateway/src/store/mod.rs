//! What outlives the process: OAuth state, accounts, attempts to sign in, service tokens and decisions, in one store that is opened by its URL.

mod accounts;
mod attempts;
mod decisions;
mod factors;
mod key;
mod provider_sessions;
mod service_tokens;
mod sqlite;
mod traces;
mod vault;

pub use accounts::{Account, Accounts, Added, Profile};
pub use attempts::{Attempt, Attempts};
pub use decisions::{Decisions, StoredDecision};
pub use factors::{Factors, FactorsOf, Passkey, Totp};
pub use key::sealer;
pub use provider_sessions::{ProviderSession, ProviderSessions};
pub use service_tokens::{ServiceToken, ServiceTokens};
pub use traces::{Trace, Traces, Use};
pub use vault::Vault;

use oauth::store::{Store, StoreError};
use sqlite::Sqlite;
use std::path::Path;
use std::sync::Arc;

/// All that a store of the gateway does; an `Arc` of it is at once an `Arc` of each part.
pub trait Stores:
    Store + Accounts + Attempts + Decisions + Factors + ProviderSessions + ServiceTokens + Traces + Vault
{
}

impl<T: Store + Accounts + Attempts + Decisions + Factors + ProviderSessions + ServiceTokens + Traces + Vault> Stores
    for T
{
}

/// Opens the store that `url` names, and makes it first if need be.
///
/// It blocks, and is called once at the start. The URL may hold a password, so that no error repeats it.
pub fn open(url: &str) -> Result<Arc<dyn Stores>, StoreError> {
    match url.split_once(':') {
        Some(("sqlite", path)) => Ok(Arc::new(Sqlite::open(sqlite_path(path)?)?)),
        Some((scheme, _)) => Err(StoreError(format!("no store is called `{scheme}`; write `sqlite:PATH`"))),
        None => Err(StoreError("its URL names no kind of store; write `sqlite:PATH`".to_owned())),
    }
}

/// The path in `sqlite:PATH`; what SQLite would read as something else than a path is refused.
fn sqlite_path(path: &str) -> Result<&Path, StoreError> {
    match path {
        "" => Err(StoreError("`sqlite:` names no file; write `sqlite:PATH`".to_owned())),
        ":memory:" => Err(StoreError("`sqlite::memory:` would keep nothing; write `sqlite:PATH`".to_owned())),
        _ if path.starts_with("//") => Err(StoreError("write `sqlite:PATH`, with no `//` before the path".to_owned())),
        _ => Ok(Path::new(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_opens_nothing_is_refused_with_the_form_to_write() {
        let cases =
            ["postgres://ada:hunter2@db/doorward", "doorward.db", "sqlite:", "sqlite::memory:", "sqlite://a.db"];
        for url in cases {
            let Err(StoreError(why)) = open(url) else { panic!("`{url}` must not open") };
            assert!(why.contains("write `sqlite:PATH`"), "`{url}` got: {why}");
            assert!(!why.contains("hunter2"), "a password must not be repeated: {why}");
        }
    }
}
