//! The selector `auth_method`: one way in which a person proved who they are (RFC 8176), compared exactly.

use std::fmt;

/// One authentication method reference.
#[derive(Debug)]
pub(crate) struct AuthMethod(Box<str>);

impl AuthMethod {
    /// Reads one. Clients are told in a quoted string, several joined by `+`, and whoever signs people in is asked for them
    /// in a list separated by spaces, so it has none of these.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'+')) {
            return Ok(Self(text.into()));
        }
        Err(format!("`{text}` is not an authentication method such as `mfa`, `otp` or `hwk` (RFC 8176)"))
    }

    /// Whether it is among those that were used.
    pub(crate) fn is_in(&self, used: &[String]) -> bool {
        used.iter().any(|method| **method == *self.0)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AuthMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_compared_exactly() {
        let method = AuthMethod::parse("mfa").expect("a method");
        assert!(method.is_in(&["pwd".into(), "mfa".into()]));
        assert!(!method.is_in(&["MFA".into(), "mfa2".into()]));
        assert!(!method.is_in(&[]));
    }

    #[test]
    fn what_could_not_be_asked_for_is_refused() {
        for text in ["pwd otp", "pwd+otp", "a\"b", "a\\b", "é", "a\tb"] {
            let message = AuthMethod::parse(text).expect_err(text);
            assert!(message.contains("is not an authentication method"), "{message}");
        }
    }
}
