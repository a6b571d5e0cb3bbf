//! OAuth and session state: one method per atomic act of the protocol.
//!
//! INVARIANT: every method is one transaction. Absence is an `Option` or a variant; [`StoreError`] means that the store
//! is broken, and the caller answers 503 and has used nothing up.

mod code;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod consent;
mod credential;
mod device;
mod ending;
mod filter;
mod grant;
mod key;
pub mod memory;

pub use code::{Code, Issued, Redeemed};
pub use consent::{CONSENT_KEPT, ConsentRecord};
pub use credential::{Credential, Rotation, Successor};
pub use device::{DeviceAuthorization, DeviceDecision, DeviceKept, DeviceLimits, Pace, Polled, UNREDEEMED_KEPT};
pub use ending::EndedBecause;
pub use filter::{GrantFilter, GrantState};
pub use grant::{Actor, Grant, GrantDetails, Listed};
pub use key::{KeyAlgorithm, KeyPurpose, StoredKey};

use crate::client::{Client, ClientId};
use crate::secret::SecretHash;
use crate::world::Timestamp;
use async_trait::async_trait;
use std::time::Duration;

/// The state that outlives a request.
#[async_trait]
pub trait Store: Send + Sync {
    /// All keys, in the order in which they were added, those that have ended included.
    async fn keys(&self) -> Result<Vec<StoredKey>, StoreError>;

    /// Adds a key at the end of its line, if the last one there that is not revoked is `predecessor` (`None`: if there is
    /// none); what that one made holds until the given moment only. `false` when another node was faster: nothing has
    /// changed then. An added key moves the epoch.
    async fn add_key(&self, key: &StoredKey, predecessor: Option<(&str, Timestamp)>) -> Result<bool, StoreError>;

    /// Ends a key at once and forgets its secret bytes; `false` if there was nothing to end. Moves the epoch.
    async fn revoke_key(&self, id: &str, now: Timestamp) -> Result<bool, StoreError>;

    /// Keeps a dynamically registered client (RFC 7591 section 3). A client already known by its id is left as it is.
    /// When `limits.total` clients of the app are kept, those that hold no live grant and were registered before
    /// `now - limits.unused_for` make room; if none does, the registration is refused. Those that an administrator
    /// registered neither count nor make room.
    async fn register_client(
        &self,
        client: &Client,
        limits: RegistrationLimits,
        now: Timestamp,
    ) -> Result<Registered, StoreError>;

    /// Keeps what the document of a client says now, in place of what it said before. Never refused for want of room: a
    /// person has just let the client in. Without a live grant it makes room as registered clients do.
    async fn keep_client(&self, client: &Client) -> Result<(), StoreError>;

    /// Puts `new` in the place of `known`, a client of the same app and id; `false` if what is kept is not `known` any more.
    async fn replace_client(&self, known: &Client, new: &Client) -> Result<bool, StoreError>;

    /// Forgets a client and ends its grants; `false` if there was none.
    async fn remove_client(&self, app: &str, id: &ClientId, now: Timestamp) -> Result<bool, StoreError>;

    /// All clients, at `app` alone if it is named: in the order of apps, then oldest first.
    async fn clients(&self, app: Option<&str>) -> Result<Vec<Client>, StoreError>;

    /// A client of `app`.
    async fn client(&self, app: &str, id: &ClientId) -> Result<Option<Client>, StoreError>;

    /// Keeps a consent in place of an earlier one of the same person for the same client, app and redirect URI; when the
    /// first of these was given stays known. Every act that ends grants ends the consents they came from: of their
    /// client, app and person, or all of the person's.
    async fn keep_consent(&self, consent: &ConsentRecord) -> Result<(), StoreError>;

    /// What `subject` consented to for a client at `app`, ended or not, by redirect URI.
    async fn consents(&self, app: &str, client: &ClientId, subject: &str) -> Result<Vec<ConsentRecord>, StoreError>;

    /// Keeps an authorization code. `consent` is single use: a second code from the same one is refused.
    async fn issue_code(&self, code: &Code) -> Result<Issued, StoreError>;

    /// Whether a code was issued for this consent.
    async fn is_consent_used(&self, consent: &str) -> Result<bool, StoreError>;

    /// The code as issued, redeemed or not, so that a token request is checked before anything is used up.
    async fn code(&self, hash: &SecretHash) -> Result<Option<Code>, StoreError>;

    /// Redeems a code once: opens `grant` with its first `credential`. A second redemption ends the grant that the
    /// first one opened (OAuth 2.1 section 4.1.3).
    async fn redeem_code(
        &self,
        hash: &SecretHash,
        grant: &Grant,
        credential: &Credential,
        now: Timestamp,
    ) -> Result<Redeemed, StoreError>;

    /// Keeps the request of a device. A user code that another one has, or had not long ago, is refused.
    async fn keep_device(
        &self,
        device: &DeviceAuthorization,
        limits: DeviceLimits,
        now: Timestamp,
    ) -> Result<DeviceKept, StoreError>;

