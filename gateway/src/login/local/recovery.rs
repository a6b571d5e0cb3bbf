//! Recovery codes: each replaces the second factor once (look-up secrets, NIST SP 800-63B section 5.1.2). Fifty random bits
//! each, kept as Argon2id hashes.

use super::password::{hash_code, letters};
use crate::gateway::World;
use oauth::store::StoreError;

const COUNT: usize = 10;
const CHARS: usize = 10;

/// New codes in place of the old ones.
pub(super) async fn renew(world: &World, subject: &str) -> Result<Vec<String>, StoreError> {
    let codes: Vec<_> = (0..COUNT).map(|_| letters(&*world.random, CHARS, CHARS / 2)).collect();
    let mut hashes = Vec::new();
    for code in &codes {
        hashes.extend(hash_code(plain(code), subject.to_owned()).await);
    }
    world.store.keep_recovery_codes(subject, &hashes).await?;
    Ok(codes)
}

/// Uses up a code; `false` if the account has it not.
pub(super) async fn spend(world: &World, subject: &str, typed: &str) -> Result<bool, StoreError> {
    let code = plain(typed);
    if code.len() != CHARS {
        return Ok(false);
    }
    match hash_code(code, subject.to_owned()).await {
        Some(hash) => world.store.use_recovery_code(subject, &hash).await,
        None => Ok(false),
    }
}

/// As people type them: with or without the dash, spaces and capitals.
fn plain(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
