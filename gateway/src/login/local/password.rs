//! Passwords of local accounts: Argon2id, in the PHC string format (RFC 9106).

use crate::config::PasswordCost;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use oauth::secret::SecretHash;
use oauth::world::Random;
use tokio::sync::Semaphore;

/// Hashing takes memory and a core for a while; more at once than this would be a way to exhaust both.
static AT_ONCE: Semaphore = Semaphore::const_new(4);

/// Hashes a new password.
pub(crate) fn hash(password: &str, cost: PasswordCost, random: &dyn Random) -> Option<String> {
    let salt = random.bytes::<16>();
    hasher(cost)?.hash_password_with_salt(password.as_bytes(), &salt).ok().map(|hash| hash.to_string())
}

/// Hashes a new password where others wait for an answer.
pub(crate) async fn hash_aside(password: String, cost: PasswordCost, random: &dyn Random) -> Option<String> {
    let salt = random.bytes::<16>();
    let hashing = move || hasher(cost)?.hash_password_with_salt(password.as_bytes(), &salt).ok();
    aside(hashing).await.flatten().map(|hash| hash.to_string())
}

/// Whether `password` belongs to `hash`. Without a hash the same time is spent, so that nobody learns which accounts exist.
pub(crate) async fn verify(password: String, hash: Option<String>, cost: PasswordCost) -> bool {
    let verifying = move || match hash {
        Some(hash) => PasswordHash::new(&hash)
            .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok()),
        None => {
            let _ = hasher(cost).map(|hasher| hasher.hash_password_with_salt(password.as_bytes(), b"nobody's salt"));
            false
        }
    };
    aside(verifying).await.unwrap_or(false)
}

/// Whether a hash was made at less than the cost of now.
pub(crate) fn is_outdated(hash: &str, cost: PasswordCost) -> bool {
    let params = PasswordHash::new(hash).ok().and_then(|parsed| Params::try_from(&parsed).ok());
    params.is_none_or(|params| {
        u64::from(params.m_cost()) * u64::from(params.t_cost()) < u64::from(cost.memory) * u64::from(cost.iterations)
    })
}

/// The hash of a short code that is kept for long, such as a recovery code: as slow to search as a password (NIST SP
/// 800-63B section 5.1.2.2). `account` salts it, being random and one of a kind.
pub(crate) async fn hash_code(code: String, account: String) -> Option<SecretHash> {
    let hashing = move || {
        let mut bytes = [0; 32];
        let salt = format!("recovery code {account}");
        let hashed = Argon2::default().hash_password_into(code.as_bytes(), salt.as_bytes(), &mut bytes);
        hashed.ok().and_then(|()| SecretHash::from_slice(&bytes))
    };
    aside(hashing).await.flatten()
}

/// Works beside the threads that answer requests.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let _permit = AT_ONCE.acquire().await.ok()?;
    tokio::task::spawn_blocking(work).await.ok()
}

fn hasher(cost: PasswordCost) -> Option<Argon2<'static>> {
    let params = Params::new(cost.memory, cost.iterations, cost.parallelism, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// A password to hand out: 20 characters without look-alikes, about 99 bits.
pub(crate) fn generate(random: &dyn Random) -> String {
    letters(random, 20, 5)
}

/// Random characters without look-alikes, five bits each, in groups.
pub(crate) fn letters(random: &dyn Random, count: usize, group: usize) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let bytes = random.bytes::<32>();
    let all: Vec<_> = bytes.iter().take(count).map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    all.chunks(group).map(|chunk| chunk.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::System;

    const CHEAP: PasswordCost = PasswordCost { memory: 7168, iterations: 5, parallelism: 1 };

    #[tokio::test]
    async fn a_password_is_known_again_at_whatever_cost_it_was_hashed() {
        for cost in [PasswordCost::default(), CHEAP] {
            let phc = hash("correct horse", cost, &System).unwrap();
            assert!(verify("correct horse".into(), Some(phc.clone()), PasswordCost::default()).await);
            assert!(!verify("correct house".into(), Some(phc), PasswordCost::default()).await);
        }
        assert!(!verify("correct horse".into(), None, CHEAP).await);
    }

    #[test]
    fn a_hash_is_outdated_when_the_cost_has_risen_and_not_when_it_fell() {
        let phc = hash("x", PasswordCost::default(), &System).unwrap();
        let more = PasswordCost { memory: 64 * 1024, ..PasswordCost::default() };
        assert!(is_outdated(&phc, more) && !is_outdated(&phc, PasswordCost::default()) && !is_outdated(&phc, CHEAP));
        assert!(is_outdated("$2b$not-ours", CHEAP));
    }

    #[tokio::test]
    async fn the_hash_of_a_code_is_its_accounts_own() {
        let of = |code: &str, account: &str| hash_code(code.to_owned(), account.to_owned());
        let one = of("abcde-fghij", "u_1").await.unwrap();
        assert_eq!(of("abcde-fghij", "u_1").await, Some(one));
        assert_ne!(of("abcde-fghij", "u_2").await, Some(one));
        assert_ne!(of("abcde-fghik", "u_1").await, Some(one));
    }

    #[test]
    fn what_is_handed_out_is_long_and_in_groups() {
        let password = generate(&System);
        assert_eq!((password.len(), password.split('-').count()), (23, 4));
        assert_ne!(password, generate(&System));
    }
}
