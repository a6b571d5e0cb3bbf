//! Time-based codes from an app (RFC 6238): six digits, steps of thirty seconds, one step of leeway; each code is good once.

use crate::gateway::World;
use crate::store::Totp as Kept;
use oauth::store::StoreError;
use oauth::world::{Random, Timestamp};
use totp_rs::{Builder, Totp};
use zeroize::Zeroizing;

const AT_REST: &str = "totp";

/// 160 bits, as RFC 4226 section 4 recommends.
pub(super) type Key = Zeroizing<[u8; 20]>;

/// A new secret.
pub(super) fn new_key(random: &dyn Random) -> Key {
    Zeroizing::new(random.bytes::<20>())
}

/// The secret as an app reads it: in an `otpauth` URL, and in Base32.
pub(super) fn for_app(key: &[u8], brand: &str, account: &str) -> Option<(String, String)> {
    let plain = |text: &str| text.replace(':', " ");
    let totp =
        Builder::new().with_secret(key.to_vec()).with_issuer(Some(plain(brand))).with_account_name(plain(account));
    let totp = totp.build().ok()?;
    Some((totp.to_url().ok()?, totp.secret().to_base32()))
}

/// The step whose code this is, if it is one of now.
pub(super) fn step(key: &[u8], code: &str, now: Timestamp) -> Option<u64> {
    let totp: Totp = Builder::new().with_secret(key.to_vec()).build().ok()?;
    totp.check(code, u64::try_from(now.seconds()).ok()?)
}

/// The secret as the store keeps it, its step used.
pub(super) fn sealed(world: &World, key: &[u8], last_step: u64, now: Timestamp) -> Kept {
    Kept { sealed: world.at_rest.seal_bytes(AT_REST, key, &*world.random), last_step, created_at: now }
}

/// Uses up a code of an account; `false` if it is wrong or was used before.
pub(super) async fn spend(
    world: &World,
    subject: &str,
    (kept, code): (&Kept, &str),
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(key) = world.at_rest.open_bytes(AT_REST, &kept.sealed).map(Zeroizing::new) else {
        let remedy = "give the gateway the key that the store had when the app was set up, or remove it with `doorward user factors`";
        tracing::error!(target: "store", subject, remedy, "the secret of somebody's codes cannot be opened");
        return Ok(false);
    };
    match step(&key, code, now) {
        Some(step) => world.store.use_totp_step(subject, step).await,
        None => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 appendix B, its last six digits.
    #[test]
    fn codes_are_those_of_the_standard_with_one_step_of_leeway() {
        let key = b"12345678901234567890";
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            let at = |late: i64| step(key, code, Timestamp::from_seconds(seconds + late));
            let own = u64::try_from(seconds / 30).unwrap();
            assert_eq!((at(0), at(30), at(-30)), (Some(own), Some(own), Some(own)));
            assert_eq!((at(90), at(-90)), (None, None));
        }
        for wrong in ["", "28708", "2870822", "+87082", "２８７０８２"] {
            assert_eq!(step(key, wrong, Timestamp::from_seconds(59)), None, "{wrong}");
        }
    }

    #[test]
    fn an_app_is_given_names_without_colons() {
        let (url, secret) = for_app(b"12345678901234567890", "Door: ward", "ada@example.com").unwrap();
        assert!(
            url.starts_with("otpauth://totp/Door") && url.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
            "{url}"
        );
        assert_eq!(secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }
}
