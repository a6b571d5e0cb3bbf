//! What an ACME server comes to see while a certificate is ordered.

use rustls::sign::CertifiedKey;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The answers to the challenges that are open, by host; only we put any there.
#[derive(Debug, Default)]
pub(crate) struct Challenges(Mutex<HashMap<String, Answer>>);

#[derive(Debug)]
enum Answer {
    /// Shown in a handshake (RFC 8737 section 3).
    Tls(Arc<CertifiedKey>),
    /// Given over plain HTTP (RFC 8555 section 8.3).
    Http { token: String, text: String },
}

impl Challenges {
    /// Shows a certificate to who asks for `host` by `acme-tls/1`.
    pub(crate) fn begin_tls(&self, host: &str, pair: Arc<CertifiedKey>) {
        self.all().insert(host.to_owned(), Answer::Tls(pair));
    }

    /// Gives a text to who asks for a token.
    pub(crate) fn begin_http(&self, host: &str, token: &str, text: &str) {
        self.all().insert(host.to_owned(), Answer::Http { token: token.to_owned(), text: text.to_owned() });
    }

    /// The order is over.
    pub(crate) fn end(&self, host: &str) {
        self.all().remove(host);
    }

    /// The certificate that answers the challenge of a host.
    pub(super) fn tls(&self, host: &str) -> Option<Arc<CertifiedKey>> {
        match self.all().get(host)? {
            Answer::Tls(pair) => Some(Arc::clone(pair)),
            Answer::Http { .. } => None,
        }
    }

    /// The text that answers the challenge with this target; `None` where there is none.
    pub(crate) fn http(&self, target: &[u8]) -> Option<String> {
        let asked = target.strip_prefix(b"/.well-known/acme-challenge/")?;
        self.all().values().find_map(|answer| match answer {
            Answer::Http { token, text } if token.as_bytes() == asked => Some(text.clone()),
            _ => None,
        })
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Answer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_answered_by_its_token_alone_and_while_it_is_open() {
        let challenges = Challenges::default();
        challenges.begin_http("wiki.ex", "one", "text of one");
        challenges.begin_http("auth.ex", "two", "text of two");
        let answer = |token: &str| challenges.http(format!("/.well-known/acme-challenge/{token}").as_bytes());
        assert_eq!([answer("one").as_deref(), answer("two").as_deref()], [Some("text of one"), Some("text of two")]);
        for other in ["", "on", "One", "one/", "one?x", "../one", "three"] {
            assert_eq!(answer(other), None, "{other}");
        }
        assert_eq!(challenges.http(b"/one"), None);
        challenges.end("wiki.ex");
        assert_eq!((answer("one"), answer("two").is_some()), (None, true));
    }
}
