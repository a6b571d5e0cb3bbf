//! Which keys the apps need.

use super::values::HOUR;
use crate::config::App;
use oauth::keys::KeyPlan;
use oauth::store::{KeyAlgorithm, KeyPurpose};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The plan of the keys that these apps need.
pub(crate) fn plan(apps: &BTreeMap<String, Arc<App>>) -> KeyPlan {
    let lifetimes = apps.values().filter_map(|app| app.oauth.managed.as_ref()).map(|app| app.access_token_lifetime);
    KeyPlan {
        kinds: vec![
            (KeyPurpose::AccessToken, KeyAlgorithm::Ed25519),
            (KeyPurpose::Assertion, KeyAlgorithm::Ed25519),
            (KeyPurpose::Sealing, KeyAlgorithm::XChaCha20Poly1305),
        ],
        rotation_interval: 90 * DAY,
        publish_ahead: DAY,
        longest_token: lifetimes.max().unwrap_or_default(),
    }
}

const DAY: Duration = Duration::from_secs(24 * HOUR.as_secs());
