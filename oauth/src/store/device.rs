//! The request of a device for a grant, and what becomes of it (RFC 8628).

use crate::client::ClientId;
use crate::secret::SecretHash;
use crate::world::Timestamp;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::time::Duration;

/// What a device asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceAuthorization {
    /// Hash of the code that the device has.
    pub device_code: SecretHash,
    /// Hash of the code that the person enters.
    pub user_code: SecretHash,
    /// App that it is for.
    pub app: String,
    /// Client that asked, and may fetch the answer.
    pub client: ClientId,
    /// Requested scope, space-separated, as far as the app offers it.
    pub scope: String,
    /// The address that it was asked from.
    pub asked_from: IpAddr,
    /// When.
    pub asked_at: Timestamp,
    /// When it can neither be decided nor redeemed any more.
    pub expires_at: Timestamp,
    /// What a person said; nothing yet if `None`.
    pub decision: Option<DeviceDecision>,
}

impl DeviceAuthorization {
    /// Whether a person can still decide.
    pub fn is_pending(&self, now: Timestamp) -> bool {
        self.decision.is_none() && now < self.expires_at
    }
}

/// What a person said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceDecision {
    /// No.
    Denied,
    /// Yes.
    Allowed {
        /// Who.
        subject: String,
        /// How the person signed in: the identity provider's name.
        login_method: String,
        /// How the person proved who they are (RFC 8176).
        #[serde(default)]
        amr: Vec<String>,
        /// When the person signed in.
        authenticated_at: Timestamp,
        /// The single sign-on session it was said in: without it, the answer is worth nothing.
        session: String,
        /// Granted scope, space-separated.
        scope: String,
        /// Whether refresh tokens are given.
        refreshes: bool,
    },
}

/// How much devices that wait may fill the store, and how often they ask.
#[derive(Clone, Copy, Debug)]
pub struct DeviceLimits {
    /// Most requests of an app that have not expired.
    pub total: u64,
    /// The least time between two questions of a device, in the beginning.
    pub interval: Duration,
}

/// The outcome of keeping a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKept {
    /// Kept.
    New,
    /// The user code is taken: try another one.
    Taken,
    /// No room: too many wait at this app.
    Full,
}

/// What a device that asks is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Polled {
    /// The request.
    pub device: DeviceAuthorization,
    /// Nobody has decided, and it asked too early.
    pub too_early: bool,
}

/// How often a device has to be waited for, and when it last asked.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The least time between two questions.
    pub interval: Duration,
    /// When the last one came.
    pub asked_at: Option<Timestamp>,
}

impl Pace {
    /// Notes a question; whether it came too early, which makes the interval longer (RFC 8628 section 3.5).
    pub fn note(&mut self, now: Timestamp) -> bool {
        // Moments are whole seconds: two questions may seem nearer to each other than they were.
        let least = self.interval.saturating_sub(Duration::from_secs(1));
        let too_early = self.asked_at.is_some_and(|last| now.since(last) < least);
        if too_early {
            self.interval = self.interval.saturating_add(SLOW_DOWN);
        }
        self.asked_at = Some(now);
        too_early
    }
}

const SLOW_DOWN: Duration = Duration::from_secs(5);

/// A request that nobody allowed is remembered this long after its expiry, to tell the device that it has expired.
pub const UNREDEEMED_KEPT: Duration = Duration::from_secs(10 * 60);
