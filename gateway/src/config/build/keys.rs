//! `[keys]`, and which keys the apps need.

use super::values::{HOUR, duration};
use crate::config::App;
use crate::config::key::Key;
use crate::config::raw::{RawKeys, RawSigningAlgorithm};
use crate::config::report::{Mistake, Report};
use oauth::keys::{HEED, KeyPlan, SigningAlgorithm};
use oauth::store::{KeyAlgorithm, KeyPurpose};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// When keys change.
pub(crate) struct Schedule {
    rotation_interval: Duration,
    publish_ahead: Duration,
}

/// `[keys]`
pub(crate) fn schedule(report: &mut Report<'_>, raw: &RawKeys) -> Option<Schedule> {
    let key = Key::section("keys");
    let (interval_key, ahead_key) = (key.field("rotation_interval"), key.field("publish_ahead"));
    let rotation_interval = duration(report, &interval_key, raw.rotation_interval.as_deref(), 90 * DAY);
    let publish_ahead = duration(report, &ahead_key, raw.publish_ahead.as_deref(), DAY);
    let (rotation_interval, publish_ahead) = (rotation_interval?, publish_ahead?);
    if publish_ahead < 2 * HEED {
        let message = "is too short: a new key must have reached every verifier before it signs";
        report.error(&ahead_key, Mistake::new(message).help("write at least \"4s\", better \"24h\"".to_owned()));
        return None;
    }
    if rotation_interval < 2 * publish_ahead {
        let blamed = if raw.rotation_interval.is_some() { interval_key } else { ahead_key };
        let message =
            "keys would follow each other before they sign: `rotation_interval` must be at least twice `publish_ahead`";
        report.error(&blamed, message);
        return None;
    }
    Some(Schedule { rotation_interval, publish_ahead })
}

/// `signing_algorithm`
pub(crate) const fn algorithm(raw: RawSigningAlgorithm) -> SigningAlgorithm {
    match raw {
        RawSigningAlgorithm::EdDsa => SigningAlgorithm::EdDsa,
        RawSigningAlgorithm::Ed25519 => SigningAlgorithm::Ed25519,
        RawSigningAlgorithm::Es256 => SigningAlgorithm::Es256,
    }
}

impl Schedule {
    /// The keys that these apps need. There is always an Ed25519 key of each purpose.
    pub(crate) fn plan(self, apps: &BTreeMap<String, Arc<App>>) -> KeyPlan {
        let mut kinds = vec![
            (KeyPurpose::AccessToken, KeyAlgorithm::Ed25519),
            (KeyPurpose::Assertion, KeyAlgorithm::Ed25519),
            (KeyPurpose::Sealing, KeyAlgorithm::XChaCha20Poly1305),
        ];
        let managed = || apps.values().filter_map(|app| app.oauth.managed.as_ref());
        let tokens = managed().map(|managed| (KeyPurpose::AccessToken, managed.signing_algorithm.key()));
        let assertions = apps.values().map(|app| (KeyPurpose::Assertion, app.assertion_algorithm.key()));
        for kind in tokens.chain(assertions) {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        let longest_token = managed().map(|managed| managed.access_token_lifetime).max().unwrap_or_default();
        let Self { rotation_interval, publish_ahead } = self;
        KeyPlan { kinds, rotation_interval, publish_ahead, longest_token }
    }
}

const DAY: Duration = Duration::from_secs(24 * HOUR.as_secs());
