//! Sessions of MCP servers (`Mcp-Session-Id`, MCP 2025-03-26 to 2025-11-25) belong to whom they were given. Servers often
//! take the id for a proof of who asks, which it is not. So the client gets the id with a seal that says whose it is; the
//! server never sees the seal. Nothing is remembered: it holds after a restart, and at every node with the same store key.

use super::Fault;
use http::HeaderValue;
use oauth::seal::Sealer;

/// Where the id is.
pub(crate) const HEADER: &str = "mcp-session-id";

/// 128 bits, as base64url.
const SEAL_LENGTH: usize = 22;

/// The sessions of one principal at one app.
pub(crate) struct Sessions<'a> {
    sealer: &'a Sealer,
    app: &'a str,
    /// Empty for somebody anonymous.
    subject: &'a str,
}

impl<'a> Sessions<'a> {
    /// Of a subject; of everybody anonymous if it is empty.
    pub(crate) fn of(sealer: &'a Sealer, app: &'a str, subject: &'a str) -> Self {
        Self { sealer, app, subject }
    }

    /// The server's id as the client gets it.
    pub(crate) fn seal(&self, id: &HeaderValue) -> Option<HeaderValue> {
        let id = id.to_str().ok()?;
        HeaderValue::from_str(&format!("{id}.{}", self.seals(id).next()?)).ok()
    }

    /// The id as the server gave it, if it gave it to this principal.
    pub(crate) fn open(&self, sealed: &HeaderValue) -> Result<HeaderValue, Fault> {
        let text = sealed.to_str().map_err(|_| Fault::session())?;
        let (id, seal) = text.rsplit_once('.').ok_or_else(Fault::session)?;
        if !self.seals(id).any(|good| is_equal(good.as_bytes(), seal.as_bytes())) {
            return Err(Fault::session());
        }
        HeaderValue::from_str(id).map_err(|_| Fault::session())
    }

    fn seals(&self, id: &str) -> impl Iterator<Item = String> {
        let whose = format!("{}\0{}\0{id}", self.app, self.subject);
        let texts = self.sealer.derive_texts("mcp session", whose.as_bytes()).into_iter();
        texts.map(|text| text.chars().take(SEAL_LENGTH).collect())
    }
}

/// Takes as long wherever they differ.
fn is_equal(good: &[u8], given: &[u8]) -> bool {
    good.len() == given.len() && good.iter().zip(given).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    #[test]
    fn m_05_a_session_opens_for_whom_it_was_sealed() {
        let sealers = [[1; 32], [2; 32]].map(|key| Sealer::new(Zeroizing::new(key)));
        let of = |sealer: usize, app, subject| Sessions { sealer: &sealers[sealer], app, subject };
        let id = HeaderValue::from_static("1868a90c.x");
        let sealed = of(0, "a", "u_1").seal(&id).unwrap();
        assert_eq!(of(0, "a", "u_1").open(&sealed), Ok(id.clone()));
        assert_eq!(of(0, "a", "u_1").seal(&id), Some(sealed.clone()), "the same each time");
        for other in [of(0, "a", "u_2"), of(0, "b", "u_1"), of(0, "a", ""), of(1, "a", "u_1"), of(0, "a\0u_1", "")] {
            assert_eq!(other.open(&sealed), Err(Fault::session()));
        }
        let text = sealed.to_str().unwrap();
        for forged in
            ["1868a90c.x", "", ".", "x", &text[1..], &text[..text.len() - 1], &format!("{text}x"), &format!("{text}.")]
        {
            assert_eq!(
                of(0, "a", "u_1").open(&HeaderValue::from_str(forged).unwrap()),
                Err(Fault::session()),
                "{forged}"
            );
        }
    }
}
