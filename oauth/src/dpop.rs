//! Proofs of possession (RFC 9449): a client signs each request with a key of its own, and tokens that are bound to the key
//! are worth nothing without it. This is the reading of one proof; whether its `jti` was seen before is the caller's to ask.

use crate::jose::{Algorithm, Jwk, Jws};
use crate::seal::Sealer;
use crate::world::{Random, Timestamp};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::time::Duration;
use subtle::ConstantTimeEq;
use url::Url;

/// The header field that carries a proof.
pub const HEADER: &str = "dpop";

/// The header field that carries a nonce for the next proof (section 8).
pub const NONCE_HEADER: &str = "dpop-nonce";

/// What a client signs proofs with: by name, for metadata.
pub const ALGORITHMS: [&str; 5] = Algorithm::NAMES;

/// `typ` of a proof (section 4.2).
const TYPE: &str = "dpop+jwt";

/// How far `iat` may be from now, on either side: clocks differ.
const WINDOW: Duration = Duration::from_secs(60);

/// How long a nonce is accepted.
const NONCE_LIFETIME: Duration = Duration::from_secs(300);

const PURPOSE: &str = "dpop nonce";
const MAX_JTI_CHARS: usize = 256;

/// What a token is bound to (RFC 7800 section 3.1, RFC 9449 section 6.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// RFC 7638 thumbprint of the client's key.
    pub jkt: String,
}

/// A proof that holds, if it was not used before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Thumbprint of the key that signed it.
    pub jkt: String,
    /// Unique among the proofs of the key.
    pub jti: String,
    /// After this, its age alone refuses it.
    pub until: Timestamp,
}

/// What a proof is held against.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    /// The method of the request.
    pub method: &'a str,
    /// Its URL as the client knows it: configured, never read from the request.
    pub url: &'a str,
    /// The access token that comes with it.
    pub access_token: Option<&'a str>,
    /// What sealed the nonces, if one is required.
    pub nonces: Option<&'a Sealer>,
    /// The time of the request.
    pub now: Timestamp,
}

/// Why a proof is refused; the text is for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text())]
pub enum Invalid {
    /// Not a strict compact JWS, `typ` is another, or it is signed by an algorithm that is not allowed.
    Malformed,
    /// `jwk` is missing, private, or none that can be used.
    Key,
    /// The signature is not the key's.
    Signature,
    /// `jti` is missing, or too long.
    Jti,
    /// `htm` is another method.
    Method,
    /// `htu` is another URL.
    Url,
    /// `iat` is missing, too old, or in the future.
    Stale,
    /// `ath` is missing, or another token's.
    AccessToken,
    /// A nonce is required, and this is none, or an old one.
    Nonce,
}

impl Invalid {
    /// What is wrong.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Malformed => "the DPoP proof is no `dpop+jwt` that is signed by an offered algorithm",
            Self::Key => "the DPoP proof must carry its public key, and nothing of the private one, as `jwk`",
            Self::Signature => "the signature of the DPoP proof is wrong",
            Self::Jti => "the DPoP proof must have a `jti` of at most 256 characters",
            Self::Method => "`htm` of the DPoP proof is not the method of the request",
            Self::Url => "`htu` of the DPoP proof is not the URL of the request",
            Self::Stale => "`iat` of the DPoP proof is more than a minute away; make a new proof for each request",
            Self::AccessToken => "`ath` of the DPoP proof is not the hash of the access token",
            Self::Nonce => "the DPoP proof must have the `nonce` of the DPoP-Nonce header",
        }
    }
}

/// Verifies a proof wholly (section 4.3).
///
/// # Errors
/// The first check that fails.
pub fn verify(proof: &str, expected: Expected<'_>) -> Result<Proof, Invalid> {
    let jws = Jws::parse(proof).map_err(|_| Invalid::Malformed)?;
    if jws.typ() != TYPE {
        return Err(Invalid::Malformed);
    }
    let key = jws.header("jwk").and_then(|jwk| Jwk::parse(jwk).ok()).ok_or(Invalid::Key)?;
    let claims = jws.verify_by(&key, &Algorithm::ALL).map_err(|_| Invalid::Signature)?;
    let text = |name| claims.text(name).ok().flatten();
    let jti = text("jti").filter(|jti| !jti.is_empty() && jti.len() <= MAX_JTI_CHARS).ok_or(Invalid::Jti)?;
    if text("htm") != Some(expected.method) {
        return Err(Invalid::Method);
    }
    if !text("htu").is_some_and(|htu| is_same_url(htu, expected.url)) {
        return Err(Invalid::Url);
    }
    let issued_at = claims.moment("iat").ok().flatten().ok_or(Invalid::Stale)?;
    if issued_at < expected.now.minus(WINDOW) || issued_at > expected.now.plus(WINDOW) {
        return Err(Invalid::Stale);
    }
    if expected.access_token.is_some_and(|token| !text("ath").is_some_and(|ath| is_hash_of(ath, token))) {
        return Err(Invalid::AccessToken);
    }
    if expected.nonces.is_some_and(|sealer| !text("nonce").is_some_and(|nonce| is_fresh(sealer, nonce, expected.now))) {
        return Err(Invalid::Nonce);
    }
    Ok(Proof { jkt: key.thumbprint(), jti: jti.to_owned(), until: issued_at.plus(WINDOW) })
}