    /// The request with this user code, whatever has become of it.
    async fn device(&self, user_code: &SecretHash) -> Result<Option<DeviceAuthorization>, StoreError>;

    /// Keeps what a person decided on the request with this user code; `false` if somebody did before, or it has expired.
    async fn decide_device(
        &self,
        user_code: &SecretHash,
        decision: &DeviceDecision,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// The request with this device code, as its client asks what has become of it; `None` if it is not of this client at
    /// this app. While nobody has decided, too early a question makes the interval longer (RFC 8628 section 3.5).
    async fn poll_device(
        &self,
        device_code: &SecretHash,
        by: (&str, &ClientId),
        now: Timestamp,
    ) -> Result<Option<Polled>, StoreError>;

    /// Redeems an allowed request once: opens `grant` with its first `credential`. A second redemption ends the grant that
    /// the first one opened.
    async fn redeem_device(
        &self,
        device_code: &SecretHash,
        grant: &Grant,
        credential: &Credential,
        now: Timestamp,
    ) -> Result<Redeemed, StoreError>;

    /// Opens a grant that comes from no code: the single sign-on session after a login.
    async fn open_grant(&self, grant: &Grant, credential: &Credential) -> Result<(), StoreError>;

    /// Opens a grant without a credential, for tokens that are given for a proof brought each time (client credentials,
    /// token exchange). A live one of the same app, client, subject, parent and way is prolonged instead and keeps its id.
    /// Returns what is kept; `None` if the parent holds no more.
    async fn renew_grant(&self, grant: &Grant, now: Timestamp) -> Result<Option<Grant>, StoreError>;

    /// A refresh token or session by its hash, with its grant, whatever their state.
    async fn credential(&self, hash: &SecretHash) -> Result<Option<(Credential, Grant)>, StoreError>;

    /// Moves the end of a session, and of the one that it came from, up to `until`: never back, and not beyond the end of
    /// its grant. Nothing happens to what has ended.
    async fn prolong_session(&self, hash: &SecretHash, until: Timestamp, now: Timestamp) -> Result<(), StoreError>;

    /// Replaces a refresh token by its successor if it is still current; otherwise says what it is now. The grant then
    /// ends with the successor. A predecessor brought later than `grace` after its rotation ends the grant (RFC 9700
    /// section 4.14.2).
    async fn rotate(
        &self,
        predecessor: &SecretHash,
        successor: &Successor,
        grace: Duration,
        now: Timestamp,
    ) -> Result<Rotation, StoreError>;

    /// A grant by its id, whatever its state.
    async fn grant(&self, id: &str) -> Result<Option<Grant>, StoreError>;

    /// The grants that `filter` holds of, oldest first, each with its client.
    async fn grants(&self, filter: &GrantFilter, now: Timestamp) -> Result<Vec<Listed>, StoreError>;

    /// Ends a grant and every grant that came from it, and remembers why; `false` if there was nothing live to end.
    async fn revoke_grant(&self, id: &str, because: EndedBecause, now: Timestamp) -> Result<bool, StoreError>;

    /// Ends the live grants that `filter` holds of and every grant that came from them, and remembers why; returns those
    /// that the filter holds of.
    async fn revoke_grants(
        &self,
        filter: &GrantFilter,
        because: EndedBecause,
        now: Timestamp,
    ) -> Result<Vec<Grant>, StoreError>;

    /// Takes a single-use value of somebody else's, such as the `jti` of an assertion; `false` if it was taken before. It
    /// is remembered until `until`, after which whoever asks refuses it for its age. `namespace` says whose values they
    /// are: what two signers call alike are two values.
    async fn use_once(&self, namespace: &str, value: &str, until: Timestamp) -> Result<bool, StoreError>;

    /// Counts the acts that took something away (a revocation, a changed or removed account) or changed the keys. Whoever
    /// remembers a verified credential forgets it when this number has changed, and looks at the keys again.
    async fn epoch(&self) -> Result<u64, StoreError>;

    /// Deletes what can no longer matter: codes and credentials long expired, grants and keys long ended.
    async fn collect_garbage(&self, now: Timestamp) -> Result<u64, StoreError>;
}

/// The store is broken or out of reach; never "not found".
#[derive(Debug, thiserror::Error)]
#[error("the store failed: {0}")]
pub struct StoreError(pub String);

/// How much dynamic registration may fill the store.
#[derive(Clone, Copy, Debug)]
pub struct RegistrationLimits {
    /// Most clients kept per app.
    pub total: u64,
    /// A client without a live grant may be forgotten this long after its registration.
    pub unused_for: Duration,
}

/// The outcome of a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registered {
    /// Kept now.
    New,
    /// The same client was known already.
    Known,
    /// No room: every kept client is young or in use.
    Full,
}
