//! Certificates from an ACME server (RFC 8555): ordered for each host, kept in the store, renewed in time.
//!
//! What is ordered lies in the store, sealed like the signing keys, so that all nodes find it there, and one node at a time
//! orders for a host. A failure keeps the old certificate; the next try waits longer each time.

mod account;
mod kept;
mod order;

use crate::config::Acme;
use crate::gateway::{Gateway, World};
use account::Accounts;
use kept::Kept;
use oauth::store::StoreError;
use oauth::world::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Why there is no new certificate.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("the ACME server: {}", causes(.0))]
    Acme(#[from] instant_acme::Error),
    #[error("the ACME server does not offer the challenge {0}")]
    NotOffered(&'static str),
    #[error("the ACME server refuses the host: {0}")]
    Refused(String),
    #[error("the order took longer than {} s", LONGEST_ORDER.as_secs())]
    TooSlow,
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("a key or request could not be made: {0}")]
    Made(#[from] rcgen::Error),
    #[error("what came cannot be used: {0}")]
    Unusable(String),
}

/// The orders of a gateway.
pub(crate) struct Orders {
    gateway: Arc<Gateway>,
    /// What this node is called while it orders.
    holder: String,
}

/// Where the certificate of one host stands.
#[derive(Default)]
struct Slot {
    kept: Option<Kept>,
    try_at: Timestamp,
    failures: u32,
}

impl Slot {
    fn is_due(&self, now: Timestamp) -> bool {
        now >= self.try_at && self.kept.as_ref().is_none_or(|kept| now >= kept.renew_at())
    }
}

/// What is known of the hosts while the configuration stays the same.
#[derive(Default)]
struct Ledger {
    of: Option<Arc<Acme>>,
    slots: BTreeMap<String, Slot>,
    accounts: Accounts,
}

impl Orders {
    pub(crate) fn new(gateway: Arc<Gateway>) -> Self {
        let holder = gateway.world.random.bytes::<16>().iter().map(|byte| format!("{byte:02x}")).collect();
        Self { gateway, holder }
    }

    /// Keeps all certificates up, for ever.
    pub(crate) async fn keep_up(&self) {
        let mut ledger = Ledger::default();
        loop {
            let acme = self.gateway.snapshot().config.server.acme.clone();
            if ledger.of != acme {
                ledger = Ledger { of: acme, ..Ledger::default() };
                self.show(&ledger);
            }
            if let Some(acme) = ledger.of.clone() {
                for host in &acme.domains {
                    self.keep_up_one(&acme, host, &mut ledger).await;
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Lets others order at once what this process has begun and will not end.
    pub(crate) async fn give_up(&self) {
        let Some(acme) = self.gateway.snapshot().config.server.acme.clone() else { return };
        for host in &acme.domains {
            // In vain where the store is out of reach: then the claim ends by itself.
            let _ = self.gateway.world.store.release(&kept::name(&acme, host), &self.holder).await;
        }
    }

    async fn keep_up_one(&self, acme: &Acme, host: &str, ledger: &mut Ledger) {
        let world = &self.gateway.world;
        let now = world.clock.now();
        let slot = ledger.slots.entry(host.to_owned()).or_default();
        if !slot.is_due(now) {
            return;
        }
        let before = slot.kept.as_ref().map(|kept| kept.not_after);
        match self.obtain(acme, host, slot, &mut ledger.accounts).await {
            Ok(()) => slot.failures = 0,
            Err(why) => {
                let pause = pause(slot.failures);
                (slot.failures, slot.try_at) = (slot.failures.saturating_add(1), world.clock.now().plus(pause));
                world.metrics.acme("failed");
                let next = humantime::format_duration(pause).to_string();
                tracing::error!(target: "acme", host, what = %why, next, "no certificate was ordered");
            }
        }
        if slot.kept.as_ref().map(|kept| kept.not_after) != before {
            self.show(ledger);
        }
    }

    /// Takes what the store has, if it lasts, and orders otherwise.
    async fn obtain(&self, acme: &Acme, host: &str, slot: &mut Slot, accounts: &mut Accounts) -> Result<(), Failed> {
        let world = &self.gateway.world;
        if self.take_kept(acme, host, slot).await? {
            return Ok(());
        }
        let (name, now) = (kept::name(acme, host), world.clock.now());
        if !world.store.claim(&name, &self.holder, now.plus(2 * LONGEST_ORDER), now).await? {
            // Another node orders: what it gets will be in the store.
            slot.try_at = now.plus(ANOTHER_ORDERS);
            return Ok(());
        }
        let ordered = match self.take_kept(acme, host, slot).await {
            // The other node has just finished.
            Ok(true) => Ok(None),
            Ok(false) => self.order(world, acme, host, accounts).await.map(Some),
            Err(broken) => Err(broken),
        };
        world.store.release(&name, &self.holder).await?;
        if let Some(kept) = ordered? {
            tracing::info!(target: "acme", host, not_after = %crate::world::rfc3339(kept.not_after), "a certificate was ordered");
            world.metrics.acme("ordered");
            slot.kept = Some(kept);
        }
        Ok(())
    }

    async fn order(&self, world: &World, acme: &Acme, host: &str, accounts: &mut Accounts) -> Result<Kept, Failed> {
        let ordering = async {
            let account = accounts.of(world, acme).await?;
            let kept = order::order(&account, &world.tls.challenges, acme.challenge, host).await?;
            kept.keep(world, acme, host).await?;
            Ok(kept)
        };
        let ordered = tokio::time::timeout(LONGEST_ORDER, ordering).await;
        world.tls.challenges.end(host);
        ordered.unwrap_or(Err(Failed::TooSlow))
    }

    /// Whether the store has a certificate that is not to be renewed yet. One that is to be is used until then.
    async fn take_kept(&self, acme: &Acme, host: &str, slot: &mut Slot) -> Result<bool, Failed> {
        let world = &self.gateway.world;
        if let Some(kept) = Kept::find(world, acme, host).await? {
            slot.kept = Some(kept);
        }
        let now = world.clock.now();
        Ok(slot.kept.as_ref().is_some_and(|kept| now < kept.renew_at()))
    }

    fn show(&self, ledger: &Ledger) {
        let shown = ledger.slots.iter().filter_map(|(host, slot)| slot.kept.as_ref().map(|kept| kept.shown(host)));
        self.gateway.world.tls.certificates.replace_ordered(shown.collect());
    }
}

/// An error with what it comes from: a client of HTTP says by itself only that it failed.
fn causes(error: &dyn std::error::Error) -> String {
    let all = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
    let mut all: Vec<_> = all.collect();
    all.dedup();
    all.join(": ")
}

/// How long to wait after so many failures: a server counts failed orders, and stops listening after a few in an hour.
fn pause(failures: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(4_u32.saturating_pow(failures)).min(LONGEST_PAUSE)
}

/// How soon a new configuration is noticed, and what is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long one order may take, with its challenges.
const LONGEST_ORDER: Duration = Duration::from_secs(150);

const ANOTHER_ORDERS: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_secs(15);
const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_waits_longer_up_to_a_limit() {
        let pauses: Vec<_> = (0..8).map(|failures| pause(failures).as_secs()).collect();
        assert_eq!(pauses, [15, 60, 240, 960, 3840, 15360, 21600, 21600]);
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }
}
