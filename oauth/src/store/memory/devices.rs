//! The requests of devices.

use super::State;
use super::garbage::CODE_KEPT;
use crate::client::ClientId;
use crate::secret::SecretHash;
use crate::store::{
    Credential, DeviceAuthorization, DeviceDecision, DeviceKept, DeviceLimits, EndedBecause, Grant, Pace, Polled,
    Redeemed, UNREDEEMED_KEPT,
};
use crate::world::Timestamp;

pub(super) struct Kept {
    device: DeviceAuthorization,
    pace: Pace,
    /// Id of the grant that its redemption opened.
    opened: Option<String>,
}

impl State {
    pub(super) fn keep_device(
        &mut self,
        device: &DeviceAuthorization,
        limits: DeviceLimits,
        now: Timestamp,
    ) -> DeviceKept {
        if self.devices.values().any(|kept| kept.device.user_code == device.user_code) {
            return DeviceKept::Taken;
        }
        let waits = |kept: &&Kept| kept.device.app == device.app && now < kept.device.expires_at;
        if self.devices.values().filter(waits).count() as u64 >= limits.total {
            return DeviceKept::Full;
        }
        let pace = Pace { interval: limits.interval, asked_at: None };
        self.devices.insert(device.device_code, Kept { device: device.clone(), pace, opened: None });
        DeviceKept::New
    }

    pub(super) fn device(&self, user_code: &SecretHash) -> Option<DeviceAuthorization> {
        self.devices.values().find(|kept| kept.device.user_code == *user_code).map(|kept| kept.device.clone())
    }

    pub(super) fn decide_device(&mut self, user_code: &SecretHash, decision: &DeviceDecision, now: Timestamp) -> bool {
        let asked = |kept: &&mut Kept| kept.device.user_code == *user_code && kept.device.is_pending(now);
        let Some(kept) = self.devices.values_mut().find(asked) else { return false };
        kept.device.decision = Some(decision.clone());
        true
    }

    pub(super) fn poll_device(
        &mut self,
        device_code: &SecretHash,
        (app, client): (&str, &ClientId),
        now: Timestamp,
    ) -> Option<Polled> {
        let kept = self.devices.get_mut(device_code);
        let kept = kept.filter(|kept| kept.device.app == app && kept.device.client == *client)?;
        let too_early = kept.device.is_pending(now) && kept.pace.note(now);
        Some(Polled { device: kept.device.clone(), too_early })
    }

    pub(super) fn redeem_device(
        &mut self,
        device_code: &SecretHash,
        grant: &Grant,
        credential: &Credential,
        now: Timestamp,
    ) -> Redeemed {
        let Some(kept) = self.devices.get_mut(device_code) else { return Redeemed::Unknown };
        if let Some(opened) = kept.opened.clone() {
            self.end(vec![opened.clone()], EndedBecause::CodeReplayed, now);
            return Redeemed::Replayed { grant: opened };
        }
        let Some(DeviceDecision::Allowed { session, .. }) = &kept.device.decision else { return Redeemed::Unknown };
        let signed_in = self.grants.get(session).is_some_and(|session| session.is_live(now));
        if now >= kept.device.expires_at || !signed_in {
            return Redeemed::Unknown;
        }
        kept.opened = Some(grant.id.clone());
        self.open_grant(grant, credential);
        Redeemed::Opened
    }

    pub(super) fn collect_devices(&mut self, now: Timestamp) {
        self.devices.retain(|_, kept| {
            let lasts = if kept.opened.is_some() { CODE_KEPT } else { UNREDEEMED_KEPT };
            kept.device.expires_at >= now.minus(lasts)
        });
    }
}
