//! Why a grant no longer holds.

use super::Grant;
use crate::world::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Why a grant ended. Whatever came from it ended for the same reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBecause {
    /// The person signed out in the browser.
    SignedOut,
    /// Somebody signed in anew in the same browser.
    SignedInAnew,
    /// The person revoked it in their list.
    RevokedByPerson,
    /// An administrator revoked it.
    RevokedByAdmin,
    /// The client handed its token back (RFC 7009).
    RevokedByClient,
    /// A refresh token was brought again after the grace: two parties have it (RFC 9700 section 4.14.2).
    RefreshReused,
    /// Its authorization or device code was brought again: two parties have it (OAuth 2.1 section 4.1.3).
    CodeReplayed,
    /// An administrator removed the client.
    ClientRemoved,
    /// The person's account was disabled or removed.
    AccountChanged,
    /// The identity provider says that the person has signed out, or is no longer one of its own.
    EndedByProvider,
    /// It was not refreshed for so long that it ended before its time.
    Idle,
    /// Its time was over.
    Expired,
}

impl EndedBecause {
    /// The name in lists and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::SignedInAnew => "signed_in_anew",
            Self::RevokedByPerson => "revoked_by_person",
            Self::RevokedByAdmin => "revoked_by_admin",
            Self::RevokedByClient => "revoked_by_client",
            Self::RefreshReused => "refresh_reused",
            Self::CodeReplayed => "code_replayed",
            Self::ClientRemoved => "client_removed",
            Self::AccountChanged => "account_changed",
            Self::EndedByProvider => "ended_by_provider",
            Self::Idle => "idle",
            Self::Expired => "expired",
        }
    }

    /// Whether somebody may have stolen something: the person is told.
    pub const fn is_alarm(self) -> bool {
        matches!(self, Self::RefreshReused | Self::CodeReplayed)
    }
}

impl Grant {
    /// Whether it still holds.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }

    /// When a session ends if it is not used any more from now on.
    pub fn idle_end(&self, now: Timestamp) -> Timestamp {
        let idle = self.details.idle_timeout.map(Duration::from_secs);
        idle.map_or(self.expires_at, |idle| now.plus(idle).min(self.expires_at))
    }

    /// From when on a use of a session that ends at `expires_at` moves its end; `None` if no use does.
    pub fn prolonged_from(&self, expires_at: Timestamp) -> Option<Timestamp> {
        let idle = Duration::from_secs(self.details.idle_timeout?);
        (expires_at < self.expires_at).then(|| expires_at.minus(idle).plus(idle / 10))
    }

    /// Where the end of a session moves because it is used now; `None` if that is not worth a write: less than a tenth of the
    /// time that it may lie idle.
    pub fn prolonged(&self, expires_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let least = Duration::from_secs(self.details.idle_timeout?) / 10;
        Some(self.idle_end(now)).filter(|end| *end > expires_at && end.since(expires_at) >= least)
    }

    /// The latest moment at which it ends, however often it is refreshed.
    pub fn latest_end(&self) -> Timestamp {
        self.details.latest_end.unwrap_or(self.expires_at)
    }

    /// When and why it ended; `None` while it holds.
    pub fn ended(&self, now: Timestamp) -> Option<(Timestamp, EndedBecause)> {
        if self.is_live(now) {
            return None;
        }
        let by_itself = if self.expires_at < self.latest_end() { EndedBecause::Idle } else { EndedBecause::Expired };
        let by_itself = (self.expires_at, by_itself);
        let revoked = |at| (at, self.details.ended_because.unwrap_or(EndedBecause::RevokedByAdmin));
        Some(self.revoked_at.map_or(by_itself, revoked))
    }
}
