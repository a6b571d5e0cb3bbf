//! Passwords of local accounts: Argon2id, in the PHC string format (RFC 9106).

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use oauth::world::Random;
use std::sync::LazyLock;
use tokio::sync::Semaphore;

/// Hashing takes 19 MiB and a core for a while; more at once than this would be a way to exhaust both.
static AT_ONCE: Semaphore = Semaphore::const_new(4);

/// Hashes a new password with the recommended cost (19 MiB, two passes).
pub(crate) fn hash(password: &str, random: &dyn Random) -> Option<String> {
    let salt = random.bytes::<16>();
    Argon2::default().hash_password_with_salt(password.as_bytes(), &salt).ok().map(|hash| hash.to_string())
}

/// Whether `password` belongs to `hash`. Without a hash the same time is spent, so that nobody learns which accounts exist.
pub(crate) async fn verify(password: String, hash: Option<String>) -> bool {
    let Ok(_permit) = AT_ONCE.acquire().await else { return false };
    let verified = tokio::task::spawn_blocking(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.clone());
        let parsed = PasswordHash::new(&hash);
        let right = parsed.is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
        known && right
    });
    verified.await.unwrap_or(false)
}

/// A hash that belongs to nobody.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash("nobody", &crate::world::System).unwrap_or_default());

/// A password to hand out: 20 characters without look-alikes, about 99 bits.
pub(crate) fn generate(random: &dyn Random) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let bytes = random.bytes::<20>();
    let chars = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    let all: Vec<_> = chars.collect();
    all.chunks(5).map(|chunk| chunk.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}
