//! `doorward key`: the keys that sign and seal. Works before the first start and beside a running gateway, which heeds it at
//! once and tells its audit log.

use super::{Failure, block_on, load};
use crate::config::{Config, Secret};
use crate::store::{self, Stores};
use crate::world::{System, rfc3339};
use clap::ValueEnum;
use oauth::keys::{HEED, KeyState, Keyring, Kind};
use oauth::store::{KeyPurpose, Store, StoredKey};
use oauth::world::{Clock, Timestamp};
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Keys {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// List all keys: those that sign, will sign, still verify, and those that ended within the last month.
    List {
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make the next keys. They are published now, and sign when all verifiers have read them.
    Rotate {
        /// Of one purpose alone.
        #[arg(long)]
        purpose: Option<Purpose>,
        /// Let them sign within seconds. Verifiers that keep what they have read may refuse what they sign for a while.
        #[arg(long)]
        now: bool,
        /// Print as JSON.
        #[arg(long)]
        json: bool,
    },
    /// End a key that has got into wrong hands, with everything that it signed. The next one is made first.
    Revoke {
        /// Its id, as listed.
        #[arg(allow_hyphen_values = true)]
        id: String,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Purpose {
    /// What clients show at apps.
    AccessToken,
    /// What upstreams are told.
    Assertion,
    /// Forms, and people on their way through a sign-in.
    Sealing,
}

impl Keys {
    pub(super) fn run(&self, file: &Path) -> Result<ExitCode, Failure> {
        let config = load(file)?;
        let store = store::open(&config.store.url)?;
        match &self.act {
            Act::List { json } => {
                let stored = block_on(async { Ok(store.keys().await?) })?;
                print(&stored, &stored, *json);
            }
            Act::Rotate { purpose, now, json } => {
                let purpose = purpose.map(KeyPurpose::from);
                let (next, stored) = block_on(rotate(&*store, &config, purpose, *now))?;
                print(&next, &stored, *json);
            }
            Act::Revoke { id } => block_on(revoke(&*store, &config, id))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The next keys, and all keys.
async fn rotate(
    store: &dyn Stores,
    config: &Config,
    purpose: Option<KeyPurpose>,
    at_once: bool,
) -> Result<(Vec<StoredKey>, Vec<StoredKey>), Failure> {
    let keys = open(store, config).await?;
    let kinds = config.keys.kinds.iter().filter(|(of, _)| purpose.is_none_or(|purpose| purpose == *of));
    let mut next = Vec::new();
    for kind in kinds {
        let stored = keys.stored();
        let waiting = last(&stored, *kind).filter(|last| state(last, &stored) == KeyState::Published);
        match waiting.filter(|_| !at_once) {
            Some(waiting) => next.push(waiting.clone()),
            None => next.push(add(store, config, &keys, (*kind, at_once)).await?),
        }
    }
    Ok((next, keys.stored()))
}

/// Makes the next key first if this one signs or would be the next to sign, and lets all nodes hear of it.
async fn revoke(store: &dyn Stores, config: &Config, id: &str) -> Result<(), Failure> {
    let keys = open(store, config).await?;
    let stored = keys.stored();
    let unknown = || Failure::Other(format!("there is no key `{id}` to revoke; `doorward key list` shows all"));
    let key = stored.iter().find(|key| key.id == id && key.revoked_at.is_none()).ok_or_else(unknown)?;
    let kind = (key.purpose, key.algorithm);
    let serves = state(key, &stored) == KeyState::Signing || last(&stored, kind).is_some_and(|last| last.id == id);
    if serves && config.keys.kinds.contains(&kind) {
        add(store, config, &keys, (kind, true)).await?;
        tokio::time::sleep(HEED).await;
    }
    if store.revoke_key(id, System.now()).await? { Ok(()) } else { Err(unknown()) }
}

/// The keys as a gateway has them; makes them if there was none yet.
async fn open(store: &dyn Stores, config: &Config) -> Result<Keyring, Failure> {
    let at_rest = store::sealer(config.store.key.as_ref().map(Secret::expose), &config.store.url, &System)?;
    Ok(Keyring::load(oauth(store), &at_rest, &System, &config.keys, System.now()).await?)
}

async fn add(
    store: &dyn Stores,
    config: &Config,
    keys: &Keyring,
    (kind, at_once): (Kind, bool),
) -> Result<StoredKey, Failure> {
    let ahead = if at_once { HEED } else { config.keys.publish_ahead };
    for _ in 0..TRIES {
        let times = (System.now(), ahead);
        if let Some(added) = keys.add_next(oauth(store), &System, (&config.keys, kind), times).await? {
            return Ok(added);
        }
    }
    Err(Failure::Other(
        "others are changing the keys at the same time; look at `doorward key list`, and try again".into(),
    ))
}

const TRIES: usize = 5;

fn oauth(store: &dyn Stores) -> &dyn Store {
    store
}

fn last(stored: &[StoredKey], kind: Kind) -> Option<&StoredKey> {
    stored.iter().rfind(|key| (key.purpose, key.algorithm) == kind && key.revoked_at.is_none())
}

fn state(key: &StoredKey, stored: &[StoredKey]) -> KeyState {
    KeyState::of(key, stored, System.now())
}

fn print(keys: &[StoredKey], stored: &[StoredKey], as_json: bool) {
    let lines: Vec<_> = keys.iter().map(|key| describe(key, state(key, stored))).collect();
    if as_json {
        println!("{:#}", Value::from(lines));
        return;
    }
    for line in lines {
        let time = |name: &str| line[name].as_i64().map_or("-".to_owned(), |at| rfc3339(Timestamp::from_seconds(at)));
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let [id, purpose, algorithm, state] = ["id", "purpose", "algorithm", "state"].map(text);
        let [since, until] = ["signs_from", "ends_at"].map(time);
        println!("{id}  {purpose}  {algorithm}  {state}  {since}  {until}");
    }
}

/// What is public of a key.
fn describe(key: &StoredKey, state: KeyState) -> Value {
    json!({
        "id": key.id, "purpose": key.purpose.as_str(), "algorithm": key.algorithm.as_str(), "state": state.as_str(),
        "created_at": key.created_at, "signs_from": key.signs_from, "ends_at": key.ends_at(),
    })
}

impl From<Purpose> for KeyPurpose {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::AccessToken => Self::AccessToken,
            Purpose::Assertion => Self::Assertion,
            Purpose::Sealing => Self::Sealing,
        }
    }
}
