//! What every store must do, as one suite that each store runs on itself: [`run`] panics at the first difference.

mod clients;
mod codes;
mod consents;
mod devices;
mod garbage;
mod keys;
mod lists;
mod renewal;
mod revocation;
mod rotation;
mod sessions;
mod single_use;

use super::{Code, Credential, EndedBecause, Grant, GrantDetails, Redeemed, Rotation, Store, StoreError, Successor};
use crate::client::ClientId;
use crate::grant_type::GrantType;
use crate::secret::SecretHash;
use crate::world::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Runs the whole suite; `new` gives an empty store for each case.
pub async fn run(new: impl AsyncFn() -> Arc<dyn Store>) {
    keys::run(&new).await;
    clients::run(&new).await;
    codes::run(&new).await;
    consents::run(&new).await;
    devices::run(&new).await;
    rotation::run(&new).await;
    revocation::run(&new).await;
    sessions::run(&new).await;
    renewal::run(&new).await;
    lists::run(&new).await;
    single_use::run(&new).await;
    garbage::run(&new).await;
}

/// Runs each case on a store of its own.
macro_rules! cases {
    ($($case:ident),+ $(,)?) => {
        pub(super) async fn run(new: &impl AsyncFn() -> std::sync::Arc<dyn crate::store::Store>) {
            $($case(new().await).await;)+
        }
    };
}
use cases;

/// When the cases begin.
const START: Timestamp = Timestamp::from_seconds(1_700_000_000);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
/// How long codes live here.
const CODE_LIFETIME: Duration = Duration::from_secs(60);
/// How long grants and credentials live here.
const LIFETIME: Duration = Duration::from_secs(24 * 3600);
const GRACE: Duration = Duration::from_secs(30);

/// The value of an act that a working store does not fail.
#[track_caller]
fn ok<T>(result: Result<T, StoreError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("a working store fails no act: {error}"),
    }
}

fn hash(name: &str) -> SecretHash {
    SecretHash::of(name)
}

fn code(name: &str) -> Code {
    Code {
        hash: hash(name),
        consent: format!("consent of {name}"),
        app: "wiki".to_owned(),
        client: ClientId::new("client"),
        subject: "ada".to_owned(),
        redirect_uri: "http://127.0.0.1/callback".to_owned(),
        code_challenge: "challenge".to_owned(),
        scope: "read write".to_owned(),
        refreshes: true,
        login_method: "local".to_owned(),
        amr: vec!["pwd".to_owned(), "otp".to_owned()],
        authenticated_at: START.minus(HOUR),
        dpop_jkt: None,
        session: Some("session".to_owned()),
        expires_at: START.plus(CODE_LIFETIME),
    }
}

fn grant(id: &str) -> Grant {
    Grant {
        id: id.to_owned(),
        app: "wiki".to_owned(),
        client: ClientId::new("client"),
        subject: "ada".to_owned(),
        scope: "read write".to_owned(),
        login_method: "local".to_owned(),
        authenticated_at: START.minus(HOUR),
        created_at: START,
        expires_at: START.plus(LIFETIME),
        parent: None,
        revoked_at: None,
        details: GrantDetails {
            opened_by: Some(GrantType::DeviceCode),
            client_signed: true,
            dpop_jkt: Some("key".to_owned()),
            ..GrantDetails::default()
        },
    }
}

/// A grant as it is remembered that was ended at `at`.
fn ended(grant: Grant, because: EndedBecause, at: Timestamp) -> Grant {
    let details = GrantDetails { ended_because: Some(because), ..grant.details };
    Grant { revoked_at: Some(at), details, ..grant }
}

/// What redeeming a code again gives that opened `grant`.
fn replayed(grant: &str) -> Redeemed {
    Redeemed::Replayed { grant: grant.to_owned() }
}

fn child(id: &str, parent: &str) -> Grant {
    Grant { parent: Some(parent.to_owned()), ..grant(id) }
}

/// A credential of `grant`; its name is what its secret would be.
fn credential(name: &str, grant: &str) -> Credential {
    let expires_at = START.plus(LIFETIME);
    Credential { hash: hash(name), grant: grant.to_owned(), expires_at, rotated_at: None }
}

/// A successor and the response that it goes out with.
fn successor(name: &str, grant: &str) -> Successor {
    Successor { credential: credential(name, grant), sealed_response: sealed(name) }
}

fn sealed(name: &str) -> Vec<u8> {
    [b"sealed \x00\xff ", name.as_bytes()].concat()
}

/// Opens `grant` with a credential that is named like it.
async fn open(store: &dyn Store, grant: &Grant) {
    ok(store.open_grant(grant, &credential(&grant.id, &grant.id)).await);
}

/// Redeems the code of this name for a grant of that one.
async fn redeem(store: &dyn Store, code: &str, grant: &Grant, now: Timestamp) -> Redeemed {
    ok(store.redeem_code(&hash(code), grant, &credential(&grant.id, &grant.id), now).await)
}

/// Rotates the credential `from` of `grant` to the credential `to`.
async fn rotate(store: &dyn Store, from: &str, to: &str, grant: &str, now: Timestamp) -> Rotation {
    ok(store.rotate(&hash(from), &successor(to, grant), GRACE, now).await)
}

/// Whether the grant of this id is known and live.
async fn is_live(store: &dyn Store, id: &str, now: Timestamp) -> bool {
    ok(store.grant(id).await).is_some_and(|grant| grant.is_live(now))
}

async fn epoch(store: &dyn Store) -> u64 {
    ok(store.epoch().await)
}

/// What `tasks` tasks get that do `act` at the same time.
async fn at_once<T, F>(tasks: usize, act: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut set = JoinSet::new();
    for task in 0..tasks {
        set.spawn(act(task));
    }
    set.join_all().await
}