/// A nonce for proofs of the next minutes. Nobody keeps it: it is the sealed time, which every node can read.
pub fn nonce(sealer: &Sealer, random: &dyn Random, now: Timestamp) -> String {
    sealer.seal(PURPOSE, &now, random)
}

fn is_fresh(sealer: &Sealer, nonce: &str, now: Timestamp) -> bool {
    sealer.open::<Timestamp>(PURPOSE, nonce).is_some_and(|at| now < at.plus(NONCE_LIFETIME))
}

fn is_hash_of(ath: &str, token: &str) -> bool {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes())).as_bytes().ct_eq(ath.as_bytes()).into()
}

/// Compares two URLs by syntax and scheme (RFC 3986 section 6.2), without query and fragment.
fn is_same_url(sent: &str, known: &str) -> bool {
    if !sent.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') {
        return false;
    }
    let parts = |url: &str| {
        let url = Url::parse(url).ok().filter(|url| url.username().is_empty() && url.password().is_none())?;
        let host = url.host_str()?.to_owned();
        Some((url.scheme().to_owned(), host, url.port_or_known_default(), normal_path(url.path())))
    };
    parts(sent).is_some_and(|sent| Some(sent) == parts(known))
}

/// One spelling for what means the same: unreserved characters plain, escapes in upper case. Dot segments are gone already.
fn normal_path(path: &str) -> String {
    let mut normal = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        normal.push_str(&rest[..at]);
        let digits = rest.get(at + 1..at + 3).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        let escape = digits.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escape {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => normal.push(char::from(byte)),
            Some(byte) => normal.push_str(&format!("%{byte:02X}")),
            None => normal.push('%'),
        }
        rest = &rest[at + if escape.is_some() { 3 } else { 1 }..];
    }
    normal.push_str(rest);
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn px_07_the_url_is_compared_without_query_and_by_its_meaning() {
        let known = "https://wiki.ex/mcp/a-b";
        for same in [
            known,
            "https://wiki.ex:443/mcp/a-b",
            "HTTPS://WIKI.EX/mcp/a-b",
            "https://wiki.ex/mcp/a%2Db",
            "https://wiki.ex/mcp/%61-b",
            "https://wiki.ex/x/../mcp/./a-b",
            "https://wiki.ex/mcp/a-b?query",
            "https://wiki.ex/mcp/a-b#fragment",
        ] {
            assert!(is_same_url(same, known), "{same}");
        }
        for other in [
            "http://wiki.ex/mcp/a-b",
            "https://wiki.ex:444/mcp/a-b",
            "https://evil.ex/mcp/a-b",
            "https://wiki.ex.evil.ex/mcp/a-b",
            "https://wiki.ex/mcp/a-b/",
            "https://wiki.ex/mcp/A-b",
            "https://wiki.ex/mcp",
            "https://ada@wiki.ex/mcp/a-b",
            "https://wiki.ex\\@evil.ex/mcp/a-b",
            "https://wiki.ex/\tmcp/a-b",
            " https://wiki.ex/mcp/a-b",
            "/mcp/a-b",
            "",
        ] {
            assert!(!is_same_url(other, known), "{other}");
        }
        assert!(is_same_url("https://wiki.ex", "https://wiki.ex/"));
        assert!(is_same_url("https://wiki.ex/a%2fb", "https://wiki.ex/a%2Fb"));
        assert!(!is_same_url("https://wiki.ex/a%2fb", "https://wiki.ex/a/b"), "an escaped slash is no slash");
        assert!(is_same_url("http://[::1]:80/x", "http://[::1]/x"));
    }
}
